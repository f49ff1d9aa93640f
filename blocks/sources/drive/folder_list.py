"""The folders of a corpus as its list names them, in no order: each takes its place once the folder around it has one.

Few of them may lie in the scope, so of those that wait no more is kept than what the tree would keep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blocks.sources.drive.items import Resource, version
from blocks.sources.drive.known import Known, described, known
from blocks.sources.drive.readers import grants
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.walk import Walk
from core.files import ChangePage

_PORTION = 200


class FolderList:
    """Folders that were listed, and their way into the tree."""

    def __init__(self, mirror: ScopeMirror, walk: Walk, corpus: str, pending: bool) -> None:
        """`pending`: what lies in those that are new must be listed. `walk` asks for those that are not to be believed."""
        self.ids: set[str] = set()
        """All that were listed."""
        self.placed: set[str] = set()
        """Those of them that lie in the scope."""
        self._mirror = mirror
        self._walk = walk
        self._corpus = corpus
        self._pending = pending
        self._inside: dict[str, list[Known | Resource]] = {}
        """Those that wait, by the folder around them; as Drive describes it if its rights have to be asked for."""
        self._waiting: set[str] = set()
        self._rights: dict[tuple[str, ...] | None, tuple[str, ...] | None] = {}

    def add(self, page: Iterable[Resource]) -> None:
        """More of the list."""
        for item in page:
            id = item["id"]
            if id not in self._mirror.roots and not item.get("trashed") and not self._mirror.is_behind(item):
                self._inside.setdefault((item.get("parents") or [""])[0], []).append(self._kept(item))
                self._waiting.add(id)
            self.ids.add(id)

    def place(self) -> Iterator[ChangePage]:
        """Those whose way up leads to a root take their places, the outer ones first."""
        tops = [id for id in self._inside if id not in self._waiting]
        self._mirror.places.look_up(tops)
        front = [id for id in tops if self._mirror.is_in_scope(id)]
        while front:
            level, front = front, []
            for start in range(0, len(level), _PORTION):
                inside = [(folder, kept) for folder in level[start : start + _PORTION] for kept in self._inside.pop(folder, ())]
                self._look_up([kept for _folder, kept in inside])
                doubted = dict.fromkeys(_id(kept) for folder, kept in inside if self._is_doubtful(kept, folder))
                front += [self._place(folder, kept) for folder, kept in inside if _id(kept) not in doubted]
                yield from self._walk.look(list(doubted))
                front += [id for id in doubted if self._has_come_in(id)]
                if self._mirror.staging.is_full:
                    yield from self._mirror.staging.page()

    def _kept(self, item: Resource) -> Known | Resource:
        asked: list[str] = []
        found = grants(item, asked.append)
        if asked:
            return item
        parent = (item.get("parents") or [""])[0]
        return described(item, parent, self._corpus, self._rights.setdefault(found, found))

    def _look_up(self, kept: list[Known | Resource]) -> None:
        self._mirror.staging.look_up(one.key for one in kept if isinstance(one, Known))
        self._mirror.look_up([one for one in kept if not isinstance(one, Known)])

    def _is_doubtful(self, kept: Known | Resource, folder: str) -> bool:
        return self._walk.doubts.about(_id(kept), folder, kept.version if isinstance(kept, Known) else version(kept))

    def _place(self, folder: str, kept: Known | Resource) -> str:
        """Its id."""
        id = _id(kept)
        before = self._mirror.at(id)
        self._walk.doubts.note(id, is_folder=True)
        if isinstance(kept, Known):
            self._mirror.put_known(kept)
        else:
            self._mirror.put(kept, folder, self._corpus)
        if before is None:
            node = self._mirror.staging.node(id.encode())
            if node is not None and node.pending != self._pending:
                self._mirror.staging.put(known(node).node(self._pending))
        self._waiting.discard(id)
        self.placed.add(id)
        return id

    def _has_come_in(self, id: str) -> bool:
        """Of a folder that was asked for: then what waits for it can take its place, too."""
        if not self._mirror.is_in_scope(id):
            return False
        self._waiting.discard(id)
        self.placed.add(id)
        return True


def _id(kept: Known | Resource) -> str:
    return kept.id if isinstance(kept, Known) else str(kept["id"])
