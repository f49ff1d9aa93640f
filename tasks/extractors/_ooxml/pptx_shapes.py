"""Shapes of a slide: what they inherit from layout and master, and what of them is seen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from core.documents import Box
from tasks.extractors._ooxml.drawing import A
from tasks.extractors._ooxml.package import Package
from tasks.extractors._xml.parts import integer, is_on

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
SHAPES = frozenset({P + "sp", P + "grpSp", P + "graphicFrame", P + "cxnSp", P + "pic"})
TITLES = frozenset({"title", "ctrTitle"})
RUNNING = frozenset({"dt", "ftr", "hdr", "sldNum"})
"""Placeholders that repeat on every slide."""
_PROPERTIES, _PLACEHOLDER = P + "nvPr", P + "ph"
_MASTER_TYPES = {"ctrTitle": "title", "subTitle": "body", "obj": "body", "": "body"}
_FILLS = tuple(A + name for name in ("solidFill", "gradFill", "blipFill", "pattFill"))
_MARKS = {A + "buNone": False, A + "buChar": True, A + "buAutoNum": True, A + "buBlip": True}
_EMU = 12700
"""English Metric Units in a point."""
_TINY = 100
"""Hundredths of a point: smaller text is there for machines only."""


def shapes(tree: Any) -> Iterator[Any]:
    """The shapes of a tree or a group, from back to front."""
    for node in tree:
        if node.tag in SHAPES:
            yield node
        elif node.tag == MC + "AlternateContent":
            choices = (list(shapes(each)) for each in (*node.iterfind(MC + "Choice"), *node.iterfind(MC + "Fallback")))
            yield from next(filter(None, choices), ())


def placeholder(shape: Any) -> tuple[str, str] | None:
    """Type ("" for content of any kind) and index of a placeholder; None for other shapes."""
    for properties in shape[0] if len(shape) else ():  # the first child of every shape says what is not seen of it
        if properties.tag == _PROPERTIES:
            for node in properties:
                if node.tag == _PLACEHOLDER:
                    return node.get("type") or "", node.get("idx") or "0"
    return None


_WHITE = "FFFFFF"
_PLAIN_GROUND = "1001"
"""The first of a theme's backgrounds, which is the colour alone; the others may be gradients or pictures."""


class Origin:
    """Layout and master of a slide."""

    def __init__(self, package: Package, layout: str | None) -> None:
        self._package = package
        self._layout_name = layout
        self._master_name = package.first(layout, "slideMaster") if layout else None
        self.layout = package.optional(layout)
        self.master = package.optional(self._master_name)
        self._layout_places = [] if self.layout is None else _places(self.layout)
        self._master_places = [] if self.master is None else _places(self.master)

    @cached_property
    def _colours(self) -> dict[str, str]:
        """Colours by the names that slides use, as far as they are plain."""
        theme = self._package.optional(self._package.first(self._master_name, "theme")) if self._master_name else None
        scheme = None if theme is None else theme.find(f"{A}themeElements/{A}clrScheme")
        plain = {} if scheme is None else {node.tag.removeprefix(A): _plain_colour(node) for node in scheme}
        mapping = None if self.master is None else self.master.find(P + "clrMap")
        return plain | ({} if mapping is None else {name: plain.get(value, "") for name, value in mapping.attrib.items()})

    @cached_property
    def _is_covered(self) -> bool:
        """True if layout or master show a picture or a filled shape behind the slide."""
        behind = [root for root in (self.layout, self.master) if root is not None]
        return any(is_filled(shape) for root in behind for shape in root.iter(P + "sp", P + "pic"))

    def behind(self, slide: Any) -> Iterator[tuple[str, Any]]:
        """Names and roots of layout and master, as far as the slide shows their shapes."""
        shown = slide
        for name, root in ((self._layout_name, self.layout), (self._master_name, self.master)):
            if not is_on(shown, "showMasterSp"):
                return
            if name is not None and root is not None:
                yield name, root
                shown = root

    def chain(self, shape: Any) -> list[Any]:
        """The shape, and those of layout and master that it fills the place of."""
        place = placeholder(shape)
        if place is None:
            return [shape]
        kind, index = place
        found = [shape]
        in_layout = [each for each, other in self._layout_places if other[1] == index and index != "0"]
        in_layout += [each for each, other in self._layout_places if _alike(other[0], kind)]
        found += in_layout[:1]
        general = _MASTER_TYPES.get(kind, kind)
        found += [each for each, other in self._master_places if other[0] == general][:1]
        return found

    def box(self, shape: Any) -> Box | None:
        """Where the shape stands, in points; in a group, in the group's own measure."""
        for each in self.chain(shape):
            frame = next(each.iterfind(f"./{P}spPr/{A}xfrm"), None)
            if frame is None:
                frame = next(each.iterfind(f"./{P}grpSpPr/{A}xfrm"), None)
            if frame is None:
                frame = each.find(P + "xfrm")
            offset = None if frame is None else frame.find(A + "off")
            extent = None if frame is None else frame.find(A + "ext")
            if offset is not None and extent is not None:
                left, top = integer(offset.get("x")) / _EMU, integer(offset.get("y")) / _EMU
                return left, top, left + integer(extent.get("cx")) / _EMU, top + integer(extent.get("cy")) / _EMU
        return None

    def is_list_item(self, shape: Any, paragraph: Any) -> bool:
        """True if a bullet or a number is shown in front of the paragraph."""
        properties = paragraph.find(A + "pPr")
        mark = _mark(properties)
        level = f"{A}lvl{min(integer(None if properties is None else properties.get('lvl')), 8) + 1}pPr"
        if mark is None:
            for each in self.chain(shape):
                mark = _mark(each.find(f"./{P}txBody/{A}lstStyle/{level}"))
                if mark is not None:
                    return mark
        place = placeholder(shape)
        if mark is None and place and _MASTER_TYPES.get(place[0], place[0]) == "body" and self.master is not None:
            mark = _mark(self.master.find(f"{P}txStyles/{P}bodyStyle/{level}"))
        return bool(mark)

    def ground(self, slide: Any) -> str:
        """The colour, RRGGBB, that is the slide's whole background; "" if it is not that plain, or layout or master have a
        picture or a filled shape on it.
        """
        if slide.find(f"{P}clrMapOvr/{A}overrideClrMapping") is not None or self._is_covered:
            return ""
        for root in (slide, self.layout, self.master):
            background = None if root is None else root.find(f"{P}cSld/{P}bg")
            if background is not None:
                fill = background.find(f"{P}bgPr/{A}solidFill")
                if fill is not None:
                    return self.colour(fill)
                named = background.find(P + "bgRef")
                found = self.colour(named)
                return found if found == _WHITE or (named is not None and named.get("idx") == _PLAIN_GROUND) else ""
        return ""

    def colour(self, fill: Any | None) -> str:
        """The colour in it, RRGGBB, if it is taken as it is; otherwise ""."""
        if fill is None or len(fill) == 0 or len(fill[0]):
            return ""
        if fill[0].tag == A + "schemeClr":
            return self._colours.get(fill[0].get("val") or "", "")
        return _plain_colour(fill)


def _places(root: Any) -> list[tuple[Any, tuple[str, str]]]:
    found = ((shape, placeholder(shape)) for shape in root.iter(P + "sp"))
    return [(shape, place) for shape, place in found if place]


def _alike(kind: str, other: str) -> bool:
    return kind == other or (kind in TITLES and other in TITLES)


def _mark(properties: Any | None) -> bool | None:
    for node in () if properties is None else properties:
        if node.tag in _MARKS:
            return _MARKS[node.tag]
    return None


def _plain_colour(node: Any) -> str:
    for colour in node:
        return (colour.get("lastClr") or colour.get("val") or "").upper()
    return ""


def is_filled(shape: Any) -> bool:
    """True for pictures and for shapes that cover what lies behind them."""
    if shape.tag != P + "sp":
        return True
    properties = shape.find(P + "spPr")
    if properties is not None and any(node.tag in _FILLS for node in properties):
        return True
    reference = shape.find(f"{P}style/{A}fillRef")
    bare = properties is not None and properties.find(A + "noFill") is not None
    return reference is not None and reference.get("idx") != "0" and not bare


def written_colour(fill: Any | None) -> tuple[str, str] | None:
    """Kind and value of a solid fill's colour, as far as it is not changed by others."""
    if fill is None or len(fill) == 0 or len(fill[0]):
        return None
    return fill[0].tag, (fill[0].get("val") or "").upper()


def is_drowned(run_properties: Any | None, ground: tuple[str, str] | None) -> bool:
    """True for text without a colour, and for text in the colour of its own shape."""
    if run_properties is None:
        return False
    fill = run_properties.find(A + "solidFill")
    if fill is None:
        return run_properties.find(A + "noFill") is not None and run_properties.find(A + "ln") is None
    alpha = fill.find(f"*/{A}alpha")
    if alpha is not None and alpha.get("val") in ("0", "0%"):
        return True
    return ground is not None and written_colour(fill) == ground


def is_tiny(run_properties: Any | None) -> bool:
    """True for text of at most one point."""
    return run_properties is not None and integer(run_properties.get("sz"), 1800) <= _TINY
