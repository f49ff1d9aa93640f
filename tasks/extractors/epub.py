"""E-books (EPUB 2 and 3): chapters in the order of the spine, each labelled with its title. https://www.w3.org/TR/epub-33/"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives import zip_container
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import decode
from tasks.extractors._types.suffixes import EPUB
from tasks.extractors._xml.tree import local, tree, words
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.html import add_page

_LIMITS = zip_container.ZipLimits(part=64 << 20)
_PAGES = (".xhtml", ".html", ".htm", ".xml")
_FACTS = {"creator": "author", "language": "language", "date": "date", "description": "subject", "subject": "keywords"}
_LINK = re.compile(r"<link\b([^<>]{1,1000}?)/?>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(rel|href|media)\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_MOST_LINKS = 20
_LARGEST_SHEET = 256 * 1024
_OBFUSCATIONS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Of fonts, which we do not read."""


class EpubExtractor(Extractor):
    """What HTML pages give; the label of each element is its chapter's title."""

    name = "epub"
    version = 3
    media_types = frozenset({EPUB})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(ENCRYPTED, CORRUPT, TOO_LARGE, BOMB)."""
        builder = Builder(reading.policy.keep_hidden)
        with zip_container.opened(path, _LIMITS) as archive:
            book = _Book(archive, builder)
            for name in book.chapters():
                _add_chapter(builder, book, name)
        return builder.document(media_type, self.key)


def _add_chapter(builder: Builder, book: _Book, name: str) -> None:
    chapter = Builder(builder.keep_hidden)
    try:
        add_page(chapter, book.styled(decode(book.read(name)), posixpath.dirname(name)))
    except Unprocessable as exc:
        if exc.reason not in (Reason.EMPTY, Reason.CORRUPT):
            raise
        if exc.reason is Reason.CORRUPT:
            builder.warnings.append(f"chapter {name} could not be read: {exc.detail}"[:300])
        return
    builder.hidden += chapter.hidden
    label = book.titles.get(name) or next((e.text for e in chapter.elements if e.level), None) or None
    for element in chapter.elements:
        builder.add(
            element.kind, element.text, level=element.level, label=label and label[:300], header_lines=element.header_lines
        )


class _Book:
    """The package: what is in it, and in which order."""

    def __init__(self, archive: zipfile.ZipFile, builder: Builder) -> None:
        self._archive = archive
        self._builder = builder
        self._names = {name.lower(): name for name in archive.namelist()}
        self._locked = self._encrypted()
        self.titles: dict[str, str] = {}
        """Of chapters, by the names of their files."""
        self._sheet = cache(self._read_sheet)

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises Unprocessable: ENCRYPTED, TOO_LARGE, CORRUPT if it is not there."""
        found = self._names.get(name.lower())
        if found is None:
            raise Unprocessable(Reason.CORRUPT, "it is not in the book")
        if found.lower() in self._locked:
            raise Unprocessable(Reason.ENCRYPTED, "the book is protected (DRM)")
        return zip_container.read(self._archive, found, _LIMITS)

    def styled(self, page: str, folder: str) -> str:
        """The page with the book's own style sheets in it, which say what is hidden."""

        def written_out(link: re.Match[str]) -> str:
            found = {match[1].lower(): match[2] or match[3] or "" for match in _ATTRIBUTE.finditer(link[1])}
            if found.get("rel", "").lower() != "stylesheet" or (found.get("media") or "all").lower() not in ("all", "screen"):
                return link[0]
            sheet = self._sheet(_joined(folder, found.get("href")))
            return link[0] if sheet is None else f"<style>{sheet}</style>"

        return _LINK.sub(written_out, page, _MOST_LINKS)

    def _read_sheet(self, name: str) -> str | None:
        """A style sheet; None if there is none of that name that could be read."""
        try:
            data = self.read(name)
        except Unprocessable:
            return None
        return decode(data).replace("<", " ") if len(data) <= _LARGEST_SHEET else None

    def chapters(self) -> list[str]:
        """Names of the files of the spine; of all pages, by name, if there is none."""
        package = self._package()
        found = list(self._spine(*package)) if package is not None else []
        if not found:
            self._builder.warnings.append("no order of chapters in it: they are read by the names of their files")
            found = sorted(name for key, name in self._names.items() if key.endswith(_PAGES[:3]))
        if not found:
            raise Unprocessable(Reason.CORRUPT, "no chapters in it")
        return found

    def _package(self) -> tuple[str, Any] | None:
        """The name and root of the package document."""
        name = None
        if container := self._tree("META-INF/container.xml"):
            name = next((unquote(e.get("full-path") or "") for e in container[0].iter("{*}rootfile")), None)
        if name is None or name.lower() not in self._names:
            name = next((found for key, found in self._names.items() if key.endswith(".opf")), None)
        found = self._tree(name) if name else None
        return (name, found[0]) if name and found else None

    def _spine(self, name: str, root: Any) -> Iterator[str]:
        self._note_facts(root)
        folder = posixpath.dirname(name)
        items = {item.get("id"): item for item in root.iter("{*}item")}
        contents = [item for item in items.values() if "nav" in (item.get("properties") or "").split()]
        contents += [item for item in items.values() if item.get("media-type") == "application/x-dtbncx+xml"]
        for item in contents:
            self._read_contents(_joined(folder, item.get("href")))
        chapters = [item for ref in root.iter("{*}itemref") if (item := items.get(ref.get("idref"))) is not None]
        others = [item for item in chapters if item not in contents]
        seen: set[str] = set()
        for item in others or chapters:
            place = _joined(folder, item.get("href"))
            if place not in seen:
                seen.add(place)
                yield place

    def _note_facts(self, root: Any) -> None:
        found: dict[str, list[str]] = {}
        for element in root.iterfind("{*}metadata//{*}*"):
            name = local(element)
            if name == "title" and self._builder.title is None:
                self._builder.title = words(element) or None
            elif name in _FACTS and words(element):
                found.setdefault(_FACTS[name], []).append(words(element))
        for key, values in found.items():
            single = key in ("language", "date", "subject")
            self._builder.note(key, values[0] if single else ", ".join(dict.fromkeys(values)))

    def _read_contents(self, name: str) -> None:
        """Titles of chapters from EPUB 3's navigation or EPUB 2's NCX; the first title of each file counts."""
        found = self._tree(name)
        if found is None:
            return
        folder = posixpath.dirname(name)
        for link in found[0].iter("{*}a"):
            self._take_title(folder, link.get("href"), words(link))
        for point in found[0].iter("{*}navPoint"):
            content, text = point.find("{*}content"), point.find("{*}navLabel")
            if content is not None and text is not None:
                self._take_title(folder, content.get("src"), words(text))

    def _take_title(self, folder: str, href: str | None, title: str) -> None:
        if href and title:
            self.titles.setdefault(_joined(folder, href), title)

    def _encrypted(self) -> frozenset[str]:
        """Names of the files that only a reader's key opens, in lower case."""
        found = self._tree("META-INF/encryption.xml")
        locked = set()
        for data in found[0].iter("{*}EncryptedData") if found else ():
            method = data.find("{*}EncryptionMethod")
            if method is None or method.get("Algorithm") not in _OBFUSCATIONS:
                locked |= {unquote(e.get("URI") or "").lower() for e in data.iter("{*}CipherReference")}
        return frozenset(locked)

    def _tree(self, name: str) -> tuple[Any] | None:
        """The root of an XML file in a tuple, since one without children is false; None if it is not there or no XML."""
        found = self._names.get(name.lower())
        if found is None:
            return None
        try:
            return (tree(zip_container.read(self._archive, found, _LIMITS), Builder()),)
        except Unprocessable as exc:
            if exc.reason is not Reason.CORRUPT:
                raise
            self._builder.warnings.append(f"{name}: {exc.detail}"[:300])
            return None


def _joined(folder: str, href: str | None) -> str:
    """The name in the book of what a file in `folder` refers to, without the place in it."""
    return posixpath.normpath(posixpath.join(folder, unquote((href or "").partition("#")[0])))
