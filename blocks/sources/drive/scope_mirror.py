"""The scope as it is mirrored: items take their places and leave them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from blocks.sources.drive.account import Account
from blocks.sources.drive.items import FOLDER, Resource, version
from blocks.sources.drive.known import Known, described, known
from blocks.sources.drive.places import LOST, Places, plain
from blocks.sources.drive.readers import UNKNOWN, grants
from blocks.sources.drive.staging import Staging
from blocks.sources.drive.telling import Telling
from blocks.sources.drive.wanted import Wanted
from core.files import ChangePage
from core.trees import Tree

_MOST_GONE = 20_000
"""Items that are kept in mind during a listing since they went with the folder they lay in; of more, a second look tells."""


class ScopeMirror:
    """The tree of one listing; what follows for files is told at once, or noted as due (telling.py)."""

    def __init__(self, account: Account, tree: Tree, wanted: Wanted, full: bool, due: dict[str, bool]) -> None:
        """`due`: see Telling."""
        self.staging = Staging(tree, full)
        self.places = Places(self.staging)
        self.telling = Telling(account, self.staging, self.places, wanted, full, due)
        self.roots: set[str] = set()
        """Ids of items that stay where they are, whatever lists and logs say of their folder."""
        self.shortcuts: dict[str, str] = {}
        """{shortcut in the scope: what it points at}."""
        self.elsewhere: dict[str, float] = {}
        """Versions of items from which on they are not in the scope: a list that shows an earlier one is behind."""
        self.went_along: dict[str, list[str]] = {}
        """{folder that has left: what lay in it}: if it comes back, its list need not show all of that yet."""
        self._went = 0
        """How many those are."""
        self._account = account
        self._missed: set[bytes] = set()
        self._permissions: dict[str, list[Resource] | None] = {}

    def at(self, id: str) -> Known | None:
        """What is known of an item; None if it is not in the scope."""
        node = self.staging.node(id.encode())
        return None if node is None else known(node)

    def before(self, id: str) -> Known | None:
        """For a listing from scratch: what was known of an item before."""
        node = self.staging.before(id.encode())
        return None if node is None else known(node)

    def is_in_scope(self, folder: str) -> bool:
        """True if what lies in the folder belongs to the scope."""
        return self.places.of(folder) is not None

    def holds(self, folder: str, id: str) -> bool:
        """True if the folder lies in the item, or is it."""
        place = self.places.of(folder)
        return place is not None and id in place.folders

    def read(self, items: Collection[Resource]) -> None:
        """Get ready for these items: what the tree knows of them, and of the folders around them, is read at once."""
        parents = {parent for item in items for parent in (item.get("parents") or ())[:1]}
        self.staging.look_up([*(item["id"].encode() for item in items), *(parent.encode() for parent in parents)])
        self.places.look_up(parents)

    def look_up(self, items: Collection[Resource]) -> None:
        """The same, and permissions that do not come with them, as far as they belong to the scope."""
        self.read(items)
        asked: list[str] = []

        def note(id: str) -> None:
            asked.append(id)

        for item in items:
            if any(self.is_in_scope(parent) for parent in (item.get("parents") or ())[:1]):
                grants(item, note)
        answers = self._account.each(self._account.permissions, asked) if asked else iter(())
        self._permissions = dict(zip(asked, answers, strict=True))

    def put(self, item: Resource, parent: str, corpus: str, deep: bool = False) -> None:
        """An item lies in a folder of the scope. `deep`: all in it must be listed anew, whatever is known of it.

        An older description than what is known changes nothing: lists lag behind the change log.
        """
        self.put_known(described(item, parent, corpus, grants(item, self._permissions_of)), deep)

    def put_known(self, now: Known, deep: bool = False) -> None:
        """The same of an item that is described already."""
        node = self.staging.node(now.key)
        before = None if node is None else known(node)
        if before is not None and before.version > now.version:
            if deep and before.is_folder and before.parent == now.parent:
                self.staging.put(before.node(pending=True))
            elif not before.is_folder:
                self.telling.tell(before)  # its folder may have other readers than when it was last told
            return
        self.elsewhere.pop(now.id, None)
        if now.is_folder:
            self._put_folder(now, before, deep or (node is not None and node.pending))
        else:
            if now.is_shortcut:
                self.shortcuts[now.id] = now.target
            self.staging.put(now.node())
            self.telling.tell(now, again=before is not None)

    def put_file_root(self, now: Known) -> None:
        """A file that a shortcut points at is there."""
        self.roots.add(now.id)
        self.staging.put(now.node())
        self.telling.tell(now)

    def is_behind(self, item: Resource) -> bool:
        """True if the item is known to have left since it was like that."""
        return version(item) < self.elsewhere.get(item["id"], -1)

    def put_root(self, now: Known, walk: bool) -> None:
        """A root is there. `walk`: if it is new, or has other readers, all in it must be listed."""
        self.roots.add(now.id)
        node = self.staging.node(now.key)
        before = None if node is None else known(node)
        self._put_folder(now, before, node is not None and node.pending, walk)

    def put_lost(self, id: str, corpus: str) -> None:
        """A root is not there, and has been before: it is lost, rather than misspelt."""
        self.roots.add(id)
        self.staging.put(described({"id": id, "mimeType": FOLDER}, LOST, corpus, None).node())
        self.places.forget()

    def _put_folder(self, now: Known, before: Known | None, pending: bool, walk: bool = True) -> None:
        moved = before is None or (before.parent, before.corpus) != (now.parent, now.corpus)
        # What lies in it has changed its readers without a word.
        regranted = before is not None and (before.grants, before.fingerprint) != (now.grants, now.fingerprint)
        renamed = before is not None and plain(before.name) != plain(now.name)
        pending = pending or (walk and (moved or regranted))
        if moved or regranted or renamed:
            self.places.forget()
        if (renamed or regranted) and not pending:
            self.telling.due.setdefault(now.id, False)
        # Of readers that we are not told, nothing shows that they are others now.
        untold = before is not None and before.grants == now.grants == UNKNOWN
        if untold and before is not None and before.version != now.version and not pending:
            self.telling.due[now.id] = True
        self.staging.put(now.node(pending))

    def drop(self, id: str, explicit: bool) -> Iterator[ChangePage]:
        """An item leaves the scope with all that lies in it. `explicit`: it was said of the item itself.

        It goes last, so that whoever is interrupted finds it, and the rest, once more.
        """
        key = id.encode()
        node = self.staging.node(key)
        if node is None:
            if explicit and key in self._missed:
                self._missed.discard(key)
                self.staging.remove(key)
            return
        if node.folder:
            for child in self.staging.children(key):
                if self._went < _MOST_GONE:
                    self.went_along.setdefault(id, []).append(child.id.decode())
                    self._went += 1
                if child.id.decode() not in self.roots:
                    yield from self.drop(child.id.decode(), explicit=False)
            self.places.forget()
        elif explicit:
            self.staging.remove(key)
        else:
            self._missed.add(key)
            self.staging.miss(key)
        self.staging.drop(key)
        self.shortcuts.pop(id, None)
        if self.staging.is_full:
            yield from self.staging.page()

    def _permissions_of(self, id: str) -> list[Resource] | None:
        return self._permissions[id] if id in self._permissions else self._account.permissions(id)
