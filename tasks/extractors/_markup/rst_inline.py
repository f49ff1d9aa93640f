"""reStructuredText's inline markup taken off: what a reader sees."""

from __future__ import annotations

import re

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._markup.kept import Kept, unmarked

_MARKED = re.compile(r"[`*|_\\]")
# Bounded repetitions keep every pattern linear on hostile input.
_LITERAL = re.compile(r"``(.{1,1000}?)``(?!`)", re.DOTALL)
_ROLE = re.compile(r"(?::[\w.+:-]{1,60}:)?`([^`\n]{1,1000}(?:\n[^`]{1,1000})?)`(?::[\w.+-]{1,60}:)?_{0,2}")
_TARGET = re.compile(r"\s{1,9}<[^<>]{1,1000}>$")
_STRONG = re.compile(r"(?<![\w*])\*\*(?=\S)([^*]{1,1000}?)(?<=\S)\*\*(?![\w*])")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*]{1,1000}?)(?<=\S)\*(?![\w*])")
_SUBSTITUTION = re.compile(r"\|([^|\s][^|\n]{0,100})\|_{0,2}")
_REFERENCE = re.compile(r"(?<!\w)([^\W_]{1,1000}(?:[-.:+][^\W_]{1,1000}){0,19}[-.:+]?)__?(?!\w)")
_NOTE = re.compile(r"\[([#*\w.-]{1,60})\]_(?!\w)")
_MOST_PUT_IN = 10_000_000
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Substitutions:
    """What |names| stand for. They may stand for each other, so a few lines could grow without end."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._put_in = 0

    def define(self, name: str, text: str) -> None:
        """From here on."""
        self._texts[name.lower()] = text

    def put_in(self, match: re.Match[str]) -> str:
        """The text for a reference; the reference itself if it is not defined. Raises Unprocessable(BOMB)."""
        text = self._texts.get(match[1].lower(), match[0])
        self._put_in += len(text)
        if self._put_in > _MOST_PUT_IN:
            raise Unprocessable(Reason.BOMB, f"its substitutions grow to more than {_MOST_PUT_IN:,} characters")
        return text


def plain(text: str, substitutions: Substitutions) -> str:
    """The text of inline markup: references by their words, literals by their content. Raises Unprocessable(BOMB)."""
    if not _MARKED.search(text):
        return text
    kept = Kept()
    keep = kept.keep
    text = unmarked(text)
    text = _LITERAL.sub(lambda match: keep(match[1]), text)
    text = _ESCAPE.sub(lambda match: "" if match[1].isspace() else keep(match[1]), text)
    text = _ROLE.sub(lambda match: keep(_TARGET.sub("", match[1]).lstrip("~!")), text)
    text = _STRONG.sub(r"\1", text)
    text = _EMPHASIS.sub(r"\1", text)
    text = _SUBSTITUTION.sub(substitutions.put_in, text)
    text = _NOTE.sub(r"[\1]", text)
    if "_" in text:
        text = _REFERENCE.sub(r"\1", text)
    return kept.restored(text)
