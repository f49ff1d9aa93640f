"""A figure with its bar, and the table that shows them."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure."""

    measure: str
    value: str
    bar: str = ""
    met: bool | None = None
    """None where there is no bar."""


def report(rows: list[Row]) -> None:
    """Print the rows; and write them as JSON where `python -m benchmarks` asked for it."""
    for row in rows:
        mark = {True: "met", False: "NOT MET", None: ""}[row.met]
        print(f"{row.measure:75}  {row.value:>18}  {row.bar:>12}  {mark}")
    if target := os.environ.get("LEVADA_BENCH_JSON"):
        Path(target).write_text(json.dumps([asdict(row) for row in rows]))


def machine() -> str:
    """What the figures were measured on."""
    info = Path("/proc/cpuinfo").read_text()
    model = next(line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name"))
    bf16 = "with" if has_bf16() else "without"
    return f"{model}, {os.cpu_count()} cores, {bf16} BF16, Python {platform.python_version()}"


def has_bf16() -> bool:
    """True if the CPU computes bf16; the bars of embedding are higher there."""
    flags = Path("/proc/cpuinfo").read_text()
    return "avx512_bf16" in flags or "amx_bf16" in flags
