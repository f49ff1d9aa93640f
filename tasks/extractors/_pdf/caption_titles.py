"""A caption in two lines: a label ("Table 2.") and, below or beside it, its title, are made one."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.extractors._pdf.captions import is_bare_label, is_note
from tasks.extractors._pdf.paragraphs import Paragraph

_TITLE = 250
"""Characters: a title is no longer."""
_CLOSE = 1.2
"""In type sizes: a title is no farther below its label."""
_WITHIN = 20.0
"""In type sizes: a title within the figure stands no farther to the side of the label above it."""
_BESIDE = 4.0
"""In type sizes: a title is no farther to the right of its label."""


def title_labels(page: Iterable[Paragraph]) -> list[Paragraph]:
    """The paragraphs to leave out of a page because they are a label ("Table 2.") that has been put before its title."""
    every = [paragraph for paragraph in page if paragraph.text]
    labels = [one for one in every if one.caption and is_bare_label(one.text)]
    gone: list[Paragraph] = []
    for label in labels:
        below = [one for one in every if _may_be_title(one) and _distance(label, one) is not None]
        if below:
            title = min(below, key=lambda one: _distance(label, one) or 0.0)
            title.text = f"{label.text} {title.text}"
            title.caption = True
            gone.append(label)
    return gone


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
