"""The change logs: what they say, read page by page, the last word on each item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from blocks.sources.drive.account import NO_MEMBER, USER, Account
from blocks.sources.drive.answers import Turning
from blocks.sources.drive.errors import CorpusLost, Refused, TokenRejected
from blocks.sources.drive.items import FIELDS, Resource, version
from core.errors import CursorRejected

WINDOW = 10_000
"""Entries that are kept in mind at once."""
_FIELDS = f"changes(changeType,removed,fileId,driveId,file({FIELDS}))"


@dataclass(slots=True)
class Words:
    """What some pages of the logs say."""

    items: dict[str, Resource] = field(default_factory=dict)
    """Items that are there, by id."""
    removed: dict[str, set[str]] = field(default_factory=dict)
    """Items that are gone from logs: {id: corpora}."""
    left: set[str] = field(default_factory=set)
    """Items that have left the user's log, be it that they are still there."""
    drives: set[str] = field(default_factory=set)
    """Shared drives of which something was said."""
    lost: set[str] = field(default_factory=set)
    """Corpora that have no log any more."""

    def __len__(self) -> int:
        return len(self.items) + len(self.removed)


def read(account: Account, tokens: dict[str, str]) -> Iterator[Words]:
    """Everything since the tokens, which move on with each portion that is given. Raises CursorRejected."""
    words = Words()
    for corpus in list(tokens):
        more, turning = True, Turning("changes")
        while more:
            try:
                page = account.client.changes(tokens[corpus], None if corpus == USER else corpus, _FIELDS)
            except TokenRejected as exc:
                raise CursorRejected("Google does not know its place in the change log any more") from exc
            except (CorpusLost, Refused) as exc:
                if isinstance(exc, Refused) and (corpus == USER or exc.reason not in NO_MEMBER):
                    raise
                words.lost.add(corpus)
                break
            account.logs_read.add(corpus)
            for change in page["changes"]:
                _hear(words, change, corpus, tokens)
            following = turning.next(page)
            more = following is not None
            tokens[corpus] = following or page["newStartPageToken"]
            if len(words) >= WINDOW:
                yield words
                words = Words()
    yield words


def governing(item: Resource, tokens: dict[str, str]) -> str:
    """The corpus whose log tells of the item: its drive's, if we read that, else the user's."""
    drive = item.get("driveId")
    return drive if drive in tokens else USER


def _hear(words: Words, change: dict[str, Any], corpus: str, tokens: dict[str, str]) -> None:
    if change.get("changeType") == "drive" or "fileId" not in change:
        if "driveId" in change:
            words.drives.add(change["driveId"])
        return
    id, item = change["fileId"], change.get("file")
    if corpus == USER and change.get("removed"):
        words.left.add(id)
    if item is None:
        if not change.get("removed"):
            return
        words.removed.setdefault(id, set()).add(corpus)
        # What this log said of it before does not count any more.
        if id in words.items and governing(words.items[id], tokens) == corpus:
            del words.items[id]
        return
    # An item that has left this log comes with what it is now; of another log's items this one need not tell all.
    if governing(item, tokens) != corpus and not change.get("removed"):
        return
    before = words.items.get(id)
    if before is None or version(item) >= version(before):
        words.items[id] = item
