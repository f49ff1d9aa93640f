"""Process trees as Linux shows them in /proc: what one uses, and its end, children in sessions of their own included.

Elsewhere there is nothing to see: a tree is its first process, and only that is ended here.
"""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 2.0
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process and all that came of it, now."""

    cpu: float
    """Seconds, of those that have ended too."""
    memory: int
    """Resident bytes that belong to no file."""


def usage(pid: int) -> Usage:
    """What the process and its descendants use."""
    cpu, memory = 0, 0
    for member in tree(pid):
        fields = _stat(member)
        cpu += sum(map(int, fields[11:15]))  # utime, stime and those of children it has waited for
        memory += _resident(member)
    return Usage(cpu / _TICKS, memory)


def tree(pid: int) -> list[int]:
    """The process and its descendants. Orphans are among them if it is a subreaper (prctl(2))."""
    found = [pid]
    for parent in found:
        found += _children(parent)
    return found


def end_descendants(pid: int) -> None:
    """Kill all that came of a process, which is stopped meanwhile, and stays so, lest it starts more."""
    with suppress(OSError):
        os.kill(pid, signal.SIGSTOP)
    kill_descendants(pid)


def kill_descendants(pid: int) -> None:
    """Kill all that came of a process, again and again while they start more, for two seconds at most."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        alive = [child for child in tree(pid)[1:] if _stat(child)[:1] not in ([], ["Z"])]
        for child in alive:
            with suppress(OSError):
                os.kill(child, signal.SIGKILL)
        if not alive or time.monotonic() > deadline:
            return
        time.sleep(0.001)


def end_marked(directory: Path) -> None:
    """Kill every process of ours whose TMPDIR, as it was started, is the directory or lies below it: strays of a parser that
    is gone. It takes some 10 ms.
    """
    inside = re.compile(rb"(?:^|\0)TMPDIR=" + re.escape(os.fsencode(directory)) + rb"[/\0]")
    deadline = time.monotonic() + _PATIENCE
    while sum(_end_if_marked(entry, inside) for entry in Path("/proc").glob("[1-9]*")) and time.monotonic() < deadline:
        continue


def _end_if_marked(entry: Path, inside: re.Pattern[bytes]) -> bool:
    try:
        found = entry.stat().st_uid == os.getuid() and inside.search((entry / "environ").read_bytes()) is not None
        if found and int(entry.name) != os.getpid():
            os.kill(int(entry.name), signal.SIGKILL)
            return True
    except OSError:
        pass  # it has ended, and its environment with it
    return False


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (thread / "children").read_bytes().split())
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, from the state on; none if the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_bytes().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith((b"RssAnon:", b"RssShmem:"))) * _KIB
