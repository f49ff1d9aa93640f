"""TeX and LaTeX, as far as it can be read without running it: headings, paragraphs, lists, tables, code, formulas as they are.

No macro is expanded, no file included: a macro that is not known is taken off, and what it is given stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.documents import Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_text
from tasks.extractors._markup.tex_inline import braced, plain
from tasks.extractors._tables import HEADER_LINES, markdown_table
from tasks.extractors._types.suffixes import TEX
from tasks.extractors.base import DEFAULT, Extractor, Reading

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*(?:\n[ \t]*(?=\S)|(?=\n)|$)")
_SECTIONS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5, "subparagraph": 6}
_VERBATIM = "verbatim|Verbatim|lstlisting|minted|alltt|comment|filecontents"
_MATHS = "equation|align|gather|multline|eqnarray|displaymath|math|flalign"
# One after the other, as they come: what begins first holds what is in it.
_MARK = re.compile(
    rf"\\begin\{{(?P<verbatim>{_VERBATIM})\*?\}}|\\begin\{{(?P<maths>{_MATHS})\*?\}}|(?P<display>\\\[|\$\$)"
    r"|\\begin\{(?P<table>tabular|tabularx|longtable|tabu|array)\*?\}"
    r"|\\(?P<begin>begin|end)[ \t]*\{(?P<name>[A-Za-z]{1,60})\*?\}"
    r"|\\(?P<section>part|chapter|section|subsection|subsubsection|paragraph|subparagraph)\*?(?=[ \t\n]{0,20}[\[{])"
    r"|\\(?P<item>item)(?![A-Za-z])|\\(?P<caption>caption|title|author|date)\*?(?=[ \t\n]{0,20}[\[{])"
    r"|(?P<par>\n[ \t]*\n|\\par(?![A-Za-z]))"
)
_ARGUMENT = re.compile(r"[ \t\n]{0,20}\[[^\]]{0,500}\]")
_LISTS = frozenset({"itemize", "enumerate", "description"})


class TexExtractor(Extractor):
    """Headings, paragraphs, list items, tables, code, captions."""

    name = "tex"
    version = 1
    media_types = frozenset({TEX})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(TOO_LARGE)."""
        builder = Builder(reading.policy.keep_hidden)
        _Reader(builder, read_text(path)).read()
        return builder.document(media_type, self.key)


class _Reader:
    def __init__(self, builder: Builder, source: str) -> None:
        self._builder = builder
        self._source = source
        self._kind = ElementKind.PARAGRAPH
        self._mark = ""
        self._run: list[str] = []
        self._numbers: list[int | None] = []

    def read(self) -> None:
        """Add all blocks; of a whole document what stands between its beginning and end."""
        source = self._source
        begin = source.find("\\begin{document}")
        if begin >= 0:
            for found in _preamble(source[:begin]):
                self._note(*found)
        position = begin + len("\\begin{document}") if begin >= 0 else 0
        end = min(_find(source, closing, position, len(source)) for closing in ("\\end{document}", "\\endinput"))
        while (mark := _MARK.search(source, position, end)) is not None:
            self._run.append(source[position : mark.start()])
            position = max(self._take(mark, end), mark.end())
        self._run.append(source[position:end])
        self._flush()
        if self._builder.title is None:
            self._builder.title = next((e.text for e in self._builder.elements if e.level), None)

    def _take(self, mark: re.Match[str], end: int) -> int:
        """Take what the mark begins; returns where it ends."""
        source, at = self._source, mark.end()
        kind = mark.lastgroup
        if kind in ("verbatim", "maths", "display"):
            return self._whole(mark, at, end)
        if kind == "table":
            close = _find(source, f"\\end{{{mark['table']}", at, end)
            self._flush()
            self._builder.add(ElementKind.TABLE, markdown_table(_rows(source[at:close])), header_lines=HEADER_LINES)
            return source.find("}", close, end) + 1 or end
        if kind in ("section", "caption"):
            at = _after_option(source, at)
            text, after = braced(source, at, end)
            self._flush()
            if kind == "section":
                self._builder.add(ElementKind.HEADING, plain(text), level=_SECTIONS[mark["section"]])
            elif mark["caption"] == "caption":
                self._builder.add(ElementKind.CAPTION, plain(text))
            else:
                self._note(mark["caption"], text)
            return after
        self._flush()
        if kind == "item":
            return self._item(at, end)
        if mark["name"] in _LISTS:
            self._enter(mark["begin"] == "begin", mark["name"])
        return _after_option(source, at) if mark["begin"] else at

    def _whole(self, mark: re.Match[str], at: int, end: int) -> int:
        """Code and displayed formulas."""
        source, name = self._source, mark["verbatim"] or mark["maths"]
        closing = f"\\end{{{name}" if name else ("\\]" if mark["display"] == "\\[" else "$$")
        close = _find(source, closing, at, end)
        self._flush()
        text = source[_after_option(source, at) if mark["verbatim"] else at : close]
        if name == "comment":
            self._builder.hide(text)
        else:
            self._builder.add(ElementKind.CODE, text.removeprefix("{").strip("\n"))
        return close + len(closing) + (len(source[close:end].partition("}")[0]) + 1 - len(closing) if name else 0)

    def _item(self, at: int, end: int) -> int:
        self._kind = ElementKind.LIST_ITEM
        option = _ARGUMENT.match(self._source, at, end)
        if option:
            self._mark = plain(option[0].strip()[1:-1]) + " "
            return option.end()
        if self._numbers and self._numbers[-1] is not None:
            self._numbers[-1] += 1
            self._mark = f"{self._numbers[-1]}. "
        return at

    def _enter(self, begins: bool, name: str) -> None:
        if begins:
            self._numbers.append(0 if name == "enumerate" else None)
        elif self._numbers:
            self._numbers.pop()

    def _note(self, name: str, text: str) -> None:
        if name == "title":
            self._builder.title = plain(text) or None
        else:
            self._builder.note(name, plain(text.replace("\\and", ",")))

    def _flush(self) -> None:
        text = plain(_COMMENT.sub(self._uncommented, "".join(self._run)))
        self._run = []
        if text:
            self._builder.add(self._kind, self._mark + text)
            self._kind, self._mark = ElementKind.PARAGRAPH, ""

    def _uncommented(self, comment: re.Match[str]) -> str:
        self._builder.hide(comment[0].partition("%")[2])
        return comment[1]


def _preamble(source: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r"\\(title|author|date)(?=[ \t\n]{0,20}[\[{])", source):
        text, _ = braced(source, _after_option(source, found.end()), len(source))
        yield found[1], text


def _after_option(source: str, at: int) -> int:
    option = _ARGUMENT.match(source, at)
    return option.end() if option else at


def _find(source: str, needle: str, at: int, end: int) -> int:
    found = source.find(needle, at, end)
    return found if found >= 0 else end


def _rows(source: str) -> list[list[str]]:
    """Cells of a table's source, its column specification taken off."""
    at = _after_option(source, 0)
    while source[at : at + 1] == "{":
        _, at = braced(source, at, len(source))
    lines = re.split(r"\\\\(?:\[[^\]]{0,20}\])?|\\tabularnewline", source[at:])
    rows = [[plain(_COMMENT.sub(r"\1", cell)) for cell in re.split(r"(?<!\\)&", line)] for line in lines]
    return [row for row in rows if any(row)]
