"""Counting with the embedder's own tokenizer: exactly for finished texts, by a map of the whole document for planning."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, MutableSequence, Sequence
from itertools import accumulate

from core.documents import SEPARATOR, Document
from core.spaces import Tokenizer

LONGEST_TOKEN = 16
"""Characters. WordPiece makes one [UNK] of any word over 100 characters; so that a megabyte is not taken for one token, a
longer token counts as if it were cut every FEW characters, and a longer silence between two tokens likewise."""
FEW = 4
SILENCE = 256
"""Characters without a token that are free, e.g. the padding of an aligned table; beyond, one token per LONGEST_TOKEN."""
LONG_WORD = 96
"""Characters above which a word is mapped token by token: it is hardly a word."""
MEMO_SIZE = 1 << 22
"""Characters of all words whose tokens are remembered; beyond, the memory begins anew."""
ID_SIZE = array("i").itemsize
"""Bytes of a token id."""
FEW_NUMBERS = 1 << 16
"""Numbers that are kept as they are: a list is quicker, but takes ten times the room of the text where words are short."""
JOINED = 4096
"""Characters of new words that are tokenised as one text: one call for each word takes twice as long."""


class TokenMap:
    """Where a document's tokens start. Counts are estimates for a part: a cut may change the tokens next to it."""

    def __init__(self, starts: Sequence[int], counts: Iterable[int] | None = None) -> None:
        size = len(starts) + 1
        self._starts = starts
        self._before = range(size) if counts is None else packed(accumulate(counts, initial=0), size)

    def at(self, position: int) -> int:
        """How many tokens start before a character offset."""
        return self._before[bisect_left(self._starts, position)]

    def between(self, start: int, end: int) -> int:
        """How many tokens start in text[start:end]."""
        return self.at(end) - self.at(start)

    def reach(self, start: int, budget: int) -> int | None:
        """The offset at which `budget` tokens from `start` on are used up; None if the text ends before."""
        mark = bisect_right(self._before, self.at(start) + budget) - 1
        return self._starts[mark] if mark < len(self._starts) else None


class TokenCounter(ABC):
    """Counts tokens, special ones left out."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        word, joined, lines = self.count(["a", "a > a", "a\na"])
        self.joint = max(0, joined - 2 * word)
        """Tokens of " > " between two headings."""
        self.newline = max(0, lines - 2 * word)

    @abstractmethod
    def count(self, texts: Sequence[str]) -> list[int]:
        """The exact number of tokens of each text."""

    def measure(self, texts: Sequence[str]) -> list[tuple[int, bytes | None]]:
        """The exact number of tokens of each text, and their ids (Chunk.token_ids) where this counter knows them."""
        return [(count, None) for count in self.count(texts)]

    @abstractmethod
    def map(self, document: Document, text: str) -> TokenMap:
        """The token map of Document.text, which is given as `text`."""


class OffsetCounter(TokenCounter):
    """For any tokenizer: every count is a call of it."""

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(spans) for spans in self.tokenizer.offsets(list(texts))]

    def map(self, document: Document, text: str) -> TokenMap:
        starts: list[int] = []
        base = 0
        parts = [element.text for element in document.elements]
        for part, spans in zip(parts, self.tokenizer.offsets(parts), strict=True):
            starts += _starts(spans, base, len(part))
            base += len(part) + len(SEPARATOR)
        return TokenMap(packed(starts, len(starts)))


class WordCounter(TokenCounter):
    """For tokenizers whose counts add up at blanks (`additive`): each different word is tokenised once and remembered.

    Real text repeats its words, so this takes a sixth of the time. The ids of a text are those of its words, one after the
    other: the embedder need not tokenise it again. Only blank, tab and line ends part words here: the other
    white space that Python knows may be anything to a tokenizer.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._memo: dict[str, bytes] = {"": b""}
        self._memo_size = 0
        super().__init__(tokenizer)

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(ids) // ID_SIZE for ids in self._ids_of(texts)]

    def measure(self, texts: Sequence[str]) -> list[tuple[int, bytes | None]]:
        return [(len(ids) // ID_SIZE, ids) for ids in self._ids_of(texts)]

    def _ids_of(self, texts: Sequence[str]) -> list[bytes]:
        split = [_words(text) for text in texts]
        known = self._known(set().union(*split))
        return [b"".join(map(known.__getitem__, words)) for words in split]

    def map(self, document: Document, text: str) -> TokenMap:
        words = _words(text)
        lengths = list(map(len, words))
        places = packed(accumulate(map((1).__add__, lengths), initial=0), len(words) + 1)
        long = [index for index, length in enumerate(lengths) if length > LONGEST_TOKEN and _is_long(words[index])]
        inner = self.tokenizer.offsets([words[index] for index in long])
        for index in long:
            words[index] = ""
        known = self._known(set(words))
        starts = places[:0]
        marks: list[int] = []
        done = 0
        for index, spans in zip([*long, len(words)], [*inner, []], strict=True):
            starts.extend(places[done:index])
            marks += [len(known[word]) // ID_SIZE for word in words[done:index]]
            if index < len(words):
                inside = _starts(spans, places[index], places[index + 1] - places[index] - 1)
                starts.extend(inside)
                marks += [1] * len(inside)
            done = index + 1
        return TokenMap(starts, marks)

    def _known(self, words: set[str]) -> dict[str, bytes]:
        """Ids of at least these words. Threads may share the counter: a memory that another one begins anew stays whole."""
        memo = self._memo
        missing = words.difference(memo)
        if missing:
            new = self._tokenise(sorted(missing))
            self._memo_size += sum(map(len, new))
            if self._memo_size > MEMO_SIZE:
                self._memo, self._memo_size = {"": b""}, 0
            memo.update(new)
        return memo

    def _tokenise(self, words: list[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        batches: list[list[str]] = []
        room = 0
        for word in words:
            if len(word) > room:
                batches.append([])
                room = JOINED
            batches[-1].append(word)
            room -= len(word) + 1
        for batch, tokens in zip(batches, self.tokenizer.tokens([" ".join(batch) for batch in batches]), strict=True):
            starts = [start for start, _ in tokens.offsets]
            ids = array("i", tokens.ids)
            done = 0
            for word, end in zip(batch, accumulate(len(word) + 1 for word in batch), strict=True):
                until = bisect_left(starts, end, done)
                found[word] = ids[done:until].tobytes()
                done = until
        return found


def packed(numbers: Iterable[int], size: int) -> MutableSequence[int]:
    """The numbers, `size` of them; in a tenth of the room if they are many."""
    return array("i", numbers) if size > FEW_NUMBERS else list(numbers)


def _words(text: str) -> list[str]:
    return text.replace("\n", " ").replace("\t", " ").replace("\r", " ").split(" ")


def _is_long(word: str) -> bool:
    # Scripts without blanks: here the places of the tokens inside a "word" matter.
    return len(word) > LONG_WORD or not word.isascii()


def _starts(spans: list[tuple[int, int]], base: int, length: int) -> list[int]:
    """The places of a text's tokens, and of those that stand for giant tokens and long silences, ascending."""
    starts: list[int] = []
    last = 0
    for start, end in [*spans, (length, length)]:
        if start - last > SILENCE:
            starts.extend(range(base + last + SILENCE, base + start, LONGEST_TOKEN))
        starts.append(base + start)
        if end - start > LONGEST_TOKEN:
            starts.extend(range(base + start + FEW, base + end, FEW))
        last = max(last, end)
    starts.pop()  # the end, which closed the last silence
    starts.sort()
    return starts
