"""Owner processes of embedded stores, as the system shows them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil


def owners(directory: Path) -> list[psutil.Process]:
    """The living owner processes of this store."""
    found = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            if str(directory) in command and any(part.endswith("chroma_host_start.py") for part in command):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for something that must come; no assertion on how soon."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.01)


def kill_owner(directory: Path, number: int = signal.SIGKILL) -> None:
    """Send the store's one owner a signal that ends it."""
    (owner,) = owners(directory)
    owner.send_signal(number)
    wait_until(lambda: not owner.is_running() or owner.status() == "zombie", "the owner outlives its signal")


def wait_deserted(directory: Path) -> None:
    """Wait until the store has no owner."""
    wait_until(lambda: not owners(directory), f"{directory} still has an owner")
