"""The walk through a page's tree: runs of inline text become elements."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from core.documents import ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._bullets import BULLET, SIGNS
from tasks.extractors._html.etree import lxml_etree
from tasks.extractors._html.lists import Numbers
from tasks.extractors._html.query import shown
from tasks.extractors._html.tables import BLOCKS, HEADINGS, ITEMS, data_table, flat
from tasks.extractors._tables import HEADER_LINES, markdown_table

_CAPTIONS = frozenset({"caption", "figcaption"})
_LISTS = frozenset({"ol", "ul", "dl"})
_CODE = frozenset({"pre", "listing", "plaintext", "xmp"})
_WHOLE = _CODE | {"table"}
_TELLING = ITEMS | HEADINGS.keys() | _LISTS | _CAPTIONS
"""They say what their text is; other blocks only part it."""
_NOTED = _TELLING | {"br", "rt"}
"""They count even where no text is before them."""
_BOUNDARIES = BLOCKS | _CAPTIONS | _CODE | {"br", "rt"}
_PARTING = BLOCKS - _TELLING - _WHOLE
_BREAK = "\ue002"
_CAPTION, _CODE_TEXT, _HEADING, _LIST_ITEM, _PARAGRAPH, _TABLE = (
    *(ElementKind.CAPTION, ElementKind.CODE, ElementKind.HEADING, ElementKind.LIST_ITEM, ElementKind.PARAGRAPH),
    ElementKind.TABLE,
)
"""By names of their own: members of an enumeration are looked up slowly."""


class Walker:
    """Walks a tree once, without recursion."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._run: list[str] = []
        self._heading: int | None = None
        self._caption = False
        self._item: str | None = None
        self._counters: list[Numbers | None] = []

    def walk(self, root: Any) -> None:
        """Add every element under the root, of which only blocks are left (_html_tree.main_content), to the builder."""
        root.tail = None
        walk = lxml_etree().iterwalk(root, events=("start", "end"))
        run = self._run
        add = run.append
        for event, element in walk:
            tag = element.tag
            if event == "start":
                if tag in _BOUNDARIES:
                    if tag in _WHOLE and self._take_whole(element):
                        walk.skip_subtree()  # its end comes all the same
                        continue
                    if run and self._heading is None and tag in _PARTING:
                        self._flush()
                    elif run or tag in _NOTED:
                        self._start(element, tag)
                text = element.text
            else:
                if run and self._heading is None and tag in _PARTING:
                    self._flush()
                elif tag in _BOUNDARIES and (run or tag in _NOTED):
                    self._end(element, tag)
                text = element.tail
            if text and (run or not text.isspace()):  # most texts are white space between tags
                add(text)
        self._flush()

    def _take_whole(self, element: Any) -> bool:
        """Take preformatted text and tables of data in one go; False for anything else."""
        if element.tag in _CODE:
            self._flush()
            self._take_code(element)
            return True
        cells = data_table(element)
        if not cells:
            return False
        self._flush()
        for caption in element.iterchildren("caption"):
            self._builder.add(_CAPTION, flat(caption))
        self._builder.add(_TABLE, markdown_table(cells), header_lines=HEADER_LINES)
        return True

    def _take_code(self, element: Any) -> None:
        for line_break in element.iter("br"):
            line_break.tail = "\n" + (line_break.tail or "")
        for button in list(element.iter("button")):
            button.clear(keep_tail=True)  # it copies the code
        self._builder.add(_CODE_TEXT, shown(element))

    def _start(self, element: Any, tag: str) -> None:
        if tag == "br":
            self._run.append(_BREAK)
        elif tag == "rt":
            if next(element.itersiblings("rp", preceding=True), None) is None:
                self._run.append("(")  # as a browser that knows no ruby would show it
        elif self._heading is not None:
            self._run.append(" ")  # it stays in one piece whatever stands in it
        else:
            if self._run:
                self._flush()
            if tag in _TELLING:
                self._open(element, tag)

    def _open(self, element: Any, tag: str) -> None:
        if tag in ITEMS:
            numbers = self._counters[-1] if self._counters else None
            self._item = numbers.take(element) if numbers is not None else ""
        elif tag in HEADINGS:
            self._heading = HEADINGS[tag]
        elif tag in _LISTS:
            self._counters.append(Numbers(element) if tag == "ol" else None)
        elif tag in _CAPTIONS:
            self._caption = True

    def _end(self, element: Any, tag: str) -> None:
        if tag == "br":
            return
        if tag == "rt":
            if next(element.itersiblings("rp"), None) is None:
                self._run.append(")")
        elif self._heading is not None and tag not in HEADINGS:
            self._run.append(" ")
        else:
            if self._run:
                self._flush()
            if tag in _TELLING:
                self._close(tag)

    def _close(self, tag: str) -> None:
        if tag in ITEMS:
            self._item = None
        elif tag in HEADINGS:
            self._heading = None
        elif tag in _LISTS:
            if self._counters:
                self._counters.pop()
        elif tag in _CAPTIONS:
            self._caption = False

    def _flush(self) -> None:
        run = self._run
        if not run:
            return
        text = " ".join((run[0] if len(run) == 1 else "".join(run)).split())
        run.clear()
        if _BREAK in text:
            self._add_lines([line.strip() for line in text.split(_BREAK)])
        elif text:
            self._add(text)

    def _add_lines(self, lines: list[str]) -> None:
        """Lines with breaks between them: where one is empty, a paragraph ends."""
        if self._heading is not None or self._caption:
            self._add(" ".join(lines))
            return
        for is_blank, paragraph in groupby(lines, lambda line: not line):
            if not is_blank:
                self._add("\n".join(paragraph))

    def _add(self, text: str) -> None:
        if self._heading is not None:
            self._builder.add(_HEADING, text.rstrip("¶"), level=self._heading)
        elif self._caption:
            self._builder.add(_CAPTION, text)
        elif self._item is not None:
            bullet = BULLET.match(text) if text[0] in SIGNS and not self._item else None
            self._builder.add(_LIST_ITEM, self._item + (text[bullet.end() :] if bullet else text))
            self._item = None  # what follows in the same item is a paragraph of its own
        else:
            self._builder.add(_PARAGRAPH, text)
