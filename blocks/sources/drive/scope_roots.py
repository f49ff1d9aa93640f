"""The roots of a scope during one listing: how they are found, lost, and found again.

No log tells when something above a root changes, nor need one tell that a root is gone: so they are asked for at each listing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from blocks.sources.drive.account import USER, Account
from blocks.sources.drive.cursor import Position
from blocks.sources.drive.glances import Glances
from blocks.sources.drive.known import Known, known
from blocks.sources.drive.logs import Words
from blocks.sources.drive.roots import Found, Root, drive_ids, find_all, find_drive, find_root
from blocks.sources.drive.rules import Scope
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.walk import Walk
from blocks.sources.drive.whole import Whole
from core.errors import SourceUnavailable, UsageError
from core.files import ChangePage
from core.trees import Tree


class ScopeRoots:
    """The roots that the source was told of; what shortcuts point at is shortcuts.py's."""

    def __init__(
        self,
        account: Account,
        tree: Tree,
        scope: Scope,
        mirror: ScopeMirror,
        walk: Walk,
        whole: Whole,
        position: Position,
        tokens: dict[str, str],
        full: bool,
        regranted: Callable[[str], None],
    ) -> None:
        """`tokens` say how far the logs were read; `regranted` is told of roots that may have other readers."""
        self._account = account
        self._tree = tree
        self._scope = scope
        self._mirror = mirror
        self._walk = walk
        self._whole = whole
        self._position = position
        self._cursor = position.cursor
        self._tokens = tokens
        self._full = full
        self._regranted = regranted
        self._glances = Glances(account, mirror)

    def all(self) -> list[Root]:
        """As they were last found."""
        return [Root.of(id, facts) for id, facts in self._cursor.roots.items()]

    def lost(self) -> list[Root]:
        """Those that are not there."""
        return [root for root in self.all() if root.lost]

    def begin(self) -> Iterator[ChangePage]:
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
                self.token(root.corpus)
            elif self._was_there(root):  # of others it is told when all lost ones are looked for
                self._report_lost(root)
        self._position.left = list(self._cursor.tokens)
        for root, item in found:
            # On a shared drive the readers are asked for once more: whatever changes after the token is told of.
            now = item if item is None or root.corpus == USER else find_root(self._account, root)[1]
            if now is not None:
                self._mirror.put_root(now, walk=not root.whole)
        yield from self._mirror.staging.page(even_if_empty=True)

    def compare_drives(self) -> Iterator[ChangePage]:
        """Shared drives come and go."""
        ids = set(drive_ids(self._account, self._scope))
        for id in sorted(ids - self._cursor.roots.keys()):
            yield from self._found(find_drive(self._account, id))
        for root in self.all():
            if root.whole and root.corpus == root.id and root.id not in ids:
                yield from self._found(find_drive(self._account, root.id), root)

    def heed(self, words: Words) -> Iterator[ChangePage]:
        """Roots of which something was said, or of what is above them."""
        said = words.items.keys() | words.removed.keys() | words.drives
        for root in self.all():
            if root.lost or root.by_shortcut:
                continue
            if root.corpus == USER:
                if root.id in words.left and not root.whole:
                    now, item = find_root(self._account, root)
                    yield from self._found((replace(now, by_link=now.corpus == USER), item), root)
            elif root.corpus in words.lost or said & {root.id, root.corpus, *root.above}:
                self._glances.doubt(root)
                now, item = find_root(self._account, root)
                # Before it is kept as it is now: a run that is killed in between must not take it for what was there before.
                if not root.whole:
                    self._regranted(root.id)
                if item is not None and now.powers != root.powers:
                    self._list_again(root)
                yield from self._found((now, item), root)

    def poll(self) -> Iterator[ChangePage]:
        """Roots that are part of a corpus, and lost ones: they may have come, gone or changed with what is above them."""
        joined: dict[str, bool] = {}  # {shared drive: its members are others now}, so far as its first folders show it
        for root in self.all():
            if root.by_shortcut:
                continue  # looked for with the other targets
            if root.lost:
                yield from self._found(find_root(self._account, root), root)
            elif not root.whole:
                known_before = self._mirror.at(root.id)
                ask = root.corpus != USER and joined.get(root.corpus, True)
                found = self._glances.folder(root, ask)
                if ask and found[1] is not None and known_before is not None:
                    joined[root.corpus] = found[1].grants != known_before.grants
                    if joined[root.corpus]:
                        self._regranted(root.id)
                yield from self._found(found, root)
                self._walk_again(root)
            elif root.corpus != USER:
                yield from self._found(self._glances.drive(root), root)
        yield from self._whole.corpora(self.all())
        yield from self._walk.pending()

    def again(self, id: str) -> Iterator[ChangePage]:
        """Look for one once more, and ask who may read what lies in it."""
        root = Root.of(id, self._cursor.roots[id]) if id in self._cursor.roots else None
        if root is None or root.lost:
            return
        if root.whole and self._mirror.is_in_scope(id):
            self._mirror.telling.due[id] = True
        yield from self._found(find_root(self._account, root), root)
        yield from self._whole.corpora(self.all())

    def token(self, corpus: str) -> None:
        """Take a token of the corpus's log, unless there is one."""
        if corpus not in self._tokens:
            self._tokens[corpus] = self._cursor.tokens[corpus] = self._account.client.start_token(
                None if corpus == USER else corpus
            )

    def forget_idle_logs(self) -> None:
        """Logs of corpora in which no root lies any more."""
        used = {root.corpus for root in self.all() if not root.lost}
        for corpus in self._cursor.tokens.keys() - used:
            del self._cursor.tokens[corpus]

    def identity(self) -> str:
        """Of the account and the roots that are there: one that was there and is lost makes removals wait (invariant I5)."""
        lost = sorted(root.id for root in self.lost() if self._mirror.at(root.id) is not None)
        return " ".join([self._cursor.identity, *(f"without {id}" for id in lost)])

    def _keep(self, root: Root) -> None:
        if root.by_link and not self._cursor.roots.get(root.id, {}).get("by_link"):
            self._regranted(root.id)  # the list that does not name it may lag
        self._cursor.roots[root.id] = root.facts()

    def _walk_again(self, root: Root) -> None:
        """What is shared by link alone is listed each time, since no log tells of it."""
        if root.by_link and not self._full:
            self._list_again(root)

    def _list_again(self, root: Root) -> None:
        known_now = self._mirror.at(root.id)
        if known_now is not None:
            self._mirror.staging.put(known_now.node(pending=True))

    def _found(self, found: Found, before: Root | None = None) -> Iterator[ChangePage]:
        """A root was looked for."""
        root, item = found
        if item is None:
            yield from self._lose(root)
            return
        self._keep(root)
        known_before = self._mirror.at(root.id)
        self.token(root.corpus)
        self._mirror.put_root(item, walk=not root.whole)
        # Of a shared drive that is restricted in another way, or on which we have another role, no file says so itself.
        restricted = known_before is not None and known_before.fingerprint != item.fingerprint
        if root.whole and known_before is not None and known_before.grants != item.grants:
            # Rights of a shared drive's members are part of every right on it.
            self._mirror.telling.due[root.id] = True
            self._regranted(root.id)
        if root.whole and (known_before is None or restricted or (before is not None and before.lost)):
            self._position.left.append(root.corpus)
            yield from self._mirror.staging.page(even_if_empty=True)
        yield from self._walk.pending()
        yield from self._mirror.telling.tell_due()

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

    def _report_lost(self, root: Root) -> None:
        """One that was there waits for confirmation with all it held; one that never was is only told of, at each listing."""
        before = self._before(root)
        if before is None:
            self._mirror.staging.warn(self._not_there(root))
            return
        self._mirror.put_lost(root.id, root.corpus)
        what, who = f"{before.name!r} ({root.id})" if before.name else root.id, self._cursor.identity
        self._mirror.staging.warn(
            f"{what} is not there any more, in the trash, or not shared with {who}: what it held goes once that is confirmed"
        )

    def _before(self, root: Root) -> Known | None:
        """As it was before this listing; None if it never was there."""
        node = self._tree.before([root.id.encode()]).get(root.id.encode())
        return None if node is None else known(node)

    def _was_there(self, root: Root) -> bool:
        return self._before(root) is not None

    def _not_there(self, root: Root) -> str:
        what = f"{'shared drive' if root.whole else 'folder'} {root.id}"
        who = self._cursor.identity
        return f"{what} is not there, in the trash, or not shared with {who}: check the id, share it, or leave it out"

    def _is_any_drive(self, root: Root) -> bool:
        """Nobody named the shared drive: it is in the scope as long as it is there."""
        return self._scope.all_drives and root.whole and root.id not in self._scope.drives and root.corpus == root.id
