"""What a source remembers of its tree: the places between which its files move, kept in the ledger beside the mirror.

A source that tells only what changed (Google Drive) must know what it has seen: a folder that moves says nothing of what lies
in it. A source that looks at everything each time (a folder) needs none of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Node:
    """A folder, or a file, in its place."""

    id: bytes
    parent: bytes
    """The node it lies in; b"" for a root."""
    facts: str
    """What the source keeps of it, in its own words."""
    folder: bool = False
    pending: bool = False
    """A folder whose children are still to be listed."""


class Tree(Protocol):
    """The tree as a listing sees it: what is promoted, and over it what the listing has staged so far.

    A listing from scratch sees what it has staged itself, and nothing else.
    """

    @property
    def position(self) -> str | None:
        """Where an interrupted listing left off, in the source's own words; None: at its beginning."""

    def get(self, ids: Iterable[bytes]) -> dict[bytes, Node]:
        """Those of these nodes that are there, by id."""

    def children(self, parent: bytes) -> Iterator[Node]:
        """What lies in a node, by id; read in pages, and as it is when its page is read."""

    def folders(self) -> Iterator[Node]:
        """All folders, by id."""

    def pending(self, limit: int) -> list[Node]:
        """Some folders whose children this listing still has to list."""

    def missed(self) -> Iterator[Node]:
        """For a listing from scratch: what was there before and is not staged, by id."""

    def before(self, ids: Iterable[bytes]) -> dict[bytes, Node]:
        """Those of these nodes that were there before this listing, as they were."""


class MemoryTree:
    """A tree that is forgotten afterwards: for a listing whose result nobody keeps, such as a plan's."""

    position: str | None = None

    def __init__(self) -> None:
        self._nodes: dict[bytes, Node] = {}
        self._inside: dict[bytes, set[bytes]] = {}

    def stage(self, nodes: Iterable[Node], dropped: Iterable[bytes]) -> None:
        """What a page brings."""
        for id in dropped:
            self._forget(id)
        for node in nodes:
            self._forget(node.id)
            self._nodes[node.id] = node
            self._inside.setdefault(node.parent, set()).add(node.id)

    def get(self, ids: Iterable[bytes]) -> dict[bytes, Node]:
        """See Tree."""
        return {id: self._nodes[id] for id in ids if id in self._nodes}

    def children(self, parent: bytes) -> Iterator[Node]:
        """See Tree."""
        yield from [self._nodes[id] for id in sorted(self._inside.get(parent, ()))]

    def folders(self) -> Iterator[Node]:
        """See Tree."""
        yield from [node for id, node in sorted(self._nodes.items()) if node.folder]

    def pending(self, limit: int) -> list[Node]:
        """See Tree."""
        return [node for node in self._nodes.values() if node.pending][:limit]

    def missed(self) -> Iterator[Node]:
        """See Tree."""
        yield from ()

    def before(self, ids: Iterable[bytes]) -> dict[bytes, Node]:
        """See Tree: it begins empty."""
        return {}

    def _forget(self, id: bytes) -> None:
        node = self._nodes.pop(id, None)
        if node is not None:
            self._inside[node.parent].discard(id)
