"""Starts the owner process: `python -P chroma_host_start.py <directory> <linger seconds>`.

Run as a file, so that the package `blocks` can be entered without its own `__init__`, which imports every block and Prefect
with them: the owner needs neither, and starts about a second earlier. What Chroma itself imports without a use for it here is
left out too, which saves a quarter of what remains.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import types
from pathlib import Path


def enter_blocks() -> None:
    """Make `blocks` a package without an `__init__`."""
    here = Path(__file__).resolve()
    sys.path.append(str(here.parents[2]))
    blocks = types.ModuleType("blocks")
    blocks.__path__ = [str(here.parents[1])]
    sys.modules["blocks"] = blocks


def leave_out() -> None:
    """Keep `import chromadb` from loading httpx's command line and the exporter of traces, with rich, gRPC and protobuf."""
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    exporter = types.ModuleType("opentelemetry.exporter.otlp.proto.grpc.trace_exporter")
    vars(exporter)["OTLPSpanExporter"] = None  # called for traces alone, and the owner makes none
    sys.modules[exporter.__name__] = exporter
    # What is imported is no garbage.
    gc.set_threshold(20_000, 10, 10)


def stay_on_one_cpu() -> None:
    """Chroma hands every statement to its SQLite driver's thread and waits: on one CPU the two meet without waking another.

    Measured on two CPUs, 3,145 records: 0.83 CPU seconds instead of 1.05; while both CPUs compute, 0.77 instead of 1.35,
    and a search takes 1.0 ms instead of 3.8.
    """
    os.sched_setaffinity(0, {random.choice(sorted(os.sched_getaffinity(0)))})


def start(directory: str, linger: str) -> int:
    """Import the owner alone, and be it."""
    from blocks.stores.chroma_host import main

    return main(directory, linger)


if __name__ == "__main__":
    stay_on_one_cpu()  # before the libraries start threads of their own
    enter_blocks()
    leave_out()
    code = start(*sys.argv[1:])
    sys.stderr.flush()
    # Chroma is closed and the lock given back: what Rust's threads do while the interpreter ends cannot matter any more.
    os._exit(code)
