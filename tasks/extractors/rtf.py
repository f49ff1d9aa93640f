"""Rich Text Format 1.9.1, read natively: in one pass over its tokens, in linear time, however deep its groups are."""

from __future__ import annotations

from pathlib import Path

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.members import Members
from tasks.extractors._builder import Builder
from tasks.extractors._rtf.objects import files_in
from tasks.extractors._rtf.reader import RtfReader
from tasks.extractors.base import DEFAULT, Extractor, Reading

_LARGEST = 512 << 20


class RtfExtractor(Extractor):
    """Headings by outline level and style, lists, tables, notes after their paragraph. Running headers are left out."""

    name = "rtf"
    version = 3
    media_types = frozenset({"application/rtf"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements without pages: only a layout would say where they end. Hidden and deleted text and comments are counted.
        Embedded files are members.

        Raises Unprocessable(CORRUPT, TOO_LARGE).
        """
        size = Path(path).stat().st_size
        if size > _LARGEST:
            raise Unprocessable(Reason.TOO_LARGE, f"an RTF of {size:,} bytes; the limit is {_LARGEST:,}")
        builder = Builder(reading.policy.keep_hidden)
        data = Path(path).read_bytes()
        with Members(builder, reading) as members:
            RtfReader(builder).read(data)
            for name, content in files_in(data, builder):
                members.add(name, content)
        return builder.document(media_type, self.key)
