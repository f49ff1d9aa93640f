"""The plain text of a message: lines that were wrapped for transport become paragraphs again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from core.documents import ElementKind

_QUOTE = re.compile(r"(?:> ?)+")
_BULLET = re.compile(r"[-*+•‣◦▪·]\s+(?=\S)")
_NUMBER = re.compile(r"\(?\d{1,3}[.)]\s+(?=\S)")
_RULE = re.compile(r"[-_=*~]{2,}")
_WRAP = 64
"""A line break is one of transport if the next word would have made the line longer than this; mail is wrapped at 65 to 78."""


def paragraphs(text: str) -> Iterator[tuple[ElementKind, str]]:
    """Paragraphs and list items of a normalised text. Quoted ones keep one mark ("> words"), short lines their line breaks."""
    quote, kind, lines = "", ElementKind.PARAGRAPH, list[str]()
    for raw in text.split("\n"):
        marks, line = _unquoted(raw)
        starts_item = _is_item(line)
        if lines and (marks != quote or starts_item or not _continues(kind, lines[-1], line)):
            yield _finished(quote, kind, lines)
            lines = []
        if not line.strip() or _RULE.fullmatch(line.strip()):
            continue
        if not lines:
            quote, kind = marks, ElementKind.LIST_ITEM if starts_item else ElementKind.PARAGRAPH
        lines.append(line)
    if lines:
        yield _finished(quote, kind, lines)


def _unquoted(line: str) -> tuple[str, str]:
    """The quotation marks before a line, as ">" or ">>" and so on, and the line without them."""
    match = _QUOTE.match(line)
    return ("", line) if match is None else (">" * match[0].count(">"), line[match.end() :])


def _is_item(line: str) -> bool:
    return bool(_BULLET.match(line.strip()) or _NUMBER.match(line.strip()))


def _continues(kind: ElementKind, last: str, line: str) -> bool:
    if not line.strip() or _RULE.fullmatch(line.strip()):
        return False
    return kind is not ElementKind.LIST_ITEM or line[:1].isspace() or _is_wrapped(last, line)


def _is_wrapped(last: str, line: str) -> bool:
    """True if the line was broken only because the next word found no room; a space at its end says so too (RFC 3676)."""
    return last.endswith(" ") or len(last) + 1 + len(line.split(None, 1)[0]) > _WRAP


def _finished(quote: str, kind: ElementKind, lines: list[str]) -> tuple[ElementKind, str]:
    breaks = [" " if _is_wrapped(last, line) else "\n" for last, line in pairwise(lines)]
    text = "".join(line.strip() + end for line, end in zip(lines, [*breaks, ""], strict=True))
    if quote:
        return ElementKind.PARAGRAPH, f"{quote} {text}"
    return kind, _BULLET.sub("", text, count=1) if kind is ElementKind.LIST_ITEM else text
