"""The text of an Outlook message, which it may hold in three forms."""

from __future__ import annotations

import re

from tasks.extractors._mail.mapi import Properties, Tag
from tasks.extractors._rtf.compressed import decompressed
from tasks.extractors._rtf.wrapped_html import html_in, text_in

_MARKUP = re.compile(r"<[^>]{0,10000}>")


def body_of(properties: Properties) -> tuple[str, bool]:
    """The text and whether it is HTML: as HTML if it is kept so, which alone has tables, else plain, else from RTF."""
    html = properties.html()
    if _has_words(html):
        return html, True
    rtf = decompressed(properties.data(Tag.RTF))
    html = html_in(rtf) or ""
    if _has_words(html):
        return html, True
    plain = properties.text(Tag.BODY)
    return plain or text_in(rtf), False


def _has_words(html: str) -> bool:
    return any(character.isalnum() for character in _MARKUP.sub("", html))
