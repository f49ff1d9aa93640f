"""Ctrl-C and SIGTERM in the middle of `levada ingest`: it ends within 10 s, with all its processes, and can be continued."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.interruption import LIMIT, Interruption, command, runs
from tests.crash.processes import wait_until
from tests.crash.stage import ROOT
from tests.servers.prefect_home import PrefectDatabase, without_prefect

pytestmark = pytest.mark.timeout(900)
CTRL_C = b"\x03"


@pytest.fixture
def home(prefect_database: PrefectDatabase, tmp_path: Path) -> Path:
    """A LEVADA_HOME of its own, whose private Prefect server is part of what must end."""
    home = tmp_path / "home"
    prefect_database.give(home)
    return home


@contextmanager
def on_a_terminal(arguments: list[str], env: dict[str, str], log: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run `levada` in the foreground of a terminal of its own; gives the process and the keyboard."""
    keyboard, terminal = pty.openpty()
    with log.open("wb") as output:
        process = subprocess.Popen(
            # Where the tests themselves run in the background, SIGINT is ignored, and every child would inherit that.
            ["env", "--default-signal=INT", "setsid", "--ctty", sys.executable, "-m", "apps.cli", *arguments],
            cwd=ROOT,
            env=env,
            stdin=terminal,
            stdout=output,
            stderr=output,
        )
    os.close(terminal)
    try:
        yield process, keyboard
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)


def press_ctrl_c(_process: subprocess.Popen[bytes], keyboard: int) -> None:
    os.write(keyboard, CTRL_C)


def terminate(process: subprocess.Popen[bytes], _keyboard: int) -> None:
    process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize(
    ("how", "code"), [(press_ctrl_c, 128 + signal.SIGINT), (terminate, 128 + signal.SIGTERM)], ids=["Ctrl-C", "SIGTERM"]
)
def test_a_command_that_is_told_to_stop(
    interruption: Interruption, home: Path, how: Callable[[subprocess.Popen[bytes], int], None], code: int
) -> None:
    env = interruption.env(home, without_prefect())
    log = home / "command.log"
    with on_a_terminal(command(interruption.folder), env, log) as (process, keyboard):
        interruption.wait_for_the_middle(home)
        started = time.monotonic()
        how(process, keyboard)
        process.wait(60)
        took = time.monotonic() - started
    said = log.read_text(errors="replace")
    assert process.returncode == code, said
    assert took < LIMIT, said
    assert "interrupted" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert wait_until(lambda: not interruption.processes(home)), interruption.processes(home)
    assert runs(home) == ["cancelled"]
    interruption.converges(home)
