"""Jupyter notebooks: Markdown cells as Markdown, code as code, and what it printed, up to a limit.

https://nbformat.readthedocs.io/en/latest/format_description.html (version 4; version 3 keeps its cells in worksheets)
"""

from __future__ import annotations

import json
import re
from typing import Any

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import normalise, read_text
from tasks.extractors._markup.markdown_blocks import blocks
from tasks.extractors._types.suffixes import NOTEBOOK
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.html import add_fragment

_MOST_OUTPUT = 4_000
"""Characters of one cell's output; what is more is data or a log."""
_ESCAPES = re.compile(r"\x1b\[[0-9;]{0,30}[A-Za-z]")


class NotebookExtractor(Extractor):
    """Headings, paragraphs, list items, tables, code."""

    name = "notebook"
    version = 3
    media_types = frozenset({NOTEBOOK})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(TOO_LARGE, CORRUPT)."""
        builder = Builder(reading.policy.keep_hidden)
        try:
            notebook = json.loads(read_text(path), strict=False)
        except (ValueError, RecursionError) as exc:
            raise Unprocessable(Reason.CORRUPT, f"no JSON: {exc}") from exc
        cells = _cells(notebook)
        if cells is None:
            raise Unprocessable(Reason.CORRUPT, "no cells in it")
        for cell in cells:
            if isinstance(cell, dict):
                _add(builder, cell)
        metadata = notebook.get("metadata")
        if isinstance(metadata, dict) and isinstance(metadata.get("title"), str):
            builder.title = metadata["title"]
        else:
            builder.title = next((e.text for e in builder.elements if e.level == 1), None)
        return builder.document(media_type, self.key)


def _cells(notebook: Any) -> list[Any] | None:
    if not isinstance(notebook, dict):
        return None
    sheets = notebook.get("worksheets") if "cells" not in notebook else [notebook]
    if not isinstance(sheets, list):
        return None
    found = [sheet["cells"] for sheet in sheets if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)]
    return [cell for cells in found for cell in cells] if found else None


def _add(builder: Builder, cell: dict[str, Any]) -> None:
    source = normalise(_text(cell.get("source", cell.get("input"))))
    kind = cell.get("cell_type")
    if kind == "markdown":
        for block in blocks(source.split("\n"), builder):
            builder.add(block.kind, block.text, level=block.level, header_lines=block.header_lines)
    elif kind == "heading":  # version 3
        level = cell.get("level")
        builder.add(ElementKind.HEADING, source, level=level if isinstance(level, int) else 1)
    else:
        builder.add(ElementKind.CODE if kind == "code" else ElementKind.PARAGRAPH, source)
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            _add_output(builder, output)


def _add_output(builder: Builder, output: dict[str, Any]) -> None:
    data = output.get("data")
    data = data if isinstance(data, dict) else {}
    page = _text(data.get("text/html", output.get("html")))
    if "<table" in page and len(page) <= _MOST_OUTPUT * 5:
        add_fragment(builder, page)
        return
    if markdown := _text(data.get("text/markdown")):
        for block in blocks(normalise(markdown[:_MOST_OUTPUT]).split("\n"), builder):
            builder.add(block.kind, block.text, level=block.level, header_lines=block.header_lines)
        return
    printed = _ESCAPES.sub("", _text(output.get("text", data.get("text/plain"))))
    if output.get("output_type") in ("error", "pyerr"):
        printed = f"{output.get('ename')}: {output.get('evalue')}"
    builder.add(ElementKind.CODE, printed[:_MOST_OUTPUT])


def _text(value: Any) -> str:
    """A text, which may be kept as a list of its lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""
