"""Files that are embedded in an office document: each is handed over once, and one that is damaged costs only itself.

The workbook behind a chart is none: a reader sees the chart.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.members import Members
from tasks.extractors._archives.zip_container import DAMAGE
from tasks.extractors._builder import Builder
from tasks.extractors._ole import objects as ole_objects
from tasks.extractors._ooxml.package import Package, Relation
from tasks.extractors.base import Reading

_KINDS = frozenset({"package", "oleObject", "aFChunk"})
"""Relations to them: a file as it is, an OLE object, a text that Word takes in when it opens the document."""


@contextmanager
def embedded_in(path: str, builder: Builder, reading: Reading) -> Iterator[Embedded]:
    """For the files in the document at `path`, which become members of what is built."""
    with Members(builder, reading, Path(path).stat().st_size) as members:
        yield Embedded(members, builder)


class Embedded:
    """What one document holds."""

    def __init__(self, members: Members, builder: Builder) -> None:
        self._members = members
        self._builder = builder
        self._seen: set[str] = set()

    def add_related(self, package: Package, name: str) -> None:
        """All that this part of the package shows. Raises Unprocessable(TOO_LARGE, BOMB)."""
        for relation in package.relations(name).values():
            if relation.kind in _KINDS and package.has(relation.target) and self.is_new(relation.target):
                with self.tolerant(relation.target):
                    self._add_part(package, relation)

    def is_new(self, name: str) -> bool:
        """True when it is asked for the first time."""
        new = name not in self._seen
        self._seen.add(name)
        return new

    def add(self, name: str, content: bytes) -> None:
        """A file as it is."""
        self._members.add(name, content)

    def add_object(self, name: str, data: bytes) -> None:
        """What an OLE object holds. Raises Unprocessable(CORRUPT, TOO_LARGE, BOMB)."""
        for found, content in ole_objects.files_in(data, posixpath.splitext(name)[0]):
            self._members.add(found, content)

    @contextmanager
    def tolerant(self, name: str) -> Iterator[None]:
        """Damage in the block is a warning."""
        try:
            yield
        except Unprocessable as exc:
            if exc.reason is not Reason.CORRUPT:
                raise
            self._builder.warnings.append(f"an embedded file is damaged: {name}")
        except DAMAGE:
            self._builder.warnings.append(f"an embedded file is damaged: {name}")

    def _add_part(self, package: Package, relation: Relation) -> None:
        name = posixpath.basename(relation.target)
        with package.open(relation.target) as file:
            is_object = file.read(len(ole_objects.MAGIC)) == ole_objects.MAGIC
        if is_object:
            self.add_object(name, package.read(relation.target))
        elif relation.kind == "oleObject":
            for found, content in ole_objects.known(package.read(relation.target), posixpath.splitext(name)[0]):
                self._members.add(found, content)
        else:
            with package.open(relation.target) as file:
                self._members.add(name, file)
