"""The measures of benchmarks/pdf_tables.py."""

from __future__ import annotations

import pytest

from benchmarks.table_metrics import f1, relations, shared, teds

SPANNED = [["Valley", "Flow", "Flow"], ["Valley", "2023", "2024"], ["Janela", "3.5", ""]]


def test_a_span_is_one_cell() -> None:
    assert relations(SPANNED) == {
        ("valley", "flow", "right"): 1,
        ("valley", "2023", "right"): 1,
        ("2023", "2024", "right"): 1,
        ("janela", "3.5", "right"): 1,
        ("valley", "janela", "below"): 1,
        ("flow", "2023", "below"): 1,
        ("flow", "2024", "below"): 1,
        ("2023", "3.5", "below"): 1,
    }


def test_the_neighbour_is_the_next_cell_that_is_not_blank() -> None:
    assert relations([["a", "", "b"], ["", "", ""], ["c", "", ""]]) == {("a", "b", "right"): 1, ("a", "c", "below"): 1}


def test_what_is_wrong_and_what_is_too_much_both_count() -> None:
    wrong = [[*row[:2], "x"] for row in SPANNED]
    right, found, true = shared([wrong, [["p", "q"]]], [SPANNED])
    assert (right, true) == (6, 8)
    assert f1(right, found, true) == pytest.approx(2 * 6 / (found + 8))
    assert f1(*shared([SPANNED], [SPANNED])) == 1.0


def test_tree_edit_distance() -> None:
    pytest.importorskip("apted", reason="apted comes with the extra bench")
    assert teds(SPANNED, SPANNED) == 1.0
    assert teds(SPANNED[:2], SPANNED) == pytest.approx(1 - 4 / 13)
    assert teds([["ab"]], [["ax"]]) == pytest.approx(1 - 0.5 / 3)
