"""Which channels there are, for the receiver of notifications: read from the ledger, and kept for a moment."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from apps.shared_rounds import Rounds
from core.settings import Settings
from ledger import channels
from ledger.channels import Subscriber
from ledger.database import Database, open_ledger

KEPT = 2.0
"""Seconds for which a channel is believed to be open without another look."""
PAUSE = 0.25
"""Seconds between two looks at the ledger: calls for channels that are not there cost no more than that."""


class Subscribers:
    """{channel's id: subscriber}, as the ledger has it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._db: Database | None = None
        self._found: dict[str, Subscriber] = {}
        self._read_at = -KEPT
        self._look = Rounds(self._read, PAUSE)

    async def find(self, id: str) -> Subscriber | None:
        """The channel of that id. A channel is in the ledger before Google knows it, so one that is not there is none of ours.

        Raises LevadaError if the ledger cannot be read.
        """
        if id not in self._found or time.monotonic() - self._read_at > KEPT:
            await self._look()
        return self._found.get(id)

    async def learn(self, id: str, resource_id: str) -> None:
        """Note the resource id of a channel that has none yet. Raises LevadaError."""
        if self._db is not None:
            await asyncio.to_thread(channels.learn, self._db, id, resource_id)
        if id in self._found:
            self._found[id] = replace(self._found[id], resource_id=resource_id)

    async def _read(self) -> None:
        self._found = await asyncio.to_thread(self._subscribers)
        self._read_at = time.monotonic()

    def _subscribers(self) -> dict[str, Subscriber]:
        if self._db is None:
            self._db = open_ledger(self._settings.ledger_url, create=False)
        return channels.subscribers(self._db, self._settings.tenant)

    def close(self) -> None:
        """Close the ledger."""
        if self._db is not None:
            self._db.close()
