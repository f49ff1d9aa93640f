"""A Prefect database that is migrated already: making one costs 5 s, copying it nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from apps.prefect_api import PRIVATE, connect, get_json
from apps.prefect_database import SCHEMA
from apps.processes import is_alive, read_state, wait_gone

TOLD = "told.json"


def without_prefect() -> dict[str, str]:
    """This process's environment, less what points at somebody's Prefect or Levada."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "LEVADA"))}


@dataclass(frozen=True)
class PrefectDatabase:
    """A migrated, empty database. A first server was killed while it made it, a second one finished the work."""

    home: Path

    def give(self, home: Path) -> None:
        """Put a copy into this LEVADA_HOME, which is made if need be."""
        (home / "prefect").mkdir(parents=True, mode=0o700)
        for name in ("prefect.db", SCHEMA):
            shutil.copy(self.home / "prefect" / name, home / "prefect" / name)

    @property
    def marked_when_killed(self) -> bool:
        """The mark that migrations are complete was there when the first server died."""
        return bool(self._told()["marked_when_killed"])

    @property
    def healthy_after(self) -> bool:
        """The second server was well, and had made the mark."""
        return bool(self._told()["healthy_after"])

    def _told(self) -> dict[str, bool]:
        told: dict[str, bool] = json.loads((self.home / TOLD).read_text())
        return told


def make_database(home: Path) -> None:
    """Make `home` what PrefectDatabase looks at."""
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
    (home / TOLD).write_text(json.dumps({"marked_when_killed": marked, "healthy_after": healthy}))
