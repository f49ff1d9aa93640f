"""Elements say what they hold."""

from __future__ import annotations

from core.documents import Element, ElementKind
from tasks.extractors._tables import markdown_table


def test_a_table_gives_back_its_cells() -> None:
    rows = [["Name", "Price", "Note"], ["Nail | screw", "1.50", ""], ["", "2", "a\\b"]]
    text = markdown_table(rows)
    element = Element(ElementKind.TABLE, text, header_lines=2)
    assert element.cells == [["Name", "Price", "Note"], ["Nail | screw", "1.50", ""], ["", "2", "a\\b"]]


def test_only_tables_have_cells() -> None:
    assert Element(ElementKind.PARAGRAPH, "| a | b |").cells == []
