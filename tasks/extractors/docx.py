"""Word documents through unstructured: headings, lists and tables by their styles."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import IO, Any

from core.documents import Document, ElementKind
from tasks.extractors import _unstructured
from tasks.extractors._builder import Builder
from tasks.extractors._ooxml import note_properties, opened, parse, plain_type, read_part, with_parts
from tasks.extractors._tables import add_table
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.html import first_table

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_MAIN_PART = re.compile(r"word/document\d*\.xml")
_DELETED = ("del", "moveFrom")
_WRAPPERS = ("ins", "moveTo", "sdt", "sdtContent", "customXml", "smartTag", "fldSimple", "dir", "bdo")
"""Elements around text that python-docx takes no notice of, with all that stands in them."""
_PROPERTIES = ("sdtPr", "sdtEndPr", "customXmlPr", "smartTagPr")
_CONCERNED = re.compile(rf"<(?:[\w.-]+:)?(?:{'|'.join(_DELETED + _WRAPPERS)})[\s/>]".encode())


class DocxExtractor(Extractor):
    """Body text in order, as if all tracked changes were accepted. Running headers and footers are left out."""

    name = "docx"
    version = 3
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements without pages: only a layout would say where they end. Raises Unprocessable(CORRUPT, TOO_LARGE)."""
        _unstructured.prepare()
        from docx.opc.exceptions import OpcError
        from unstructured.partition.docx import partition_docx

        builder = Builder()
        with opened(path, OpcError), _accepted(path) as file:
            found = partition_docx(file=file, languages=[""], include_page_breaks=False)
        note_properties(path, builder)
        for element in found:
            _add(builder, element)
        return builder.document(media_type, self.key)


def _accepted(path: str) -> IO[bytes]:
    """The file as a document with its tracked changes accepted and its content controls opened; as it is if it has none."""
    with zipfile.ZipFile(path) as archive:
        found = ((name, read_part(archive, name)) for name in set(archive.namelist()) if _MAIN_PART.fullmatch(name))
        parts = plain_type(archive, _MAIN_TYPE)
        parts |= {name: _accept(data) for name, data in found if _CONCERNED.search(data)}
        return with_parts(archive, parts) if parts else Path(path).open("rb")


def _accept(data: bytes) -> bytes:
    from lxml import etree  # type: ignore[import-untyped]

    root = parse(data)
    for row in list(root.iterdescendants(_W + "tr")):
        if row.find(f"{_W}trPr/{_W}del") is not None:
            row.getparent().remove(row)
    for element in list(root.iterdescendants(*(_W + name for name in _DELETED + _PROPERTIES))):
        element.getparent().remove(element)
    for element in list(root.iterdescendants(*(_W + name for name in _WRAPPERS))):
        for child in list(element):
            element.addprevious(child)
        element.getparent().remove(element)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


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
