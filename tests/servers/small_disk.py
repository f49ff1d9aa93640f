"""A disk that is soon full."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 15.0
"""Seconds for which a process that has just ended may hold the disk."""


@contextmanager
def small_disk(directory: Path, mebibytes: int) -> Iterator[Path]:
    """A file system of that size, mounted on `directory`, which is made. Skips the test where none can be mounted."""
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", directory]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"needs to mount a small disk: {mounted.stderr.strip()}")
    yield directory
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(["umount", directory], capture_output=True).returncode:
        assert time.monotonic() < deadline, "the disk stays busy"
        time.sleep(0.05)
