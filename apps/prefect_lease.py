"""The lease that makes a private server end with its last user."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uvicorn import Server

LEASE = "server.lease"
"""Its users hold a shared lock on it, each as long as it lives."""
POLL = 0.5
DRAIN = 15.0
"""Seconds that what dead users have sent may take to be taken down."""
LAST_RESORT = 30.0
"""Seconds that a shutdown may take before the process ends without it."""


def _drained(server: Server) -> bool:
    """True once all that users have sent is taken down: connections read to their end, and the events in memory consumed."""
    from prefect.server.utilities.messaging.memory import METRICS

    state = server.server_state
    return not (state.connections or state.tasks) and all(
        topic["published"] <= topic["consumed"] for topic in list(METRICS.values())
    )


class Watch(threading.Thread):
    """Ends the process once nobody holds the lease."""

    def __init__(self, lease: Path) -> None:
        super().__init__(name="lease", daemon=True)
        self._file = lease.open("rb")
        self._server: Server | None = None
        self._state = threading.Lock()

    def serve(self, server: Server) -> None:
        """From now on the end is a shutdown: what is in flight, a migration above all, is finished first."""
        with self._state:
            self._server = server

    def run(self) -> None:
        """Wait for the last user, then end."""
        while not self._abandoned():
            time.sleep(POLL)
        with self._state:
            server = self._server
            if server is None:  # Still importing: nothing to finish.
                os._exit(0)
        while not server.started and not server.should_exit:
            time.sleep(POLL)
        try:
            deadline = time.monotonic() + DRAIN
            while not _drained(server) and time.monotonic() < deadline:
                time.sleep(POLL / 5)
        finally:  # Whatever becomes of Prefect's counters, the end comes.
            server.should_exit = True
            time.sleep(LAST_RESORT)
            os._exit(1)

    def _abandoned(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
