"""Another process that uses an embedded store: `python chroma_process.py <directory> <what> ...`, and how tests start it.

It speaks through its standard output, a line for each step, and waits at the end until its standard input closes.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def run(directory: str, what: str, name: str, store_id: str) -> None:
    """Be that process."""
    # Without Prefect it is there in a moment.
    runpy.run_path(str(ROOT / "blocks" / "stores" / "chroma_host_start.py"))["enter_blocks"]()
    import numpy as np

    from blocks.stores.chroma_embedded import EmbeddedChroma

    store = EmbeddedChroma(Path(directory), linger=0.0)
    if what == "describe":
        _say(store.execute("describe", {"name": name})[0])
    elif what == "search":
        vector = np.ones((1, 32), np.float32)
        while True:
            args = {"name": name, "store_id": store_id, "k": 3, "documents": None}
            _say(store.execute("query", args, vector)[0][0])
    elif what == "write":
        rows = np.random.default_rng(0).standard_normal((50, 32)).astype(np.float32)
        for turn in range(1000):
            ids = [f"w{turn}-{row}" for row in range(50)]
            columns = {"ids": ids, "documents": ids, "texts": ids}
            store.execute("upsert", {"name": name, "store_id": store_id, **columns}, rows)
            _say(ids)
    sys.stdin.read()


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


@contextmanager
def other_process(directory: Path, what: str, name: str = "papers", store_id: str = "") -> Iterator[subprocess.Popen[str]]:
    """Run it for a while; it is killed at the end. Its standard error must stay empty, if it is not killed."""
    process = subprocess.Popen(
        [sys.executable, "-P", __file__, str(directory), what, name, store_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    run(*sys.argv[1:])
