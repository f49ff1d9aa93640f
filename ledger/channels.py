"""Push channels: each is written down before it is opened, and forgotten after it is stopped or has ended.

So whatever becomes of a run, no channel is open that the ledger does not know. One whose `resource_id` is not known was asked
for, but the answer never came: it may be open, and cannot be stopped before its first notification tells that id.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, delete, select, update

from ledger.database import Database
from ledger.libraries import LibraryRow
from ledger.schema import channels, libraries, sources


@dataclass(frozen=True, slots=True)
class Channel:
    """One subscription to one change log. Times are seconds since the epoch."""

    id: str
    source: str
    """Root of the source whose log it is."""
    corpus: str
    identity: str
    """The account that asked for it: nobody else can stop it."""
    address: str
    """Where notifications go."""
    token: str
    """The secret that each notification must bear."""
    resource_id: str | None
    opened_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class Subscriber:
    """What a notification is about, and how it proves that it is one."""

    token: str
    library: str
    source: str
    resource_id: str | None


_FIELDS = [channels.c[name] for name in Channel.__dataclass_fields__]


def of_library(db: Database, library: LibraryRow) -> list[Channel]:
    """All channels of its sources, also of those that are gone; the oldest first."""
    c = channels.c
    with db.read() as connection:
        rows = connection.execute(select(*_FIELDS).where(c.library_id == library.id).order_by(c.opened_at, c.id)).all()
    return [Channel(*row) for row in rows]


def subscribers(db: Database, tenant: str) -> dict[str, Subscriber]:
    """{channel's id: subscriber} of all the tenant's libraries, for sources that are there."""
    c, s, known = channels.c, sources.c, libraries.c
    joined = channels.join(libraries, known.id == c.library_id)
    joined = joined.join(sources, and_(s.library_id == c.library_id, s.root == c.source))
    found = select(c.id, c.token, known.name, c.source, c.resource_id).select_from(joined).where(known.tenant == tenant)
    with db.read() as connection:
        return {id: Subscriber(*rest) for id, *rest in connection.execute(found).all()}


def note(db: Database, library: LibraryRow, channel: Channel) -> None:
    """Write down a channel that is about to be opened."""
    row = {name: getattr(channel, name) for name in Channel.__dataclass_fields__}
    with db.write() as connection:
        connection.execute(db.insert(channels).values(row | {"library_id": library.id}))


def opened(db: Database, id: str, resource_id: str, expires_at: float) -> None:
    """Google has opened it, until then."""
    with db.write() as connection:
        connection.execute(update(channels).where(channels.c.id == id).values(resource_id=resource_id, expires_at=expires_at))


def learn(db: Database, id: str, resource_id: str) -> None:
    """A notification told the resource id of a channel whose opening was not answered."""
    with db.write() as connection:
        unanswered = and_(channels.c.id == id, channels.c.resource_id.is_(None))
        connection.execute(update(channels).where(unanswered).values(resource_id=resource_id))


def forget(db: Database, id: str) -> None:
    """It is stopped, or has ended, or was never opened."""
    with db.write() as connection:
        connection.execute(delete(channels).where(channels.c.id == id))
