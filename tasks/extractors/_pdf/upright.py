"""Pages whose text runs sideways, turned so that it runs to the right, and the way back for boxes."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from core.documents import Box
from tasks.extractors._pdf.page import Page, Rule, Style

_SLANT = 8
"""Degrees: text that leans less runs along the line."""


class Turn(NamedTuple):
    """A turn of a page of this size (as shown) by 0, 90, 180 or 270 degrees clockwise."""

    degrees: int
    width: float
    height: float

    def box(self, box: Box) -> Box:
        """From the page as shown to the turned page."""
        left, top, right, bottom = box
        if self.degrees == 90:
            return (self.height - bottom, left, self.height - top, right)
        if self.degrees == 180:
            return (self.width - right, self.height - bottom, self.width - left, self.height - top)
        if self.degrees == 270:
            return (top, self.width - right, bottom, self.width - left)
        return box

    def back(self, box: Box) -> Box:
        """From the turned page to the page as shown."""
        if self.degrees == 0:
            return box
        width, height = (self.height, self.width) if self.degrees % 180 else (self.width, self.height)
        return Turn(360 - self.degrees, width, height).box(box)


def turned_upright(page: Page) -> Turn:
    """Turn the page, in place, so that most of its text runs to the right; text aslant by little counts as running along."""
    weights = {0: 0, 90: 0, 180: 0, 270: 0}
    for word in page.words:
        angle = _square(word.style.angle)
        if angle is not None:
            weights[angle] += len(word.text)
    turn = Turn(max(weights, key=lambda angle: weights[angle]), page.width, page.height)
    _straighten(page, turn)
    if turn.degrees:
        if turn.degrees % 180:
            page.width, page.height = page.height, page.width
        page.rules = [Rule(*turn.box((rule.left, rule.top, rule.right, rule.bottom)), rule.width) for rule in page.rules]
        page.fills = [replace(fill, box=turn.box(fill.box)) for fill in page.fills]
        page.images = [turn.box(box) for box in page.images]
        page.painted = [turn.box(box) for box in page.painted]
        page.strokes = [turn.box(box) for box in page.strokes]
    return turn


def _straighten(page: Page, turn: Turn) -> None:
    styles: dict[int, Style] = {}
    for word in page.words:
        old = word.style
        if id(old) not in styles:
            square = _square(old.angle)
            angle = (old.angle if square is None else square) - turn.degrees
            styles[id(old)] = old if angle == old.angle else replace(old, angle=angle % 360)
        word.style = styles[id(old)]
        if turn.degrees:
            word.left, word.top, word.right, word.bottom = turn.box(word.box)


def _square(angle: int) -> int | None:
    """The right angle that it is close to; None if it is aslant."""
    nearest = round(angle / 90) * 90
    return nearest % 360 if abs(angle - nearest) <= _SLANT else None
