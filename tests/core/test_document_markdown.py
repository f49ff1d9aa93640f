"""Documents as Markdown, judged by a Markdown parser."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from core.document_markdown import to_markdown
from core.documents import Element, ElementKind

H, P, L, T, C, N = (
    ElementKind.HEADING, ElementKind.PARAGRAPH, ElementKind.LIST_ITEM, ElementKind.TABLE, ElementKind.CODE, ElementKind.CAPTION,
)  # fmt: skip


def kinds(text: str) -> list[str]:
    """The blocks that a parser sees, without those inside of others."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [token.type.removesuffix("_open") for token in tokens if token.level == 0 and not token.type.endswith("_close")]


def test_each_kind_is_what_it_was() -> None:
    text = to_markdown(
        [
            Element(H, "Water", level=1),
            Element(P, "It flows."),
            Element(L, "gates"),
            Element(L, "basins\nhold it overnight"),
            Element(H, "Hours", level=8),
            Element(T, "| Month | Hours |\n| --- | --- |\n| March | 12 |", header_lines=2),
            Element(C, "a = '```'\n\nb = 1"),
            Element(N, "The keeper's book"),
        ]
    )
    assert kinds(text) == ["heading", "paragraph", "bullet_list", "heading", "table", "fence", "paragraph"]
    assert text.startswith("# Water\n\nIt flows.\n\n- gates\n- basins\n  hold it overnight\n\n###### Hours\n\n| Month")
    assert text.endswith("````\na = '```'\n\nb = 1\n````\n\n*The keeper's book*\n")


def test_nothing_gives_nothing() -> None:
    assert to_markdown([]) == ""


@pytest.mark.parametrize(
    "line",
    ["# no heading", "> no quote", "- no item", "+ no item", "* * *", "12. no item", "3) no item", "====", "---", "```", "~~~",
     "| a | b |\n| --- | --- |", "<div>no markup", "     no code"],
)  # fmt: skip
def test_prose_stays_prose(line: str) -> None:
    assert kinds(to_markdown([Element(P, f"Said before.\n{line}")])) == ["paragraph"]
    assert kinds(to_markdown([Element(P, line)])) == ["paragraph"]


def test_numbered_items_keep_their_numbers() -> None:
    text = to_markdown([Element(L, "3. open the gate"), Element(L, "4. close it")])
    assert text == "3. open the gate\n4. close it\n"
    assert kinds(text) == ["ordered_list"]


def test_a_table_without_a_header_is_a_table() -> None:
    assert kinds(to_markdown([Element(T, "| March | 12 |\n| April |")])) == ["table"]


def test_sheets_are_named_once_and_slides_by_their_heading() -> None:
    table = "| a | b |\n| --- | --- |\n| 1 | 2 |"
    sheets = [Element(T, table, 1, label="Flows", header_lines=2), Element(T, table, 1, label="Flows", header_lines=2)]
    assert to_markdown([*sheets, Element(P, "x", 2, label="Notes")]).count("**Flows**\n\n|") == 1
    slide = [Element(H, "Why", 1, 1, "Why"), Element(P, "Because.", 1, label="Why")]
    assert to_markdown(slide) == "# Why\n\nBecause.\n"


def test_a_time_code_stands_before_what_is_said() -> None:
    assert to_markdown([Element(N, "Water\nflows.", label="00:01:02")]) == "**00:01:02** *Water flows.*\n"
