"""Office files, pages and messages by unstructured's `partition`, as its users read them. To compare the usual engines with."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors import _unstructured
from tasks.extractors._builder import Builder
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.media_type import DOCX, PPTX

_PARTITIONERS = {DOCX: "docx", PPTX: "pptx", "text/html": "html", "message/rfc822": "email"}
_KINDS = {"Title": ElementKind.HEADING, "ListItem": ElementKind.LIST_ITEM, "FigureCaption": ElementKind.CAPTION}


class UnstructuredExtractor(Extractor):
    """Its elements in their order, tables as plain text."""

    name = "unstructured"
    version = 1
    media_types = frozenset(_PARTITIONERS)
    alternative = True

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements without pages. Raises Unprocessable(CORRUPT), whatever it is that unstructured stumbles over."""
        builder = Builder(reading.policy.keep_hidden)
        try:
            elements = elements_of(path, _PARTITIONERS[media_type])
        except Exception as exc:
            raise Unprocessable(Reason.CORRUPT, f"{type(exc).__name__}: {exc}") from exc
        for element in elements:
            builder.add(_KINDS.get(element.category, ElementKind.PARAGRAPH), element.text)
        return builder.document(media_type, self.key)


def elements_of(path: str, kind: str) -> list[Any]:
    """The elements of a file by `unstructured.partition.<kind>`. Raises whatever it raises."""
    _unstructured.prepare()
    partition = getattr(import_module(f"unstructured.partition.{kind}"), f"partition_{kind}")
    return list(partition(filename=path, languages=[""]))
