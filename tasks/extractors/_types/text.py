"""What a text is: by what it begins with or consists of, then by its name."""

from __future__ import annotations

import json
import re

from tasks.extractors._encodings.wide import wide_encoding
from tasks.extractors._types.suffixes import (
    CALENDAR,
    CSV,
    EML,
    HTML,
    JSON,
    JSON_LINES,
    MARKDOWN,
    MHTML,
    NOTEBOOK,
    PLAIN,
    SOURCE,
    SRT,
    SVG,
    TEXT_BY_SUFFIX,
    TSV,
    VCARD,
    VTT,
    XML,
)

_HTML_START = re.compile(
    rb"\s*<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>]|(?:!--|\?xml)[^\x00]{0,3000}<html[\s>])", re.IGNORECASE
)
_XML_START = re.compile(rb"\s*<\?xml\s")
_FLAT_ODF = re.compile(
    rb"<office:document\s[^<>]*?office:mimetype=[\"'](application/vnd\.oasis\.opendocument\.(?:text|spreadsheet|presentation|graphics))"
)
"""An OpenDocument file that is XML instead of a zip."""
_FLAT_HEAD = 16_384
"""Bytes of it that hold the root's many namespaces."""
_SVG_START = re.compile(rb"<svg[\s>]", re.IGNORECASE)
MAIL_HEADER = re.compile(rb"^([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]", re.MULTILINE)
"""The name of a header field at the beginning of a line."""
_MAIL_ADDRESSING = frozenset({b"from", b"to", b"subject", b"date", b"cc", b"reply-to"})
_MAIL_TRANSPORT = frozenset({b"received", b"message-id", b"mime-version", b"return-path", b"delivered-to", b"content-type"})
_ARCHIVED_PAGE = re.compile(rb"^(?:Snapshot-Content-Location:|From:[ \t]*<Saved by)", re.MULTILINE | re.IGNORECASE)
_CAPTION_START = re.compile(rb"\s{0,20}\d{1,9}[ \t]{0,9}\r?\n\d{1,3}:\d\d:\d\d[,.]\d{1,3}[ \t]{1,9}-->")
_CARD_START = re.compile(rb"\s{0,20}BEGIN:(VCALENDAR|VCARD)[ \t]{0,9}[\r\n]", re.IGNORECASE)
_FRAGMENT_START = re.compile(rb"<(?:article|blockquote|div|dl|h[1-6]|ol|p|section|span|table|title|ul)[\s>]", re.IGNORECASE)
_ROOT = re.compile(
    rb"<(?:!--[^\x00]{0,3000}?-->\s*<|!DOCTYPE[^<>]{0,2000}>\s*<)?([A-Za-z_][\w:.-]{0,100})(?:\s[^<>]{0,3000})?/?>"
)
_JSON_START = re.compile(rb"\{\s{0,200}\"(?:[^\"\\]|\\.){0,500}\"\s{0,9}:|\[\s{0,200}[\[{\"\d-]")
_LINE = 200
_TABLE_LINES = 50
_CONTROLS = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def text_type(head: bytes, suffix: str, whole: bool, is_known: bool = False) -> str | None:
    """The media type of a text by its beginning, which may be the whole of it; None if it is no text.

    `suffix` is what suffixes.text_suffix gives; `is_known`: that it is a text. What a name says of a text is believed unless
    the text begins as a page, a message, captions or XML; what no name says is looked for in the text.
    """
    claimed = TEXT_BY_SUFFIX.get(suffix)
    if not (is_known or is_text(head) or _is_text_with_nuls(head)):
        # What is named a page, and begins as one, is one though transport has damaged it.
        return HTML if claimed == HTML and _HTML_START.match(head) and _has_few_controls(head, one_in=20) else None
    if claimed == MARKDOWN:
        return MARKDOWN
    plain = _ascii_view(head)
    # A csv cell may hold a page or a message; a page may quote a message.
    if claimed not in (CSV, TSV) and (found := _by_beginning(plain, suffix, claimed)):
        return found
    if claimed is not None and claimed != PLAIN:
        return claimed
    return _by_content(plain, claimed, whole) or claimed or PLAIN


def _by_beginning(plain: bytes, suffix: str, claimed: str | None) -> str | None:
    start = plain[:4096]
    if _HTML_START.match(start):
        return HTML
    if _is_mail(plain, suffix):
        return MHTML if claimed == MHTML or (claimed != EML and _ARCHIVED_PAGE.search(start)) else EML
    if start.startswith(b"WEBVTT") and start[6:7] in b" \t\r\n":
        return VTT
    if card := _CARD_START.match(start):
        return CALENDAR if card[1].upper() == b"VCALENDAR" else VCARD
    if _CAPTION_START.match(start):
        return SRT
    if flat := _FLAT_ODF.search(plain[:_FLAT_HEAD]):
        return flat[1].decode("ascii") + "-flat-xml"
    if _XML_START.match(start) and claimed != HTML:
        return SVG if _SVG_START.search(start) else XML
    return None


def _by_content(plain: bytes, claimed: str | None, whole: bool) -> str | None:
    """What a text is that no name explains, or that is named only a text."""
    start = plain.lstrip()
    if start[:1] in (b"{", b"[") and (found := _json_type(start, whole)):
        return found
    if start[:1] == b"<" and claimed is None:
        if _SVG_START.match(start):
            return SVG
        if _FRAGMENT_START.match(start):
            return HTML
        if root := _ROOT.match(start[:4096]):
            return XML if not whole or b"</" + root[1] in start or b"/>" in start else None
    if start.startswith(b"#!") and claimed is None:
        return SOURCE
    return _table_type(plain, claimed, whole)


def _json_type(start: bytes, whole: bool) -> str | None:
    if whole:
        try:
            root = json.loads(start.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return JSON_LINES if _are_json_lines(start.split(b"\n")) else None
        return NOTEBOOK if isinstance(root, dict) and "nbformat" in root and "cells" in root else JSON
    if _are_json_lines(start.split(b"\n")[:-1]):
        return JSON_LINES
    return JSON if _JSON_START.match(start) else None


def _are_json_lines(lines: list[bytes]) -> bool:
    """True if the first lines, two at least, are an object or a list each."""
    lines = [line for line in lines[:8] if line.strip()]
    try:
        return len(lines) > 1 and all(isinstance(json.loads(line), dict | list) for line in lines)
    except (ValueError, RecursionError):
        return False


def _table_type(plain: bytes, claimed: str | None, whole: bool) -> str | None:
    """Delimited values: the same number of delimiters, two at least, in each of the first lines, five at least."""
    lines = plain.split(b"\n")
    lines = [line for line in (lines if whole else lines[:-1])[:_TABLE_LINES] if line.strip()]
    if len(lines) < 5:
        return None
    for delimiter, found in ((b"\t", TSV), (b";", CSV), (b",", CSV)):
        counts = {line.count(delimiter) for line in lines}
        spaced = sum(line.count(delimiter + b" ") for line in lines) * 2 > sum(line.count(delimiter) for line in lines)
        if len(counts) == 1 and min(counts) >= 2 and not spaced and (delimiter == b"\t" or claimed is None):
            return found
    return None


def _is_mail(head: bytes, suffix: str) -> bool:
    """True if it starts with RFC 5322 headers: two of them if the name says mail, otherwise one of transport among three."""
    head = head.lstrip()
    if not (MAIL_HEADER.match(head) or head.startswith(b"From ")):
        return False
    block = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    found = {name.lower() for name in MAIL_HEADER.findall(block)}
    known = found & (_MAIL_ADDRESSING | _MAIL_TRANSPORT)
    if suffix in (".eml", ".mht", ".mhtml"):
        return len(known) >= 2
    return len(known) >= 3 and bool(known & _MAIL_TRANSPORT) and bool(known & _MAIL_ADDRESSING) and suffix != ".mbox"


def is_text(head: bytes) -> bool:
    if head.startswith(_BOMS):
        return True
    if b"\x1b$)C" in head[:_LINE]:
        head = head.replace(b"\x0e", b"").replace(b"\x0f", b"")  # Korean mail shifts in and out by control characters
    if b"\x00" in head:
        return wide_encoding(head) is not None
    return _has_few_controls(head)


def _is_text_with_nuls(head: bytes) -> bool:
    """True for text with a few stray NULs, as logs hold after a crash. Only where no magic fits: binary heads hold few, too."""
    sound = len(head.decode("utf-8", "ignore").encode())  # blank pixels hold few control characters as well
    return _has_few_controls(head) and sound * 10 >= len(head) * 9


def _has_few_controls(head: bytes, one_in: int = 100) -> bool:
    """True up to one in so many bytes, and for a stray one in a short text. DOS ends a text with a mark that is one."""
    controls = len(head) - len(head.translate(None, _CONTROLS)) - head.endswith(b"\x1a")
    return controls <= max(1, len(head) // one_in)


def _ascii_view(head: bytes) -> bytes:
    """The head with UTF-16 padding and byte order marks removed, enough to look for ASCII markers."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        head = head.replace(b"\x00", b"")
    for bom in _BOMS:
        head = head.removeprefix(bom)
    return head
