"""Tables of HTML: their cells, with what spans several of them in each; and text in one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tasks.extractors._html.etree import lxml_etree

HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset"),
        *(
            "figcaption",
            "figure",
            "footer",
            "form",
            "header",
            "hgroup",
            "hr",
            "html",
            "legend",
            "li",
            "main",
            "nav",
            "ol",
            "p",
            "section",
        ),
        *("summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
        *HEADINGS,
    }
)
PARTING = BLOCKS | {"br"}
CELLS = frozenset({"td", "th"})
ITEMS = frozenset({"li", "dt", "dd"})
_MAX_SPAN = 200
_MAX_CELLS = 200_000
"""Grid positions of a table beyond which its spans are not expanded: a small page can claim billions."""
_MOST_REPEATED = 2_000
"""Characters that one cell may fill with copies of its text; what would be more stands once."""


def data_table(table: Any) -> list[list[str]]:
    """The texts of an lxml table's cells, with white space as it comes: one that spans several positions is repeated in each.

    [] of a table that lays out the page: nested, holding headings, or of one column.
    """
    if table.get("role") in ("presentation", "none"):
        return []
    lines: list[list[Any]] = []
    for inner in table.iter("tr", "table", *HEADINGS):
        if inner.tag == "tr":
            lines.append(cells(inner))
        elif inner is not table:
            return []
    return _grid(lines) if len(lines) > 1 and max(map(len, lines)) > 1 else []


def _grid(lines: list[list[Any]]) -> list[list[str]]:
    grid: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    spare = _MAX_CELLS
    for found in lines:
        line: list[str] = []
        for cell in found:
            if below:
                _take_spanned(line, below)
            text = _parted(cell) if len(cell) else cell.text or ""
            wide, deep = cell.get("colspan"), cell.get("rowspan")
            if wide is None and deep is None:
                line.append(text)
                continue
            columns, depth = _span(wide), _span(deep)
            spare -= columns * depth
            if spare < 0:
                columns = depth = 1
            copy = text if len(text) * columns * depth <= _MOST_REPEATED or columns * depth <= 2 else ""
            if depth > 1:
                for offset in range(columns):
                    below[len(line) + offset] = (depth - 1, copy)
            line += [text] + [copy] * (columns - 1)
        _take_spanned(line, below)
        grid.append(line)
    return grid


def cells(row: Any) -> list[Any]:
    """The cells of a row, also of one whose cells stand in a form."""
    found = row[:]
    for cell in found:
        if cell.tag not in CELLS:
            return list(_nearest_cells(row))
    return found  # type: ignore[no-any-return]


def _nearest_cells(row: Any) -> Iterator[Any]:
    walk = lxml_etree().iterwalk(row, events=("start",))
    for _, element in walk:
        if element.tag in CELLS:
            yield element
        if element is not row and (element.tag in CELLS or element.tag in ("table", "tr")):
            walk.skip_subtree()


def flat(element: Any) -> str:
    """The text of an element in one line: words are parted only where they are shown apart."""
    return squeezed(_parted(element))


def squeezed(text: str) -> str:
    """The text with white space as a page shows it, one space for any run, none at either end; no-break spaces too."""
    return " ".join(text.split())


def _parted(element: Any) -> str:
    pieces: list[str] = []
    for event, inner in lxml_etree().iterwalk(element, events=("start", "end")):
        if inner.tag in PARTING:
            pieces.append(" ")
        if event == "start":
            pieces.append(inner.text or "")
        elif inner is not element:
            pieces.append(inner.tail or "")
    return "".join(pieces)


def _take_spanned(line: list[str], below: dict[int, tuple[int, str]]) -> None:
    while len(line) in below:
        column = len(line)
        left, text = below.pop(column)
        if left > 1:
            below[column] = (left - 1, text)
        line.append(text)


def _span(value: str | None) -> int:
    if not value:
        return 1
    value = value.strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isascii() and value.isdigit() and len(value) < 6 else 1
