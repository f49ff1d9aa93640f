"""A page as words, rules and filled areas, in points from the top left corner of the page as it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.documents import Box


@dataclass(slots=True)
class Area:
    """A box with names for its sides."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def box(self) -> Box:
        return (self.left, self.top, self.right, self.bottom)


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of characters is set."""

    font: str
    """Its PostScript name without the subset's prefix; "" if unknown."""
    size: float
    """Points as shown, whatever matrices are at work."""
    bold: bool
    italic: bool
    mono: bool
    colour: int
    """Fill colour, 0xRRGGBB."""
    alpha: int
    """0 (nothing is seen) to 255."""
    mode: int
    """PDF's text rendering mode: 0 fill, 1 stroke, 2 both, 3 invisible, 4 to 7 the same while clipping."""
    angle: int
    """Degrees counterclockwise in which the text runs on the page as shown: 0 is ordinary, 90 runs upwards."""


PLAIN = Style("", 10.0, False, False, False, 0, 255, 0, 0)
"""Of text about which nothing is known."""


@dataclass(slots=True)
class Word:
    """Characters without a space between them."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    """Top and bottom are of the font's line box (about as high as the type size), not of the ink."""
    style: Style
    run: int
    """Number of the stretch of text that PDFium gives without a line break: words of one run stand in one line."""
    space: bool
    """False if it follows the word before without a space, e.g. a superscript or a piece in another colour."""
    hidden: bool = False
    """A reader of the page would not see it."""

    @property
    def box(self) -> Box:
        return (self.left, self.top, self.right, self.bottom)


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal or vertical line: stroked, an edge of a stroked rectangle, or a filled rectangle as thin as a line."""

    left: float
    top: float
    right: float
    bottom: float
    """On a horizontal rule top == bottom, on a vertical one left == right: its middle."""
    width: float


@dataclass(frozen=True, slots=True)
class Fill:
    """A filled rectangle that is thicker than a rule, e.g. a shaded row."""

    box: Box
    colour: int
    """0xRRGGBB; opaque."""
    order: int
    """Position among all objects of the page in the order of painting."""


@dataclass(slots=True)
class Page:
    """What stands on a page."""

    number: int
    """1-based."""
    width: float
    height: float
    words: list[Word]
    """In PDFium's order, hidden ones included: lines as they were written, right-to-left text in logical order."""
    rules: list[Rule] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    images: list[Box] = field(default_factory=list)
    painted: list[Box] = field(default_factory=list)
    """What else may be behind text: areas of other shapes, thick strokes, shadings and what shines through."""
    strokes: list[Box] = field(default_factory=list)
    """Areas of drawn lines that are not all horizontal or vertical."""
    shapes: int = 0
    """How many paths, images and shadings there are, however drawn."""
