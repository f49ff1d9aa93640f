"""Shortcuts that are followed: what they point at belongs to the scope as if it were a root of its own.

A shortcut says nothing of its target's changes, and no log that we read need tell of them: so targets are asked for at each
listing. What lies in the scope anyway is not taken in twice, and a folder that holds the shortcut itself ends no circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blocks.sources.drive.account import Account
from blocks.sources.drive.cursor import Cursor
from blocks.sources.drive.items import SHORTCUT
from blocks.sources.drive.roots import Found, Root, target
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.walk import Walk
from core.files import ChangePage


class Shortcuts:
    """The roots that only shortcuts bring into the scope."""

    def __init__(
        self, account: Account, mirror: ScopeMirror, walk: Walk, cursor: Cursor, entered: Callable[[Root], None]
    ) -> None:
        """`entered` is told of each root before anything of it is listed."""
        self._account = account
        self._mirror = mirror
        self._walk = walk
        self._cursor = cursor
        self._entered = entered
        self._parents: dict[str, str] = {}

    def follow(self) -> Iterator[ChangePage]:
        """Take in what shortcuts point at now, and let go of what none does any more."""
        looked_for: set[str] = set()
        while True:
            yield from self._let_go()
            # A target that was taken in first may lie in one that came later.
            targets = sorted(set(self._mirror.shortcuts.values()) - looked_for - {""}) or self._surrounded()
            if not targets:
                return
            looked_for.update(targets)
            for id in targets:
                if id in self._cursor.roots or self._mirror.at(id) is None:
                    yield from self._look(id)
            yield from self._walk.pending()

    def _look(self, id: str) -> Iterator[ChangePage]:
        before = self._cursor.roots.get(id)
        if before is not None and not before["by_shortcut"]:
            return
        item = self._account.item(id)
        if item is None or item.get("trashed") or item.get("mimeType") == SHORTCUT:
            if before is not None:
                yield from self._drop(id)
            return
        parent = self._parents[id] = (item.get("parents") or [""])[0]
        if not self._mirror.is_in_scope(parent):
            self._take(target(self._account, item))
        elif before is not None and self._is_inside(id, parent):  # it has come to lie in the scope by itself
            corpus = self._cursor.roots[id]["corpus"]
            yield from self._drop(id)
            self._mirror.look_up([item])
            self._mirror.put(item, parent, corpus)

    def _surrounded(self) -> list[str]:
        """Roots by shortcut that lie in the scope by themselves."""
        by_shortcut = (id for id, facts in self._cursor.roots.items() if facts["by_shortcut"] and id in self._parents)
        return [id for id in by_shortcut if self._is_inside(id, self._parents[id])]

    def _is_inside(self, id: str, parent: str) -> bool:
        return self._mirror.is_in_scope(parent) and not self._mirror.holds(parent, id)

    def _take(self, found: Found) -> None:
        root, item = found
        if item is None:
            return
        self._cursor.roots[root.id] = root.facts()
        self._entered(root)
        if item.is_folder:
            self._mirror.put_root(item, walk=True)
        else:
            self._mirror.put_file_root(item)

    def _let_go(self) -> Iterator[ChangePage]:
        """Roots that no shortcut points at any more."""
        targets = set(self._mirror.shortcuts.values())
        for id, facts in list(self._cursor.roots.items()):
            if facts["by_shortcut"] and id not in targets:
                yield from self._drop(id)
                yield from self._walk.look([id])  # it may have come to lie in the scope by itself

    def _drop(self, id: str) -> Iterator[ChangePage]:
        yield from self._mirror.drop(id, explicit=True)
        del self._cursor.roots[id]
        self._mirror.roots.discard(id)
