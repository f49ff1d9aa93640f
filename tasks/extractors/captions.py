"""Captions of films (SubRip, WebVTT): what is said, in paragraphs, each labelled with the time at which it begins.

https://www.w3.org/TR/webvtt1/ (cues, their settings, NOTE, STYLE and REGION blocks, voice spans)
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_text
from tasks.extractors._types.suffixes import SRT, VTT
from tasks.extractors.base import DEFAULT, Extractor, Reading

_TIMES = re.compile(
    r"[ \t]{0,9}(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,]\d{1,3}[ \t]{1,9}-->[ \t]{1,9}(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}(?!\d)"
)
_VOICE = re.compile(r"<v(?:\.[^ \t>]{0,100})?[ \t]{1,9}([^<>]{1,200})>")
_TAG = re.compile(
    r"</?(?:[biu]|c|v|ruby|rt|lang|font|s)(?:[. \t][^<>]{0,200})?>|<\d[\d:.]{3,15}>|\{\\[^{}]{0,100}\}", re.IGNORECASE
)
_ENOUGH = 400
"""Characters after which a paragraph ends with its next sentence, or"""
_MOST = 900
"""whatever follows; a pause ends it as well, from"""
_PAUSE = 6
"""seconds between the beginnings of two captions, if the first ends a sentence."""
_END = re.compile(r"[.!?…。！？][\"'”’»)\]]{0,3}$")


class Cue(NamedTuple):
    """One caption."""

    start: int
    """Seconds, rounded down."""
    text: str


class CaptionsExtractor(Extractor):
    """Paragraphs of several captions."""

    name = "captions"
    version = 1
    media_types = frozenset({SRT, VTT})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Paragraphs in order; label: "00:01:02". Raises Unprocessable(TOO_LARGE), CORRUPT without any time line."""
        builder = Builder(reading.policy.keep_hidden)
        lines = read_text(path).split("\n")
        if not any(map(_TIMES.match, lines)):
            raise Unprocessable(Reason.CORRUPT, "no times of captions in it")
        if lines[0].startswith("WEBVTT"):
            builder.title = lines[0][len("WEBVTT") :].strip(" \t-")
        for start, text in _paragraphs(cues(lines)):
            builder.add(ElementKind.PARAGRAPH, text, label=f"{start // 3600:02}:{start // 60 % 60:02}:{start % 60:02}")
        return builder.document(media_type, self.key)


def cues(lines: list[str]) -> Iterator[Cue]:
    """The captions; a text that one repeats from the one before, as rolling captions do, is left out."""
    position = 0
    before: list[str] = []
    while position < len(lines):
        times = _TIMES.match(lines[position])
        position += 1
        if times is None:
            continue
        said: list[str] = []
        while position < len(lines) and lines[position].strip() and "-->" not in lines[position]:
            said.append(_plain(lines[position]))
            position += 1
        if position < len(lines) and "-->" in lines[position] and said and said[-1].isdigit():
            said.pop()  # the number of the next one, without a blank line before it
        said = [line for line in said if line]
        new = [line for line in said if line not in before] if before and said and said[0] == before[-1] else said
        before = said
        if new:
            yield Cue(int(times[1] or 0) * 3600 + int(times[2]) * 60 + int(times[3]), "\n".join(new))


def _plain(line: str) -> str:
    if "<" in line or "{" in line:
        line = _TAG.sub("", _VOICE.sub(r"\1: ", line))
    return " ".join((html.unescape(line) if "&" in line else line).split())


def _paragraphs(found: Iterator[Cue]) -> Iterator[tuple[int, str]]:
    start = last = size = 0
    texts: list[str] = []
    for cue in found:
        ended = bool(texts) and _END.search(texts[-1]) is not None
        speaks = cue.text.startswith(("-", "–", "—")) or ": " in cue.text[:40]
        if texts and (
            size > _MOST or (ended and (size > _ENOUGH or cue.start - last > _PAUSE or (speaks and size > _ENOUGH // 4)))
        ):
            yield start, _joined(texts)
            texts, size = [], 0
        if not texts:
            start = cue.start
        texts.append(cue.text)
        size += len(cue.text)
        last = cue.start
    if texts:
        yield start, _joined(texts)


def _joined(texts: list[str]) -> str:
    """Captions in one line each, unless a line begins with the dash of another speaker."""
    lines = [line for text in texts for line in text.split("\n")]
    out = lines[0]
    for line in lines[1:]:
        out += ("\n" if line[:1] in "-–—" else " ") + line
    return out
