"""A document's elements as Markdown: what a person or a model would paste somewhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.documents import Element, ElementKind

_DEEPEST = 6
"""Markdown has six levels of headings."""
_NUMBERED = re.compile(r"\d{1,9}[.)]\s")
# What would begin another block at a line's start: heading, quote, list, rule, underline, fence, table, HTML.
_BEGINS_BLOCK = re.compile(
    r"^[ \t]*(\d{1,9}(?=[.)](?:[ \t]|$))|(?=#{1,6}(?:[ \t]|$)|>|[-+*](?:[ \t]|$)|[-=*_]{2,}[ \t]*$|```|~~~|\||<[A-Za-z/!?]))?",
    re.MULTILINE,
)
_BACKTICKS = re.compile(r"`+")


def to_markdown(elements: Iterable[Element]) -> str:
    """Headings by their level, list items, tables, fenced code, captions in italics; ends with a line break unless empty.

    The name of a sheet or another place stands in bold before what is there, unless a heading says it.
    """
    blocks: list[str] = []
    after_item = False
    place = said = None
    for element in elements:
        is_item = element.kind is ElementKind.LIST_ITEM
        if element.kind is ElementKind.HEADING:
            said = element.text
        if element.label != place and element.kind is not ElementKind.CAPTION:
            place, after_item = element.label, False
            if place not in (None, said):
                blocks += ["\n\n"] * bool(blocks) + [f"**{place}**"]
        if blocks:
            blocks.append("\n" if is_item and after_item else "\n\n")
        blocks.append(_block(element))
        after_item = is_item
    return "".join([*blocks, "\n"]) if blocks else ""


def _block(element: Element) -> str:
    text = element.text
    match element.kind:
        case ElementKind.HEADING:
            return f"{'#' * min(element.level or 1, _DEEPEST)} {text}"
        case ElementKind.LIST_ITEM:
            return _item(text)
        case ElementKind.TABLE:
            return text if element.header_lines else _headless(element)
        case ElementKind.CODE:
            fence = "`" * max(3, 1 + max(map(len, _BACKTICKS.findall(text)), default=0))
            return f"{fence}\n{text}\n{fence}"
        case ElementKind.CAPTION:
            place = f"**{element.label}** " if element.label else ""
            return f"{place}*{' '.join(text.split())}*"
    return _prose(text)


def _item(text: str) -> str:
    numbered = _NUMBERED.match(text)
    mark = numbered[0] if numbered else "- "
    return mark + _prose(text[len(numbered[0]) :] if numbered else text).replace("\n", "\n" + " " * len(mark))


def _headless(element: Element) -> str:
    """Markdown knows no table without a header: it gets a blank one."""
    width = max(map(len, element.cells))
    return f"|{'  |' * width}\n|{' --- |' * width}\n{element.text}"


def _prose(text: str) -> str:
    """No line of it begins another block: it begins with a backslash instead, a numbered one has it behind its number."""
    return _BEGINS_BLOCK.sub(lambda found: "" if found[1] is None else f"{found[1]}\\", text)
