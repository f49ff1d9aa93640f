"""HTML: the main content in reading order. Nothing that a page refers to is ever fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from core.documents import Document, Element, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._decode import decode, normalise, read_bytes
from tasks.extractors._tables import HEADER_LINES, markdown_table
from tasks.extractors.base import DEFAULT, Extractor, Reading

_DECLARED = re.compile(
    rb"(?:<meta[^>]{0,200}?charset\s*=|<\?xml[^>]{0,200}?encoding\s*=)\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)
_STRIPPED = (
    *("audio", "canvas", "datalist", "dialog", "embed", "iframe", "input", "map", "meter", "object", "progress"),
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
_WRAPPERS = frozenset({"div", "center", "form"})
_CAPTIONS = frozenset({"caption", "figcaption"})
_ITEMS = frozenset({"li", "dt", "dd"})
_PARTING = _BLOCKS | {"br"}
_CELLS = frozenset({"td", "th"})
_SPACE = re.compile(r"[ \t\n\f\r]+")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BREAK = "\ue002"
_LEAST_MAIN = 200
_FAIR_SHARE = 5
"""A fifth of the page's text: what claims to be the main content and holds less is not."""
_MAX_SPAN = 200
_MAX_CELLS = 200_000
"""Grid positions of a table beyond which its spans are not expanded: a small page can claim billions."""


class HtmlExtractor(Extractor):
    """Headings, paragraphs, list items, tables, preformatted text, captions."""

    name = "html"
    version = 3
    media_types = frozenset({"text/html"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
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
        root = _parse(f"<body>{source}</body>")
        _strip_titles(root)
        _Walker(builder, furniture=True).walk(root)
    return builder.elements


def rows(table: Any) -> list[list[str]]:
    """The texts of an lxml table's cells: one spanning columns is followed by blanks, one spanning rows is repeated."""
    grid: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    spare = _MAX_CELLS
    for tr in table.iter("tr"):
        line: list[str] = []
        for cell in _cells(tr):
            _take_spanned(line, below)
            text = _flat(cell)
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


def _strip_titles(root: Any) -> None:
    """A whole page in a body: its head is none, and its title would be shown."""
    from lxml import etree  # type: ignore[import-untyped]

    etree.strip_elements(root, "title", with_tail=False)


def _cells(row: Any) -> list[Any]:
    """The cells of a row, also of one whose cells stand in a form."""
    cells = list(row.iterchildren(*_CELLS))
    return cells if len(cells) == len(row) else list(_nearest_cells(row))


def _nearest_cells(row: Any) -> Iterator[Any]:
    from lxml import etree

    walk = etree.iterwalk(row, events=("start",))
    for _, element in walk:
        if element.tag in _CELLS:
            yield element
        if element is not row and (element.tag in _CELLS or element.tag in ("table", "tr")):
            walk.skip_subtree()


def _flat(element: Any) -> str:
    """The text of an element in one line: words are parted only where they are shown apart."""
    if len(element) and any(inner.tag in _PARTING for inner in element.iterdescendants()):
        text = "".join(_parted(element))
    else:
        text = "".join(element.itertext())
    return _SPACE.sub(" ", text).strip()


def _parted(element: Any) -> Iterator[str]:
    from lxml import etree

    for event, inner in etree.iterwalk(element, events=("start", "end")):
        if inner.tag in _PARTING:
            yield " "
        if event == "start":
            yield inner.text or ""
        elif inner is not element:
            yield inner.tail or ""


def _take_spanned(line: list[str], below: dict[int, tuple[int, str]]) -> None:
    while len(line) in below:
        column = len(line)
        left, text = below.pop(column)
        if left > 1:
            below[column] = (left - 1, text)
        line.append(text)


def _span(cell: Any, name: str) -> int:
    value = cell.get(name)
    if not value:
        return 1
    value = value.strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def _parse(text: str) -> Any:
    """Tolerant parse by libxml2, offline. Raises Unprocessable: EMPTY without any element, CORRUPT where libxml2 gives up."""
    from lxml import etree

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
    for code in root.iter("pre"):
        etree.strip_elements(code, "button", with_tail=False)  # they copy it
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
    if len(found) != 1:
        return root
    held = sum(map(len, found[0].itertext()))
    if held < _LEAST_MAIN:
        return root
    # Menus may well be longer than the content: they are left out of the count, where it matters.
    fair = held * _FAIR_SHARE >= sum(map(len, root.itertext())) or held * _FAIR_SHARE >= _Walker(Builder(), False).size(root)
    return found[0] if fair else root


def _page_boxes(root: Any) -> list[Any]:
    """The body, and the boxes that do nothing but wrap the whole page: what is directly in them is the page's own."""
    boxes: list[Any] = []
    box = root if root.tag == "body" else root.find("body")
    while box is not None:
        boxes.append(box)
        inner = [child for child in box if child.tag in _BLOCKS]
        box = inner[0] if len(inner) == 1 and inner[0].tag in _WRAPPERS else None
    return boxes


class _Walker:
    """Walks a tree once, without recursion, and turns runs of inline text into elements."""

    def __init__(self, builder: Builder, furniture: bool, keep_all: bool = False) -> None:
        self._builder = builder
        self._furniture = furniture
        """True if the page's header and footer count as content."""
        self._boxes: list[Any] = []
        self._keep_all = keep_all
        self._run: list[str] = []
        self._heading: int | None = None
        self._caption = False
        self._item: str | None = None
        self._counters: list[int | None] = []

    def walk(self, root: Any) -> None:
        """Add every element under the root to the builder."""
        from lxml import etree

        self._boxes = _page_boxes(root)
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

    def size(self, root: Any) -> int:
        """Characters of the text under the root that would be taken, white space between elements left out."""
        from lxml import etree

        self._boxes = _page_boxes(root)
        walk = etree.iterwalk(root, events=("start",))
        characters = 0
        for _, element in walk:
            if self._is_dropped(element):
                walk.skip_subtree()
            else:
                characters += len((element.text or "").strip())
            characters += len((element.tail or "").strip())
        return characters

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
        if tag == "button" and _is_beside_heading(element):
            return True
        if tag in _PAGE_FURNITURE and not self._furniture and self._is_furniture(element):
            return True
        return element.get("role") in _DROPPED_ROLES

    def _is_furniture(self, element: Any) -> bool:
        return element.getparent() in self._boxes and next(element.iter(*_HEADINGS), None) is None

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
                self._builder.add(ElementKind.CAPTION, _flat(caption))
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


def _is_beside_heading(button: Any) -> bool:
    """True for a tool such as "Copy link" in a heading that has words of its own; some headings are a button as a whole."""
    heading = next(button.iterancestors(*_HEADINGS), None)
    return heading is not None and len("".join(heading.itertext()).strip()) > len("".join(button.itertext()).strip())


def _is_data(table: Any) -> bool:
    """True for a table of data; False for one that lays out the page: nested, holding headings, or of one column."""
    if table.get("role") in ("presentation", "none"):
        return False
    if any(inner is not table for inner in table.iter("table", *_HEADINGS)):
        return False
    widths = [len(_cells(tr)) for tr in table.iter("tr")]
    return len(widths) > 1 and max(widths) > 1
