"""Push channels: Google calls an address whenever something is written to a change log.

A call carries no news, it only means that there are some. A channel cannot be renewed: another one, with another id, is opened
before it ends, and the two overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

from blocks.sources.drive.account import USER
from blocks.sources.drive.client import DriveClient
from blocks.sources.drive.cursor import Cursor
from blocks.sources.drive.errors import Refused

LIFETIME = 7 * 86_400.0
"""Seconds asked for: the most that Google grants for a change log. Without a wish it grants an hour."""
_TAKEN = "channelIdNotUnique"
_GONE = frozenset({"notFound", "channelUnknown"})


@dataclass(frozen=True, slots=True)
class Logs:
    """Change logs that a source follows, each with the token it has been read to, and whose they are."""

    identity: str
    tokens: dict[str, str]


@dataclass(frozen=True, slots=True)
class Granted:
    """What Google made of a channel."""

    resource_id: str
    expires_at: float
    """Seconds since the epoch."""


def logs_of(cursor: str | None) -> Logs:
    """What a source with that cursor follows; nothing before its first listing. Raises CursorRejected."""
    if cursor is None:
        return Logs("", {})
    read = Cursor.loads(cursor)
    return Logs(read.identity, dict(read.tokens))


def open_channel(
    client: DriveClient, corpus: str, position: str, id: str, secret: str, address: str, expires_at: float
) -> Granted | None:
    """Have changes of a log after the token `position` told to `address`, by calls that bear `secret`.

    None if Google knows the id: an earlier attempt, whose answer was lost, has opened the channel. Raises CorpusLost,
    TokenRejected, Refused (an address that Google will not call, too).
    """
    wish = {"id": id, "type": "web_hook", "address": address, "token": secret, "expiration": str(int(expires_at * 1000))}
    try:
        answer = client.watch_changes(position, None if corpus == USER else corpus, wish)
    except Refused as exc:
        if exc.reason == _TAKEN:
            return None
        raise
    until = str(answer.get("expiration", ""))
    return Granted(str(answer["resourceId"]), int(until) / 1000 if until.isdecimal() else expires_at)


def close_channel(client: DriveClient, id: str, resource_id: str) -> None:
    """Have no more calls made; a channel that has ended already is none the worse. Raises Refused."""
    try:
        client.stop_channel(id, resource_id)
    except Refused as exc:
        if exc.reason not in _GONE:
            raise
