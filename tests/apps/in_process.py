"""`levada` in this process, for an interpreter for each command is dear; what the command touches of it is put back."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps import cli
from apps.logs import ROOMS


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


class Levada:
    """`levada` with these variables in its environment."""

    def __init__(self, **env: str | Path) -> None:
        self.env = {name: str(value) for name, value in env.items()}

    def __call__(self, *arguments: str | Path) -> Done:
        out, err = io.StringIO(), io.StringIO()
        with _put_back(self.env), redirect_stdout(out), redirect_stderr(err):
            try:
                code = cli._run([*map(str, arguments)])
            except Exception as exc:
                code = cli._tell(exc)
        return Done(code, out.getvalue(), err.getvalue())

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        done = self(*arguments, "--json")
        assert done.code == code, done
        assert done.stdout.count("\n") == 1, "one line on standard output"
        return json.loads(done.stdout)

    def error(self, *arguments: str | Path, code: int) -> str:
        done = self(*arguments)
        assert done.code == code, done
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, f"one line: {done.stderr}"
        return done.stderr


@contextmanager
def _put_back(env: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    loggers = [logging.getLogger(name) for name in (*ROOMS, "prefect")]
    told = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    for name in [name for name in os.environ if name.startswith(("LEVADA", "PREFECT"))]:
        del os.environ[name]
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        for logger, level, handlers in told:
            logger.setLevel(level)
            logger.handlers[:] = handlers
