"""Processes that outlive the command that started them: who they are, and how they are ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

POLL = 0.05
"""Seconds between two looks at something that is awaited."""


def identity(pid: int) -> str | None:
    """What tells this process from a later one of the same number: when it started. None if there is none, or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self/stat").exists() else _identity_by_ps(pid)
    # The command's name stands in brackets and may hold anything; state and start time are fields 3 and 22 (proc(5)).
    fields = stat.rpartition(")")[2].split()
    if fields[0] in "ZX":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{fields[19]}"


def _identity_by_ps(pid: int) -> str | None:
    answer = subprocess.run(["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = answer.stdout.strip().partition(" ")
    return started.strip() or None if state and not state.startswith("Z") else None


def is_alive(state: Mapping[str, Any]) -> bool:
    """True if the process that a state file names by `pid` and `identity` is still that one."""
    pid, who = state.get("pid"), state.get("identity")
    return isinstance(pid, int) and who is not None and identity(pid) == who


def spawn(command: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path, fds: Sequence[int] = ()) -> int:
    """Start a process in a session of its own, so that Ctrl-C passes it by; its output goes to `log`, begun anew. The pid."""
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(fds),
        )
    # Somebody must collect its exit while we live, or it stays behind as a zombie.
    threading.Thread(target=process.wait, name=f"wait-{process.pid}", daemon=True).start()
    return process.pid


def children(pid: int) -> list[int]:
    """The processes that this one started and that live."""
    if not Path("/proc/self/stat").exists():
        lines = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.splitlines()
        return [int(child) for child, parent in (line.split() for line in lines) if int(parent) == pid]
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                if int(fields[1]) == pid and fields[0] not in "ZX":
                    found.append(int(entry.name))
    return found


def stop_children(pid: int, patience: float) -> None:
    """End the processes that this one started: politely, and after `patience` seconds by force, each with its session."""
    asked: set[int] = set()
    deadline = time.monotonic() + patience
    while living := children(pid):
        forced = time.monotonic() > deadline
        for child in living:
            with suppress(ProcessLookupError, PermissionError):
                if forced:
                    _kill(child)
                elif child not in asked:
                    asked.add(child)
                    os.kill(child, signal.SIGTERM)
        time.sleep(POLL)


def _kill(pid: int) -> None:
    """Kill a process, and its whole session if it leads one."""
    if os.getsid(pid) == pid:
        os.killpg(pid, signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGKILL)


def stop(state: Mapping[str, Any], patience: float) -> bool:
    """End the process that a state file names: politely, and by force after `patience` seconds. False if it was gone already.

    Force hits its whole session, which is its own (see `spawn`).
    """
    if not is_alive(state):
        return False
    pid = int(state["pid"])
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    if not wait_gone(state, patience):
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        wait_gone(state, patience)
    return True


def wait_gone(state: Mapping[str, Any], timeout: float) -> bool:
    """True as soon as the process is gone; False after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while is_alive(state):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def read_state(path: Path) -> dict[str, Any]:
    """What `write_state` wrote; empty if there is nothing, or nothing that makes sense."""
    try:
        state = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Replace the file in one step; nobody but its owner may read it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(dict(state), file)
    temporary.replace(path)
