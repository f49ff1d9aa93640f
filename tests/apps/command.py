"""The command `levada` as scripts run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.servers.prefect_home import without_prefect

COMMAND = (sys.executable, "-m", "apps.cli")


class Command:
    """`levada` with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {**without_prefect(), "LEVADA_HOME": str(home)}
        self.env.pop("PYTHONUNBUFFERED", None)  # It would hide what happens to output that is held back.

    def __call__(self, *arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *map(str, arguments)], env={**self.env, **env}, capture_output=True, text=True, timeout=240, check=False
        )

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
