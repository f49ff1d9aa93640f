"""`python -m benchmarks [NAME ...]`: one after the other, each in a process of its own; writes docs/benchmarks.md."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.results import Row, machine

NAMES = (
    "status",
    "no_change",
    "edits",
    "embedding",
    "flow",
    "peers",
    "quality",
    "memory",
    "pdf_text",
    "pdf_cleaning",
    "pdf_speed",
    "pdf_tables",
    "financebench",
    "office",
    "encodings",
    "rows",
    "samples",
    "hostile",
    "workers",
    "drive_listing",
    "drive_changes",
    "drive_flow",
    "drive_downloads",
)
PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
DATA = PAGE.with_suffix(".json")


def main(names: list[str]) -> int:
    """Run those named, or all; returns 1 if one did not end well."""
    kept: dict[str, list[dict[str, object]]] = json.loads(DATA.read_text()) if DATA.exists() else {}
    failed = False
    for name in names or NAMES:
        print(f"\n== {name}", flush=True)
        with tempfile.NamedTemporaryFile(suffix=".json") as target:
            env = {**os.environ, "LEVADA_BENCH_JSON": target.name}
            code = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], env=env, check=False).returncode
            text = Path(target.name).read_text()
        failed |= code != 0
        if code == 0 and text:
            kept[name] = json.loads(text)
            DATA.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
            PAGE.write_text(page(kept))
    return int(failed)


def page(kept: dict[str, list[dict[str, object]]]) -> str:
    """docs/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; every row is measured, and every ratio is of things measured in one run.",
        f"Last written {datetime.date.today().isoformat()} on: {machine()}.",
    ]
    for name in (name for name in NAMES if name in kept):
        lines += ["", f"## {name}", "", "| measure | figure | bar | |", "| --- | ---: | ---: | --- |"]
        for fields in kept[name]:
            row = Row(**fields)  # type: ignore[arg-type]
            mark = {True: "met", False: "**not met**", None: ""}[row.met]
            lines.append(f"| {row.measure} | {row.value} | {row.bar} | {mark} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
