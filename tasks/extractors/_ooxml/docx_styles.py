"""What a Word document's styles say: which paragraphs are headings, list items, captions or code, and which text is unseen.

Names of built-in styles are English in every language of Word; those that other programs write are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from core.documents import ElementKind
from tasks.extractors._xml.parts import integer, is_on

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
VAL = W + "val"

_HEADING_WORDS = (
    *("heading", "überschrift", "titre", "título", "titulo", "titolo", "kop", "rubrik", "overskrift", "otsikko", "encabezado"),
    *(
        "cabeçalho",
        "nagłówek",
        "nadpis",
        "címsor",
        "заголовок",
        "başlık",
        "titlu",
        "επικεφαλίδα",
        "見出し",
        "标题",
        "標題",
        "제목",
    ),
)
_NAMED_HEADING = re.compile(rf"(?:{'|'.join(_HEADING_WORDS)})\s?([1-9])", re.IGNORECASE)
_TITLES = {"title": 1, "subtitle": 2, "titel": 1, "untertitel": 2, "doctitle": 1}
_LISTS = re.compile(r"list (?:bullet|number)(?: \d)?")
_CODE = frozenset({"source code", "html preformatted", "preformatted text", "macro text", "macro", "code", "code block"})
_BASES = 32
"""Styles in a chain; one that is based on itself ends there."""
_TINY = 2
"""Half-points: text of at most one point is there for machines only."""
_NO_OUTLINE = 9
_RGB = re.compile(r"[0-9A-Fa-f]{6}")
_HIGHLIGHTS = {"yellow": "FFFF00", "green": "00FF00", "cyan": "00FFFF", "magenta": "FF00FF", "blue": "0000FF", "red": "FF0000"}
_HIGHLIGHTS |= {"black": "000000", "darkBlue": "000080", "darkRed": "800000", "darkGray": "808080", "lightGray": "C0C0C0"}

_THEMED = {"background1": "FFFFFF", "light1": "FFFFFF", "text1": "000000", "dark1": "000000"}


@dataclass(frozen=True, slots=True)
class Look:
    """What decides whether text is seen; None where nothing is said."""

    hidden: bool | None = None
    white: bool | None = None
    tiny: bool | None = None
    shaded: bool | None = None
    colour: str | None = None
    """Of the letters, RRGGBB; "" if the program chooses one."""
    ground: str | None = None
    """Right behind them, RRGGBB; "" if it is not known."""

    def over(self, base: Look) -> Look:
        """This, and what `base` says where this says nothing."""
        return Look(
            base.hidden if self.hidden is None else self.hidden,
            base.white if self.white is None else self.white,
            base.tiny if self.tiny is None else self.tiny,
            base.shaded if self.shaded is None else self.shaded,
            base.colour if self.colour is None else self.colour,
            base.ground if self.ground is None else self.ground,
        )

    @property
    def unseen(self) -> bool:
        """True for hidden text, text without size, white text on white, and text in the very colour behind it."""
        drowned = bool(self.ground) and self.colour == self.ground
        return bool(self.hidden or self.tiny or (self.white and not self.shaded) or drowned)


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Style:
    """A style with all that it is based on."""

    name: str = ""
    kind: ElementKind | None = None
    """What the name says of a paragraph, apart from headings."""
    outline: int | None = None
    """0 to 8: a heading; 9: none, whatever its name."""
    named_level: int | None = None
    numbering: tuple[str, int | None] | None = None
    """Number and level of its list."""
    look: Look = PLAIN

    @property
    def level(self) -> int | None:
        """Of a heading, 1 to 9."""
        if self.outline is None:
            return self.named_level
        return self.outline + 1 if 0 <= self.outline < _NO_OUTLINE else None


class Styles:
    """The styles part; without one, every paragraph is plain."""

    def __init__(self, root: Any | None) -> None:
        nodes = [] if root is None else list(root.iterchildren(W + "style"))
        self._nodes = {node.get(W + "styleId") or "": node for node in nodes}
        self._default = next(
            (node.get(W + "styleId") for node in nodes if node.get(W + "type") == "paragraph" and is_default(node)), None
        )
        defaults = None if root is None else root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
        self._base = Style(look=look_of(defaults))
        self.style = cache(self._style)
        self.shades_table = cache(self._shades_table)

    def of_paragraph(self, properties: Any | None) -> Style:
        """The style of a paragraph with these properties (w:pPr)."""
        node = None if properties is None else properties.find(W + "pStyle")
        return self.style(self._default if node is None else node.get(VAL))

    def _style(self, id: str | None) -> Style:
        found = self._base
        for node in reversed(self._chain(id)):
            found = _refined(found, node)
        return found

    def _shades_table(self, id: str | None) -> bool:
        """True if a table of this style, or some of its rows or columns, has a background."""
        return any(is_shaded(shading) for node in self._chain(id) for shading in node.iter(W + "shd"))

    def _chain(self, id: str | None) -> list[Any]:
        """The style and those it is based on, from the most special to the most general."""
        chain: list[Any] = []
        node = self._nodes.get(id or "")
        while node is not None and len(chain) < _BASES:
            chain.append(node)
            based = node.find(W + "basedOn")
            node = None if based is None else self._nodes.get(based.get(VAL) or "")
        return chain


def is_default(node: Any) -> bool:
    """True for the style that holds where none is named."""
    return (node.get(W + "default") or "0") in ("1", "true", "on")


def _refined(base: Style, node: Any) -> Style:
    named = node.find(W + "name")
    name = " ".join((named.get(VAL) or "" if named is not None else "").lower().split())
    paragraph = node.find(W + "pPr")
    kind, level = _kind_of(name), _level_of(name)
    look = look_of(node.find(W + "rPr"))
    if paragraph is not None and is_shaded(paragraph.find(W + "shd")):
        look = replace(look, shaded=True)
    outline = outline_of(paragraph)
    return Style(
        name,
        kind or base.kind,
        outline if outline is not None else None if level else base.outline,
        level or base.named_level,
        numbering_of(paragraph) or base.numbering,
        look.over(base.look),
    )


def _kind_of(name: str) -> ElementKind | None:
    if name == "caption":
        return ElementKind.CAPTION
    if name in _CODE:
        return ElementKind.CODE
    return ElementKind.LIST_ITEM if _LISTS.fullmatch(name) else None


def _level_of(name: str) -> int | None:
    match = _NAMED_HEADING.fullmatch(name)
    return int(match[1]) if match else _TITLES.get(name)


def outline_of(properties: Any | None) -> int | None:
    """The outline level that paragraph properties state."""
    node = None if properties is None else properties.find(W + "outlineLvl")
    return None if node is None else integer(node.get(VAL), _NO_OUTLINE)


def numbering_of(properties: Any | None) -> tuple[str, int | None] | None:
    """The list, by its number, and the level in it that paragraph properties state. Number "0": none."""
    node = None if properties is None else properties.find(W + "numPr")
    number = None if node is None else node.find(W + "numId")
    if node is None or number is None:
        return None
    level = node.find(W + "ilvl")
    return number.get(VAL) or "0", None if level is None else integer(level.get(VAL))


def look_of(properties: Any | None) -> Look:
    """What run properties (w:rPr) say."""
    if properties is None or not len(properties):
        return PLAIN
    hidden = white = tiny = shaded = colour = ground = None
    for node in properties:
        tag = node.tag
        if tag == W + "vanish":
            hidden = is_on(node, VAL)
        elif tag == W + "color":
            written = _themed(node, "themeColor", ("themeTint", "themeShade")) or node.get(VAL)
            white, colour = is_white(written), _rgb(written)
        elif tag == W + "sz":
            tiny = integer(node.get(VAL), 24) <= _TINY
        elif (tag == W + "shd" and is_shaded(node)) or (
            tag == W + "highlight" and node.get(VAL) not in (None, "none", "white")
        ):
            shaded = True
        if tag == W + "shd":
            ground = ground_of(node)
        elif tag == W + "highlight":
            ground = _HIGHLIGHTS.get(node.get(VAL) or "", "")
    return Look(hidden, white, tiny, shaded, colour, ground)


def is_shaded(node: Any | None) -> bool:
    """True if a w:shd paints a background that is not white."""
    if node is None or node.get(VAL) == "nil":
        return False
    fill = _fill(node) or "auto"
    return node.get(VAL) not in ("clear", None) or not (fill == "auto" or is_white(fill))


def ground_of(node: Any | None) -> str | None:
    """The colour that a w:shd paints; "" if it is a pattern or left to the program, None without one."""
    if node is None:
        return None
    return _rgb(_fill(node)) if node.get(VAL) in ("clear", None) else ""


def _fill(shading: Any) -> str | None:
    return _themed(shading, "themeFill", ("themeFillTint", "themeFillShade")) or shading.get(W + "fill")


def _themed(node: Any, name: str, changes: tuple[str, str]) -> str | None:
    """RRGGBB of the theme's own paper and ink, which outdo the colour that is written beside them; None for any other."""
    found = _THEMED.get(node.get(W + name) or "")
    return None if found and any(node.get(W + change) for change in changes) else found


def _rgb(colour: str | None) -> str:
    return colour.upper() if colour and _RGB.fullmatch(colour) else ""


def is_white(colour: str | None) -> bool:
    """True for RRGGBB that nobody tells from white."""
    return bool(colour and _RGB.fullmatch(colour)) and all(int(colour[place : place + 2], 16) > 0xFB for place in (0, 2, 4))  # type: ignore[index]
