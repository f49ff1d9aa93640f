"""PowerPoint presentations through unstructured: a slide is a page, its title a heading."""

from __future__ import annotations

import zipfile
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from core.documents import Document, ElementKind
from tasks.extractors import _unstructured
from tasks.extractors._builder import Builder
from tasks.extractors._ooxml import note_properties, opened, plain_type, with_parts
from tasks.extractors._tables import add_table
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.html import first_table

_MAIN_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"


class PptxExtractor(Extractor):
    """Titles, text, list items, tables and speaker notes, slide by slide."""

    name = "pptx"
    version = 2
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.presentationml.presentation"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements with the slide's number as page and its title as label. Raises Unprocessable(CORRUPT, TOO_LARGE)."""
        _unstructured.prepare()
        from pptx.exc import PythonPptxError
        from unstructured.partition.pptx import partition_pptx

        builder = Builder()
        with opened(path, PythonPptxError), _presentation(path) as file:
            found = partition_pptx(file=file, languages=[""], include_page_breaks=False, include_slide_notes=True)
        note_properties(path, builder)
        for page, slide in groupby(found, key=lambda element: element.metadata.page_number):
            _add_slide(builder, page, list(slide))
        return builder.document(media_type, self.key)


def _presentation(path: str) -> IO[bytes]:
    """The file as a presentation: as it is unless it is a show, a template or has macros."""
    with zipfile.ZipFile(path) as archive:
        parts = plain_type(archive, _MAIN_TYPE)
        return with_parts(archive, parts) if parts else Path(path).open("rb")


def _add_slide(builder: Builder, page: int, slide: list[Any]) -> None:
    # Only depth 0 is the title's own shape; deeper "titles" are unstructured's guesses about short texts. The title leads its
    # slide wherever it stands: what is above it, and the notes, belong to it too.
    title = next((element for element in slide if element.category == "Title" and element.metadata.category_depth == 0), None)
    label = " ".join(title.text.split()) if title is not None else None
    if title is not None:
        builder.add(ElementKind.HEADING, title.text, page=page, level=1, label=label)
    for element in slide:
        if element is title:
            continue
        if element.category == "Table":
            rows = first_table(element.metadata.text_as_html or "") or [[element.text]]
            add_table(builder, rows, page=page, label=label)
        elif element.category == "ListItem":
            builder.add(ElementKind.LIST_ITEM, element.text, page=page, label=label)
        else:
            builder.add(ElementKind.PARAGRAPH, element.text, page=page, label=label)
