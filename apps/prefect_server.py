"""A Prefect server's process: `python -m apps.prefect_server DIRECTORY LISTENING_FD [--full] [--crash-abandoned]`.

It ends with its last user. Every user holds a shared lock on DIRECTORY/server.lease for as long as it lives; the kernel lets go
of it however the user dies. The server asks twice a second for the exclusive lock: when it gets it, nobody is left. It keeps
that lock until its own end, so that the next user of this directory begins when this server is gone. What single runs do not
need is left out: the web page, scheduling, automations, block registration.

With --full it is what `prefect server start` is, and ends by SIGTERM. Either is given a socket that listens already
(apps/prefect_api.py), and migrates a database only if this version has not done so before.
"""

from __future__ import annotations

import argparse
import gc
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from apps.prefect_database import crash_abandoned, is_migrated, note_migrated
from apps.prefect_env import set_defaults
from apps.prefect_lease import LEASE, Watch

if TYPE_CHECKING:
    from fastapi import FastAPI

PRIVATE = {
    # A full server on the same database registers them.
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    # By default each of a task run's three events is a transaction of its own.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}
"""Settings of a server that only takes down what runs report."""
FULL = {
    # In memory, the default, a restart would forget that a run holds its deployment's only slot, and never give it back.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
}
"""Settings of the server behind a worker."""

CHORES = timedelta(seconds=5)
"""How often a private server looks for what it could do by itself."""


def serve(directory: Path, listener: socket.socket, watch: Watch | None, sweep: bool) -> bool:
    """Serve Prefect's API on `listener` until `watch` ends it, or SIGTERM. False if it did not start."""
    started = datetime.now(UTC)
    migrated = is_migrated(directory, os.environ)
    os.environ["PREFECT_SERVER_DATABASE_MIGRATE_ON_START"] = str(not migrated).lower()
    if watch is not None:
        os.environ.update(PRIVATE)
    else:
        set_defaults(os.environ, FULL)
    # Three quarters of the start is importing, and a quarter of that was the garbage collector looking at it.
    gc.disable()
    from prefect.server.api.server import create_app
    from uvicorn import Config, Server

    if watch is not None:
        _look_seldom_for_chores()
    app = create_app(ephemeral=watch is not None)
    prefects = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[None]:
        async with prefects(served):
            if not migrated:
                note_migrated(directory)
            if sweep:
                await crash_abandoned(started)
            gc.freeze()
            gc.enable()
            yield

    app.router.lifespan_context = lifespan
    server = Server(Config(app, log_level="error", lifespan="on", timeout_graceful_shutdown=5))
    if watch is not None:
        watch.serve(server)
    server.run(sockets=[listener])
    return server.started


def _look_seldom_for_chores() -> None:
    """Prefect's queue of chores (vacuuming old events) is asked four times a second, for a quarter of what the server costs."""
    from docket import Worker
    from prefect.server.api import background_workers

    vars(background_workers)["Worker"] = partial(Worker, minimum_check_interval=CHORES, scheduling_resolution=CHORES)


def main() -> int:
    """Entry point of the process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path, help="PREFECT_HOME")
    parser.add_argument("listener", type=int, help="descriptor of the listening socket")
    parser.add_argument("--full", action="store_true", help="with web page and services, until SIGTERM")
    parser.add_argument("--crash-abandoned", action="store_true", help="nothing can be at work: take down as Crashed what was")
    arguments = parser.parse_args()
    watch = None if arguments.full else Watch(arguments.directory / LEASE)
    if watch is not None:
        watch.start()
    listener = socket.socket(fileno=arguments.listener)
    return 0 if serve(arguments.directory, listener, watch, arguments.crash_abandoned) else 1


if __name__ == "__main__":
    sys.exit(main())
