"""What the ledger tells of a library's sources: when each was looked at, what it owes, and of Google Drive what comes next."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from core.drive_names import KIND
from core.errors import CursorRejected
from ledger import channels, listings, sources, statistics
from ledger.database import Database
from ledger.libraries import LibraryRow
from ledger.sources import SourceRow
from ledger.statistics import Statistics


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A push channel: by it Google tells that a change log has news. Times are seconds since the epoch."""

    source: str
    corpus: str
    address: str
    expires_at: float
    answered: bool
    """False: it was asked for, and whether Google has opened it is not known."""

    @property
    def alive(self) -> bool:
        """It is open now."""
        return self.answered and self.expires_at > time.time()


@dataclass(frozen=True, slots=True)
class Following:
    """What is next for a source on Google Drive. Times are seconds since the epoch."""

    account: str
    change_logs: int
    compared_at: float
    """When everything is compared once more; by the first ingest after that."""
    again_at: float | None
    """When that is listed again which Drive's lists may have told too late; None: nothing is."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source of the library, and what it owes."""

    kind: str
    root: str
    listed_at: float | None
    """When its last listing came to an end, in seconds since the epoch."""
    files: int
    owed: int
    quarantined: int
    listing: int | None
    """Files that a listing has seen which is not at its end; None: there is none."""
    following: Following | None
    """None for what is no Google Drive, or was not listed yet."""


def source_states(db: Database, library: LibraryRow, counts: Statistics) -> list[SourceState]:
    """One for each source; `counts` are the library's, which are those of its only source."""
    known = sources.all_of(db, library)
    found = []
    for source in known:
        own = counts if len(known) == 1 else statistics.collect(db, library, source.id)
        begun = listings.seen_so_far(db, source)
        found.append(
            SourceState(
                source.kind, source.root, source.listed_at, own.files, own.owed, own.quarantined, begun, _following(source)
            )
        )
    return found


def channel_states(db: Database, library: LibraryRow) -> list[ChannelState]:
    """All channels that are open, or may be; of sources that are gone, too."""
    return [
        ChannelState(channel.source, channel.corpus, channel.address, channel.expires_at, channel.resource_id is not None)
        for channel in channels.of_library(db, library)
    ]


def _following(source: SourceRow) -> Following | None:
    if source.kind != KIND or source.cursor is None:
        return None
    # A command that only reads the ledger does without Prefect, which every block needs.
    from blocks.sources.drive.cursor import WHOLE_EVERY, Cursor

    try:
        cursor = Cursor.loads(source.cursor)
    except CursorRejected:
        return None
    every = float(json.loads(source.config).get("whole_every", WHOLE_EVERY))
    return Following(cursor.identity, len(cursor.tokens), cursor.whole_at + every, min(cursor.again.values(), default=None))
