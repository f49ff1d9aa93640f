"""The tokens of an RTF file to the elements of a document."""

from __future__ import annotations

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._office.symbols import symbol
from tasks.extractors._rtf import syntax
from tasks.extractors._rtf.flow import Flow
from tasks.extractors._rtf.state import NO_LEVEL, Header, State

_DEEPEST = 10_000
_TINY = 2
"""Half points."""
_INFO = frozenset({"title", "author", "subject", "keywords", "creatim"})
_CELL_ENDS = {b"cell": 1, b"nestcell": 2}
_PARAGRAPH_ENDS = frozenset({b"par", b"sect", b"page", b"column"})
_SHADED_LETTERS = frozenset({b"highlight", b"chcbpat", b"cb", b"chshdng"})
_SHADED_PARAGRAPH = frozenset({b"cbpat", b"shading"})
_SHADED_CELL = frozenset({b"clcbpat", b"clshdng", b"clcbpatraw", b"clshdngraw"})
_OF_THEIR_OWN = frozenset({b"footnote", b"annotation", b"shptxt", b"dptxbxtext"})
_LIST = frozenset({b"ls", b"pnlvlblt", b"pnlvlbody", b"pntext", b"listtext"})


class RtfReader:
    """One file. The state is a stack, so that no depth of groups can exhaust Python's own."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._header = Header()
        self._state = State()
        self._outer: list[tuple[State, Flow]] = []
        self._flow = Flow(builder)
        self._bytes = bytearray()
        self._half = ""
        """The first half of a character beyond U+FFFF."""
        self._to_skip = 0
        self._starred = False
        self._table: list[str] = []
        """Text of the destination that is being read: a style's name, a title, the colours."""
        self._number = 0
        """Of the font or the style that is being defined."""
        self._style_level = NO_LEVEL
        self._is_symbols = False
        self._date: list[int] = []

    def read(self, data: bytes) -> None:
        """Add all elements. Raises Unprocessable(CORRUPT) if groups lie in each other without end."""
        match, at, size = syntax.TOKEN.match, 0, len(data)
        is_whole = data.startswith(b"{\\rtf")  # parts of a file are not one group
        while at < size and (token := match(data, at)):
            at = token.end()
            kind = token.lastindex
            if kind == syntax.TEXT:
                self._text(token[syntax.TEXT])
            elif kind == syntax.BYTE:
                self._byte(int(token[syntax.BYTE], 16))
            elif kind == syntax.WORD or kind == syntax.NUMBER:
                number = int(token[syntax.NUMBER]) if kind == syntax.NUMBER else None
                if token[syntax.WORD] == b"bin":
                    at += max(0, number or 0)
                else:
                    self._word(token[syntax.WORD], number)
            elif kind == syntax.BRACE:
                if token[syntax.BRACE] == b"{":
                    self._open()
                else:
                    self._close()
                if not self._outer and is_whole:
                    break  # what follows the last brace is none of it
            elif kind == syntax.SYMBOL:
                self._symbol(token[syntax.SYMBOL])
        if self._outer:
            self._builder.warnings.append("cut off: the last of its groups do not end")
        while self._outer:
            self._close()
        self._flush()
        self._flow.end()

    def _open(self) -> None:
        self._flush()
        self._starred, self._to_skip = False, 0
        if len(self._outer) >= _DEEPEST:
            raise Unprocessable(Reason.CORRUPT, f"more than {_DEEPEST:,} groups in each other")
        self._outer.append((self._state, self._flow))
        self._state = self._state.inner()

    def _close(self) -> None:
        self._flush()
        self._starred, self._to_skip = False, 0
        if not self._outer:
            return
        inner, flow = self._state, self._flow
        self._state, self._flow = self._outer.pop()
        if flow is not self._flow:
            self._flow.take(flow)
        if inner.place != self._state.place or inner.place in ("styles", "fonts"):
            self._end_of_place(inner.place)

    def _end_of_place(self, place: str) -> None:
        if place == "skip":
            return
        text = "".join(self._table).strip()
        if place == "colours":
            self._header.add_colours(text)
        elif place == "styles":
            self._end_of_style(text)
        elif place == "fonts":
            if self._is_symbols:
                self._header.symbols[self._number] = text.rstrip(";")
            self._is_symbols = False
        elif place == "creatim":
            if len(self._date) == 3:
                self._builder.note("date", "{:04}-{:02}-{:02}".format(*self._date))
        elif place == "title":
            self._builder.title = text
        elif place in _INFO:
            self._builder.note(place, text)
        self._table = []

    def _end_of_style(self, name: str) -> None:
        level = self._style_level
        words = name.rstrip(";").lower().split()
        if level == NO_LEVEL and len(words) == 2 and words[0] == "heading" and words[1].isdigit():
            level = int(words[1]) - 1
        elif level == NO_LEVEL and words == ["title"]:
            level = 0
        if 0 <= level < NO_LEVEL:
            self._header.levels[self._number] = level
        self._number, self._style_level = 0, NO_LEVEL

    def _text(self, data: bytes) -> None:
        if self._state.place == "skip":
            return
        data = data.translate(None, b"\r\n\x00")
        if self._to_skip:
            passed = min(self._to_skip, len(data))
            self._to_skip -= passed
            data = data[passed:]
        if self._bytes or not data.isascii() or self._state.font in self._header.symbols:
            self._bytes += data
        elif data:
            self._show(data.decode("ascii"))

    def _byte(self, value: int) -> None:
        if self._to_skip:
            self._to_skip -= 1
        elif self._state.place != "skip":
            self._bytes.append(value)

    def _flush(self) -> None:
        if self._bytes:
            font = -1 if self._state.font is None else self._state.font
            data = bytes(self._bytes)
            self._bytes.clear()
            if (name := self._header.symbols.get(font)) is not None:
                self._show("".join(symbol(name, code) for code in data))
            else:
                self._show(data.decode(self._header.fonts.get(font, self._header.code_page), "replace"))

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._starred = True
        elif symbol in (b"\n", b"\r"):
            self._word(b"par", None)
        elif symbol in syntax.SYMBOLS:
            self._character(syntax.SYMBOLS[symbol])

    def _character(self, text: str) -> None:
        if self._to_skip:
            self._to_skip -= 1
        else:
            self._flush()
            self._show(text)

    def _unicode(self, number: int) -> None:
        self._flush()
        unit = chr(number & 0xFFFF)
        if "\ud800" <= unit < "\udc00":
            self._half = unit
        else:
            text = (self._half + unit).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
            self._half = ""
            if "\ue000" <= text <= "\uf8ff":
                text = symbol(self._header.symbols.get(self._state.font or 0, "Symbol"), ord(text))
            self._show(text)
        self._to_skip = self._state.unicode_skip

    def _show(self, text: str) -> None:
        """Put decoded text where it belongs."""
        state = self._state
        if state.place == "skip":
            return
        if state.place:
            self._table.append(text)
            return
        if state.hidden or state.deleted or state.comment or state.tiny or self._is_drowned(state):
            self._builder.hide(text)
            if not self._builder.keep_hidden:
                return
        self._flow.show(text)

    def _is_drowned(self, state: State) -> bool:
        """True for white on white, and for letters in the very colour behind them."""
        if state.colour and state.colour == (state.shaded or state.paragraph_shaded):
            return True
        if state.colour not in self._header.white or state.shaded or state.paragraph_shaded:
            return False
        return not (state.in_table and self._flow.is_shaded())

    def _word(self, word: bytes, number: int | None) -> None:
        if self._to_skip and word in syntax.CHARACTERS:
            self._to_skip -= 1
            return
        self._flush()
        starred, self._starred = self._starred, False
        state = self._state
        if state.place == "skip":
            return
        if word == b"u":
            self._unicode(number or 0)
        elif word in syntax.CHARACTERS:
            self._show(syntax.CHARACTERS[word])
        elif word == b"uc":
            state.unicode_skip = min(max(number or 0, 0), 10)
        elif state.place:
            self._word_of_place(word, number, starred)
        elif not (self._letters(word, number) or self._structure(word, number) or self._destination(word, number)) and starred:
            state.place = "" if word in syntax.FOLLOWED else "skip"

    def _letters(self, word: bytes, number: int | None) -> bool:
        """Take a property of letters or paragraphs; False if it is none."""
        state, on = self._state, number != 0
        if word == b"f":
            state.font = number
        elif word == b"plain":
            state.plain(self._header.default_font)
        elif word == b"pard":
            state.pard()
        elif word == b"v":
            state.hidden = on
        elif word == b"deleted":
            state.deleted = on
        elif word == b"fs":
            state.tiny = number is not None and 0 <= number <= _TINY
        elif word == b"cf":
            state.colour = number or 0
        elif word in _SHADED_LETTERS:
            state.shaded = number or 0
        elif word in _SHADED_PARAGRAPH:
            state.paragraph_shaded = number or 0
        elif word == b"s":
            state.level = self._header.levels.get(number or 0, NO_LEVEL)
        elif word == b"outlinelevel":
            state.level = number if number is not None and 0 <= number < NO_LEVEL else NO_LEVEL
        elif word in _LIST:
            state.item = on
            if word in (b"pntext", b"listtext"):
                self._flow.begin_item()
        else:
            return False
        return True

    def _structure(self, word: bytes, number: int | None) -> bool:
        """Take an end of something, or a part of a table's row; False if it is neither."""
        state, flow = self._state, self._flow
        if word in _PARAGRAPH_ENDS:
            flow.end_paragraph(state)
        elif word in _CELL_ENDS:
            flow.end_cell(nested=word == b"nestcell")
        elif word == b"row":
            flow.end_row()
        elif word == b"nestrow":
            flow.end_nested_row()
        elif word == b"trowd":
            flow.define_row()
        elif word == b"cellx":
            flow.define_cell(number or 0)
        elif word in (b"clmrg", b"clvmrg"):
            flow.next_cell.joins_left |= word == b"clmrg"
            flow.next_cell.joins_above |= word == b"clvmrg"
        elif word in _SHADED_CELL:
            flow.next_cell.shaded |= bool(number)
        elif word == b"intbl":
            state.in_table = True
        elif word == b"itap":
            state.nesting = number or 0
        else:
            return False
        return True

    def _destination(self, word: bytes, number: int | None) -> bool:
        """Enter a place whose text is not simply the document's; False if the word does not name one."""
        state, name = self._state, word.decode()
        if word in syntax.SKIPPED or word == b"upr":
            state.place = "skip" if word != b"upr" else "upr"
        elif word in _OF_THEIR_OWN:
            self._flow = Flow()
            state.pard()
            state.comment = word == b"annotation"
        elif word in (b"fonttbl", b"colortbl", b"stylesheet"):
            state.place = {b"fonttbl": "fonts", b"colortbl": "colours", b"stylesheet": "styles"}[word]
            self._table = []
        elif name == "info":
            state.place = "info"
        elif word == b"ansicpg":
            self._header.code_page = syntax.of_code_page(number or 0) or self._header.code_page
        elif word in (b"mac", b"pc", b"pca"):
            self._header.code_page = {b"mac": "mac_roman", b"pc": "cp437", b"pca": "cp850"}[word]
        elif word == b"deff":
            self._header.default_font = number
        else:
            return False
        return True

    def _word_of_place(self, word: bytes, number: int | None, starred: bool) -> None:
        state, header = self._state, self._header
        if state.place == "upr":
            state.place = "" if word == b"ud" else "skip"  # of two versions the second, in Unicode
        elif state.place == "fonts":
            if word == b"f":
                self._number = number or 0
            elif word == b"fcharset":
                self._is_symbols = number == syntax.SYMBOL_CHARSET
                if codec := syntax.of_charset(number or 0):
                    header.fonts[self._number] = codec
            elif word == b"cpg" and (codec := syntax.of_code_page(number or 0)):
                header.fonts[self._number] = codec
            elif starred or word == b"falt":
                state.place = "skip"
        elif state.place == "colours":
            self._table.append(f" {word.decode()}{number or 0} ")
        elif state.place == "styles":
            if word == b"s":
                self._number = number or 0
            elif word == b"outlinelevel":
                self._style_level = NO_LEVEL if number is None else number
            elif starred or word in (b"cs", b"ds", b"ts"):
                state.place = "skip"
        elif state.place == "info":
            state.place, self._table, self._date = (word.decode() if word.decode() in _INFO else "skip"), [], []
        elif state.place == "creatim" and word in (b"yr", b"mo", b"dy"):
            self._date.append(number or 0)
