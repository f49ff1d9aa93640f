"""Bytes of a revision: given, or made from a seed when somebody asks, so that a big world costs nothing until read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property, lru_cache
from random import Random
from typing import NamedTuple

PIECE = 1 << 16
WORDS = [
    "river",
    "report",
    "budget",
    "meeting",
    "forest",
    "engine",
    "winter",
    "contract",
    "letter",
    "station",
    "garden",
    "measure",
    "signal",
    "harbour",
    "paper",
    "customer",
    "delivery",
    "window",
    "science",
    "mountain",
    "kitchen",
    "teacher",
    "network",
    "journey",
    "question",
    "market",
    "bridge",
    "island",
    "music",
    "summer",
]


class Checksums(NamedTuple):
    """Hexadecimal digests of one content."""

    md5: str
    sha1: str
    sha256: str


class Content:
    """What a revision holds. Subclasses give `size` (bytes) and `piece`."""

    size: int

    def piece(self, start: int, end: int) -> bytes:
        """Bytes from `start` to `end` (exclusive), at most PIECE of them."""
        raise NotImplementedError

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes from `start` to `end` (exclusive) in pieces: memory stays flat however big the content is."""
        stop = self.size if end is None else min(end, self.size)
        for at in range(start, stop, PIECE):
            yield self.piece(at, min(at + PIECE, stop))

    def data(self) -> bytes:
        """All of it."""
        return b"".join(self.read())

    @cached_property
    def checksums(self) -> Checksums:
        """Computed in one pass when first asked for."""
        digests = (hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False), hashlib.sha256())
        for piece in self.read():
            for digest in digests:
                digest.update(piece)
        return Checksums(*(digest.hexdigest() for digest in digests))


class Given(Content):
    """Bytes that somebody wrote."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def piece(self, start: int, end: int) -> bytes:
        return self._data[start:end]


class Made(Content):
    """`size` bytes of English-like text that follow from `seed`: a heading of its own, then running words."""

    def __init__(self, seed: int, size: int) -> None:
        self._seed = seed
        self.size = size

    def piece(self, start: int, end: int) -> bytes:
        head = f"Document {self._seed:08x}\n\n".encode()
        offset = self._seed * 7919
        body = _around(start + offset, end + offset)
        return head[start:end] + body[max(0, len(head) - start) :] if start < len(head) else body


def _around(start: int, end: int) -> bytes:
    """The endless text from `start` to `end`."""
    text = _text()
    first = start % len(text)
    found = text[first : first + end - start]
    while len(found) < end - start:
        found += text[: end - start - len(found)]
    return found


@lru_cache(maxsize=1)
def _text() -> bytes:
    random = Random("text")
    lines = []
    for _ in range(4000):
        words = random.choices(WORDS, k=random.randint(6, 14))
        lines.append(" ".join(words).capitalize() + "." + ("\n\n" if random.random() < 0.2 else " "))
    return "".join(lines).encode()
