"""HTML: the main content in reading order. Nothing that a page refers to is ever fetched."""

from __future__ import annotations

from typing import Any

from core.documents import Document, Element
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import decode_utf8, read_bytes
from tasks.extractors._html.query import shown
from tasks.extractors._html.tree import all_content, fragment_content, main_content, parse
from tasks.extractors._html.walk import Walker
from tasks.extractors.base import DEFAULT, Extractor, Reading

_NOTED = frozenset({"author", "date", "keywords", "dc.date", "dcterms.date", "article:published_time"})


class HtmlExtractor(Extractor):
    """Headings, paragraphs, list items, tables, preformatted text, captions."""

    name = "html"
    version = 7
    media_types = frozenset({"text/html"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(TOO_LARGE, EMPTY)."""
        builder = Builder(reading.policy.keep_hidden)
        _add_page(builder, decode_utf8(read_bytes(path)))
        return builder.document(media_type, self.key)


def add_page(builder: Builder, source: str) -> None:
    """Add a page's head and its main content. Raises Unprocessable(TOO_LARGE, EMPTY, CORRUPT)."""
    _add_page(builder, _bytes(source))


def add_fragment(builder: Builder, source: str) -> None:
    """Add a piece of HTML inside another format. Raises Unprocessable(TOO_LARGE, CORRUPT)."""
    if source.strip():
        Walker(builder).walk(fragment_content(parse(_bytes(f"<body>{source}</body>"), builder)))


def fragment(source: str) -> list[Element]:
    """The elements of a piece of HTML inside another format. Raises Unprocessable(TOO_LARGE, CORRUPT)."""
    builder = Builder()
    add_fragment(builder, source)
    return builder.elements


def _add_page(builder: Builder, source: bytes) -> None:
    root = parse(source, builder)
    _note_head(root, builder)
    before = len(builder.elements)
    Walker(builder).walk(main_content(root))
    if len(builder.elements) == before:  # all of it stood in what is usually navigation
        again = Builder(builder.keep_hidden)  # what is hidden has been counted
        Walker(builder).walk(all_content(parse(source, again, menus=True)))


def _bytes(source: str) -> bytes:
    return source.encode("utf-8", "ignore")


def _note_head(root: Any, builder: Builder) -> None:
    for element in root.iter("title", "meta"):
        if element.tag == "title":
            builder.title = builder.title if builder.title is not None else shown(element)
            continue
        key = (element.get("name") or element.get("property") or "").lower()
        if key in _NOTED:
            builder.note("date" if "date" in key or "time" in key else key, element.get("content"))
        elif key == "description":
            builder.note("subject", element.get("content"))
    if language := root.get("lang"):
        builder.note("language", language)
