"""Markdown's block structure: CommonMark with GitHub's tables, read line by line.

A parser of our own: markdown-it-py gives the same blocks at five times the cost (the tests compare the two), and Markdown is
what large documentation sets are made of. https://spec.commonmark.org/0.31.2/
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Set
from typing import NamedTuple

from core.documents import ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._markup.markdown_inline import label, plain
from tasks.extractors._markup.unseen import Unseen
from tasks.extractors._tables import HEADER_LINES, markdown_table

_MAX_DEPTH = 60
"""Containers nested deeper are read as text: nobody writes them but an attacker."""

# A run of blanks is taken from its beginning or not at all: no pattern may read it again from each of its characters.
_ATX = re.compile(r"(#{1,6})(?:[ \t]|$)")
_ATTRIBUTES = re.compile(r"(?<![ \t])[ \t]*\{[:#.][^{}]{0,200}\}[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_THEMATIC = re.compile(r"(?:\*[ \t]*){3,}$|(?:-[ \t]*){3,}$|(?:_[ \t]*){3,}$")
_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
_ITEM = re.compile(r"([-+*]|\d{1,9}[.)])(?:([ \t]+)(?=\S)|[ \t]*$)")
_DELIMITER = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*(?:\|[ \t]*)?$")
_PIPE = re.compile(r"(?<!\\)\|")
# To the line's end: "[10:32]: the pump failed" is text.
_DEFINITION = re.compile(
    r"\[(?!\^)([^\[\]]{1,500})\]:[ \t]*(?:<[^<>]*>|[^\s<]\S*)(?:[ \t]+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?[ \t]*$"
)
_HARD_BREAK = re.compile(r"(?:(?<! ) {2,}|\\)\n")
_HTML_BLOCK = re.compile(
    r"</?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset"
    r"|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes"
    r"|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul)(?:[ \t>]|/>|$)",
    re.IGNORECASE,
)
_HTML_RAW = re.compile(r"<(script|pre|style|textarea)(?:[ \t>]|$)", re.IGNORECASE)
_HTML_TAG_LINE = re.compile(r"(?:<[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>|</[A-Za-z][A-Za-z0-9-]*\s*>)[ \t]*$")
_ANY_TAG = re.compile(r"<!--.*?(?:-->|$)|<[^<>]*>", re.DOTALL)


class Block(NamedTuple):
    """A block before it becomes an element."""

    kind: ElementKind
    text: str
    level: int | None = None
    header_lines: int = 0


class _Known(NamedTuple):
    """What is known of the document throughout."""

    labels: Set[str]
    """Those that it defines (`label`)."""
    unseen: Unseen

    def plain(self, text: str) -> str:
        """The text of inline markup."""
        return plain(text, self.labels, self.unseen)


def blocks(lines: list[str], builder: Builder | None = None) -> list[Block]:
    """The blocks of a document's lines, containers opened. In the builder, whose policy counts, what is hidden is counted."""
    return _blocks(lines, _Known(_labels(lines), Unseen(builder or Builder())), 0)


def _blocks(lines: list[str], known: _Known, depth: int) -> list[Block]:
    if depth > _MAX_DEPTH:
        return [Block(ElementKind.PARAGRAPH, "\n".join(lines))]
    if len(lines) == 1 and lines[0][:1].isalpha():  # most list items
        return [Block(ElementKind.PARAGRAPH, _flow(lines, known))]
    return _Reader(lines, known, depth).read()


def _labels(lines: list[str]) -> Set[str]:
    """Labels of the links that the document defines anywhere. A definition that is shown as code does no harm here."""
    definitions = (_DEFINITION.match(line.lstrip(" \t>-+*")) for line in lines if "]:" in line)
    return {label(found[1]) for found in definitions if found}


class _Reader:
    """One pass over the lines of a document or of one container."""

    def __init__(self, lines: list[str], known: _Known, depth: int) -> None:
        self.lines = lines
        self.known = known
        self.depth = depth
        self.blocks: list[Block] = []
        self.paragraph: list[str] = []

    def read(self) -> list[Block]:
        """All blocks."""
        position = 0
        while position < len(self.lines):
            position = self._step(position)
        self._end_paragraph()
        return self.blocks

    def _step(self, position: int) -> int:
        """Take what begins at the line; returns the line after it."""
        line = self.lines[position]
        text = line.lstrip(" \t")
        if not text:
            self._end_paragraph()
            return position + 1
        indent = len(line) - len(text)
        if line[0] == "\t" or "\t" in line[:indent]:
            line = line[:indent].expandtabs(4) + text
            indent = len(line) - len(text)
        if indent >= 4:
            if not self.paragraph:
                return self._indented_code(position)
        elif not text[0].isalpha():
            taken = self._marked(position, line, text, indent)
            if taken is not None:
                return taken
        if indent < 4 and "|" in line and position + 1 < len(self.lines):
            taken = self._table(position)
            if taken is not None:
                return taken
        self.paragraph.append(text)
        return position + 1

    def _marked(self, position: int, line: str, text: str, indent: int) -> int | None:
        """A block that its first character announces; None if it announces nothing."""
        mark = text[0]
        if mark == "#":
            return self._atx(position, text)
        if self.paragraph and mark in "=-" and _SETEXT.match(line):
            self._setext("=" in text)
            return position + 1
        if mark in "`~" and (fence := _FENCE.match(text)):
            return self._fenced_code(position, indent, fence[1] or fence[2])
        if mark == ">":
            return self._quote(position)
        if mark in "*-_" and _THEMATIC.match(text):
            self._end_paragraph()
            return position + 1
        if (mark in "-+*" or mark.isdigit()) and (item := _ITEM.match(text)) and self._may_begin(item):
            return self._item(position, indent, item)
        if mark == "<":
            return self._html(position, text)
        if mark == "[" and not self.paragraph and _DEFINITION.match(text):
            return position + 1
        return None

    def _end_paragraph(self) -> None:
        if self.paragraph:
            self.blocks.append(Block(ElementKind.PARAGRAPH, _flow(self.paragraph, self.known)))
            self.paragraph = []

    def _atx(self, position: int, text: str) -> int | None:
        heading = _ATX.match(text)
        if heading is None:
            return None
        self._end_paragraph()
        title = text[len(heading[1]) :].strip()
        open_title = title.rstrip("#")
        if not open_title or open_title[-1] in " \t":  # a closing run of #
            title = open_title.rstrip()
        self._heading(title, len(heading[1]))
        return position + 1

    def _setext(self, first: bool) -> None:
        text, self.paragraph = _flow(self.paragraph, self.known), []
        self._heading(text, 1 if first else 2, flowed=True)

    def _heading(self, text: str, level: int, flowed: bool = False) -> None:
        text = _ATTRIBUTES.sub("", text)
        self.blocks.append(Block(ElementKind.HEADING, text if flowed else self.known.plain(text), level))

    def _indented_code(self, position: int) -> int:
        end = last = position
        while end < len(self.lines):
            line = self.lines[end].expandtabs(4)
            if line.strip():
                if not line.startswith("    "):
                    break
                last = end
            end += 1
        code = [line.expandtabs(4)[4:] for line in self.lines[position : last + 1]]
        self._code(code)
        return last + 1

    def _fenced_code(self, position: int, indent: int, fence: str) -> int:
        self._end_paragraph()
        closing = re.compile(rf" {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
        code: list[str] = []
        for end in range(position + 1, len(self.lines)):
            line = self.lines[end]
            if closing.match(line):
                self._code(code)
                return end + 1
            own = min(indent, len(line) - len(line.lstrip(" ")))
            code.append(line[own:])
        self._code(code)
        return len(self.lines)

    def _code(self, lines: list[str]) -> None:
        self.blocks.append(Block(ElementKind.CODE, textwrap.dedent("\n".join(lines))))

    def _table(self, position: int) -> int | None:
        rule = self.lines[position + 1]
        if "-" not in rule or not _DELIMITER.match(rule):
            return None
        header = _cells(self.lines[position])
        width = len(_cells(rule))
        if len(header) != width or ("|" not in rule and ":" not in rule):
            return None
        self._end_paragraph()
        rows = [header]
        end = position + 2
        while end < len(self.lines) and self.lines[end].strip() and not self._interrupts(self.lines[end]):
            row = _cells(self.lines[end])[:width]
            rows.append(row)
            end += 1
        table = markdown_table([[self.known.plain(cell) for cell in row] for row in rows])
        self.blocks.append(Block(ElementKind.TABLE, table, header_lines=HEADER_LINES))
        return end

    def _quote(self, position: int) -> int:
        self._end_paragraph()
        inner: list[str] = []
        content = _Content(inner)
        end = position
        while end < len(self.lines):
            line = self.lines[end]
            text = line.lstrip(" ")
            if text.startswith(">") and len(line) - len(text) < 4:
                inner.append(text[2:] if text[1:2] == " " else text[1:])
            elif not text.strip() or not content.is_flow() or self._interrupts(line):
                break
            else:
                inner.append(line)
            end += 1
        for block in _blocks(inner, self.known, self.depth + 1):
            # A quoted heading opens no section of this document.
            quoted = block.kind is ElementKind.HEADING
            self.blocks.append(Block(ElementKind.PARAGRAPH, block.text) if quoted else block)
        return end

    def _may_begin(self, item: re.Match[str]) -> bool:
        """A paragraph is interrupted only by an item that has text and, in a numbered list, begins with 1."""
        return not self.paragraph or (item[2] is not None and item[1] in "-+*1.1)")

    def _item(self, position: int, indent: int, item: re.Match[str]) -> int:
        self._end_paragraph()
        line = self.lines[position].expandtabs(4)
        blank = line[indent + len(item[1]) :]
        spaces = len(blank) - len(blank.lstrip(" ")) if blank.strip() else 1
        # Five or more spaces: one belongs to the marker, the others make indented code.
        offset = indent + len(item[1]) + (spaces if spaces <= 4 else 1)
        inner, end = self._item_lines(position + 1, offset, [line[offset:]])
        found = _blocks(inner, self.known, self.depth + 1)
        if found and found[0].kind is ElementKind.PARAGRAPH:
            number = "" if item[1] in "-+*" else f"{item[1]} "
            found[0] = Block(ElementKind.LIST_ITEM, number + found[0].text)
        self.blocks.extend(found)
        return end

    def _item_lines(self, end: int, offset: int, inner: list[str]) -> tuple[list[str], int]:
        """The lines that belong to an item whose content begins at column `offset`, and the line after them."""
        content = _Content(inner)
        last = end
        while end < len(self.lines):
            line = self.lines[end]
            if not line.strip():
                if not inner[0].strip() and len(inner) == 1:
                    break  # an item may begin with one blank line, not more
                inner.append("")
                end += 1
                continue
            if "\t" in line:
                own = len(line) - len(line.lstrip(" \t"))
                line = line[:own].expandtabs(4) + line[own:]
            own = len(line) - len(line.lstrip(" "))
            if own >= offset:
                inner.append(line[offset:])
            elif inner[-1].strip() and content.is_flow() and not self._interrupts(line):
                # Indented by four it is text whatever it looks like, and must stay so inside.
                inner.append(line if own >= 4 else line.lstrip(" "))
            else:
                break
            end += 1
            last = end
        del inner[len(inner) - (end - last) :]
        return inner, last

    def _interrupts(self, line: str) -> bool:
        """True if the line begins a block that ends a paragraph."""
        text = line.lstrip(" ")
        if len(line) - len(text) >= 4 or not text or text[0].isalpha():
            return False
        if text[0] == "#":
            return _ATX.match(text) is not None
        if text[0] == ">" or _THEMATIC.match(text) or _FENCE.match(text):
            return True
        if _ITEM.match(text):
            return True
        return text[0] == "<" and _html_end(text, True) is not None

    def _html(self, position: int, text: str) -> int | None:
        end_mark = _html_end(text, bool(self.paragraph))
        if end_mark is None:
            return None
        self._end_paragraph()
        end = position
        while end < len(self.lines):
            line = self.lines[end]
            if end_mark:
                end += 1
                if end_mark in line.lower():
                    break
            elif not line.strip():
                break
            else:
                end += 1
        source = "\n".join(self.lines[position:end])
        if _ANY_TAG.sub("", source).strip():
            self.blocks.extend(Block(e.kind, e.text, e.level, e.header_lines) for e in self.known.unseen.elements(source))
        return end


class _Content:
    """The lines of a container while they are found."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._seen = 0
        self._fenced = False

    def is_flow(self) -> bool:
        """True if the last line is open paragraph text, which the next line may continue without a mark."""
        for line in self._lines[self._seen :]:
            self._fenced ^= _FENCE.match(line.lstrip(" ")) is not None
        self._seen = len(self._lines)
        last = self._lines[-1] if self._lines else ""
        if self._fenced or not last.strip():
            return False
        text = last.lstrip(" >")
        return not (_ATX.match(text) or _THEMATIC.match(text) or _FENCE.match(text) or last.startswith("    "))


def _html_end(text: str, in_paragraph: bool) -> str | None:
    """What ends the HTML block that the line begins: a mark in it, "" for a blank line; None if it begins none."""
    if raw := _HTML_RAW.match(text):
        return f"</{raw[1].lower()}>"
    for start, end in (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">")):
        if text.startswith(start):
            return end
    if _HTML_BLOCK.match(text):
        return ""
    return "" if not in_paragraph and _HTML_TAG_LINE.match(text) else None


def _flow(lines: list[str], known: _Known) -> str:
    """Paragraph lines as running text: soft breaks become spaces, hard ones stay."""
    if len(lines) == 1:
        return known.plain(lines[0].rstrip())
    text = "\n".join(lines)
    if "  \n" in text or "\\\n" in text:
        parts = _HARD_BREAK.split(text)
        text = "\ue002".join(part.replace("\n", " ") for part in parts)
        return known.plain(text).replace("\ue002", "\n")
    return known.plain(" ".join(line.rstrip() for line in lines))


def _cells(line: str) -> list[str]:
    line = line.strip()
    line = line.removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [cell.strip() for cell in _PIPE.split(line)]
