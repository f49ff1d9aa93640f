"""Folder by folder: what lies in each, where no log tells. An absence in a list is never believed without asking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from math import inf
from typing import Any

from blocks.sources.drive.account import AT_ONCE, Account, inside
from blocks.sources.drive.doubts import Doubts
from blocks.sources.drive.errors import Gone
from blocks.sources.drive.items import FOLDER, Resource, version
from blocks.sources.drive.known import Known, known
from blocks.sources.drive.roots import Root
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.strays import Strays
from core.files import ChangePage
from core.trees import Tree

_PORTION = 100
_MOST_IN_GONE = 10_000
"""More than so many are not asked for if the folder in which each was is gone."""

Answer = dict[str, Any]


class Walk:
    """Lists the folders that are pending, and the new ones in them."""

    def __init__(
        self,
        account: Account,
        mirror: ScopeMirror,
        doubts: Doubts,
        strays: Strays,
        tree: Tree,
        listed: Callable[[Known, int], None],
    ) -> None:
        """`listed` is told of each folder whose children were listed, and how many files were among them."""
        self._account = account
        self._mirror = mirror
        self.doubts = doubts
        """Of what its lists show, and other lists."""
        self.strays = strays
        self._tree = tree
        self._listed = listed
        self._once: set[str] | None = None
        """Folders that were listed, where none is to be listed twice."""

    @contextmanager
    def once(self) -> Iterator[None]:
        """No folder is listed again only because the one around it is: it may be known, and listed, before that."""
        self._once = set()
        try:
            yield
        finally:
            self._once = None

    def pending(self, stop: Callable[[], bool] = lambda: False, at_once: int = AT_ONCE) -> Iterator[ChangePage]:
        """List until nothing is pending, or `stop` says so between some folders and the next."""
        while True:
            yield from self._mirror.staging.page()
            folders = [] if stop() else self._tree.pending(at_once)
            if not folders:
                return
            yield from self._some([known(node) for node in folders])

    def _some(self, folders: list[Known]) -> Iterator[ChangePage]:
        for folder, first in zip(folders, self._account.each(self._first_page, folders), strict=True):
            if self._mirror.at(folder.id) is not None:  # it may have gone with another one
                yield from self._folder(folder, first)

    def _first_page(self, folder: Known) -> Answer | None:
        try:
            return self._account.page(inside(folder.id), folder.corpus)
        except Gone:
            return None

    def _folder(self, folder: Known, first: Answer | None) -> Iterator[ChangePage]:
        listed: set[str] = set()
        doubted: list[str] = []
        files = 0
        try:
            if first is None:
                raise Gone(folder.id)
            for page in self._account.pages(inside(folder.id), folder.corpus, f"folder {folder.name!r}", first=first):
                items = page["files"]
                self._mirror.look_up(items)
                for item in items:
                    listed.add(item["id"])
                    files += item.get("mimeType") != FOLDER
                    if not self._is_possible(item, folder):
                        continue
                    if self.doubts.about(item["id"], folder.id, version(item)):
                        doubted.append(item["id"])
                    else:
                        self._found(item, folder)
                if self._mirror.staging.is_full:
                    yield from self._mirror.staging.page()
        except Gone:
            if self._account.item(folder.id) is None:
                # Whoever told of it before does not know yet.
                self._mirror.elsewhere[folder.id] = inf
                yield from self._mirror.drop(folder.id, explicit=True)
                return
            self._mirror.staging.warn(
                f"folder {folder.name!r} ({folder.id}) is there, but Google does not list it: what is known of it stays"
            )
        else:
            yield from self._absent(folder, listed)
            yield from self.look(doubted)
        node = self._mirror.staging.node(folder.key)
        if node is not None:
            self._mirror.staging.put(known(node).node(pending=False))
            if self._once is not None:
                self._once.add(folder.id)
            self._listed(known(node), files)

    def _is_possible(self, item: Resource, folder: Known) -> bool:
        mirror, id = self._mirror, item["id"]
        return not (item.get("trashed") or id in mirror.roots or mirror.is_behind(item) or mirror.holds(folder.id, id))

    def _found(self, item: Resource, folder: Known) -> None:
        listed = self._once is not None and item["id"] in self._once
        self.doubts.note(item["id"], item.get("mimeType") == FOLDER)
        self._mirror.put(item, folder.id, folder.corpus, deep=not listed)

    def _absent(self, folder: Known, listed: set[str]) -> Iterator[ChangePage]:
        """Children that we know of and the list does not name: gone, moved, or not in the list yet."""
        children = (node.id.decode() for node in self._mirror.staging.children(folder.key))
        went_along = self._mirror.went_along.pop(folder.id, ())
        absent = dict.fromkeys(id for id in chain(children, went_along) if id not in listed and id not in self._mirror.roots)
        yield from self.look(list(absent))

    def look(self, ids: list[str]) -> Iterator[ChangePage]:
        """Ask for items that should be there: each takes its place, stays, or goes."""
        for start in range(0, len(ids), _PORTION):
            yield from self._look(ids[start : start + _PORTION])

    def take_in_strays(self) -> Iterator[ChangePage]:
        """Ask for what lies in a folder that was not known when the item was told of, and is by now."""
        while strays := self.strays.take():
            yield from self.look(strays)
            yield from self.pending()

    def confirm_missed(self, lost: Iterable[Root]) -> Iterator[ChangePage]:
        """What was there before and was in no list is asked for, folders before what was in them.

        What lies in a root that is lost is not: nobody can see it, and it waits with its root. Nor is the rest of very much
        that lay in folders which are gone: one that left such a folder just now is found by the second look.
        """
        unseen = {root.id.encode() for root in lost}
        asked: set[bytes] = set()
        while True:
            yield from self._mirror.staging.page()
            missed = {node.id: node.parent for node in self._tree.missed()}
            unseen |= _inside(unseen, missed)
            left = missed.keys() - asked - unseen
            if not left:
                return
            outermost = [id for id in sorted(left) if missed[id] not in left]
            asked.update(outermost)
            if len(asked) > _MOST_IN_GONE:
                outermost = [id for id in outermost if missed[id] not in missed]
            yield from self.look([id.decode() for id in outermost])
            yield from self.pending()

    def _look(self, ids: list[str]) -> Iterator[ChangePage]:
        items = list(self._account.each(self._account.item, ids))
        self._mirror.look_up([item for item in items if item is not None])
        for id, item in zip(ids, items, strict=True):
            parents = item.get("parents") if item is not None else None
            if item is None or item.get("trashed") or not parents or not self._mirror.is_in_scope(parents[0]):
                self._mirror.elsewhere[id] = inf if item is None else version(item)
                if item is not None:
                    self.strays.note(item)
                yield from self._mirror.drop(id, explicit=True)
            elif not self._mirror.holds(parents[0], id):
                folder = self._mirror.at(parents[0])
                assert folder is not None
                self.doubts.note(id, item.get("mimeType") == FOLDER)
                self._mirror.put(item, folder.id, folder.corpus)


def _inside(folders: set[bytes], parents: dict[bytes, bytes]) -> set[bytes]:
    """Which of these items, each with its parent, lie in the folders, however deep."""
    found: set[bytes] = set()
    newest = folders
    while newest:
        newest = {id for id, parent in parents.items() if parent in newest} - found
        found |= newest
    return found
