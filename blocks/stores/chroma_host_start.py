"""Starts the owner process: `python -P chroma_host_start.py <directory> <linger seconds>`.

Run as a file, so that the package `blocks` can be entered without its own `__init__`, which imports every block and Prefect
with them: the owner needs neither, and starts about a second earlier.
"""

from __future__ import annotations

import os
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


def start(directory: str, linger: str) -> int:
    """Import the owner alone, and be it."""
    from blocks.stores.chroma_host import main

    return main(directory, linger)


if __name__ == "__main__":
    enter_blocks()
    code = start(*sys.argv[1:])
    sys.stderr.flush()
    # Chroma is closed and the lock given back: what Rust's threads do while the interpreter ends cannot matter any more.
    os._exit(code)
