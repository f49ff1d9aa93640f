"""Push channels of a library's Google Drive sources: one is open for each change log, and no other."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from prefect import task

from blocks.library import Library
from blocks.sources import registry
from blocks.sources.drive import channels as drive
from blocks.sources.drive.errors import CorpusLost, Refused, TokenRejected
from blocks.sources.google_drive import GoogleDriveSource
from core.drive_names import KIND, drive_name
from core.errors import CredentialsLost, CursorRejected, LevadaError, SourceUnavailable, UsageError
from ledger import channels, sources
from ledger.channels import Channel
from tasks.log import logger
from tasks.options import EFFECT

EARLY = 86_400.0
"""Seconds before its end that a channel gets a successor; half of its life if that is less."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A source that has channels, or is to have some."""

    root: str
    config: str | None
    """None for one that the library does not have any more."""
    cursor: str | None


@dataclass(slots=True)
class Kept:
    """What became of channels."""

    open: int = 0
    opened: int = 0
    stopped: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.open} open ({self.opened} new), {self.stopped} stopped"


def watched(library: Library) -> list[Watched]:
    """All Drive sources of the library, and those that have left channels behind; nothing if there is no library yet."""
    try:
        row = library.row()
    except UsageError:
        return []
    known = [Watched(s.root, s.config, s.cursor) for s in sources.all_of(library.ledger, row) if s.kind == KIND]
    left = dict.fromkeys(channel.source for channel in channels.of_library(library.ledger, row))
    return known + [Watched(root, None, None) for root in left if root not in {source.root for source in known}]


@task(name="keep channels", task_run_name="keep channels of {source.root}", **EFFECT)
def keep_channels(library: Library, source: Watched, address: str) -> Kept:
    """Open, renew and stop, until each log that the source follows has one channel to `address`; "" : until it has none.

    What cannot be done now is a problem in words, and is tried again by the next run.
    """
    kept = Kept()
    adapter: GoogleDriveSource | None = None
    try:
        found = _not_ended(library, source)
        adapter = _adapter(library, source)
        _Keeper(library, source, adapter, kept).keep(found, address)
    except CredentialsLost as exc:
        if source.config is not None:
            kept.problems.append(f"{source.root}: {exc}")
        else:  # Nobody can stop them: they end by themselves, and their calls are not heeded.
            _forget(library, found)
    except LevadaError as exc:
        kept.problems.append(f"{source.root}: {exc}")
    finally:
        if adapter is not None:
            adapter.close()
    logger().info("%s: %s", source.root, kept)
    return kept


def total(all_kept: Iterable[Kept]) -> Kept:
    """Of all sources together."""
    found = Kept()
    for kept in all_kept:
        found.open += kept.open
        found.opened += kept.opened
        found.stopped += kept.stopped
        found.problems += kept.problems
    return found


def _not_ended(library: Library, source: Watched) -> list[Channel]:
    """The source's channels; those that have ended are forgotten."""
    mine = [c for c in channels.of_library(library.ledger, library.row()) if c.source == source.root]
    ended = [c for c in mine if c.expires_at <= time.time()]
    _forget(library, ended)
    return [channel for channel in mine if channel not in ended]


def _forget(library: Library, ended: list[Channel]) -> None:
    for channel in ended:
        channels.forget(library.ledger, channel.id)


def _adapter(library: Library, source: Watched) -> GoogleDriveSource:
    if source.config is not None:
        restored = registry.restore(KIND, source.config, source.root)
        assert isinstance(restored, GoogleDriveSource)
        return restored
    name = drive_name(source.root)
    described = GoogleDriveSource.named(name, library.settings) if name is not None else None
    return described or GoogleDriveSource()


class _Keeper:
    """One source's channels."""

    def __init__(self, library: Library, source: Watched, adapter: GoogleDriveSource, kept: Kept) -> None:
        self._db, self._row = library.ledger, library.row()
        self._source, self._client, self._kept = source, adapter.client, kept
        self._resources: dict[str, str] = {}
        """{corpus: resource id}: it is the same for all of an account's channels of a log."""

    def keep(self, found: list[Channel], address: str) -> None:
        """See keep_channels."""
        tokens = self._followed() if address else {}
        for corpus in [*tokens, *dict.fromkeys(c.corpus for c in found if c.corpus not in tokens)]:
            here = [channel for channel in found if channel.corpus == corpus]
            for channel in here:
                if channel.resource_id and self._ours(channel):
                    self._resources[corpus] = channel.resource_id
            staying = self._one(corpus, tokens[corpus], here, address) if corpus in tokens else []
            self._kept.open += sum(channel.resource_id is not None for channel in staying)
            for channel in here:
                if channel not in staying:
                    self._stop(channel)

    def _followed(self) -> dict[str, str]:
        """Logs of the account as it is now; those of another one will be begun anew by the next ingest."""
        try:
            logs = drive.logs_of(self._source.cursor)
        except CursorRejected:
            return {}
        return logs.tokens if logs.identity == self._client.identity else {}

    def _ours(self, channel: Channel) -> bool:
        return channel.identity == self._client.identity

    def _one(self, corpus: str, position: str, here: list[Channel], address: str) -> list[Channel]:
        """The channels of a log that are to stay: one that is good for long enough, else a new one, else what there is."""
        now = time.time()
        good = [channel for channel in here if channel.resource_id and channel.address == address and self._ours(channel)]
        fresh = [c for c in good if now < c.expires_at - min(EARLY, (c.expires_at - c.opened_at) / 2)]
        if fresh:
            return [max(fresh, key=lambda channel: channel.expires_at)]
        try:
            return [self._open(corpus, position, here, address)]
        except CorpusLost:
            return []
        except TokenRejected:
            logger().info("%s: the log of %s is begun anew by the next ingest, and watched then", self._source.root, corpus)
        except (Refused, SourceUnavailable) as exc:
            self._kept.problems.append(f"{self._source.root}: no channel for {corpus}: {exc}")
        return list(here)

    def _open(self, corpus: str, position: str, here: list[Channel], address: str) -> Channel:
        for _attempt in range(2):
            now = time.time()
            channel = Channel(
                str(uuid.uuid4()), self._source.root, corpus, self._client.identity, address, secrets.token_urlsafe(32),
                None, now, now + drive.LIFETIME,
            )  # fmt: skip
            channels.note(self._db, self._row, channel)
            try:
                granted = drive.open_channel(
                    self._client, corpus, position, channel.id, channel.token, address, channel.expires_at
                )
            except (CorpusLost, TokenRejected, Refused):
                channels.forget(self._db, channel.id)
                raise
            if granted is not None:
                channels.opened(self._db, channel.id, granted.resource_id, granted.expires_at)
                self._resources[corpus] = granted.resource_id
                self._kept.opened += 1
                return replace(channel, resource_id=granted.resource_id, expires_at=granted.expires_at)
            here.append(channel)  # It is open, by an attempt whose answer was lost: its successor's answer helps to stop it.
        raise SourceUnavailable("Google Drive answers none of our requests for a channel; run again later")

    def _stop(self, channel: Channel) -> None:
        resource = channel.resource_id or self._resources.get(channel.corpus)
        # What another account opened, only that one can stop; its calls are not heeded any more.
        if resource and self._ours(channel):
            try:
                drive.close_channel(self._client, channel.id, resource)
            except (Refused, SourceUnavailable) as exc:
                self._kept.problems.append(f"{self._source.root}: a channel for {channel.corpus} was not stopped: {exc}")
                return
            self._kept.stopped += 1
        channels.forget(self._db, channel.id)
