"""Word documents through unstructured: headings, lists and tables by their styles."""

from __future__ import annotations

from typing import Any

from core.documents import Document, ElementKind
from tasks.extractors import _unstructured
from tasks.extractors._builder import Builder
from tasks.extractors._ooxml import note_properties, opened
from tasks.extractors._tables import add_table
from tasks.extractors.base import Extractor
from tasks.extractors.html import first_table


class DocxExtractor(Extractor):
    """Body text in order. Running headers and footers are left out."""

    name = "docx"
    version = 1
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document"})

    def extract(self, path: str, media_type: str) -> Document:
        """Elements without pages: only a layout would say where they end. Raises Unprocessable(CORRUPT, TOO_LARGE)."""
        _unstructured.prepare()
        from docx.opc.exceptions import OpcError
        from unstructured.partition.docx import partition_docx

        builder = Builder()
        with opened(path, OpcError):
            found = partition_docx(path, languages=[""], include_page_breaks=False)
        note_properties(path, builder)
        for element in found:
            _add(builder, element)
        return builder.document(media_type, self.key)


def _add(builder: Builder, element: Any) -> None:
    category, metadata = element.category, element.metadata
    if category == "Table":
        add_table(builder, first_table(metadata.text_as_html or "") or [[element.text]])
    elif category == "Title":
        builder.add(ElementKind.HEADING, element.text, level=(metadata.category_depth or 0) + 1)
    elif category == "ListItem":
        builder.add(ElementKind.LIST_ITEM, element.text)
    elif category not in ("Header", "Footer", "PageBreak", "Image"):
        builder.add(ElementKind.PARAGRAPH, element.text)
