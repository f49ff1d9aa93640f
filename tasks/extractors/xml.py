"""XML: documents (FictionBook, JATS, DocBook, TEI, feeds, SVG) with their headings, lists and tables; data as names and values.

One walk for all of them: vocabularies for documents agree on far more names than they differ in. Attributes are left out.
"""

from __future__ import annotations

import re
from typing import Any

from core.documents import Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_bytes
from tasks.extractors._tables import HEADER_LINES, markdown_table
from tasks.extractors._types.suffixes import SVG, XML
from tasks.extractors._xml.tree import local, tree, words
from tasks.extractors.base import DEFAULT, Extractor, Reading


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SKIPPED = _names(
    "binary binarydata base64 script style stylesheet journal-meta article-id object-id pub-history self-uri defs image"
)
_SVG_FACTS = "{http://www.w3.org/2000/svg}metadata"
"""What editors write into every drawing, such as its format; nobody sees it."""
_HEADINGS = _names("title head heading subtitle article-title book-title bridgehead chapter-title doctitle h1 h2 h3 h4 h5 h6")
_SECTIONS = _names(
    "section sec chapter part appendix preface article book div sect1 sect2 sect3 sect4 sect5 refsect1 refsect2 simplesect"
    " topic concept task reference item entry div1 div2 div3"
)
_PARAGRAPHS = _names(
    "p para simpara v text shortdesc ref bibl biblioentry mixed-citation element-citation term def l ab text-author contrib"
    " author editor aff pub-date publisher kwd"
)
_CODE = _names("programlisting screen literallayout preformat pre codeblock verbatim synopsis")
_CAPTIONS = _names("caption figcaption figdesc")
_ITEMS = _names("listitem list-item li dd")
_TABLES = _names("table informaltable tgroup worksheet")
_ROWS = _names("tr row strow")
_CELLS = _names("td th entry cell stentry")
_AUTHOR = ("author", "creator", "contrib")
_MARKUP = re.compile(r"</?(?:p|br|div|a|b|i|em|strong|img|ul|li|h[1-6]|span|table)(?:\s[^<>]{0,2000})?/?>", re.IGNORECASE)
_MOST_ROWS = 5_000
_MOST_COLUMNS = 40
_LONG = 300


class XmlExtractor(Extractor):
    """Headings, paragraphs, list items, tables, code, captions."""

    name = "xml"
    version = 3
    media_types = frozenset({XML, SVG})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(TOO_LARGE, CORRUPT)."""
        builder = Builder(reading.policy.keep_hidden)
        root = tree(read_bytes(path), builder)
        _Walker(builder, is_document=_is_document(root)).walk(root, 0)
        _note_head(root, builder)
        return builder.document(media_type, self.key)


def _is_document(root: Any) -> bool:
    """True if it has paragraphs, or sections with titles: then the names of elements say nothing to a reader."""
    names = ("p", "para", "simpara", "section", "sec", "chapter", "channel")
    return local(root) == "svg" or next(root.iter(*(f"{{*}}{name}" for name in names)), None) is not None


def _note_head(root: Any, builder: Builder) -> None:
    name = local(root)
    title = root.find(".//{*}book-title") if name == "fictionbook" else root.find(".//{*}article-title")
    if title is None:
        title = next((e for e in root.iter("{*}title", "{*}Title") if len(builder.elements) and words(e)), None)
    if title is not None:
        builder.title = words(title, " ")[:500]
    head = root.find(".//{*}title-info") if name == "fictionbook" else root
    for tag in _AUTHOR:
        found = [words(e, " ") for e in (head if head is not None else root).iter(f"{{*}}{tag}")][:20]
        if any(found):
            builder.note("author", ", ".join(filter(None, found))[:500])
            break
    language = root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("lang")
    if language is None and head is not None and (found_language := head.find("{*}lang")) is not None:
        language = found_language.text
    builder.note("language", language)


class _Walker:
    """Recursive: libxml2 has bounded the depth."""

    def __init__(self, builder: Builder, is_document: bool) -> None:
        self._builder = builder
        self._is_document = is_document

    def walk(self, element: Any, depth: int) -> None:
        """Add what is in the element; `depth` counts the sections around it."""
        name = local(element)
        if not name or name in _SKIPPED or element.tag == _SVG_FACTS:
            return
        if element.get("display") == "none" or element.get("visibility") == "hidden":
            self._builder.hide("".join(element.itertext()))
            if not self._builder.keep_hidden:
                return
        if self._take_whole(element, name, depth):
            return
        if self._is_document and name == "description" and element.find("{*}title-info") is not None:
            annotation = element.find("{*}title-info/{*}annotation")
            if annotation is not None:
                self.walk(annotation, depth)
            return
        if not len(element):
            self._leaf(element, name)
        elif _is_mixed(element) and not _has_blocks(element):
            self._text(ElementKind.PARAGRAPH, words(element))
        else:
            self._container(element, depth + (name in _SECTIONS))

    def _take_whole(self, element: Any, name: str, depth: int) -> bool:
        add = self._builder.add
        if name in _HEADINGS and self._is_document:
            add(
                ElementKind.HEADING, words(element, " " if len(element) and not _is_mixed(element) else ""), level=max(depth, 1)
            )
        elif name in _CODE:
            add(ElementKind.CODE, "".join(element.itertext()))
        elif name in _CAPTIONS:
            add(ElementKind.CAPTION, words(element, "" if _is_mixed(element) else " "))
        elif name in _TABLES and (rows := _rows(element)):
            for title in (*element.iterchildren("{*}title"), *element.iterchildren("{*}caption")):
                add(ElementKind.CAPTION, words(title))
            add(ElementKind.TABLE, markdown_table(rows), header_lines=HEADER_LINES)
        elif name in _ITEMS and not _has_inner_blocks(element):
            add(ElementKind.LIST_ITEM, words(element))
        elif name in _PARAGRAPHS and not _has_inner_blocks(element):
            self._text(
                ElementKind.PARAGRAPH, words(element, "" if name in ("p", "para", "v", "text") or _is_mixed(element) else " ")
            )
        else:
            return False
        return True

    def _leaf(self, element: Any, name: str) -> None:
        text = (element.text or "").strip()
        if text and self._is_document:
            self._text(ElementKind.PARAGRAPH, text)
        elif text:
            self._text(ElementKind.PARAGRAPH, f"{element.tag.rpartition('}')[2]}: {text}")

    def _text(self, kind: ElementKind, text: str) -> None:
        """Feeds have pages of HTML in their texts."""
        if "<" in text and _MARKUP.search(text):
            from tasks.extractors.html import add_fragment

            add_fragment(self._builder, text)
        else:
            self._builder.add(kind, text)

    def _container(self, element: Any, depth: int) -> None:
        if element.text and element.text.strip():
            self._text(ElementKind.PARAGRAPH, " ".join(element.text.split()))
        children = list(element)
        position = 0
        while position < len(children):
            taken = 0 if self._is_document else self._records(children, position) or self._values(children, position)
            if not taken:
                child = children[position]
                self.walk(child, depth)
                if child.tail and child.tail.strip():
                    self._text(ElementKind.PARAGRAPH, " ".join(child.tail.split()))
            position += taken or 1

    def _records(self, children: list[Any], position: int) -> int:
        """A table of the elements of one name that follow each other and have nothing but short values; how many they are."""
        end = position
        columns: dict[str, None] = {}
        rows: list[dict[str, str]] = []
        while end < len(children) and children[end].tag == children[position].tag and len(rows) < _MOST_ROWS:
            row = _values_of(children[end])
            if row is None or len(columns.keys() | row.keys()) > _MOST_COLUMNS:
                break
            columns.update(dict.fromkeys(row))
            rows.append(row)
            end += 1
        if len(rows) < 2 or len(columns) < 2 or not any(any(row.values()) for row in rows):
            return 0
        table = [list(columns), *([row.get(column, "") for column in columns] for row in rows)]
        self._builder.add(ElementKind.TABLE, markdown_table(table), header_lines=HEADER_LINES)
        return len(rows)

    def _values(self, children: list[Any], position: int) -> int:
        """Names and short values that follow each other, a line each; how many they are."""
        lines: list[str] = []
        end = position
        while end < len(children) and _is_value(children[end]):
            text = " ".join((children[end].text or "").split())
            if text:
                lines.append(f"{children[end].tag.rpartition('}')[2]}: {text}")
            end += 1
        self._builder.add(ElementKind.PARAGRAPH, "\n".join(lines))
        return end - position


def _is_value(element: Any) -> bool:
    """True of an element with a short text alone, which may be blank."""
    if len(element) or not local(element) or local(element) in _SKIPPED or (element.tail and element.tail.strip()):
        return False
    text = element.text or ""
    return len(text) <= _LONG and not ("<" in text and _MARKUP.search(text)) and element.get("display") != "none"


def _values_of(element: Any) -> dict[str, str] | None:
    """The values in an element by their names; None if it has anything else, or one name twice."""
    if not len(element) or (element.text and element.text.strip()):
        return None
    found: dict[str, str] = {}
    for child in element:
        if not _is_value(child) or child.tag in found:
            return None
        found[child.tag] = child.text or ""
    return {tag.rpartition("}")[2]: text for tag, text in found.items()}


def _is_mixed(element: Any) -> bool:
    return bool(element.text and element.text.strip()) or any(child.tail and child.tail.strip() for child in element)


def _has_blocks(element: Any) -> bool:
    return any(local(inner) in _PARAGRAPHS | _TABLES | _CODE | _ITEMS for inner in element.iterdescendants())


def _has_inner_blocks(element: Any) -> bool:
    """True if there is more in it than one paragraph: it must be opened."""
    blocks = [local(inner) for inner in element.iterdescendants() if local(inner) in _PARAGRAPHS | _TABLES | _CODE | _ITEMS]
    return len(blocks) > 1 or any(name in _TABLES | _CODE | _ITEMS for name in blocks)


def _rows(table: Any) -> list[list[str]]:
    rows = [row for row in table.iterdescendants() if local(row) in _ROWS]
    if any(local(inner) in _TABLES - {"tgroup"} for row in rows[:50] for inner in row.iterdescendants()):
        return []  # one that lays out others
    return [
        [words(cell, " " if len(cell) and not _is_mixed(cell) else "") for cell in row if local(cell) in _CELLS] for row in rows
    ]
