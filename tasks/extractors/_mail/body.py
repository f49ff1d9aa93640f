"""The text of a message, plain or HTML, as elements."""

from __future__ import annotations

import re

from core.documents import ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._mail.plain_text import paragraphs
from tasks.extractors.html import add_fragment

_BULLET = re.compile(r"[•‣◦▪·]\s*(?=\S)")
_PGP = re.compile(r"\s*-----BEGIN PGP MESSAGE-----.*-----END PGP MESSAGE-----\s*", re.DOTALL)


def add_body(builder: Builder, text: str, is_html: bool) -> None:
    """Add a normalised text. Raises Unprocessable: ENCRYPTED if it is nothing but ciphertext, CORRUPT, TOO_LARGE."""
    if not is_html:
        if _PGP.fullmatch(text):
            raise Unprocessable(Reason.ENCRYPTED, "a PGP message")
        for kind, paragraph in paragraphs(text):
            builder.add(kind, paragraph)
        return
    page = Builder(builder.keep_hidden)
    add_fragment(page, text)
    builder.hidden += page.hidden
    for found in page.elements:
        kind, words = found.kind, found.text
        if kind is ElementKind.PARAGRAPH and _BULLET.match(words):  # writers of mail draw lists by hand
            kind, words = ElementKind.LIST_ITEM, _BULLET.sub("", words, count=1)
        builder.add(kind, words, level=found.level, header_lines=found.header_lines)
