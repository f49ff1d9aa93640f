"""OpenDocument text: headings, lists, captions and tables, as if all tracked changes were accepted."""

from __future__ import annotations

from core.documents import Document
from tasks.extractors._builder import Builder
from tasks.extractors._odf.objects import OdfObjects
from tasks.extractors._odf.package import OFFICE, OdfStyles, note_properties, opened
from tasks.extractors._odf.text import OdfReader
from tasks.extractors._office.embedded import embedded_in
from tasks.extractors.base import DEFAULT, Extractor, Reading

_ODF = "application/vnd.oasis.opendocument."


class OdtExtractor(Extractor):
    """Body text in order, notes after the paragraph that refers to them. Running headers and footers are left out."""

    name = "odt"
    version = 4
    media_types = frozenset({_ODF + kind for kind in ("text", "text-template", "text-master", "text-web", "text-flat-xml")})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements with pages only if the program that wrote the file has marked where each page ends. Embedded
        documents are members.

        Raises Unprocessable(CORRUPT, ENCRYPTED, BOMB, TOO_LARGE).
        """
        builder = Builder(reading.policy.keep_hidden)
        with opened(path) as file, embedded_in(path, builder, reading) as embedded:
            pages = note_properties(file, builder)
            root = file.content()
            objects = OdfObjects(file, embedded)
            reader = OdfReader(objects, OdfStyles(file.part("styles.xml"), root), builder)
            reader.paged = True
            body = root.find(f"{OFFICE}body/{OFFICE}text")
            reader.blocks(() if body is None else body)
            if not (reader.soft_breaks and reader.page == pages):
                builder.unpaged()
        return builder.document(media_type, self.key)
