"""A Prefect database that is migrated already: making one costs 5 s, copying it nothing."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from apps.prefect_api import PRIVATE, connect, get_json
from apps.prefect_database import SCHEMA
from apps.processes import is_alive, read_state, wait_gone


def without_prefect() -> dict[str, str]:
    """This process's environment, less what points at somebody's Prefect or Levada."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "LEVADA"))}


@dataclass(frozen=True)
class Made:
    """How the database was made: a first server was killed while it did so, a second one finished the work."""

    directory: tempfile.TemporaryDirectory[str]
    marked_when_killed: bool
    """The mark that migrations are complete was there when the first server died."""
    healthy_after: bool


@cache
def made() -> Made:
    """Make it, once for all tests of this process."""
    directory = tempfile.TemporaryDirectory(prefix="levada-prefect-")
    home = Path(directory.name)
    database, mark = home / "prefect" / "prefect.db", home / "prefect" / SCHEMA
    with connect(home, without_prefect()):
        first = read_state(home / "prefect" / PRIVATE)
        while not database.exists() and is_alive(first):
            time.sleep(0.01)
        os.kill(first["pid"], signal.SIGKILL)
        assert wait_gone(first, 30)
    marked = mark.exists()
    env = without_prefect()
    with connect(home, env) as api:
        api.wait()
        second = read_state(home / "prefect" / PRIVATE)
        healthy = get_json(f"{api.url}/admin/version", env["PREFECT_API_AUTH_STRING"], 30) is not None and mark.exists()
    assert wait_gone(second, 60)
    return Made(directory, marked, healthy)


def give_database(home: Path) -> None:
    """Put a migrated, empty Prefect database into this LEVADA_HOME."""
    (home / "prefect").mkdir(parents=True, mode=0o700)
    for name in ("prefect.db", SCHEMA):
        shutil.copy(Path(made().directory.name) / "prefect" / name, home / "prefect" / name)
