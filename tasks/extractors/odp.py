"""OpenDocument presentations and drawings: a slide is a page, its title a heading."""

from __future__ import annotations

from typing import Any

from core.documents import Box, Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._odf.objects import OdfObjects
from tasks.extractors._odf.package import (
    DRAW,
    FO,
    OFFICE,
    PRESENTATION,
    STYLE,
    SVG,
    TEXT,
    OdfFile,
    OdfStyles,
    note_properties,
    opened,
    points,
)
from tasks.extractors._odf.text import OdfReader
from tasks.extractors._office.embedded import embedded_in
from tasks.extractors._office.reading_order import reading_order
from tasks.extractors.base import DEFAULT, Extractor, Reading

_ODF = "application/vnd.oasis.opendocument."
_CLASS, _FILLED_IN = PRESENTATION + "class", PRESENTATION + "placeholder"
_RUNNING = frozenset({"header", "footer", "date-time", "page-number"})
_NOTES = PRESENTATION + "notes"


class OdpExtractor(Extractor):
    """Titles, text, list items, tables, charts and speaker notes, slide by slide."""

    name = "odp"
    version = 4
    media_types = frozenset(
        _ODF + kind + form for kind in ("presentation", "graphics") for form in ("", "-template", "-flat-xml")
    )

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements with the slide's number as page and its title as label. Hidden slides are left out, but have numbers.
        Embedded documents are members.

        Raises Unprocessable(CORRUPT, ENCRYPTED, BOMB, TOO_LARGE).
        """
        builder = Builder(reading.policy.keep_hidden)
        with opened(path) as file, embedded_in(path, builder, reading) as embedded:
            note_properties(file, builder)
            _Show(file, OdfObjects(file, embedded), builder).read()
        return builder.document(media_type, self.key)


class _Show:
    """The slides, and what stands on many of them and is taken once at most."""

    def __init__(self, file: OdfFile, objects: OdfObjects, builder: Builder) -> None:
        self._root = file.content()
        styles = file.part("styles.xml")
        self._builder = builder
        self._styles = OdfStyles(styles, self._root)
        self._reader = OdfReader(objects, self._styles, builder)
        self._size = _size(styles)
        masters = () if styles is None else styles.iterfind(f"{OFFICE}master-styles/{STYLE}master-page")
        self._masters = {node.get(STYLE + "name"): node for node in masters}
        self._declared = {
            node.get(PRESENTATION + "name"): node.text or "" for node in self._root.iter(PRESENTATION + "footer-decl")
        }
        self._texts: set[str] = set()
        """Of the masters' shapes that were added: several masters often say the same."""
        self._footers: dict[str, int] = {}
        """And the slide that shows each first. Where there is no other text they are read after all."""

    def read(self) -> None:
        """Add all slides."""
        for number, page in enumerate(self._root.iterfind(f"{OFFICE}body/*/{DRAW}page"), 1):
            style = self._styles.style("drawing-page", page.get(DRAW + "style-name"))
            with self._reader.unseen(style.absent):
                self._slide(page, number, shown=not style.absent or self._builder.keep_hidden, is_plain=style.plain)
        if not self._builder.elements:
            for text, number in self._footers.items():
                self._builder.add(ElementKind.PARAGRAPH, text, page=number)

    def _slide(self, page: Any, number: int, *, shown: bool, is_plain: bool) -> None:
        reader = self._reader
        reader.place = {"page": number, "label": None}
        shapes = [node for node in _shapes(page) if not _is_furniture(node)]
        title = next((node for node in shapes if node.get(_CLASS) == "title" and _text(node)), None)
        if title is not None:
            reader.place["label"] = _text(title) if shown else None
            reader.add(ElementKind.HEADING, _text(title), 1)
        self._drawings([node for node in shapes if node is not title])
        if shown and not is_plain:
            self._behind(page, number)
        for note in page.iterfind(_NOTES):
            for frame in note.iterchildren(DRAW + "frame"):
                if not _is_furniture(frame):
                    reader.drawing(frame)
        for comment in page.iterchildren(OFFICE + "annotation"):
            reader.blocks([comment])

    def _drawings(self, shapes: list[Any]) -> None:
        boxes = [_box(node) for node in shapes]
        for place in reading_order(boxes):
            box, (width, height) = boxes[place], self._size
            with self._reader.unseen(box is not None and (box[2] <= 0 or box[3] <= 0 or box[0] >= width or box[1] >= height)):
                self._reader.drawing(shapes[place])

    def _behind(self, page: Any, number: int) -> None:
        """The master's shapes that no slide fills in, each master where it is shown first."""
        master = self._masters.pop(page.get(DRAW + "master-page-name"), None)
        shapes = [] if master is None else _shapes(master)
        new = [node for node in shapes if node.get(_CLASS) is None and _text(node) not in self._texts]
        self._texts |= set(filter(None, map(_text, new)))
        self._drawings(new)
        footers = [_text(node) for node in shapes if node.get(_CLASS) == "footer"]
        footers.append(self._declared.get(page.get(PRESENTATION + "use-footer-name"), ""))
        for text in filter(None, footers):
            self._footers.setdefault(text, number)


def _shapes(page: Any) -> list[Any]:
    return [node for node in page if isinstance(node.tag, str) and node.tag.startswith(DRAW)]


def _is_furniture(node: Any) -> bool:
    """True for what repeats on every slide, and for empty places with a prompt in them."""
    return node.get(_CLASS) in _RUNNING or node.get(_FILLED_IN) == "true"


def _text(node: Any) -> str:
    return " ".join(" ".join("".join(paragraph.itertext()) for paragraph in node.iter(TEXT + "p")).split())


def _box(node: Any) -> Box | None:
    x, y, width, height = (node.get(SVG + name) for name in ("x", "y", "width", "height"))
    if x is None or y is None or width is None:
        return None
    left, top = points(x), points(y)
    return left, top, left + points(width), top + points(height)


def _size(masters: Any | None) -> tuple[float, float]:
    """Width and height of a slide in points: the largest, where there are several."""
    layouts = [] if masters is None else list(masters.iter(STYLE + "page-layout-properties"))
    widths, heights = ([points(node.get(FO + name)) for node in layouts] for name in ("page-width", "page-height"))
    return max([*widths, 0.0]) or float("inf"), max([*heights, 0.0]) or float("inf")
