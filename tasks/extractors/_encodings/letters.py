"""Which of the encodings that a text may be in gives words of a language: statistics of letters that follow each other.

Every candidate reads the same bytes, and the likelihood of what it reads is compared: of single bytes as pairs of letters in
the best of the languages that are written so, of double bytes by how common the characters are. What may pass for letters in
a foreign encoding is rare there, and weighs against it. Linear, and bounded by SAMPLE.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache
from itertools import pairwise
from operator import mul
from pathlib import Path
from typing import TypeAlias

TABLE = Path(__file__).with_name("letters.txt")
"""Written by benchmarks/letters.py."""
STEPS = 4
"""Of the table's logarithms, in one nat."""
FLOOR = -9.0
"""Natural logarithm of the likelihood of two letters that the table does not have together."""
SAMPLE = 6_000
"""Bytes of words with letters beyond ASCII that are looked at."""

_STRANGE = -14.0
"""A letter that the language does not have, or a character that hardly any text has."""
_WRONG = -22.0
"""Bytes that mean nothing in the encoding."""
_MOST_PAIRS = 500
_ROUNDS = ((30, 12), (120, 4), (_MOST_PAIRS, 1))
"""How many of the commonest pairs are looked at, and how many encodings are left then."""
_LEAD, _LEAD_SHARE = 100.0, 0.2
"""Nats, and share of the best score, beyond which an encoding falls out. The right one was never behind by more than half."""
_BYTES_SAMPLE = 1 << 20
_FEW_LANGUAGES = 3
_MOST_KNOWN = 20_000
_MOST_PAIRS_KNOWN = 4_000
_BEYOND_ASCII = 0x8080
_BENEFIT = 25.0
_DOUBT = 0.7
"""Nats, and nats for each byte beyond ASCII, by which a named encoding may be worse than the best: names are mostly right."""
_MIXED_CASE = -5.0
_COMMONEST = -4.2
"""The likeliest character of double bytes, one of Japan's syllables."""
_SYMBOL = -8.0
_MARK = -5.5

_WEST = ("en", "fr", "de", "es", "pt", "it", "nl", "da", "sv", "no", "fi", "ca", "af")
_CENTRE = ("cs", "sk", "pl", "hu", "hr", "sl", "ro", "sq", "de")
_BALTIC = ("et", "lt", "lv")
_CYRILLIC = ("ru", "uk", "bg", "mk")
_ARABIC = ("ar", "fa", "ur")
# Encoding: (what must be made up for, since it is rare today; languages).
_SINGLE: dict[str, tuple[float, tuple[str, ...]]] = {
    "cp1252": (0, _WEST),
    "iso8859-15": (3, _WEST),
    "mac-roman": (6, _WEST),
    "cp850": (6, _WEST),
    "cp437": (7, _WEST),
    "cp1250": (1, _CENTRE),
    "iso8859-2": (2, _CENTRE),
    "cp852": (6, _CENTRE),
    "mac-latin2": (7, _CENTRE),
    "iso8859-16": (4, ("ro",)),
    "cp1254": (1, ("tr",)),
    "cp857": (6, ("tr",)),
    "mac-turkish": (7, ("tr",)),
    "cp1257": (2, _BALTIC),
    "iso8859-13": (3, _BALTIC),
    "iso8859-4": (4, _BALTIC),
    "cp775": (7, _BALTIC),
    "cp1251": (0, _CYRILLIC),
    "koi8-r": (1, ("ru",)),
    "koi8-u": (2, ("uk",)),
    "iso8859-5": (2, _CYRILLIC),
    "cp866": (2, _CYRILLIC),
    "cp855": (4, _CYRILLIC),
    "mac-cyrillic": (4, _CYRILLIC),
    "cp1253": (0, ("el",)),
    "iso8859-7": (1, ("el",)),
    "cp737": (4, ("el",)),
    "mac-greek": (6, ("el",)),
    "cp1255": (0, ("he",)),
    "iso8859-8": (2, ("he",)),
    "cp862": (4, ("he",)),
    "cp1256": (0, _ARABIC),
    "iso8859-6": (1, ("ar",)),
    "cp720": (5, _ARABIC),
    "cp874": (0, ("th",)),
}
_DOUBLE = ("cp932", "euc_jp", "gb18030", "big5", "cp949", "johab")

_BESIDE = re.compile("(?<=[A-Za-z])[\u3000-\uffef]|[\u3000-\uffef](?=[A-Za-z])")
_BESIDE_LETTER = -3.0
"""An ideograph beside a Latin letter."""
_SPACES = bytes(byte if byte >= 0x40 else 0x20 for byte in range(256))
"""Digits and most punctuation of ASCII become spaces; what may be the second of two bytes stays."""
_MARKS = frozenset("\xa0“”‘’‚„–—…«»‹›•·°§€£©®™´¿¡№ªº‰†")
# Those that make up two fifths of any Chinese text, simplified or not.
_HANZI = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现"
    "当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重"
    "並這個們來為國說時會對於後裡種經麼現當沒動還進樣開從實軍無與長機關點業將兩間問給電話書網資訊請體報頭員"
)


_Names: TypeAlias = tuple[str, ...]
_Scored: TypeAlias = tuple[float, tuple[_Names, ...], str]
"""Score, likeliest languages, name of the encoding."""
_Counted: TypeAlias = tuple[list[int], list[float]]
"""Pairs of bytes that follow each other, each as one number, and how often each is there: floats, to be multiplied quickly."""


class Scores:
    """How likely a text is in each encoding; the higher the better, in nats."""

    def __init__(self, data: bytes) -> None:
        self._data = _of_interest(data)
        counts = Counter(pairwise(b" " + self._data + b" "))
        self._pairs = [(first << 8 | second, count) for (first, second), count in counts.most_common(_MOST_PAIRS)]
        self._bytes = set(data[:_BYTES_SAMPLE])
        self.weight = sum([count for pair, count in self._pairs if pair >= 0x8000])
        """How many bytes beyond ASCII it rests on."""
        self._known: dict[str, float] = {}
        self._best: str | None = None
        self._parts: dict[int, tuple[_Plain, _Counted]] = {}

    def best(self) -> str:
        """The likeliest encoding."""
        if self._best is None:
            (most, left), *rounds = _ROUNDS
            # At first all languages of an encoding as one: that rules most encodings out.
            first = [(self._single(name, (languages,), most)[0], name) for name, (_, languages) in _SINGLE.items()]
            ranked = _leading([(score, _each(_SINGLE[name][1]), name) for score, name in first], left)
            for most, left in rounds:
                if len(ranked) == 1:
                    break
                ranked = _leading([(*self._single(name, languages, most), name) for _, languages, name in ranked], left)
            self._best = ranked[0][2]
            highest = self.of(self._best)
            for name in _DOUBLE:
                score = self._double(name, highest)
                if score > highest:
                    self._best, highest = name, score
        return self._best

    def may_be(self, encoding: str) -> bool:
        """True unless another encoding fits far better than this one, which somebody has named; True of one not known here."""
        if encoding not in _SINGLE and encoding not in _DOUBLE:
            return True
        return encoding == self.best() or self.of(encoding) >= self.of(self.best()) - _BENEFIT - _DOUBT * self.weight

    def of(self, encoding: str) -> float:
        """The score of one of the candidates.

        Between single bytes all letters of the words count, since ASCII ones tell the language; here only what double
        bytes are judged by as well.
        """
        if encoding not in self._known:
            if encoding in _SINGLE:
                score = self._single(encoding, _each(_SINGLE[encoding][1]), _MOST_PAIRS, beyond_ascii=True)[0]
            else:
                score = self._double(encoding)
            self._known[encoding] = score
        return self._known[encoding]

    def _single(
        self, encoding: str, languages: tuple[_Names, ...], most: int, beyond_ascii: bool = False
    ) -> tuple[float, tuple[_Names, ...]]:
        """The score by the commonest pairs, and the likeliest languages, each alone or several as one."""
        plain, (pairs, counts) = self._parted(most)
        found = []
        for names in languages:
            score = sum(map(mul, map(_reading(encoding, names).__getitem__, pairs), counts))
            found.append((score if beyond_ascii else score + plain.of(names), names))
        found.sort(reverse=True)
        fixed = _WRONG * len(self._bytes & _alphabet(encoding)[3]) - _SINGLE[encoding][0]
        return fixed + found[0][0], tuple([names for _, names in found[:_FEW_LANGUAGES]])

    def _parted(self, most: int) -> tuple[_Plain, _Counted]:
        """The commonest pairs with their counts: those of two ASCII characters, which any encoding reads alike; the others."""
        if most not in self._parts:
            counted = self._pairs[:most]
            plain = [each for each in counted if not each[0] & _BEYOND_ASCII]
            foreign = [each for each in counted if each[0] & _BEYOND_ASCII]
            self._parts[most] = _Plain(_counted(plain)), _counted(foreign)
        return self._parts[most]

    def _double(self, encoding: str, least: float = float("-inf")) -> float:
        """The score; of one below `least` only that it is."""
        text = self._data.decode(encoding, "replace")
        wrong = text.count("\ufffd")
        score = _WRONG * wrong
        right = len(text) - len(text.encode("ascii", "ignore")) - wrong
        if score + _COMMONEST * right < least:  # most are ruled out by that alone
            return float("-inf")
        score += _BESIDE_LETTER * len(_BESIDE.findall(text))
        for character, count in Counter(text).most_common():
            if score < least:
                break
            if character > "\x7f" and character != "\ufffd":
                score += _commonness(character, encoding) * count
        return score


class _Plain:
    """Pairs of ASCII characters, scored once for each language."""

    def __init__(self, counted: _Counted) -> None:
        self._pairs, self._counts = counted
        self._known: dict[_Names, float] = {}

    def of(self, names: _Names) -> float:
        """The score in the languages, as one."""
        found = self._known.get(names)
        if found is None:
            found = sum(map(mul, map(_reading("cp1252", names).__getitem__, self._pairs), self._counts))
            self._known[names] = found
        return found


def _counted(pairs: list[tuple[int, int]]) -> _Counted:
    return [pair for pair, _ in pairs], [float(count) for _, count in pairs]


def _leading(scored: list[_Scored], most: int) -> list[_Scored]:
    """The best of them, without those so far behind that no other pairs would bring them to the front."""
    ranked = sorted(scored, reverse=True)[:most]
    least = ranked[0][0] - _LEAD - _LEAD_SHARE * abs(ranked[0][0])
    return [each for each in ranked if each[0] >= least]


_BYTE = [bytes([byte]) for byte in range(256)]


def _of_interest(data: bytes) -> bytes:
    """Words with bytes beyond ASCII, joined by spaces, from all over the data."""
    if len(data) > 16 * SAMPLE:
        step = len(data) // 8
        data = b"\n".join(data[start : start + 2 * SAMPLE] for start in range(0, len(data), step))
    found: list[bytes] = []
    size = 0
    for word in data.translate(_SPACES).split():
        if word.isascii():
            continue
        found.append(word[:SAMPLE])
        size += len(found[-1])
        if size > SAMPLE:
            break
    return b" ".join(found)


@cache
def _alphabet(encoding: str) -> tuple[list[str], list[float], list[int], frozenset[int]]:
    """For each byte: its letter in lower case, or " "; what it costs for not being one; its case, 1 for upper, -1 for lower.

    And the bytes that mean nothing.
    """
    letters, costs, cases = [], [], []
    for byte in _BYTE:
        character = byte.decode(encoding, "replace")
        lower = character.lower().replace("ș", "ş").replace("ț", "ţ")
        is_letter = (character.isalpha() or unicodedata.category(character) == "Mn") and character not in "ªº"
        letters.append(lower if is_letter and len(lower) == 1 else " ")
        costs.append(0.0 if byte < b"\x80" or is_letter else _symbol(character))
        cases.append(character.isupper() - character.islower())
    return letters, costs, cases, frozenset(byte for byte, cost in enumerate(costs) if cost == _WRONG)


def _symbol(character: str) -> float:
    if character in _MARKS:
        return _MARK
    category = unicodedata.category(character)
    if character == "\ufffd" or category == "Cc":
        return _WRONG
    return _STRANGE if category in ("Cn", "Co", "So", "Sk", "Lm") or "─" <= character <= "▟" else _SYMBOL


@cache
def _table() -> dict[str, str]:
    return dict(line.split("\t") for line in TABLE.read_text("utf-8").split("\n") if line)


class _Language(dict[str, float]):
    """Logarithms of how likely a letter is after another, by the two together; of several languages the highest."""

    def __init__(self, names: _Names) -> None:
        super().__init__()
        for name in names:
            source = _table()[name]
            for at in range(0, len(source), 3):
                pair, likelihood = source[at : at + 2], (ord("0") - ord(source[at + 2])) / STEPS
                if likelihood > self.get(pair, FLOOR):
                    self[pair] = likelihood
        self["  "] = 0.0
        self._alphabet = frozenset("".join(self))

    def __missing__(self, pair: str) -> float:
        found = FLOOR if pair[0] in self._alphabet and pair[1] in self._alphabet else _STRANGE
        if len(self) < _MOST_KNOWN:
            self[pair] = found  # the same ones are missing again and again
        return found


_language = cache(_Language)


class _Reading(dict[int, float]):
    """How likely a byte is after another, as an encoding reads them, in several languages as one."""

    def __init__(self, encoding: str, names: _Names) -> None:
        super().__init__()
        self._letters, self._costs, self._cases, _ = _alphabet(encoding)
        self._language = _language(names)

    def __missing__(self, pair: int) -> float:
        first, second = pair >> 8, pair & 0xFF
        score = self._language[self._letters[first] + self._letters[second]] + self._costs[second]
        if self._cases[second] > 0 > self._cases[first]:
            score += _MIXED_CASE
        if len(self) < _MOST_PAIRS_KNOWN:
            self[pair] = score
        return score


_reading = cache(_Reading)


@cache
def _each(names: _Names) -> tuple[_Names, ...]:
    return tuple((name,) for name in names)


@cache
def _syllables() -> frozenset[str]:
    return frozenset(_table()["ko"])


@lru_cache(1 << 16)
def _commonness(character: str, encoding: str) -> float:
    """Logarithm of how likely the character is in text of the languages that the encoding is for."""
    japanese, korean = encoding in ("cp932", "euc_jp"), encoding in ("cp949", "johab")
    if "\u3040" <= character <= "\u30ff":
        return _COMMONEST if japanese else -11.0
    if "가" <= character <= "힣":
        return (-5.2 if character in _syllables() else -9.5) if korean else _STRANGE
    if character in "、。「」『』（），：；！？《》・…·　“”‘’—～":
        return -5.0
    if "\u4e00" <= character <= "\u9fff":
        if japanese or korean:
            return (-8.2 if japanese else -10.5) if _is_usual(character, "euc_jp") else -13.0
        if character in _HANZI:
            return -5.2
        return -8.2 if _is_usual(character, encoding) else -13.0
    if "\uff01" <= character <= "\uff5e":
        return -7.0
    if "\uff61" <= character <= "\uff9f":
        return -6.5 if japanese else _STRANGE
    return -10.0 if character < "\u3400" else _STRANGE


def _is_usual(character: str, encoding: str) -> bool:
    """True for the first level of its national standard, the characters that are taught."""
    codec, first, last = {
        "euc_jp": ("euc_jp", 0xB0, 0xCF),
        "big5": ("big5", 0xA4, 0xC6),
        "gb18030": ("gb2312", 0xB0, 0xD7),
    }[encoding]
    code = character.encode(codec, "ignore")
    return len(code) == 2 and first <= code[0] <= last
