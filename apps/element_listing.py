"""A document as people look at it: facts first, then its elements with their places, long ones cut short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from apps.output import out
from core.documents import Document, Element, ElementKind

_LONGEST = 300
"""Characters of a text that are shown."""
_LINES = {ElementKind.TABLE: 7, ElementKind.CODE: 10}
_OTHER_LINES = 5
_LONGEST_LINE = 160
_JOINERS = "\u200c\u200d"
"""Part of correct spelling in Persian, Hindi and emoji."""

Numbered = tuple[int, Element, tuple[str, ...]]
"""An element with its number in the document and the headings above it."""


def show(document: Document, elements: Iterable[Numbered]) -> None:
    """Print what is known of the document, and these elements of it; a heading trail where it is another than before."""
    facts = [("type", document.media_type), ("engine", document.extractor), ("title", document.title or "")]
    facts += [(key.replace("_", " "), value) for key, value in document.metadata.items()]
    facts += [("warning", warning) for warning in document.warnings]
    facts += [("member", f"{member.name}  {member.size:,} bytes") for member in document.members]
    width = max(len(name) for name, _value in facts)
    for name, value in facts:
        if value:
            style = "yellow" if name == "warning" else "dim"
            _print(Text.assemble((f"{name:{width}}", style), "  ", shown(_cut(value, _LONGEST))))
    said: tuple[str, ...] = ()
    for number, element, trail in elements:
        out.print()
        _print(_head(number, element, trail if trail != said else ()))
        said = trail
        for line in _body(element):
            _print(Text("   " + shown(line)))


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers in few words: "1-3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)


def shown(text: str) -> str:
    """The text without characters that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else " " if c.isspace() else "\ufffd" for c in text)


def _head(number: int, element: Element, trail: tuple[str, ...]) -> Text:
    kind = element.kind.value.replace("_", " ")
    head = Text.assemble((f"{number}", "dim"), " ", (f"{kind} {element.level or ''}".rstrip(), "bold"))
    if element.page is not None:
        head.append(f"  page {element.page}")
    if element.label:
        head.append(f"  [{shown(_cut(element.label, 80))}]", "magenta")
    if trail:
        head.append("  " + shown(" > ".join(_cut(heading, 60) for heading in trail)), "cyan")
    return head


def _body(element: Element) -> list[str]:
    lines = element.text.split("\n")
    if len(lines) == 1 and element.kind not in _LINES:
        return [_cut(element.text, _LONGEST)]
    most = _LINES.get(element.kind, _OTHER_LINES)
    left = len(lines) - most
    cut = [_cut(line, _LONGEST_LINE) for line in lines[:most]]
    return [*cut, f"... {left:,} more lines"] if left > 1 else [_cut(line, _LONGEST_LINE) for line in lines]


def _cut(text: str, most: int) -> str:
    """At a space if there is one near, with how long it is."""
    if len(text) <= most + 20:
        return text
    short = text[:most]
    return f"{short[: max(short.rfind(' '), most * 3 // 4)]} ... ({len(text):,} characters)"


def _print(text: Text) -> None:
    out.print(text, soft_wrap=True)
