"""What of the words that Tesseract sees is text: in noise and photos it sees words too, but is not sure of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tasks.extractors._ocr.tesseract import OcrLine, OcrWord

_SOUND_WORD = 60.0
_SOUND_SHARE = 0.5
_GOOD_SHARE = 0.7
_POOR_WORD = 25.0
_SURE_WORD = 75.0
_LIKELY_WORD = 85.0
_CERTAIN_WORDS = ((4, 85.0), (3, 92.0))
"""From so many letters and digits on, with so much confidence: in photos without text there was none."""
_RULES = frozenset("|[]_~")
"""What the rules of a table are taken for."""


def sound(lines: list[OcrLine]) -> list[OcrLine]:
    """The lines without what is no text; [] of a page that is doubtful for the most part."""
    if _share(word for line in lines for word in line.words) < _SOUND_SHARE and not any(map(_is_certain, lines)):
        return []
    kept = [replace(line, words=_sound_words(line)) for line in lines]
    kept = [line for line in kept if any(map(_is_wordlike, line.words))]
    return kept if sum(len(word.text) for line in kept for word in line.words if _is_wordlike(word)) > 2 else []


def is_good(lines: list[OcrLine]) -> bool:
    """True for most pages of text: 0.75 and more of it is sure (measured; of turned ones 0.2 at most)."""
    return _share(word for line in lines for word in line.words) >= _GOOD_SHARE


def certain(lines: list[OcrLine]) -> list[OcrLine]:
    """Only the lines with a word that hardly can be noise, and what is sure in them."""
    found = [(line, _certain_words(line)) for line in lines]
    return [replace(line, words=words) for line, words in found if words]


def _sound_words(line: OcrLine) -> tuple[OcrWord, ...]:
    """Of a doubtful line only what is sure."""
    if _share(line.words) >= _SOUND_SHARE:
        return tuple(filter(_is_kept, line.words))
    return tuple(word for word in line.words if word.confidence >= _SURE_WORD and _is_wordlike(word))


def _certain_words(line: OcrLine) -> tuple[OcrWord, ...]:
    """What is sure in a line that has a certain word; () if it has none."""
    sure = tuple(word for word in line.words if word.confidence >= _LIKELY_WORD and _is_wordlike(word))
    return sure if any(map(_is_certain_word, sure)) else ()


def _is_certain_word(word: OcrWord) -> bool:
    letters = _letters(word)
    return letters >= len(word.text) - 2 and any(letters >= least and word.confidence >= sure for least, sure in _CERTAIN_WORDS)


def _is_kept(word: OcrWord) -> bool:
    return word.confidence >= (_POOR_WORD if _is_wordlike(word) else _SOUND_WORD) and not _RULES.issuperset(word.text)


def _share(words: Iterable[OcrWord]) -> float:
    """Which part of the characters stands in words that are words and sure."""
    sizes = [(len(word.text), _is_wordlike(word) and word.confidence >= _SOUND_WORD) for word in words]
    return sum(size for size, is_sound in sizes if is_sound) / max(1, sum(size for size, _ in sizes))


def _is_certain(line: OcrLine) -> bool:
    """True for a line of three words or more that hardly can be noise."""
    return sum(word.confidence >= 80 and len(word.text) > 2 and _is_wordlike(word) for word in line.words) >= 3


def _is_wordlike(word: OcrWord) -> bool:
    return _letters(word) * 2 >= len(word.text)


def _letters(word: OcrWord) -> int:
    return sum(map(str.isalnum, word.text))
