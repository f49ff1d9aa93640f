"""The server's SQLite database: has this version of Prefect migrated it, and what did the last server leave in it?"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from apps.processes import read_state, write_state

SCHEMA = "schema.json"
"""Which Prefect version has migrated the database, and to what."""


def database_revision(directory: Path) -> str | None:
    """The schema revision that Prefect's SQLite database says it has; None if there is no such database."""
    path = directory / "prefect.db"
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        return None
    return str(row[0]) if row else None


def is_migrated(directory: Path, env: Mapping[str, str]) -> bool:
    """True if this Prefect version has migrated this very database before: then asking Alembic again is 0.3 s for nothing."""
    if any(name.startswith(("PREFECT_SERVER_DATABASE_", "PREFECT_API_DATABASE_")) for name in env):
        return False  # The database may be another one.
    revision = database_revision(directory)
    return revision is not None and read_state(directory / SCHEMA) == {"prefect": version("prefect"), "revision": revision}


def note_migrated(directory: Path) -> None:
    """To be called once a server has migrated it."""
    write_state(directory / SCHEMA, {"prefect": version("prefect"), "revision": database_revision(directory)})


ABANDONED = "Its process ended without a word: killed, or the machine was switched off."


async def crash_abandoned(before: datetime) -> None:
    """Take down as Crashed what was at work before then: to be called when no process can be left that works on it."""
    from prefect.server import models
    from prefect.server.database import provide_database_interface
    from prefect.server.orchestration.core_policy import CoreFlowPolicy
    from prefect.server.schemas.filters import FlowRunFilter
    from prefect.server.schemas.states import State, StateType

    at_work = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
    wanted = {"state": {"type": {"any_": at_work}}, "expected_start_time": {"before_": before}}
    crashed = State(type=StateType.CRASHED, name="Crashed", message=ABANDONED)
    # Locked for writing from its first read on, as Prefect's API does: the server's services write at the same time.
    async with provide_database_interface().session_context(begin_transaction=True, with_for_update=True) as session:
        reading: Any = models.flow_runs.read_flow_runs(session, flow_run_filter=FlowRunFilter.model_validate(wanted))
        for run in await reading:
            await models.flow_runs.set_flow_run_state(session, run.id, crashed.fresh_copy(), flow_policy=CoreFlowPolicy)
