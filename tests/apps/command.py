"""The command `levada` as scripts run it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.servers.prefect_home import without_prefect

COMMAND = (sys.executable, "-m", "apps.cli")
PATIENCE = 240.0
"""Seconds that a command may take."""


class Command:
    """`levada` with a home of its own, as a fork of a process that has imported most of it (tests/apps/forge.py)."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {**without_prefect(), "LEVADA_HOME": str(home)}
        self.env.pop("PYTHONUNBUFFERED", None)  # It would hide what happens to output that is held back.

    def __call__(self, *arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        words = [*map(str, arguments)]
        if any(name.startswith("PYTHON") for name in env):  # The interpreter itself reads it.
            return subprocess.run(
                [*COMMAND, *words], env={**self.env, **env}, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        order = json.dumps({"arguments": words, "env": {**self.env, **env}}).encode()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            socket.send_fds(_forge(), [order], [out.fileno(), err.fileno()])
            code = int(_forge().recv(16))
            told = [os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode() for file in (out, err)]
        return subprocess.CompletedProcess([*COMMAND, *words], code, *told)

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        done = self(*arguments, "--json")
        assert done.returncode == code, done.stderr
        assert done.stdout.count("\n") == 1, "one line on standard output"
        return json.loads(done.stdout)

    def error(self, *arguments: str | Path, code: int, **env: str) -> str:
        done = self(*arguments, **env)
        assert done.returncode == code, done.stderr
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, f"one line, no traceback: {done.stderr}"
        return done.stderr


@cache
def _forge() -> socket.socket:
    """Orders to the forge of this process; it ends when this end is closed, however that comes."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    mine.settimeout(PATIENCE)
    command = [sys.executable, "-m", "tests.apps.forge", str(its.fileno())]
    env = {**without_prefect(), "OPENBLAS_NUM_THREADS": "1"}
    # Nobody waits for it: it is a process of the whole session.
    _KEPT.append(
        subprocess.Popen(command, env=env, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    )
    its.close()
    return mine


_KEPT: list[subprocess.Popen[bytes]] = []
