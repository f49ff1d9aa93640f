"""One listing of a Drive scope: from scratch, or what changed since a cursor.

From scratch: change tokens first, then everything, then what the logs say since; so nothing falls between. Since a cursor: the
logs, the roots, of which no log tells when something above them changes, and what was listed so lately that Drive's index
may have lagged behind. What is published follows from the mirror alone, so that any of it may be done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from blocks.sources.drive import logs
from blocks.sources.drive.account import USER, Account
from blocks.sources.drive.client import DriveClient
from blocks.sources.drive.cursor import Cursor, Position
from blocks.sources.drive.errors import CorpusLost, Gone, Refused, TokenRejected
from blocks.sources.drive.known import Known, described, known
from blocks.sources.drive.logs import Words
from blocks.sources.drive.news import News
from blocks.sources.drive.readers import UNKNOWN, principals
from blocks.sources.drive.roots import Found, Root, Scope, drive_ids, find_all, find_drive, find_folder, find_my_drive
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.shortcuts import Shortcuts
from blocks.sources.drive.walk import Walk
from blocks.sources.drive.wanted import Wanted
from blocks.sources.drive.whole import Whole
from core.errors import CursorRejected, SourceUnavailable, UsageError
from core.files import ChangePage, ListingEnd
from core.trees import Tree

Told = Iterator[ChangePage | ListingEnd]
_CORPUS, _TREE = "corpus:", "tree:"
"""What is to be listed again: a whole corpus, or a folder with all in it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a source was told."""

    scope: Scope
    wanted: Wanted
    digest: str
    """Of all of it: when it changes, everything is listed from scratch."""
    follow_shortcuts: bool
    lag: float
    """Seconds by which Drive's index may lag behind its change log."""
    whole_every: float
    """Seconds after which everything is listed from scratch, whatever the logs say."""


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
            raise SourceUnavailable(f"{exc}; run again, and list from scratch if that does not help") from exc

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
        self._tree = tree
        self._scope = rules.scope
        self._follows = rules.follow_shortcuts
        self._position = position
        self._cursor = position.cursor
        account.client.keys.learn(self._cursor.keys)
        self._full = full
        self._lag = rules.lag
        self._now = now
        self._mirror = ScopeMirror(account, tree, rules.wanted, full)
        self._mirror.roots |= self._cursor.roots.keys()
        self._mirror.shortcuts = self._cursor.shortcuts
        self._mirror.telling = position.telling
        self._mirror.staging.position = position.dumps
        self._walk = Walk(account, self._mirror, tree, self._walked)
        self._whole = Whole(account, self._mirror, tree, self._walk, position, self._listed)
        self._tokens = dict(self._cursor.tokens)
        """As far as the logs were read; the cursor's are as far as what they say was carried over."""
        self._news = News(self._mirror, self._walk, self._tokens)
        self._shortcuts = Shortcuts(account, self._mirror, self._walk, self._cursor, lambda root: self._token(root.corpus))
        self._went_into: set[str] = set()
        self._looking_again = False

    def all(self) -> Told:
        if self._full and not self._cursor.roots:
            yield from self._begin()
        elif self._scope.all_drives:
            yield from self._compare_drives()
        yield from self._whole.corpora(self._roots())
        yield from self._walk.pending()
        for words in logs.read(self._account, self._tokens):
            yield from self._news.take(words)
            yield from self._heed(words)
            yield from self._tell_again()
            self._cursor.tokens.update(self._tokens)
            yield from self._mirror.staging.page(even_if_empty=len(words) > 0)
        yield from self._poll()
        yield from self._look_again()
        if self._follows:
            yield from self._shortcuts.follow()
        if self._full:
            yield from self._confirm_missed()
            self._forget_needless_looks()
        yield from self._tell_again()
        yield from self._mirror.staging.page()
        self._forget_idle_logs()
        self._cursor.keys = self._account.client.keys.of([*self._cursor.roots, *self._cursor.shortcuts.values()])
        yield ListingEnd(cursor=self._cursor.dumps(), full=self._full, root=self._identity())

    def _begin(self) -> Iterator[ChangePage]:
        """Find the roots, and take a token of each log before anything is listed."""
        found = list({root.id: (root, item) for root, item in find_all(self._account, self._scope)}.values())
        if not found and not self._scope.all_drives:
            raise UsageError("this source has no scope: name folders, shared drives, or My Drive")
        found = [(root, item) for root, item in found if item is not None or not self._is_any_drive(root)]
        if found and all(item is None and not self._was_there(root) for root, item in found):
            raise SourceUnavailable(self._not_there(found[0][0]))
        for root, item in found:
            self._keep(root)
            if item is not None:
                self._token(root.corpus)
            elif self._was_there(root):  # of others it is told when all lost ones are looked for
                self._report_lost(root)
        self._position.left = list(self._cursor.tokens)
        for root, item in found:
            # On a shared drive the readers are asked for once more: whatever changes after the token is told of.
            now = item if item is None or root.corpus == USER else self._find(root)[1]
            if now is not None:
                self._mirror.put_root(now, walk=not root.whole)
        yield from self._mirror.staging.page(even_if_empty=True)

    def _report_lost(self, root: Root) -> None:
        """One that was there waits for confirmation with all it held; one that never was is only told of, at each listing."""
        if not self._was_there(root):
            self._mirror.staging.warn(self._not_there(root))
            return
        self._mirror.put_lost(root.id, root.corpus)
        who = self._cursor.identity
        self._mirror.staging.warn(
            f"{root.id} is not there any more, or not shared with {who}: what it held waits for confirmation"
        )

    def _was_there(self, root: Root) -> bool:
        return bool(self._tree.before([root.id.encode()]))

    def _not_there(self, root: Root) -> str:
        what = f"{'shared drive' if root.whole else 'folder'} {root.id}"
        return f"{what} is not there, or not shared with {self._cursor.identity}: check the id, share it, or leave it out"

    def _token(self, corpus: str) -> None:
        if corpus not in self._tokens:
            self._tokens[corpus] = self._cursor.tokens[corpus] = self._account.client.start_token(
                None if corpus == USER else corpus
            )

    def _roots(self) -> list[Root]:
        return [Root.of(id, facts) for id, facts in self._cursor.roots.items()]

    def _keep(self, root: Root) -> None:
        self._cursor.roots[root.id] = root.facts()

    def _compare_drives(self) -> Iterator[ChangePage]:
        """Shared drives come and go."""
        ids = set(drive_ids(self._account, self._scope))
        for id in sorted(ids - self._cursor.roots.keys()):
            yield from self._found(find_drive(self._account, id))
        for root in self._roots():
            if root.whole and root.corpus == root.id and root.id not in ids:
                yield from self._found(find_drive(self._account, root.id), root)

    def _heed(self, words: Words) -> Iterator[ChangePage]:
        """Roots of which something was said, or of what is above them."""
        said = words.items.keys() | words.removed.keys() | words.drives
        for root in self._roots():
            if root.lost or root.by_shortcut:
                continue
            if root.corpus in words.lost or (root.corpus != USER and said & {root.id, root.corpus, *root.above}):
                yield from self._found(self._find(root), root)

    def _find(self, root: Root) -> Found:
        if root.whole:
            return find_my_drive(self._account) if root.corpus == USER else find_drive(self._account, root.id)
        return find_folder(self._account, root.id, root)

    def _poll(self) -> Iterator[ChangePage]:
        """Roots that are part of a corpus, and lost ones: they may have come, gone or changed with what is above them."""
        for root in self._roots():
            if root.by_shortcut:
                continue  # looked for with the other targets
            if root.lost:
                yield from self._found(self._find(root), root)
            elif not root.whole:
                yield from self._found(self._glance(root), root)
                self._walk_again(root)
            elif root.corpus != USER:
                yield from self._found(self._members(root), root)
        yield from self._whole.corpora(self._roots())
        yield from self._walk.pending()

    def _walk_again(self, root: Root) -> None:
        """What is shared by link alone is listed each time, since no log tells of it."""
        known_now = self._mirror.at(root.id)
        if root.by_link and not self._full and known_now is not None:
            self._mirror.staging.put(known_now.node(pending=True))

    def _glance(self, root: Root) -> Found:
        """A folder, with one question. The readers of one on a shared drive change with something that its log tells."""
        item, before = self._account.item(root.id), self._mirror.at(root.id)
        if item is None or item.get("trashed"):
            return replace(root, lost=True), None
        drive, parents = item.get("driveId"), item.get("parents") or []
        if drive is None and root.corpus == USER:
            return root, described(item, "", root.corpus, self._account.grants(item))
        same_way = drive == root.corpus and tuple(parents[:1]) == root.above[:1]
        if before is None or not same_way:
            return find_folder(self._account, root.id, root)
        return root, described(item, "", root.corpus, before.grants)

    def _members(self, root: Root) -> Found:
        """A shared drive with its readers of today: that they have changed, its own log need not tell."""
        before = self._mirror.at(root.id)
        if before is None:
            return self._find(root)
        listed = self._account.members(root.id)
        return root, before.with_grants(UNKNOWN if listed is None else principals(listed))

    def _found(self, found: Found, before: Root | None = None) -> Iterator[ChangePage]:
        """A root was looked for."""
        root, item = found
        if item is None:
            yield from self._lose(root)
            return
        self._keep(root)
        known_before = self._mirror.at(root.id)
        self._token(root.corpus)
        self._mirror.put_root(item, walk=not root.whole)
        if root.whole and (known_before is None or (before is not None and before.lost)):
            self._position.left.append(root.corpus)
            yield from self._mirror.staging.page(even_if_empty=True)
        elif root.whole and known_before is not None and known_before.grants != item.grants:
            # Rights of a shared drive's members are part of every right on it.
            self._mirror.telling[root.id] = True
        yield from self._walk.pending()
        yield from self._tell_again()

    def _lose(self, root: Root) -> Iterator[ChangePage]:
        if self._cursor.roots.get(root.id, {}).get("lost"):
            if self._mirror.at(root.id) is None:
                self._report_lost(root)
            return
        yield from self._mirror.drop(root.id, explicit=False)
        if self._is_any_drive(root):
            self._cursor.roots.pop(root.id, None)
            self._mirror.roots.discard(root.id)
        else:
            self._keep(replace(root, lost=True))
            self._report_lost(root)

    def _is_any_drive(self, root: Root) -> bool:
        """Nobody named the shared drive: it is in the scope as long as it is there."""
        return self._scope.all_drives and root.whole and root.id not in self._scope.drives and root.corpus == root.id

    def _forget_idle_logs(self) -> None:
        """Logs of corpora in which no root lies any more."""
        used = {root.corpus for root in self._roots() if not root.lost}
        for corpus in self._cursor.tokens.keys() - used:
            del self._cursor.tokens[corpus]

    def _walked(self, folder: Known, files: int) -> None:
        self._whole.note(folder, files)
        if not self._looking_again and folder.parent not in self._went_into:
            self._cursor.again[self._look_at(folder)] = self._now() + self._lag
        self._went_into.add(folder.id)

    def _look_at(self, folder: Known) -> str:
        """What to list again for a folder's sake. Of a listing from scratch that was interrupted: what it had begun with."""
        place = self._mirror.places.of(folder.id) if self._full else None
        around = (_TREE + id for id in place.folders) if place is not None else iter(())
        return next((key for key in around if key in self._cursor.again), _TREE + folder.id)

    def _listed(self, corpus: str) -> None:
        if not self._looking_again:
            self._cursor.again[_CORPUS + corpus] = self._now() + self._lag

    def _look_again(self) -> Iterator[ChangePage]:
        """What was listed when Drive's index might have lagged behind, now that it has caught up."""
        now = self._now()
        due = [key for key, when in self._cursor.again.items() if when <= now]
        self._looking_again = True
        for key in due:
            if key.startswith(_CORPUS):
                corpus = key.removeprefix(_CORPUS)
                if corpus in self._cursor.tokens:
                    self._position.left.append(corpus)
                    yield from self._whole.again(corpus)
            else:
                folder = key.removeprefix(_TREE)
                node = self._mirror.staging.node(folder.encode())
                if node is not None and self._mirror.is_in_scope(folder):
                    self._mirror.staging.put(known(node).node(pending=True))
            yield from self._walk.pending()
            del self._cursor.again[key]
        self._looking_again = False

    def _forget_needless_looks(self) -> None:
        """A corpus that is listed again as a whole needs no walks."""
        corpora = {key.removeprefix(_CORPUS) for key in self._cursor.again if key.startswith(_CORPUS)}
        for root in self._roots():
            if root.corpus in corpora:
                self._cursor.again.pop(_TREE + root.id, None)

    def _confirm_missed(self) -> Iterator[ChangePage]:
        """What was there before and was in no list is asked for; of a folder that is missed with all in it, the folder.

        What lies in a root that is lost is not: nobody can see it, and it waits with its root.
        """
        yield from self._mirror.staging.page()
        missed = {node.id: node.parent for node in self._tree.missed()}
        lost = {root.id.encode() for root in self._roots() if root.lost}
        outermost = [id.decode() for id, parent in missed.items() if parent not in missed and not {id, parent} & lost]
        yield from self._walk.look(outermost)
        yield from self._walk.pending()

    def _tell_again(self) -> Iterator[ChangePage]:
        """Everything in folders whose path, or readers, are others now."""
        telling = self._mirror.telling
        for id, ask in sorted(telling.items()):
            place = self._mirror.places.of(id)
            around = () if place is None else place.folders[:-1]
            if place is not None and not any(outer in telling and telling[outer] >= ask for outer in around):
                yield from self._mirror.tell_again(id, ask)
        # Not before all are told: the position says of each page what is left.
        telling.clear()

    def _identity(self) -> str:
        """Of the account and the roots that are there: one that was there and is lost makes removals wait (invariant I5)."""
        lost = sorted(root.id for root in self._roots() if root.lost and self._mirror.at(root.id) is not None)
        return " ".join([self._cursor.identity, *(f"without {id}" for id in lost)])
