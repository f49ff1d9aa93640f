"""HTML: the main content in reading order. Nothing that a page refers to is ever fetched."""

from __future__ import annotations

import re
from typing import Any

from core.documents import Document, Element, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._decode import decode, read_bytes
from tasks.extractors._html_hidden import take_out
from tasks.extractors._html_tables import BLOCKS, HEADINGS, SPACE, cells, flat, rows
from tasks.extractors._tables import HEADER_LINES, markdown_table
from tasks.extractors.base import DEFAULT, Extractor, Reading

_STRIPPED = (
    *("audio", "canvas", "datalist", "dialog", "embed", "iframe", "input", "map", "meter", "object", "progress"),
    *("script", "select", "style", "svg", "textarea", "video"),
)
_DROPPED = frozenset({"head", "nav"})
_DROPPED_ROLES = frozenset({"navigation", "search", "menu", "menubar", "toolbar", "dialog", "alertdialog"})
_PAGE_FURNITURE = frozenset({"header", "footer"})
_WRAPPERS = frozenset({"div", "center", "form"})
_CAPTIONS = frozenset({"caption", "figcaption"})
_BOUNDARIES = BLOCKS | _CAPTIONS | {"br", "rt"}
_WHOLE = frozenset({"pre", "table"})
_ITEMS = frozenset({"li", "dt", "dd"})
_FILE_NAME = re.compile(r"\S{0,200}\.(?:jpe?g|png|gif|svg|webp|bmp|tiff?)", re.IGNORECASE)
_XHTML = re.compile(r"<\?xml|xmlns\s{0,9}=\s{0,9}[\"']http://www\.w3\.org/1999/xhtml", re.IGNORECASE)
# A parser of HTML takes these for opened: an empty <title/> would hold the whole page.
_SELF_CLOSED = re.compile(
    r"<(a|abbr|b|canvas|div|em|h[1-6]|i|iframe|label|li|object|p|pre|script|section|span|strong|style|table|td|textarea|th|title|tr"
    r"|u|video)((?:\s[^<>]{0,2000})?)/>",
    re.IGNORECASE,
)
_BREAK = "\ue002"
_LEAST_MAIN = 200
_FAIR_SHARE = 5
"""A fifth of the page's text: what claims to be the main content and holds less is not."""


class HtmlExtractor(Extractor):
    """Headings, paragraphs, list items, tables, preformatted text, captions."""

    name = "html"
    version = 4
    media_types = frozenset({"text/html"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(TOO_LARGE, EMPTY)."""
        builder = Builder(reading.policy.keep_hidden)
        add_page(builder, decode(read_bytes(path)))
        return builder.document(media_type, self.key)


def add_page(builder: Builder, source: str) -> None:
    """Add a page's head and its main content. Raises Unprocessable(TOO_LARGE, EMPTY, CORRUPT)."""
    root = _parse(source, builder)
    _note_head(root, builder)
    main = _main(root)
    before = len(builder.elements)
    _Walker(builder, furniture=main is not root).walk(main)
    if len(builder.elements) == before:  # all of it stood in what is usually navigation
        _Walker(builder, furniture=True, keep_all=True).walk(root)


def add_fragment(builder: Builder, source: str) -> None:
    """Add a piece of HTML inside another format. Raises Unprocessable(TOO_LARGE, CORRUPT)."""
    if source.strip():
        root = _parse(f"<body>{source}</body>", builder)
        _strip_titles(root)
        _Walker(builder, furniture=True).walk(root)


def fragment(source: str) -> list[Element]:
    """The elements of a piece of HTML inside another format. Raises Unprocessable(TOO_LARGE, CORRUPT)."""
    builder = Builder()
    add_fragment(builder, source)
    return builder.elements


def first_table(source: str) -> list[list[str]]:
    """The cells of the first table in the HTML source; none without a table."""
    table = next(_parse(source, Builder()).iter("table"), None) if source.strip() else None
    return rows(table) if table is not None else []


def _strip_titles(root: Any) -> None:
    """A whole page in a body: its head is none, and its title would be shown."""
    from lxml import etree  # type: ignore[import-untyped]

    etree.strip_elements(root, "title", with_tail=False)


def _parse(text: str, builder: Builder) -> Any:
    """Tolerant parse by libxml2, offline, without what is hidden.

    Raises Unprocessable: EMPTY without any element, CORRUPT where libxml2 gives up.
    """
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_pis=True, huge_tree=True)
    if "/>" in text and _XHTML.search(text, 0, 2_000):
        text = _SELF_CLOSED.sub(r"<\1\2></\1>", text)
    try:
        root = etree.fromstring(text.replace("\0", "").encode("utf-8", "ignore"), parser)
    except etree.ParserError as exc:
        raise Unprocessable(Reason.EMPTY, "the page has no content") from exc
    if root is None:
        raise Unprocessable(Reason.EMPTY, "the page has no content")
    if given_up := [entry.message for entry in parser.error_log if entry.type_name == "ERR_RESOURCE_LIMIT"]:
        raise Unprocessable(Reason.CORRUPT, given_up[0])  # what follows would be missing without a word
    take_out(root, builder)
    etree.strip_elements(root, *_STRIPPED, with_tail=False)
    for picture in root.iter("img"):
        if (alt := (picture.get("alt") or "").strip()) and not _FILE_NAME.fullmatch(alt):
            picture.tail = f" {alt} {picture.tail or ''}"
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
        inner = [child for child in box if child.tag in BLOCKS]
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
        run = self._run
        for event, element in walk:
            tag = element.tag
            if event == "start":
                if self._is_dropped(element, tag) or (tag in _WHOLE and self._take_whole(element)):
                    walk.skip_subtree()
                    skipped = element
                    continue
                if tag in _BOUNDARIES:
                    self._start(element, tag)
                if text := element.text:
                    run.append(text)
                continue
            if tag in _BOUNDARIES:
                if element is not skipped:
                    self._end(element, tag)
                elif tag in BLOCKS:  # its end comes too; it has opened nothing, but sets apart what is around it
                    self._split()
            if (tail := element.tail) and element is not root:
                run.append(tail)
        self._flush()

    def size(self, root: Any) -> int:
        """Characters of the text under the root that would be taken, white space between elements left out."""
        from lxml import etree

        self._boxes = _page_boxes(root)
        walk = etree.iterwalk(root, events=("start",))
        characters = 0
        for _, element in walk:
            if self._is_dropped(element, element.tag):
                walk.skip_subtree()
            else:
                characters += len((element.text or "").strip())
            characters += len((element.tail or "").strip())
        return characters

    def _is_dropped(self, element: Any, tag: str) -> bool:
        if tag in _DROPPED and (tag == "head" or not self._keep_all):
            return True
        if element.get("hidden") is not None and not self._builder.keep_hidden:
            return True
        if self._keep_all:
            return False
        if tag == "button" and _is_beside_heading(element):
            return True
        if tag in _PAGE_FURNITURE and not self._furniture and self._is_furniture(element):
            return True
        return element.get("role") in _DROPPED_ROLES

    def _is_furniture(self, element: Any) -> bool:
        return element.getparent() in self._boxes and next(element.iter(*HEADINGS), None) is None

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
                self._builder.add(ElementKind.CAPTION, flat(caption))
            self._builder.add(ElementKind.TABLE, markdown_table(rows(element)), header_lines=HEADER_LINES)
            return True
        return False

    def _start(self, element: Any, tag: str) -> None:
        if tag == "br":
            self._run.append(_BREAK)
        elif tag == "rt":
            if next(element.itersiblings("rp", preceding=True), None) is None:
                self._run.append("(")  # as a browser that knows no ruby would show it
        else:
            self._start_block(tag)

    def _start_block(self, tag: str) -> None:
        self._split()
        if self._heading is not None:
            return
        if tag in HEADINGS:
            self._heading = HEADINGS[tag]
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

    def _end(self, element: Any, tag: str) -> None:
        if tag == "rt":
            if next(element.itersiblings("rp"), None) is None:
                self._run.append(")")
        elif tag != "br":
            self._end_block(tag)

    def _end_block(self, tag: str) -> None:
        if self._heading is not None and tag not in HEADINGS:
            self._run.append(" ")
            return
        if tag not in ("table",):
            self._flush()
        if tag in HEADINGS:
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
        text = SPACE.sub(" ", "".join(self._run))
        self._run.clear()
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
    heading = next(button.iterancestors(*HEADINGS), None)
    return heading is not None and len("".join(heading.itertext()).strip()) > len("".join(button.itertext()).strip())


def _is_data(table: Any) -> bool:
    """True for a table of data; False for one that lays out the page: nested, holding headings, or of one column."""
    if table.get("role") in ("presentation", "none"):
        return False
    if any(inner is not table for inner in table.iter("table", *HEADINGS)):
        return False
    widths = [len(cells(tr)) for tr in table.iter("tr")]
    return len(widths) > 1 and max(widths) > 1
