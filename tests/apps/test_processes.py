"""Processes are told apart, found and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from apps.processes import children, identity, is_alive, read_state, spawn, stop, stop_children, wait_gone, write_state

DEAF = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(600)"
PARENT = f"""
import subprocess, sys, time
for code in ("import time; print('on', flush=True); time.sleep(600)", {DEAF!r}):
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    child.stdout.readline()
print("on", flush=True)
while True:
    subprocess._cleanup()
    time.sleep(0.05)
"""


def started(code: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    return process


def test_a_process_is_known_by_more_than_its_number() -> None:
    me = identity(os.getpid())
    assert me is not None
    assert is_alive({"pid": os.getpid(), "identity": me})
    assert not is_alive({"pid": os.getpid(), "identity": "another that had the number before"})
    assert not is_alive({"pid": os.getpid()})
    assert not is_alive({})


def test_a_zombie_is_gone() -> None:
    with started(DEAF) as process:
        state = {"pid": process.pid, "identity": identity(process.pid)}
        assert is_alive(state)
        process.kill()
        assert wait_gone(state, 10)
        assert process.returncode is None, "nobody has collected it yet"


def test_stop_asks_first_and_forces_then(tmp_path: Path) -> None:
    assert not stop({}, 1)
    log = tmp_path / "logs" / "deaf.log"
    pid = spawn([sys.executable, "-c", DEAF], os.environ, tmp_path, log)
    state = {"pid": pid, "identity": identity(pid)}
    while log.read_text() != "on\n":
        assert is_alive(state)
    assert os.getsid(pid) == pid
    assert stop(state, 0.3)
    assert not is_alive(state)


def test_stop_never_hits_a_later_process_of_the_same_number() -> None:
    with started(DEAF) as bystander:
        assert not stop({"pid": bystander.pid, "identity": "a process that had the number before"}, 1)
        assert bystander.poll() is None
        bystander.kill()


def test_children_are_ended_deaf_or_not() -> None:
    with started(PARENT) as parent:
        polite, deaf = children(parent.pid)
        stop_children(parent.pid, 1.0)
        assert identity(polite) is None
        assert identity(deaf) is None
        assert parent.poll() is None
        os.kill(parent.pid, signal.SIGKILL)


def test_state_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert read_state(path) == {}
    write_state(path, {"pid": 1})
    write_state(path, {"pid": 2})
    assert read_state(path) == {"pid": 2}
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    path.write_text("{")
    assert read_state(path) == {}
    path.write_text("[]")
    assert read_state(path) == {}
