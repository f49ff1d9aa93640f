"""Org mode: headings, lists, tables, blocks. https://orgmode.org/worg/org-syntax.html"""

from __future__ import annotations

import re
import textwrap

from core.documents import Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_text
from tasks.extractors._tables import HEADER_LINES, markdown_table
from tasks.extractors._types.suffixes import ORG
from tasks.extractors.base import DEFAULT, Extractor, Reading

# Bounded repetitions keep every pattern linear on hostile input.
_HEADING = re.compile(r"(\*{1,20})[ \t]+(?:(?:TODO|DONE|NEXT|WAITING)[ \t]+)?(?:\[#\w\][ \t]+)?(.*)")
_TAGS = re.compile(r"[ \t]:[\w@#%:]{1,200}:$")
_KEYWORD = re.compile(r"[ \t]*#\+(\w{1,40}):[ \t]*(.*)")
_BLOCK = re.compile(r"[ \t]*#\+begin_(\w{1,40})", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:[\w-]{1,60}:[ \t]*$")
_ITEM = re.compile(r"[ \t]*(?:([-+])|(\d{1,4}[.)]))[ \t]+(?:\[[ X-]\][ \t]+)?(.*)|[ \t]+\*[ \t]+(.*)")
_LINK = re.compile(r"\[\[([^\[\]]{1,2000})\](?:\[([^\[\]]{1,2000})\])?\]")
_MARKUP = re.compile(r"(?<![\w*/=~+_])([*/=~+_])(?=\S)([^\n]{1,500}?)(?<=\S)\1(?![\w*/=~+_])")
_LONGEST_DRAWER = 200
"""Lines."""
_FACTS = {"author": "author", "date": "date", "language": "language", "keywords": "keywords", "description": "subject"}


class OrgExtractor(Extractor):
    """Headings, paragraphs, list items, tables, code, captions."""

    name = "org"
    version = 1
    media_types = frozenset({ORG})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(TOO_LARGE)."""
        builder = Builder(reading.policy.keep_hidden)
        reader = _Reader(builder)
        reader.read(read_text(path).split("\n"))
        if builder.title is None:
            builder.title = next((element.text for element in builder.elements if element.level == 1), None)
        return builder.document(media_type, self.key)


class _Reader:
    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._kind = ElementKind.PARAGRAPH
        self._lines: list[str] = []

    def read(self, lines: list[str]) -> None:
        """Add all blocks."""
        position = 0
        while position < len(lines):
            position = self._step(lines, position)
        self._flush()

    def _step(self, lines: list[str], position: int) -> int:
        """Take what begins at the line; returns the line after it."""
        line = lines[position]
        text = line.strip()
        if not text:
            self._flush()
        elif heading := _HEADING.match(line):
            self._flush()
            self._builder.add(ElementKind.HEADING, _plain(_TAGS.sub("", heading[2].rstrip())), level=len(heading[1]))
        elif text[0] == "#":
            return self._hashed(lines, position)
        elif text[0] == "|":
            self._flush()
            return self._table(lines, position)
        elif text[0] == ":" and (_DRAWER.match(line) or text[1:2] in ("", " ")):
            self._flush()
            return self._drawer(lines, position)
        elif item := _ITEM.match(line):
            self._flush()
            self._kind = ElementKind.LIST_ITEM
            self._lines.append((f"{item[2]} " if item[2] else "") + (item[3] or item[4] or "").replace(" :: ", ": "))
        elif not text.startswith(("CLOSED:", "SCHEDULED:", "DEADLINE:")):
            self._lines.append(text)
        return position + 1

    def _hashed(self, lines: list[str], position: int) -> int:
        line = lines[position]
        if block := _BLOCK.match(line):
            self._flush()
            return self._block(lines, position, block[1].lower())
        if keyword := _KEYWORD.match(line):
            self._flush()
            name = keyword[1].lower()
            if name == "title":
                self._builder.title = _plain(keyword[2])
            elif name == "caption":
                self._builder.add(ElementKind.CAPTION, _plain(keyword[2]))
            elif name in _FACTS:
                self._builder.note(_FACTS[name], keyword[2])
        elif line.lstrip().startswith(("# ", "#\t")) or line.strip() == "#":
            self._builder.hide(line.lstrip(" \t#"))
        else:
            self._lines.append(line.strip())
        return position + 1

    def _block(self, lines: list[str], position: int, name: str) -> int:
        closing = f"#+end_{name}"
        end = next((at for at in range(position + 1, len(lines)) if lines[at].strip().lower() == closing), len(lines))
        inner = lines[position + 1 : end]
        if name == "comment":
            self._builder.hide("\n".join(inner))
        elif name in ("quote", "center", "verse"):
            for line in inner:
                if line.strip():
                    self._lines.append(line.strip())
                else:
                    self._flush()
            self._flush()
        elif name != "export":
            self._builder.add(ElementKind.CODE, textwrap.dedent("\n".join(inner)))
        return end + 1

    def _drawer(self, lines: list[str], position: int) -> int:
        end = position
        if _DRAWER.match(lines[position]):
            last = min(len(lines), position + _LONGEST_DRAWER)
            while end < last and lines[end].strip().lower() != ":end:":
                end += 1
            return end + 1 if end < last else position + 1  # one that is not closed is none
        while end < len(lines) and lines[end].lstrip().startswith(":"):
            end += 1
        code = [line.lstrip()[1:].removeprefix(" ") for line in lines[position:end]]
        self._builder.add(ElementKind.CODE, "\n".join(code))
        return end

    def _table(self, lines: list[str], position: int) -> int:
        end = position
        rows: list[list[str]] = []
        while end < len(lines) and lines[end].lstrip().startswith("|"):
            line = lines[end].strip()
            if not line.startswith("|-"):
                rows.append([_plain(cell.strip()) for cell in line.strip("|").split("|")])
            end += 1
        self._builder.add(ElementKind.TABLE, markdown_table(rows), header_lines=HEADER_LINES)
        return end

    def _flush(self) -> None:
        self._builder.add(self._kind, _plain("\n".join(self._lines)))
        self._kind = ElementKind.PARAGRAPH
        self._lines = []


def _plain(text: str) -> str:
    if "[[" in text:
        text = _LINK.sub(lambda link: link[2] or link[1], text)
    return _MARKUP.sub(r"\2", text)
