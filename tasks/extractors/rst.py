"""reStructuredText, read line by line: headings by their adornment, lists, tables, directives. Nothing is included or run.

https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html
"""

from __future__ import annotations

import csv
import re
import textwrap

from core.documents import Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_text
from tasks.extractors._markup.rst_inline import Substitutions, plain
from tasks.extractors._markup.rst_tables import grid_rows, is_grid, is_simple, simple_rows, table_end
from tasks.extractors._tables import HEADER_LINES, markdown_table
from tasks.extractors._types.suffixes import RST
from tasks.extractors.base import DEFAULT, Extractor, Reading

_MAX_DEPTH = 40
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{1,}$")
_DIRECTIVE = re.compile(r"\.\.[ \t]{1,9}(?:\|([^|\n]{1,100})\|[ \t]{1,9})?([\w.:+-]{1,60})::(?:[ \t]+(.*))?$")
_NOTE = re.compile(r"\.\.[ \t]{1,9}(\[[^\]\n]{1,60}\])(?:[ \t]+(.*))?$")
_TARGET = re.compile(r"\.\.[ \t]{1,9}_(?:`[^`]{1,300}`|[^:\n]{0,300}):|__[ \t]")
_BULLET = re.compile(r"[*+•‣⁃-](?:[ \t]+|$)")
# Letters with a full stop are initials of names, but for the first of a list.
_NUMBER = re.compile(r"(?:(?:\d{1,4}|#|[aAiI])\.|\(?(?:\d{1,4}|[A-Za-z]|[ivxlcdmIVXLCDM]{1,7}|#)\))(?:[ \t]+|$)")
_FIELD = re.compile(r":([^:\n]{1,100}):(?:[ \t]+(.*))?$")
_OPTION = re.compile(r":[\w-]{1,60}:(?:[ \t]|$)")
_CODE = frozenset(
    {"code", "code-block", "sourcecode", "parsed-literal", "literalinclude", "math", "doctest", "testcode", "prompt"}
)
_UNSEEN = frozenset(
    {
        "raw",
        "include",
        "contents",
        "toctree",
        "index",
        "meta",
        "highlight",
        "sectnum",
        "role",
        "default-role",
        "header",
        "footer",
    }
    | {"image", "target-notes", "currentmodule", "unicode", "date", "class", "tabularcolumns", "automodule"}
)
_FACTS = {"author": "author", "authors": "author", "date": "date", "keywords": "keywords", "language": "language"}


class RstExtractor(Extractor):
    """Headings, paragraphs, list items, tables, code, captions."""

    name = "rst"
    version = 2
    media_types = frozenset({RST})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(TOO_LARGE, BOMB)."""
        builder = Builder(reading.policy.keep_hidden)
        lines = [line.rstrip().expandtabs(8) for line in read_text(path).split("\n")]
        _Reader(builder).read(lines, 0)
        builder.title = next((element.text for element in builder.elements if element.level == 1), None)
        return builder.document(media_type, self.key)


class _Reader:
    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._styles: list[tuple[str, bool]] = []
        self._substitutions = Substitutions()

    def read(self, lines: list[str], depth: int, kind: ElementKind = ElementKind.PARAGRAPH, mark: str = "") -> None:
        """Add the blocks of the lines; the first paragraph is of the given kind and gets the mark before it."""
        if depth > _MAX_DEPTH:
            self._builder.add(ElementKind.PARAGRAPH, "\n".join(lines))
            return
        position = 0
        while position < len(lines):
            line = lines[position]
            if not line:
                position += 1
            elif line[0] == " ":
                end = _indented_end(lines, position)
                self.read(_dedented(lines[position:end]), depth + 1)
                position = end
            elif line[0].isalnum() and not _NUMBER.match(line):
                position = self._paragraph(lines, position, depth, kind, mark)
                kind, mark = ElementKind.PARAGRAPH, ""
            else:
                taken = self._marked(lines, position, depth)
                if not taken:
                    taken = self._paragraph(lines, position, depth, kind, mark)
                    kind, mark = ElementKind.PARAGRAPH, ""
                position = taken

    def _marked(self, lines: list[str], position: int, depth: int) -> int:
        """Take what its first character announces; the line after it, or 0 if it announces nothing."""
        line = lines[position]
        if taken := self._overlined(lines, position):
            return taken
        if is_grid(line) or is_simple(line):
            end = table_end(lines, position)
            rows = grid_rows(lines[position:end]) if is_grid(line) else simple_rows(lines[position:end])
            self._table(rows)
            return end
        if _ADORNMENT.match(line) and len(line) >= 4:
            return position + 1  # a transition
        if line.startswith("..") and line[2:3] in ("", " "):
            return self._explicit(lines, position, depth)
        if line.startswith("__ "):
            return position + 1
        if line.startswith(">>>"):
            end = next((at for at in range(position, len(lines)) if not lines[at]), len(lines))
            self._builder.add(ElementKind.CODE, "\n".join(lines[position:end]))
            return end
        if line.startswith("| "):
            return self._line_block(lines, position)
        if (field := _FIELD.match(line)) is not None:
            return self._field(lines, position, field, depth)
        if (item := _BULLET.match(line) or _NUMBER.match(line)) is not None:
            return self._item(lines, position, item, depth)
        return 0

    def _overlined(self, lines: list[str], position: int) -> int:
        if position + 2 >= len(lines) or not _ADORNMENT.match(lines[position]) or lines[position] != lines[position + 2]:
            return 0
        title = lines[position + 1].strip()
        if not title or len(lines[position]) < min(len(title), 4):
            return 0
        self._heading(title, (lines[position][0], True))
        return position + 3

    def _heading(self, title: str, style: tuple[str, bool]) -> None:
        if style not in self._styles:
            self._styles.append(style)
        self._builder.add(ElementKind.HEADING, self._plain(title), level=self._styles.index(style) + 1)

    def _paragraph(self, lines: list[str], position: int, depth: int, kind: ElementKind, mark: str) -> int:
        following = lines[position + 1] if position + 1 < len(lines) else ""
        if following and _ADORNMENT.match(following) and len(following) >= min(len(lines[position]), 4) and not depth:
            self._heading(lines[position], (following[0], False))
            return position + 2
        if following.startswith(" ") and not lines[position].endswith("::"):  # a term and its definition
            end = _indented_end(lines, position + 1)
            term = re.split(r"\s:\s", lines[position], maxsplit=1)[0]
            self._builder.add(ElementKind.LIST_ITEM, mark + self._plain(term))
            self.read(_dedented(lines[position + 1 : end]), depth + 1)
            return end
        end = position
        while end < len(lines) and lines[end] and (end == position or lines[end][0] != " "):
            end += 1
        text = "\n".join(lines[position:end])
        literal = text.endswith("::")
        if literal:
            text = text[:-2].rstrip() if text[-3:-2].isspace() or text == "::" else text[:-1]
        self._builder.add(kind, mark + self._plain(text) if text else "")
        return self._literal(lines, end) if literal else end

    def _literal(self, lines: list[str], position: int) -> int:
        start = position
        while start < len(lines) and not lines[start]:
            start += 1
        if start >= len(lines) or (lines[start][0] != " " and not _ADORNMENT.match(lines[start][0] * 2)):
            return position
        if lines[start][0] == " ":
            end = _indented_end(lines, start)
        else:  # quoted by a mark before each line
            end = next((at for at in range(start, len(lines)) if lines[at][:1] != lines[start][0]), len(lines))
        self._builder.add(ElementKind.CODE, textwrap.dedent("\n".join(lines[start:end])))
        return end

    def _explicit(self, lines: list[str], position: int, depth: int) -> int:
        line = lines[position]
        end = _indented_end(lines, position + 1)
        body = _dedented(lines[position + 1 : end])
        if (directive := _DIRECTIVE.match(line)) is not None:
            self._directive(directive, body, depth)
        elif (note := _NOTE.match(line)) is not None:
            self.read([note[2] or "", *body] if not note[2] else [note[2], *body], depth + 1, mark=f"{note[1]} ")
        elif not _TARGET.match(line):
            self._builder.hide("\n".join([line[2:], *body]))  # a comment
            if self._builder.keep_hidden:
                self._builder.add(ElementKind.PARAGRAPH, "\n".join([line[2:], *body]))
        return end

    def _directive(self, directive: re.Match[str], body: list[str], depth: int) -> None:
        name, argument = directive[2].lower(), (directive[3] or "").strip()
        options, body = _options(body)
        if directive[1] is not None:
            text = argument if name == "replace" else options.get("alt", "")
            self._substitutions.define(directive[1], self._plain(" ".join([text, *body]).strip()))
        elif name in _CODE:
            self._builder.add(ElementKind.CODE, "\n".join(([argument] if name in ("math", "parsed-literal") else []) + body))
        elif name in ("figure", "image"):
            self._builder.add(ElementKind.PARAGRAPH, self._plain(options.get("alt", "")))
            self.read(body, depth + 1, ElementKind.CAPTION)
        elif name in ("csv-table", "list-table"):
            self._builder.add(ElementKind.CAPTION, self._plain(argument))
            rows = _csv_rows(body, options) if name == "csv-table" else _list_rows(body)
            self._table(rows)
        elif name == "table":
            self._builder.add(ElementKind.CAPTION, self._plain(argument))
            self.read(body, depth + 1)
        elif name not in _UNSEEN:
            self.read(([argument, *body] if body[:1] and body[0] else [argument, "", *body]) if argument else body, depth + 1)

    def _table(self, rows: list[list[str]]) -> None:
        cells = [[self._plain(cell) for cell in row] for row in rows]
        self._builder.add(ElementKind.TABLE, markdown_table(cells), header_lines=HEADER_LINES)

    def _line_block(self, lines: list[str], position: int) -> int:
        end = position
        while end < len(lines) and (
            lines[end].startswith("| ") or lines[end] == "|" or (lines[end][:1] == " " and end > position)
        ):
            end += 1
        self._builder.add(
            ElementKind.PARAGRAPH, "\n".join(self._plain(line.lstrip("|").strip()) for line in lines[position:end])
        )
        return end

    def _field(self, lines: list[str], position: int, field: re.Match[str], depth: int) -> int:
        end = _indented_end(lines, position + 1)
        name, body = self._plain(field[1]), [field[2] or "", *_dedented(lines[position + 1 : end])]
        if name.lower() in _FACTS and not any(element.level is None for element in self._builder.elements):
            self._builder.note(_FACTS[name.lower()], self._plain(" ".join(body)))
        self.read(body, depth + 1, mark=f"{name}: ")
        return end

    def _item(self, lines: list[str], position: int, item: re.Match[str], depth: int) -> int:
        width = len(item[0])
        end = position + 1
        while end < len(lines) and (not lines[end] or lines[end].startswith(" " * min(width, 2))):
            end += 1
        body = [lines[position][width:], *_dedented(lines[position + 1 : end], width)]
        mark = "" if _BULLET.match(item[0]) else f"{item[0].strip()} "
        self.read(body, depth + 1, ElementKind.LIST_ITEM, mark)
        return end

    def _plain(self, text: str) -> str:
        return plain(text, self._substitutions)


def _indented_end(lines: list[str], position: int) -> int:
    """The line after the indented ones, blank lines at their end left out."""
    last = position
    for at in range(position, len(lines)):
        if lines[at]:
            if lines[at][0] != " ":
                break
            last = at + 1
    return last


def _dedented(lines: list[str], most: int | None = None) -> list[str]:
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line), default=0)
    margin = margin if most is None else min(margin, most)
    return [line[margin:] for line in lines]


def _options(body: list[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    position = 0
    while position < len(body) and _OPTION.match(body[position]):
        name, _, value = body[position][1:].partition(":")
        options[name] = value.strip()
        position += 1
    return options, body[position:]


def _csv_rows(body: list[str], options: dict[str, str]) -> list[list[str]]:
    lines = ([options["header"]] if "header" in options else []) + [line for line in body if line]
    try:
        return list(csv.reader(lines, skipinitialspace=True))
    except csv.Error:
        return [[line] for line in lines]


def _list_rows(body: list[str]) -> list[list[str]]:
    """Rows of a list of lists: "* - cell" begins a row, "  - cell" goes on with it."""
    rows: list[list[str]] = []
    for line in body:
        text = line.strip()
        if line.startswith("* -"):
            rows.append([text[3:].strip()])
        elif rows and line.startswith("  -"):
            rows[-1].append(text[1:].strip())
        elif rows and text:
            rows[-1][-1] += f" {text}"
    return rows
