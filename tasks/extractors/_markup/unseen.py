"""HTML in Markdown that no reader sees: taken out, and counted."""

from __future__ import annotations

import re
from functools import lru_cache

from core.documents import Element
from tasks.extractors._builder import Builder
from tasks.extractors._markup.kept import Kept

_OPENED = re.compile(r"<([a-z][a-z0-9]{0,15})(?=\s)[^<>]{0,2000}>", re.IGNORECASE)
_TELLING = re.compile(r"hidden|style|color", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


class Unseen:
    """What is hidden in one document, by the policy of its builder."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def elements(self, source: str) -> list[Element]:
        """The elements of a block of HTML. Raises Unprocessable(TOO_LARGE, CORRUPT)."""
        from tasks.extractors.html import add_fragment

        builder = Builder(self._builder.keep_hidden)
        add_fragment(builder, source)
        self._builder.hidden += builder.hidden
        return builder.elements

    def taken_out(self, text: str, kept: Kept) -> str:
        """A line of text without the elements in it that are hidden; with them if that is the policy."""
        parts: list[str] = []
        position = 0
        for opened in _OPENED.finditer(text):
            if opened.start() < position or not _TELLING.search(opened[0]) or not _hides(opened[0], opened[1].lower()):
                continue
            end = _end(text, opened.end(), opened[1])
            self._builder.hide(kept.restored(_TAG.sub("", text[opened.end() : end])))
            parts.append(text[position : opened.start()])
            if self._builder.keep_hidden:
                parts.append(text[opened.start() : end])
            position = end
        return "".join([*parts, text[position:]]) if parts else text


@lru_cache(maxsize=500)
def _hides(tag: str, name: str) -> bool:
    """True if nothing is seen of what stands after the tag, as pages are read."""
    from tasks.extractors.html import add_fragment

    builder = Builder()
    add_fragment(builder, f"{tag}x</{name}>")
    return not builder.elements


def _end(text: str, start: int, name: str) -> int:
    """Where the element ends that is open here: at the latest with the text."""
    depth = 1
    for tag in re.compile(rf"<(/?){name}(?:\s[^<>]{{0,2000}})?>", re.IGNORECASE).finditer(text, start):
        depth += -1 if tag[1] else 1
        if not depth:
            return tag.end()
    return len(text)
