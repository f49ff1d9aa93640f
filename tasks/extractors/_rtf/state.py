"""What holds at a place of an RTF file, and what its tables of fonts, colours and styles say."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field

NO_LEVEL = 9
"""\\outlinelevel of body text; 0 to 8 are headings."""
_NEARLY_WHITE = 250


@dataclass(slots=True)
class State:
    """What holds until the end of a group."""

    place: str = ""
    """"": in the text; "skip", or the destination whose text is something else: fonts, styles, info."""
    unicode_skip: int = 1
    """Characters after a \\u that repeat it for readers that don't know it."""
    font: int | None = None
    hidden: bool = False
    deleted: bool = False
    comment: bool = False
    tiny: bool = False
    colour: int = 0
    shaded: int = 0
    """The colour of their own behind the letters; 0: none."""
    paragraph_shaded: int = 0
    in_table: bool = False
    nesting: int = 0
    level: int = NO_LEVEL
    item: bool = False

    def inner(self) -> State:
        """The state that a group begins with."""
        return copy(self)

    def plain(self, font: int | None) -> None:
        """\\plain: letters as the document has them by default."""
        self.font, self.hidden, self.deleted, self.tiny, self.colour, self.shaded = font, False, False, False, 0, 0

    def pard(self) -> None:
        """\\pard: a paragraph as the document has it by default."""
        self.in_table, self.nesting, self.level, self.item, self.paragraph_shaded = False, 0, NO_LEVEL, False, 0


@dataclass(slots=True)
class Header:
    """The tables at the head of a file."""

    code_page: str = "cp1252"
    default_font: int | None = None
    fonts: dict[int, str] = field(default_factory=dict)
    """Codecs by font."""
    symbols: dict[int, str] = field(default_factory=dict)
    """Names of the fonts whose letters are symbols."""
    white: set[int] = field(default_factory=set)
    """Colours by number that cannot be told from paper."""
    levels: dict[int, int] = field(default_factory=dict)
    """Outline levels by style."""

    def add_colours(self, table: str) -> None:
        """From the text of \\colortbl, one colour before each semicolon, its parts as "red255 green255 blue255"."""
        for number, entry in enumerate(table.split(";")):
            parts = [int(part.lstrip("redgnblu") or 0) for part in entry.split() if part.startswith(("red", "green", "blue"))]
            if len(parts) == 3 and min(parts) >= _NEARLY_WHITE:
                self.white.add(number)
