"""Outlook's "winmail.dat" as a file of its own."""

from __future__ import annotations

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.members import Members
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_bytes
from tasks.extractors._mail import tnef
from tasks.extractors._mail.body import add_body
from tasks.extractors._mail.mapi import Tag
from tasks.extractors._mail.msg_body import body_of
from tasks.extractors.base import DEFAULT, Extractor, Reading


class TnefExtractor(Extractor):
    """Subject and text of the message, as far as they are in it; its attachments are members."""

    name = "tnef"
    version = 2
    media_types = frozenset({"application/ms-tnef"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages; members in order. Raises Unprocessable(CORRUPT, TOO_LARGE)."""
        builder = Builder(reading.policy.keep_hidden)
        message = tnef.parsed(read_bytes(path))
        if message is None:
            raise Unprocessable(Reason.CORRUPT, "no TNEF stream")
        builder.title = message.properties.text(Tag.SUBJECT)
        if builder.title:
            builder.add(ElementKind.HEADING, builder.title, level=1)
        text, is_html = body_of(message.properties)
        if text.strip():
            add_body(builder, text, is_html)
        with Members(builder, reading) as members:
            for name, data, kind in message.files():
                members.add(name, data, kind)
        return builder.document(media_type, self.key)
