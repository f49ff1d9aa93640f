"""HTML: the main content in reading order. Nothing that a page refers to is ever fetched."""

from __future__ import annotations

import re
from typing import Any

from core.documents import Document, Element, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._decode import decode, normalise, read_bytes
from tasks.extractors._tables import HEADER_LINES, markdown_table
from tasks.extractors.base import Extractor

_DECLARED = re.compile(
    rb"(?:<meta[^>]{0,200}?charset\s*=|<\?xml[^>]{0,200}?encoding\s*=)\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)
_STRIPPED = (
    *("audio", "button", "canvas", "datalist", "dialog", "embed", "iframe", "input", "map", "meter", "object", "progress"),
    *("script", "select", "style", "svg", "template", "textarea", "video"),
)
_DROPPED = frozenset({"head", "nav", "noscript"})
_DROPPED_ROLES = frozenset({"navigation", "search", "menu", "menubar", "toolbar", "dialog", "alertdialog"})
_PAGE_FURNITURE = frozenset({"header", "footer"})
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset"),
        *(
            "figcaption",
            "figure",
            "footer",
            "form",
            "header",
            "hgroup",
            "hr",
            "html",
            "legend",
            "li",
            "main",
            "ol",
            "p",
            "section",
        ),
        *("summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
        *_HEADINGS,
    }
)
_CAPTIONS = frozenset({"caption", "figcaption"})
_ITEMS = frozenset({"li", "dt", "dd"})
_SPACE = re.compile(r"[ \t\n\f\r]+")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BREAK = "\ue002"
_MAX_SPAN = 200
_MAX_CELLS = 200_000
"""Grid positions of a table beyond which its spans are not expanded: a small page can claim billions."""


class HtmlExtractor(Extractor):
    """Headings, paragraphs, list items, tables, preformatted text, captions."""

    name = "html"
    version = 3
    media_types = frozenset({"text/html"})

    def extract(self, path: str, media_type: str) -> Document:
        """Elements in order, without pages. Raises Unprocessable(TOO_LARGE, EMPTY)."""
        data = read_bytes(path)
        declared = _DECLARED.search(data[:4096])
        root = _parse(normalise(decode(data, declared[1].decode("ascii") if declared else None)))
        builder = Builder()
        _note_head(root, builder)
        main = _main(root)
        _Walker(builder, furniture=main is not root).walk(main)
        if not builder.elements:  # all of it stood in what is usually navigation
            _Walker(builder, furniture=True, keep_all=True).walk(root)
        return builder.document(media_type, self.key)


def fragment(source: str) -> list[Element]:
    """The elements of a piece of HTML inside another format. Raises Unprocessable(TOO_LARGE)."""
    builder = Builder()
    if source.strip():
        _Walker(builder, furniture=True).walk(_parse(f"<body>{source}</body>"))
    return builder.elements


def rows(table: Any) -> list[list[str]]:
    """The texts of an lxml table's cells: one spanning columns is followed by blanks, one spanning rows is repeated."""
    grid: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    spare = _MAX_CELLS
    for tr in table.iter("tr"):
        line: list[str] = []
        for cell in tr.iterchildren("td", "th"):
            _take_spanned(line, below)
            text = _SPACE.sub(" ", " ".join(cell.itertext())).strip()
            columns, depth = _span(cell, "colspan"), _span(cell, "rowspan")
            spare -= columns * depth
            if spare < 0:
                columns = depth = 1
            if depth > 1:
                for offset in range(columns):
                    below[len(line) + offset] = (depth - 1, "" if offset else text)
            line += [text] + [""] * (columns - 1)
        _take_spanned(line, below)
        grid.append(line)
    return grid


def first_table(source: str) -> list[list[str]]:
    """The cells of the first table in the HTML source; none without a table."""
    table = next(_parse(source).iter("table"), None) if source.strip() else None
    return rows(table) if table is not None else []


def _take_spanned(line: list[str], below: dict[int, tuple[int, str]]) -> None:
    while len(line) in below:
        column = len(line)
        left, text = below.pop(column)
        if left > 1:
            below[column] = (left - 1, text)
        line.append(text)


def _span(cell: Any, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def _parse(text: str) -> Any:
    """Tolerant parse by libxml2, offline. Raises Unprocessable: EMPTY without any element, CORRUPT where libxml2 gives up."""
    from lxml import etree  # type: ignore[import-untyped]

    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "ignore"), parser)
    except etree.ParserError as exc:
        raise Unprocessable(Reason.EMPTY, "the page has no content") from exc
    if root is None:
        raise Unprocessable(Reason.EMPTY, "the page has no content")
    if given_up := [entry.message for entry in parser.error_log if entry.type_name == "ERR_RESOURCE_LIMIT"]:
        raise Unprocessable(Reason.CORRUPT, given_up[0])  # what follows would be missing without a word
    etree.strip_elements(root, *_STRIPPED, with_tail=False)
    return root


def _note_head(root: Any, builder: Builder) -> None:
    title = next(root.iter("title"), None)
    if title is not None:
        builder.title = "".join(title.itertext())
    for meta in root.iter("meta"):
        key = (meta.get("name") or meta.get("property") or "").lower()
        if key in ("author", "date", "keywords", "dc.date", "dcterms.date", "article:published_time"):
            builder.note("date" if "date" in key or "time" in key else key, meta.get("content"))
        elif key == "description":
            builder.note("subject", meta.get("content"))
    if language := root.get("lang"):
        builder.note("language", language)


def _main(root: Any) -> Any:
    """The element that the page names as its main content, if it holds a fair part of the text; otherwise the root."""
    found = [e for e in root.iter("main", "div", "article", "section") if e.tag == "main" or e.get("role") == "main"]
    if len(found) == 1 and sum(map(len, found[0].itertext())) >= 200:
        return found[0]
    return root


class _Walker:
    """Walks a tree once, without recursion, and turns runs of inline text into elements."""

    def __init__(self, builder: Builder, furniture: bool, keep_all: bool = False) -> None:
        self._builder = builder
        self._furniture = furniture
        """True if page headers and footers count as content."""
        self._keep_all = keep_all
        self._run: list[str] = []
        self._heading: int | None = None
        self._caption = False
        self._item: str | None = None
        self._counters: list[int | None] = []
        self._articles = 0

    def walk(self, root: Any) -> None:
        """Add every element under the root to the builder."""
        from lxml import etree

        walk = etree.iterwalk(root, events=("start", "end"))
        skipped: Any = None
        for event, element in walk:
            if event == "start":
                if self._is_dropped(element) or self._take_whole(element):
                    walk.skip_subtree()
                    skipped = element
                else:
                    self._start(element)
                continue
            if element is not skipped:
                self._end(element.tag)
            elif element.tag in _BLOCKS:  # its end comes too; it has opened nothing, but sets apart what is around it
                self._split()
            if element is not root and element.tail:
                self._run.append(element.tail)
        self._flush()

    def _is_dropped(self, element: Any) -> bool:
        tag = element.tag
        if tag in _DROPPED and (tag == "head" or not self._keep_all):
            return True
        if element.get("hidden") is not None or element.get("aria-hidden") == "true":
            return True
        if "style" in element.attrib and _HIDDEN_STYLE.search(element.get("style")):
            return True
        if self._keep_all:
            return False
        if tag in _PAGE_FURNITURE and not self._furniture and not self._articles:
            return True
        return element.get("role") in _DROPPED_ROLES

    def _take_whole(self, element: Any) -> bool:
        """Take preformatted text and tables of data in one go; False for anything else."""
        if element.tag == "pre":
            self._flush()
            for line_break in element.iter("br"):
                line_break.tail = "\n" + (line_break.tail or "")
            self._builder.add(ElementKind.CODE, "".join(element.itertext()))
            return True
        if element.tag == "table" and _is_data(element):
            self._flush()
            for caption in element.iterchildren("caption"):
                self._builder.add(ElementKind.CAPTION, _SPACE.sub(" ", " ".join(caption.itertext())))
            self._builder.add(ElementKind.TABLE, markdown_table(rows(element)), header_lines=HEADER_LINES)
            return True
        return False

    def _start(self, element: Any) -> None:
        tag = element.tag
        if tag == "br":
            self._run.append(_BREAK)
        elif tag in _BLOCKS or tag in _CAPTIONS:
            self._start_block(tag)
        if element.text:
            self._run.append(element.text)

    def _start_block(self, tag: str) -> None:
        self._split()
        if self._heading is not None:
            return
        if tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag in _CAPTIONS:
            self._caption = True
        elif tag in ("ol", "ul", "dl"):
            self._counters.append(0 if tag == "ol" else None)
        elif tag in _ITEMS:
            self._item = self._number()
        elif tag == "article":
            self._articles += 1

    def _number(self) -> str:
        if not self._counters or self._counters[-1] is None:
            return ""
        self._counters[-1] += 1
        return f"{self._counters[-1]}. "

    def _end(self, tag: str) -> None:
        if tag in _BLOCKS or tag in _CAPTIONS:
            self._end_block(tag)

    def _end_block(self, tag: str) -> None:
        if self._heading is not None and tag not in _HEADINGS:
            self._run.append(" ")
            return
        if tag not in ("table",):
            self._flush()
        if tag in _HEADINGS:
            self._heading = None
        elif tag in _CAPTIONS:
            self._caption = False
        elif tag in ("ol", "ul", "dl") and self._counters:
            self._counters.pop()
        elif tag in _ITEMS:
            self._item = None
        elif tag == "article":
            self._articles -= 1

    def _split(self) -> None:
        """Between blocks; a heading stays in one piece whatever stands in it."""
        if self._heading is None:
            self._flush()
        else:
            self._run.append(" ")

    def _flush(self) -> None:
        if not self._run:
            return
        text = _SPACE.sub(" ", "".join(self._run))
        self._run = []
        text = "\n".join(line.strip() for line in text.split(_BREAK)).strip() if _BREAK in text else text.strip()
        if not text:
            return
        if self._heading is not None:
            self._builder.add(ElementKind.HEADING, text.rstrip("¶"), level=self._heading)
        elif self._caption:
            self._builder.add(ElementKind.CAPTION, text)
        elif self._item is not None:
            self._builder.add(ElementKind.LIST_ITEM, self._item + text)
            self._item = None  # what follows in the same item is a paragraph of its own
        else:
            self._builder.add(ElementKind.PARAGRAPH, text)


def _is_data(table: Any) -> bool:
    """True for a table of data; False for one that lays out the page: nested, holding headings, or of one column."""
    if table.get("role") in ("presentation", "none"):
        return False
    if any(inner is not table for inner in table.iter("table", *_HEADINGS)):
        return False
    widths = [sum(1 for _ in tr.iterchildren("td", "th")) for tr in table.iter("tr")]
    return len(widths) > 1 and max(widths) > 1
