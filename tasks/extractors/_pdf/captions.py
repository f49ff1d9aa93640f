"""Captions: what names a figure or a table, and is no heading of the text around it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.extractors._pdf.paragraphs import Paragraph

_LABEL = re.compile(
    r"(?P<kind>(?i:fig(?:ure|ura)?|abb(?:ildung)?|tab(?:le|elle|ela|leau|la)?|tabla|chart|graph|diagram|exhibit|box|scheme|listing|"
    r"algorithm|quadro|cuadro|gr[aá]fico|graphique|schaubild|diagramm|schema|plate|map))s?\.?\s+"
    r"(?:[A-Z]{0,3}[-.]?\d+(?:[.\-–]\d+)*[a-zA-Z]?|[IVX]+)(?![\w%])(?P<end>\s*[:.|–—-]+(?=\s|$))?"
)
_NOTE = re.compile(r"(?:sources?|notes?|quellen?|fontes?|fuentes?|notas?)\s*[:.]", re.IGNORECASE)
_TITLED = frozenset(
    "fig figure figura abb abbildung tab table tabelle tabela tableau tabla quadro cuadro chart graph".split()  # noqa: SIM905
)
"""Kinds whose label may stand by itself, its title below it. ("Exhibit 31.1" stands over whole documents.)"""
_LONGEST = 600
_PLAIN = 200
"""Characters: without a sign after its number a caption is no longer, and no sentence."""
_TITLE = 250
_CLOSE = 1.2
"""In type sizes: a title is no farther below its label."""
_WITHIN = 20.0
"""In type sizes: a title within the figure stands no farther to the side of the label above it."""
_BESIDE = 4.0
"""In type sizes: a title is no farther to the right of its label."""


def is_caption(text: str) -> bool:
    """True for "Figure 3: ...", "Table 2. ...", "Table 2" and "Table 2 Sales by Region", not for "Table 2 shows ..."."""
    match = _LABEL.match(text)
    if match is None or len(text) > _LONGEST:
        return False
    rest = text[match.end() :].lstrip()
    if match["end"]:
        return True
    if not rest:
        return match["kind"].lower() in _TITLED
    if len(text) > _PLAIN or rest[-1] in ".,;:":
        return False
    return rest[0].isupper() or (rest[0] == "(" and rest.find(")") == len(rest) - 1)


def is_note(text: str) -> bool:
    """True for "Source: ..." and "Note: ..."."""
    return _NOTE.match(text) is not None


def title_labels(page: Iterable[Paragraph]) -> list[Paragraph]:
    """The paragraphs to leave out of a page because they are a label ("Table 2.") that has been put before its title."""
    every = [paragraph for paragraph in page if paragraph.text]
    labels = [one for one in every if one.caption and _is_bare(one.text)]
    gone: list[Paragraph] = []
    for label in labels:
        below = [one for one in every if _may_be_title(one) and _distance(label, one) is not None]
        if below:
            title = min(below, key=lambda one: _distance(label, one) or 0.0)
            title.text = f"{label.text} {title.text}"
            title.caption = True
            gone.append(label)
    return gone


def _is_bare(text: str) -> bool:
    match = _LABEL.match(text)
    return match is not None and match.end() == len(text) and match["kind"].lower() in _TITLED


def _may_be_title(paragraph: Paragraph) -> bool:
    text = paragraph.text
    if paragraph.caption or paragraph.item or paragraph.code or len(text) > _TITLE or paragraph.lines[0].style.angle:
        return False
    return text[0].isupper() and (text[-1] not in ".,;:" or paragraph.bold) and not is_note(text)


def _distance(label: Paragraph, title: Paragraph) -> float | None:
    """How far the title stands below or beside the label, in points; None if it does not stand there."""
    left, top, right, bottom = label.box
    its_left, its_top, its_right, _ = title.box
    size = max(label.size, 1.0)
    if abs(its_top - top) < 0.5 * size and 0 <= its_left - right < _BESIDE * size:
        return its_left - right
    gap = its_top - bottom
    if (
        title.lines[0].inset
        and max(its_left - right, left - its_right) < _WITHIN * size
        and -0.5 * size < gap < 2 * _CLOSE * size
    ):
        return gap
    return gap if -0.5 * size < gap < _CLOSE * size and its_left < right and its_right > left else None
