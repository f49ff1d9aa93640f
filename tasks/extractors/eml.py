"""E-mail messages: the subject as heading, then the text; attachments and forwarded messages are files of their own."""

from __future__ import annotations

from pathlib import Path

from core.documents import Document
from tasks.extractors._archives.members import Members
from tasks.extractors._builder import Builder
from tasks.extractors._mail.parts import add_parts, note_headers, parsed
from tasks.extractors.base import DEFAULT, Extractor, Reading


class EmlExtractor(Extractor):
    """Subject, paragraphs, list items and tables; sender, recipients and date become metadata."""

    name = "eml"
    version = 6
    media_types = frozenset({"message/rfc822"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages; members in order. Raises Unprocessable(ENCRYPTED, TOO_LARGE, CORRUPT)."""
        builder = Builder(reading.policy.keep_hidden)
        with Path(path).open("rb") as file:
            message = parsed(file)
        note_headers(message, builder)
        with Members(builder, reading) as members:
            add_parts(builder, members, message)
        return builder.document(media_type, self.key)
