"""A run of paragraphs and tables: the text of an RTF file, or that of a note or a text box in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.documents import ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._bullets import bullet_free
from tasks.extractors._rtf.state import NO_LEVEL, State
from tasks.extractors._rtf.tables import Cell, Row, grid
from tasks.extractors._tables import add_table

_BLANKS = re.compile(r"[ \t]+")
_BULLET = re.compile(r"(?:[^\w\s(]|o)[ \t]+")


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    level: int
    item: bool


class Flow:
    """Gives paragraphs and tables to the builder, or keeps them for the flow that it stands in if there is no builder."""

    def __init__(self, builder: Builder | None = None) -> None:
        self._builder = builder
        self._kept: list[_Paragraph | list[Row]] = []
        self._notes: list[_Paragraph | list[Row]] = []
        """What stands after the paragraph or table that is being read."""
        self._words: list[str] = []
        self._has_bullet = False
        self._cell: list[str] = []
        self._nested: list[str] = []
        self._row = Row()
        self._rows: list[Row] = []
        self.next_cell = Cell(0)
        """Of the row that is being defined."""

    def show(self, text: str) -> None:
        """Append to the paragraph."""
        self._words.append(text)

    def begin_item(self) -> None:
        """What comes next is the paragraph's bullet or number."""
        self._has_bullet = True

    def end_paragraph(self, state: State) -> None:
        """\\par and what ends a paragraph as well."""
        if state.nesting > 1:
            self._words.append(" ")
        elif state.in_table:
            self._cell.append(self._taken())
        else:
            self._end_table()
            item = state.item or self._has_bullet
            has_bullet = self._has_bullet
            text = self._taken()
            if has_bullet and (bullet := _BULLET.match(text)):
                text = text[bullet.end() :]
            self._give(_Paragraph(bullet_free(text) if item else text, state.level, item))
            self._give_notes()

    def end_cell(self, nested: bool) -> None:
        """\\cell or \\nestcell."""
        if nested:
            self._nested.append(self._taken())
        else:
            self._cell.append(self._taken())
            self._row.texts.append(" ".join(filter(None, self._cell)))
            self._cell = []

    def end_nested_row(self) -> None:
        """\\nestrow: a table in a cell is text there."""
        self._cell.append(", ".join(filter(None, self._nested)))
        self._nested = []

    def end_row(self) -> None:
        """\\row."""
        if self._row.texts:
            self._rows.append(self._row)
        self._row = Row(self._row.cells)

    def define_row(self) -> None:
        """\\trowd."""
        self._row = Row([], self._row.texts)
        self.next_cell = Cell(0)

    def define_cell(self, right: int) -> None:
        """\\cellx, with what was said of the cell before."""
        self.next_cell.right = right
        self._row.cells.append(self.next_cell)
        self.next_cell = Cell(0)

    def is_shaded(self) -> bool:
        """True if the cell that is being read has a ground of its own."""
        at = len(self._row.texts)
        return at < len(self._row.cells) and self._row.cells[at].shaded

    def take(self, inner: Flow) -> None:
        """A note or a text box that stands here has ended."""
        inner.end()
        self._notes += inner._kept

    def end(self, state: State | None = None) -> None:
        """All that was begun."""
        self.end_paragraph(state or State())

    def _taken(self) -> str:
        text = _BLANKS.sub(" ", "".join(self._words)).strip()
        self._words, self._has_bullet = [], False
        return text

    def _end_table(self) -> None:
        if self._cell or self._row.texts:  # damage: a row without end
            if self._cell:
                self._row.texts.append(" ".join(filter(None, self._cell)))
                self._cell = []
            self.end_row()
        if self._rows:
            self._give(self._rows)
            self._rows = []
            self._give_notes()

    def _give_notes(self) -> None:
        notes, self._notes = self._notes, []
        for note in notes:
            self._give(note)

    def _give(self, what: _Paragraph | list[Row]) -> None:
        if self._builder is None:
            self._kept.append(what)
        elif isinstance(what, list):
            add_table(self._builder, grid(what))
        elif 0 <= what.level < NO_LEVEL:
            self._builder.add(ElementKind.HEADING, what.text, level=what.level + 1)
        else:
            self._builder.add(ElementKind.LIST_ITEM if what.item else ElementKind.PARAGRAPH, what.text)
