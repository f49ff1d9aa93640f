"""One listing of a Drive scope: from scratch, or what changed since a cursor.

From scratch: change tokens first, then everything, then what the logs say since; so nothing falls between. Since a cursor: the
logs, the roots, of which no log tells when something above them changes, and what was listed so lately that Drive's index
may have lagged behind. What is published follows from the mirror alone, so that any of it may be done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blocks.sources.drive import logs
from blocks.sources.drive.account import Account
from blocks.sources.drive.client import DriveClient
from blocks.sources.drive.cursor import Cursor, Position
from blocks.sources.drive.doubts import Doubts
from blocks.sources.drive.errors import CorpusLost, Gone, Refused, TokenRejected
from blocks.sources.drive.known import Known
from blocks.sources.drive.looks import SecondLooks
from blocks.sources.drive.news import News
from blocks.sources.drive.rules import Rules
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.scope_roots import ScopeRoots
from blocks.sources.drive.shortcuts import Shortcuts
from blocks.sources.drive.strays import Strays
from blocks.sources.drive.walk import Walk
from blocks.sources.drive.whole import Whole
from core.errors import CursorRejected, SourceUnavailable
from core.files import ChangePage, ListingEnd
from core.trees import Tree

Told = Iterator[ChangePage | ListingEnd]


class DriveListing:
    """One listing; `now` is the time in seconds since the epoch."""

    def __init__(self, client: DriveClient, tree: Tree, rules: Rules, now: Callable[[], float]) -> None:
        self._client = client
        self._tree = tree
        self._rules = rules
        self._now = now

    def run(self, cursor: str | None) -> Told:
        """The pages, and the end. Raises CursorRejected, SourceUnavailable, UsageError."""
        try:
            with Account(self._client) as account:
                yield from _Run(account, self._tree, self._rules, self._now, self._begun(cursor), full=cursor is None).all()
        except CorpusLost as exc:
            raise CursorRejected("a shared drive was lost while it was being listed") from exc
        except (Gone, Refused, TokenRejected) as exc:
            raise SourceUnavailable(f"{exc}; {_advice(exc)}") from exc

    def _begun(self, cursor: str | None) -> Position:
        if self._tree.position is not None:
            position = Position.loads(self._tree.position)
        elif cursor is not None:
            position = Position(Cursor.loads(cursor))
        else:
            return Position(Cursor(self._client.identity, self._rules.digest, self._now()), full=True)
        if position.cursor.identity != self._client.identity:
            raise CursorRejected(f"it was read as {position.cursor.identity} before, and now as {self._client.identity}")
        if position.cursor.scope != self._rules.digest:
            raise CursorRejected("its settings have changed", expected=True)
        if not position.full and self._now() >= position.cursor.whole_at + self._rules.whole_every:
            raise CursorRejected("it is time to compare everything", expected=True)
        return position


class _Run:
    def __init__(
        self, account: Account, tree: Tree, rules: Rules, now: Callable[[], float], position: Position, full: bool
    ) -> None:
        self._account = account
        self._follows = rules.follow_shortcuts
        self._every_drive = rules.scope.all_drives
        self._cursor = position.cursor
        self._full = full
        account.client.keys.learn(self._cursor.keys)
        self._mirror = ScopeMirror(account, tree, rules.wanted, full, position.telling)
        self._mirror.roots |= self._cursor.roots.keys()
        self._mirror.shortcuts = self._cursor.shortcuts
        self._mirror.staging.position = position.dumps
        self._doubts = Doubts(self._mirror, position)
        self._looks = SecondLooks(self._mirror, self._doubts, self._cursor, full, rules.lag, now)
        self._walk = Walk(account, self._mirror, self._doubts, Strays(self._mirror, position, full), tree, self._walked)
        self._whole = Whole(account, self._mirror, tree, self._walk, position, self._looks.listed)
        self._tokens = dict(self._cursor.tokens)
        """As far as the logs were read; the cursor's are as far as what they say was carried over."""
        self._roots = ScopeRoots(
            account,
            tree,
            rules.scope,
            self._mirror,
            self._walk,
            self._whole,
            position,
            self._tokens,
            full,
            self._looks.regranted,
        )
        self._news = News(self._mirror, self._walk, self._tokens)
        self._shortcuts = Shortcuts(
            account, self._mirror, self._walk, self._cursor, lambda root: self._roots.token(root.corpus)
        )

    def all(self) -> Told:
        if self._full and not self._cursor.roots:
            yield from self._roots.begin()
        elif self._every_drive:
            yield from self._roots.compare_drives()
        yield from self._whole.corpora(self._roots.all())
        yield from self._walk.pending()
        self._doubts.end()
        for words in logs.read(self._account, self._tokens):
            yield from self._news.take(words)
            yield from self._roots.heed(words)
            yield from self._mirror.telling.tell_due()
            self._cursor.tokens.update(self._tokens)
            yield from self._mirror.staging.page(even_if_empty=len(words) > 0)
        yield from self._roots.poll()
        yield from self._looks.take(self._walk, self._whole, self._roots.again)
        yield from self._walk.take_in_strays()
        if self._follows:
            yield from self._shortcuts.follow()
        if self._full:
            yield from self._walk.confirm_missed(self._roots.lost())
            yield from self._walk.take_in_strays()
            self._looks.forget_needless(self._roots.all())
        yield from self._mirror.telling.tell_due()
        yield from self._mirror.staging.page()
        self._roots.forget_idle_logs()
        self._cursor.keys = self._account.client.keys.of([*self._cursor.roots, *self._cursor.shortcuts.values()])
        yield ListingEnd(cursor=self._cursor.dumps(), full=self._full, root=self._roots.identity())

    def _walked(self, folder: Known, files: int) -> None:
        self._whole.note(folder, files)
        self._looks.walked(folder)


def _advice(exc: Exception) -> str:
    if isinstance(exc, Refused) and exc.reason == "domainPolicy":
        return "ask the domain's administrators to allow it"
    return "run again, and list from scratch if that does not help"
