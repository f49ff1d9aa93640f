"""OpenDocument presentations and drawings: a slide is a page, its title a heading."""

from __future__ import annotations

from typing import Any

from core.documents import Box, Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._odf import DRAW, FO, OFFICE, PRESENTATION, STYLE, SVG, TEXT, OdfStyles, note_properties, opened, points
from tasks.extractors._odf_text import OdfReader
from tasks.extractors._reading_order import reading_order
from tasks.extractors.base import DEFAULT, Extractor, Reading

_ODF = "application/vnd.oasis.opendocument."
_RUNNING = frozenset({"header", "footer", "date-time", "page-number"})
_NOTES = PRESENTATION + "notes"


class OdpExtractor(Extractor):
    """Titles, text, list items, tables, charts and speaker notes, slide by slide."""

    name = "odp"
    version = 2
    media_types = frozenset(
        _ODF + kind + form for kind in ("presentation", "graphics") for form in ("", "-template", "-flat-xml")
    )

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements with the slide's number as page and its title as label. Hidden slides are left out, but have numbers.

        Raises Unprocessable(CORRUPT, ENCRYPTED, BOMB, TOO_LARGE).
        """
        builder = Builder(reading.policy.keep_hidden)
        with opened(path) as file:
            note_properties(file, builder)
            root = file.content()
            masters = file.part("styles.xml")
            styles = OdfStyles(masters, root)
            reader = OdfReader(file, styles, builder)
            size = _size(masters)
            for number, page in enumerate(root.iterfind(f"{OFFICE}body/*/{DRAW}page"), 1):
                hidden = styles.style("drawing-page", page.get(DRAW + "style-name")).absent
                with reader.unseen(hidden):
                    _add_slide(page, number, reader, size, shown=not hidden or builder.keep_hidden)
        return builder.document(media_type, self.key)


def _add_slide(page: Any, number: int, reader: OdfReader, size: tuple[float, float], *, shown: bool) -> None:
    reader.place = {"page": number, "label": None}
    shapes = [node for node in page if isinstance(node.tag, str) and node.tag.startswith(DRAW) and not _is_furniture(node)]
    boxes = [_box(node) for node in shapes]
    title = next((node for node in shapes if node.get(PRESENTATION + "class") == "title" and _text(node)), None)
    if title is not None:
        reader.place["label"] = _text(title) if shown else None
        reader.add(ElementKind.HEADING, _text(title), 1)
    for place in reading_order(boxes):
        if shapes[place] is not title:
            box = boxes[place]
            off = box is not None and (box[2] <= 0 or box[3] <= 0 or box[0] >= size[0] or box[1] >= size[1])
            with reader.unseen(off):
                reader.drawing(shapes[place])
    for note in page.iterfind(_NOTES):
        for frame in note.iterchildren(DRAW + "frame"):
            if not _is_furniture(frame):
                reader.drawing(frame)
    for comment in page.iterchildren(OFFICE + "annotation"):
        reader.blocks([comment])


def _is_furniture(node: Any) -> bool:
    """True for what repeats on every slide, and for empty places with a prompt in them."""
    return node.get(PRESENTATION + "class") in _RUNNING or node.get(PRESENTATION + "placeholder") == "true"


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
