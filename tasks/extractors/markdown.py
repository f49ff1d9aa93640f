"""Markdown: its blocks as elements, its front matter as facts. Any text is Markdown."""

from __future__ import annotations

import re
from itertools import takewhile

from core.documents import Document
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_text
from tasks.extractors._markup.markdown_blocks import blocks
from tasks.extractors.base import DEFAULT, Extractor, Reading

_ENTRY = re.compile(r"([^\s#,\[\]{}|>-][^#]{0,60}?)\s?(?::(?:\s+|$)|=\s*)(.*)$")
_FRONT_MATTER_KEYS = {
    "author": "author",
    "authors": "author",
    "date": "date",
    "description": "subject",
    "lang": "language",
    "language": "language",
    "tags": "keywords",
    "keywords": "keywords",
}


class MarkdownExtractor(Extractor):
    """Headings, paragraphs, list items, tables, code; front matter becomes title and metadata."""

    name = "markdown"
    version = 6
    media_types = frozenset({"text/markdown"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(TOO_LARGE)."""
        builder = Builder(reading.policy.keep_hidden)
        lines = read_text(path).split("\n")
        start = _front_matter(lines, builder)
        for block in blocks(lines[start:], builder):
            builder.add(block.kind, block.text, level=block.level, header_lines=block.header_lines)
        if builder.title is None:
            builder.title = next((e.text for e in builder.elements if e.level == 1), None)
        return builder.document(media_type, self.key)


def _front_matter(lines: list[str], builder: Builder) -> int:
    """Take title and metadata from YAML or TOML front matter; returns the first line after it."""
    mark = lines[0].rstrip() if lines else ""
    if mark not in ("---", "+++"):
        return 0
    try:
        end = next(i for i, line in enumerate(lines[1:500], 1) if line.rstrip() in (mark, "..." if mark == "---" else mark))
    except StopIteration:
        return 0
    if not _is_front_matter(lines[1:end]):
        return 0  # a thematic break and text, say the first of some slides
    for found in filter(None, map(_ENTRY.match, lines[1:end])):
        key, value = found[1].strip("\"'").lower(), found[2].strip().strip("\"'").strip()
        if key == "title" and value:
            builder.title = value
        elif key in _FRONT_MATTER_KEYS and value and value not in ("|", ">"):
            builder.note(_FRONT_MATTER_KEYS[key], value.strip("[]"))
    return end + 1


def _is_front_matter(lines: list[str]) -> bool:
    """True if all lines may be YAML or TOML, of a mapping that begins at once; indented ones belong to what is above."""
    if not any(map(_ENTRY.match, takewhile(str.strip, lines))):
        return False
    own = [line for line in lines if line.strip() and not line[0].isspace()]
    return all(line[0] == "#" or line.startswith("- ") or _ENTRY.match(line) or len(line.split()) == 1 for line in own)
