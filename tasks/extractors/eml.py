"""E-mail messages: the subject as heading, then the body, HTML through unstructured. Attachments are named, not read."""

from __future__ import annotations

from email.message import EmailMessage, MIMEPart
from pathlib import Path
from typing import Any

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors import _unstructured
from tasks.extractors._builder import Builder
from tasks.extractors._decode import decode, normalise
from tasks.extractors._mail_text import paragraphs
from tasks.extractors._tables import add_table
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.html import first_table, fragment, is_too_deep

_TEXTS = frozenset({"text/plain", "text/html"})
_ENCRYPTED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted"})


class EmlExtractor(Extractor):
    """Subject, paragraphs, list items and tables; sender, recipients and date become metadata."""

    name = "eml"
    version = 3
    media_types = frozenset({"message/rfc822"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(ENCRYPTED, TOO_LARGE)."""
        builder = Builder()
        message = _parsed(path)
        _note_headers(message, builder)
        if builder.title:
            builder.add(ElementKind.HEADING, builder.title, level=1)
        read = _add_part(builder, message)
        for part in message.iter_attachments() if message.is_multipart() else ():
            if part not in read and part.get_content_maintype() != "multipart":
                builder.warnings.append(f"attachment not read: {part.get_filename() or part.get_content_type()}")
        return builder.document(media_type, self.key)


def _parsed(path: str) -> EmailMessage:
    import email

    from tasks.extractors._mail_headers import HeaderPolicy

    policy: Any = HeaderPolicy()  # a subclass cannot say at run time which message class it is for
    with Path(path).open("rb") as file:
        return email.message_from_binary_file(file, _class=EmailMessage, policy=policy)


def _text(part: MIMEPart) -> str:
    """A part's text. What it declares may be unknown or wrong, and is believed as the declaration of a file is."""
    data = part.get_payload(decode=True)
    return normalise(decode(data if isinstance(data, bytes) else b"", part.get_content_charset()))


def _note_headers(message: EmailMessage, builder: Builder) -> None:
    if message.get_content_type() in _ENCRYPTED and message.get_param("smime-type") != "signed-data":
        raise Unprocessable(Reason.ENCRYPTED, message.get_content_type())
    builder.title = str(message.get("Subject", ""))
    for header, key in (("From", "author"), ("To", "to"), ("Cc", "cc")):
        builder.note(key, message.get(header))
    sent = getattr(message.get("Date"), "datetime", None)
    builder.note("date", sent.isoformat() if sent else None)


def _add_part(builder: Builder, part: MIMEPart) -> list[MIMEPart]:
    """Add the text of a part and of the parts in it; returns those that had any."""
    if part.is_attachment():
        return []
    if part.is_multipart():
        inner = list(part.iter_parts()) if part.get_content_maintype() == "multipart" else []
        if part.get_content_type() == "multipart/alternative":
            # An HTML part may show nothing but a picture of what the plain one says.
            inner.sort(key=_holds_html, reverse=True)
            return next(filter(None, (_add_part(builder, choice) for choice in inner)), [])
        return [read for each in inner for read in _add_part(builder, each)]
    before = len(builder.elements)
    # One that claims parts but has none, for want of a boundary, holds text.
    if part.get_content_type() in _TEXTS or part.get_content_maintype() == "multipart":
        _add_body(builder, _text(part), is_html=part.get_content_type() == "text/html")
    return [part] if len(builder.elements) > before else []


def _holds_html(part: MIMEPart) -> bool:
    return any(inner.get_content_type() == "text/html" for inner in part.walk())


def _add_body(builder: Builder, text: str, is_html: bool) -> None:
    if not is_html:
        for kind, paragraph in paragraphs(text):
            builder.add(kind, paragraph)
    elif text.strip() and is_too_deep(text):  # beyond a depth the other parser leaves text out without a word
        for found in fragment(text):
            builder.add(found.kind, found.text, level=found.level, header_lines=found.header_lines)
    elif text.strip():
        _unstructured.prepare()
        from unstructured.partition.html import partition_html

        for element in partition_html(text=text, languages=[""]):
            _add(builder, element)


def _add(builder: Builder, element: Any) -> None:
    category, depth = element.category, element.metadata.category_depth
    if category == "Table":
        add_table(builder, first_table(element.metadata.text_as_html or "") or [[element.text]])
    elif category == "Title" and depth:
        # Depth 0 is also what any short line is given; deeper titles stand in <h2> to <h6>.
        builder.add(ElementKind.HEADING, element.text, level=depth + 1)
    elif category == "ListItem":
        builder.add(ElementKind.LIST_ITEM, element.text)
    else:
        builder.add(ElementKind.PARAGRAPH, element.text)
