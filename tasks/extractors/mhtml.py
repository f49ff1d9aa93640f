"""Web archives (MHTML, RFC 2557): the page that was saved. Files that it refers to are its pictures and styles: left out."""

from __future__ import annotations

from email.message import Message

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import decode, normalise, read_bytes
from tasks.extractors._types.suffixes import MHTML
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.html import add_page
from tasks.extractors.text import add_paragraphs

_PAGES = frozenset({"text/html", "application/xhtml+xml", "application/xml"})
_MAX_PARTS = 10_000


class MhtmlExtractor(Extractor):
    """What an HTML page gives."""

    name = "mhtml"
    version = 2
    media_types = frozenset({MHTML})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(TOO_LARGE, EMPTY, CORRUPT)."""
        import email
        from email.policy import compat32

        builder = Builder(reading.policy.keep_hidden)
        data = read_bytes(path)
        message = email.message_from_bytes(data.lstrip(b"\xef\xbb\xbf \t\r\n"), policy=compat32)
        part = _root(message)
        if part is None:
            if b"<html" not in data[:100_000].lower():
                raise Unprocessable(Reason.CORRUPT, "no page in it")
            add_page(builder, decode(data))
        elif part.get_content_type() == "text/plain":
            add_paragraphs(builder, normalise(_text(part)))
        else:
            add_page(builder, _text(part))
        if builder.title is None and isinstance(subject := message.get("Subject"), str):
            builder.title = _header(subject)
        builder.note("date", _date(message))
        return builder.document(media_type, self.key)


def _root(message: Message) -> Message | None:
    """The part that the archive names as its start, or its first page, or its first text."""
    parts = [part for part, _ in zip(message.walk(), range(_MAX_PARTS), strict=False) if not part.is_multipart()]
    pages = [part for part in parts if part.get_content_type() in _PAGES]
    start = message.get_param("start")
    named = [part for part in pages if isinstance(start, str) and (part.get("Content-ID") or "").strip() == start.strip()]
    texts = [part for part in parts if part.get_content_type() == "text/plain" and part is not message]
    return next(iter(named or pages or texts), None)


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    charset = part.get_content_charset()
    return decode(data if isinstance(data, bytes) else b"", charset)


def _header(value: str) -> str:
    from email.errors import HeaderParseError
    from email.header import decode_header, make_header

    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value


def _date(message: Message) -> str | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(str(message.get("Date"))).isoformat()
    except (ValueError, TypeError, OverflowError):
        return None
