"""What all Office Open XML files share: how they break, their parts and relationships, and the document's properties.

A package is a zip archive of parts (ECMA-376 part 2). Relationships with targets outside it are never followed.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import IO, Any
from urllib.parse import unquote

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives import zip_container
from tasks.extractors._builder import Builder
from tasks.extractors._xml.parts import name_of, parse

R_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_NO_DATE = "1601-01-01"
"""Where Windows begins to count: written where nobody set a date."""
_NAMES = {"creator": "author", "subject": "subject", "keywords": "keywords", "created": "date", "language": "language"}


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part refers to."""

    kind: str
    """The last word of its type, e.g. "slide"."""
    target: str
    """Name of a part in the package."""


class Package:
    """Parts by their names, whatever their case, and what they refer to."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries = {_key(entry.filename): entry for entry in archive.infolist()}
        self.relations = cache(self._relations)

    def has(self, name: str) -> bool:
        """True if there is a part of this name."""
        return _key(name) in self._entries

    def read(self, name: str) -> bytes:
        """A part, unpacked. Raises KeyError if there is none, Unprocessable(TOO_LARGE)."""
        return zip_container.read(self._archive, self._entries[_key(name)].filename)

    def open(self, name: str) -> IO[bytes]:
        """A part as a stream, of whatever size. Raises KeyError if there is none."""
        return self._archive.open(self._entries[_key(name)])

    def parse(self, name: str) -> Any:
        """The root of a part's XML."""
        return parse(self.read(name))

    def optional(self, name: str | None) -> Any | None:
        """The root of a part's XML; None if there is no such part or it is no XML: the document can do without it."""
        from lxml import etree  # type: ignore[import-untyped]

        if name is None or not self.has(name):
            return None
        try:
            return self.parse(name)
        except etree.LxmlError:
            return None

    def _relations(self, name: str) -> dict[str, Relation]:
        folder, file = posixpath.split(name)
        root = self.optional(posixpath.join(folder, "_rels", f"{file}.rels"))
        found = {}
        for node in () if root is None else root.iterchildren("{*}Relationship"):
            if node.get("TargetMode") != "External":
                kind = (node.get("Type") or "").rpartition("/")[2]
                target = posixpath.normpath(posixpath.join("/" + folder, unquote(node.get("Target") or "")))
                found[node.get("Id") or ""] = Relation(kind, target.lstrip("/"))
        return found

    def related(self, name: str, kind: str) -> list[str]:
        """Names of the parts that this one refers to in this way, in order of their ids, as far as they are there."""
        return [rel.target for rel in self.relations(name).values() if rel.kind == kind and self.has(rel.target)]

    def first(self, name: str, kind: str) -> str | None:
        """The first of them."""
        return next(iter(self.related(name, kind)), None)

    def main(self, *usual: str) -> str:
        """Name of the document itself; one of the usual names if the package doesn't say. Raises Unprocessable(CORRUPT)."""
        named = self.related("", "officeDocument")
        for name in (*named, *usual):
            if self.has(name):
                return name
        raise Unprocessable(Reason.CORRUPT, f"{usual[0]} is missing")


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


@contextmanager
def opened(path: str) -> Iterator[Package]:
    """The package. What its damage causes in the block becomes Unprocessable: CORRUPT, ENCRYPTED or BOMB."""
    from lxml import etree

    with zip_container.opened(path) as archive:
        try:
            yield Package(archive)
        except (KeyError, IndexError, ValueError, RecursionError, etree.LxmlError) as exc:
            raise Unprocessable(Reason.CORRUPT, f"{type(exc).__name__}: {exc}") from exc


def note_properties(package: Package, builder: Builder) -> None:
    """Take title, author, subject, keywords, language and date of creation from the core properties, if they are sound."""
    root = package.optional(package.first("", "core-properties") or "docProps/core.xml")
    for node in () if root is None else root.iterchildren("{*}*"):
        name = name_of(node)
        if name == "title":
            builder.title = node.text
        elif name == "created":
            date = (node.text or "")[:10]
            builder.note("date", None if date == _NO_DATE else date)
        elif name in _NAMES:
            builder.note(_NAMES[name], node.text)
