"""Which processes there are, told by a variable that they inherit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MARKER = "LC_LEVADA_CRASH"
"""Parser processes get little of our environment, but every LC_ variable."""
PATIENCE = 15.0


@dataclass(frozen=True)
class Process:
    """A process that runs now."""

    pid: int
    command: tuple[str, ...]

    @property
    def is_store_owner(self) -> bool:
        """True for the owner of an embedded store."""
        return any(word.endswith("chroma_host_start.py") for word in self.command)


def marked(value: str) -> list[Process]:
    """All processes that carry the marker with this value, zombies left out."""
    found = []
    wanted = f"{MARKER}={value}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended, or is another user's
        if wanted in environment:
            found.append(Process(int(entry.name), tuple(word.decode("utf-8", "replace") for word in command)))
    return found


def store_owners(directory: Path) -> list[int]:
    """Pids of the owners of the store at `directory`."""
    owners = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(os.path.realpath(directory)) in command and any(b"chroma_host_start.py" in word for word in command):
            owners.append(int(entry.name))
    return owners


def wait_until(true: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether it became true within so many seconds."""
    deadline = time.monotonic() + patience
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
