"""What a listing has found and not yet handed over, over the tree it stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from core.files import ChangePage, SourceFile
from core.trees import Node, Tree

FULL = 1_000
"""Words on files, or on nodes, that make a page."""
_MOST = 5_000
"""Nodes that are kept at hand beyond a page."""

_Gone = Literal["removed", "missed"]


class Staging:
    """The last word on each file and node since the last page; what it has not changed is the tree's."""

    def __init__(self, tree: Tree, full: bool) -> None:
        """`full`: the listing is one from scratch, which sees of the tree only what it has found itself."""
        self.position: Callable[[], str] | None = None
        """Says where the listing stands, for each page."""
        self._tree = tree
        self._full = full
        self._nodes: dict[bytes, Node | None] = {}
        self._files: dict[bytes, SourceFile | _Gone] = {}
        self._warnings: list[str] = []
        self._read: dict[bytes, Node | None] = {}
        self._before: dict[bytes, Node | None] = {}

    @property
    def is_full(self) -> bool:
        """True if it is time for a page."""
        return max(len(self._nodes), len(self._files)) >= FULL

    def look_up(self, ids: Iterable[bytes]) -> None:
        """Read what the tree knows of these ids at once, since they will be asked for."""
        unread = [id for id in dict.fromkeys(ids) if id not in self._nodes and id not in self._read]
        found = self._tree.get(unread) if unread else {}
        self._read.update((id, found.get(id)) for id in unread)
        before = self._tree.before(unread) if unread and self._full else {}
        self._before.update((id, before.get(id)) for id in unread)

    def node(self, id: bytes) -> Node | None:
        """The node as it stands now."""
        if id in self._nodes:
            return self._nodes[id]
        if id not in self._read:
            self.look_up([id])
        return self._read[id]

    def before(self, id: bytes) -> Node | None:
        """For a listing from scratch: the node as it was before."""
        if id not in self._before:
            self._before[id] = self._tree.before([id]).get(id) if self._full else None
        return self._before[id]

    def children(self, parent: bytes) -> Iterator[Node]:
        """What lies in a node now."""
        ours = [node for node in self._nodes.values() if node is not None and node.parent == parent]
        said = set(self._nodes)
        for node in self._tree.children(parent):
            if node.id not in said and node.id not in self._nodes:
                yield node
        yield from ours

    def put(self, node: Node) -> None:
        """A node is there, as told."""
        self._nodes[node.id] = node

    def drop(self, id: bytes) -> None:
        """A node is not there any more."""
        self._nodes[id] = None

    def say(self, file: SourceFile) -> None:
        """A file is there, as told."""
        self._files[file.id] = file

    def remove(self, id: bytes) -> None:
        """A file is surely gone."""
        self._files[id] = "removed"

    def miss(self, id: bytes) -> None:
        """A file is gone by no word of its own."""
        self._files[id] = "missed"

    def warn(self, warning: str) -> None:
        """Something that whoever reads the report should know."""
        self._warnings.append(warning)

    def page(self, even_if_empty: bool = False) -> Iterator[ChangePage]:
        """All that was found since the last page, as one page; none if that is nothing."""
        if not (self._nodes or self._files or self._warnings or even_if_empty):
            return
        nodes, files, warnings = self._nodes, self._files, self._warnings
        self._nodes, self._files, self._warnings = {}, {}, []
        # Nobody else changes the tree while it is listed, so what was read of it stays true but for the page.
        self._read = nodes if len(self._read) > _MOST else self._read | nodes
        if len(self._before) > _MOST:
            self._before = {}
        yield ChangePage(
            files=tuple(word for word in files.values() if isinstance(word, SourceFile)),
            removed=tuple(id for id, word in files.items() if word == "removed"),
            missed=tuple(id for id, word in files.items() if word == "missed"),
            warnings=tuple(warnings),
            nodes=tuple(node for node in nodes.values() if node is not None),
            dropped=tuple(id for id, node in nodes.items() if node is None),
            position=None if self.position is None else self.position(),
        )
