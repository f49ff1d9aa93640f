"""HTML that Outlook wraps in RTF ([MS-OXRTFEX]), taken out again; and the bare text of an RTF that wraps none."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tasks.extractors._mail.mapi import codec

_TOKEN = re.compile(rb"\\(?:([a-z]{1,32})(-?\d{1,10})? ?|'([0-9a-fA-F]{2})|([^a-z]))|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\")
_WORD, _NUMBER, _BYTE, _SYMBOL, _BRACE, _TEXT = range(1, 7)
_CHARACTERS = {
    b"bullet": "•",
    b"cell": "\t",
    b"emdash": "—",
    b"emspace": " ",
    b"endash": "–",
    b"enspace": " ",
    b"ldblquote": "“",
    b"line": "\n",
    b"lquote": "‘",
    b"par": "\n",
    b"rdblquote": "”",
    b"row": "\n",
    b"rquote": "’",
    b"tab": "\t",
}
_SYMBOLS = {b"~": "\xa0", b"_": "‑", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}
_SKIPPED = frozenset({b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"fldinst", b"header", b"footer"})
_CHARSETS = {
    0: 1252,
    128: 932,
    129: 949,
    134: 936,
    136: 950,
    161: 1253,
    162: 1254,
    163: 1258,
    177: 1255,
    178: 1256,
    186: 1257,
    204: 1251,
    222: 874,
    238: 1250,
    255: 850,
}
"""Code pages of the character sets that fonts name."""
_HEAD = 4096
_DEEPEST = 10_000


@dataclass(frozen=True, slots=True)
class _State:
    """What holds to the end of a group."""

    skipped: bool = False
    is_tag: bool = False
    """In a group of HTML markup."""
    is_double: bool = False
    """Between \\htmlrtf and \\htmlrtf0: what stands here for readers of RTF stands elsewhere as HTML."""
    is_fonts: bool = False
    font: int | None = None
    after_unicode: int = 1
    """Characters that repeat a \\u for readers that don't know it."""


def html_in(rtf: bytes) -> str | None:
    """The HTML that the RTF wraps; None if it wraps none."""
    return _Reader().read(rtf) if b"\\fromhtml1" in rtf[:_HEAD] else None


def text_in(rtf: bytes) -> str:
    """The text of an RTF without its form; "" for anything else."""
    return _Reader().read(rtf) if rtf.lstrip().startswith(b"{\\rtf") else ""


class _Reader:
    def __init__(self) -> None:
        self._state = _State()
        self._outer: list[_State] = []
        self._output: list[str] = []
        self._bytes = bytearray()
        self._code_page = "cp1252"
        self._fonts: dict[int, str] = {}
        self._starred = False
        self._to_skip = 0
        self._font: int | None = None

    def read(self, rtf: bytes) -> str:
        for token in _TOKEN.finditer(rtf):
            if token[_TEXT]:
                self._take(token[_TEXT])
            elif token[_BYTE]:
                self._take(bytes([int(token[_BYTE], 16)]))
            elif token[_WORD]:
                self._word(token[_WORD], int(token[_NUMBER]) if token[_NUMBER] else None)
            elif token[_BRACE]:
                self._brace(token[_BRACE])
            elif token[_SYMBOL] == b"*":
                self._starred = True
            elif token[_SYMBOL] in _SYMBOLS:
                self._show(_SYMBOLS[token[_SYMBOL]])
        self._flush()
        return "".join(self._output)

    def _take(self, data: bytes) -> None:
        passed = min(self._to_skip, len(data))
        self._to_skip -= passed
        if self._is_shown():
            self._bytes += data[passed:]

    def _is_shown(self) -> bool:
        return not self._state.skipped and (self._state.is_tag or not self._state.is_double)

    def _show(self, text: str) -> None:
        if self._to_skip:
            self._to_skip -= 1
        elif self._is_shown():
            self._flush()
            self._output.append(text)

    def _flush(self) -> None:
        if self._bytes:
            page = self._fonts.get(-1 if self._state.font is None else self._state.font, self._code_page)
            self._output.append(self._bytes.decode(page, "replace"))
            self._bytes.clear()

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self._starred = False
        self._to_skip = 0
        if brace == b"{":
            if len(self._outer) < _DEEPEST:
                self._outer.append(self._state)
        elif self._outer:
            self._state = self._outer.pop()

    def _word(self, word: bytes, number: int | None) -> None:
        state = self._state
        starred, self._starred = self._starred, False
        if word == b"htmltag":
            self._flush()
            self._state = replace(state, is_tag=True)
        elif starred or word in _SKIPPED:
            self._state = replace(state, skipped=True, is_fonts=word == b"fonttbl")
        elif word == b"htmlrtf":
            self._flush()
            self._state = replace(state, is_double=number != 0)
        elif word == b"ansicpg":
            self._code_page = codec(number or 0) or self._code_page
        elif word == b"fcharset" and state.is_fonts and self._font is not None:
            page = codec(_CHARSETS.get(number or 0, 0))
            if page:
                self._fonts[self._font] = page
        elif word == b"f" and state.is_fonts:
            self._font = number
        elif word in (b"f", b"plain"):
            self._flush()
            self._state = replace(state, font=number if word == b"f" else None)
        elif word == b"uc":
            self._state = replace(state, after_unicode=min(max(number or 0, 0), 10))
        elif word == b"u" and number is not None:
            self._show(chr(number & 0xFFFF))
            self._to_skip = state.after_unicode
        elif word in _CHARACTERS:
            self._show(_CHARACTERS[word])
        elif word == b"bin" and number:
            self._to_skip = number
