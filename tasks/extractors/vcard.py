"""Address books (vCard 2.1 to 4.0, RFC 6350): people as a reader notes them down; their pictures and keys are left out."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from typing import NamedTuple

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_text
from tasks.extractors._mail.calendar import split_property, unescaped
from tasks.extractors._types.suffixes import VCARD
from tasks.extractors.base import DEFAULT, Extractor, Reading

_SHOWN = {
    "NICKNAME": "Nickname",
    "ORG": "Organisation",
    "TITLE": "Title",
    "ROLE": "Role",
    "TEL": "Phone",
    "EMAIL": "E-mail",
    "IMPP": "Chat",
    "ADR": "Address",
    "BDAY": "Birthday",
    "URL": "Web",
    "CATEGORIES": "Categories",
    "NOTE": "Note",
}
_FOLD = re.compile(r"\n[ \t]")
_SOFT_BREAK = re.compile(r"=\n")
"""Version 2.1 goes on in the next line like this in quoted-printable values."""
_PARTS = re.compile(r"(?<!\\);")
_GROUP = re.compile(r"^[\w-]{1,60}\.")


class _Property(NamedTuple):
    name: str
    kinds: str
    """As in "work, voice"."""
    value: str


class VcardExtractor(Extractor):
    """A paragraph for each person: the name, then one fact a line."""

    name = "vcard"
    version = 1
    media_types = frozenset({VCARD})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in the file's order, without pages; label: the name.

        Raises Unprocessable: TOO_LARGE, CORRUPT without a card.
        """
        builder = Builder(reading.policy.keep_hidden)
        cards = list(_cards(read_text(path)))
        if not cards:
            raise Unprocessable(Reason.CORRUPT, "no card in it")
        for card in cards:
            name = _name(card)
            facts = [f"{_SHOWN[it.name]}{f' ({it.kinds})' if it.kinds else ''}: {it.value}" for it in card if it.name in _SHOWN]
            builder.add(ElementKind.PARAGRAPH, "\n".join(filter(None, [name, *facts])), label=name or None)
        return builder.document(media_type, self.key)


def _cards(text: str) -> Iterator[list[_Property]]:
    card: list[_Property] | None = None
    quoted = "QUOTED-PRINTABLE" in text.upper()
    text = _FOLD.sub("", _SOFT_BREAK.sub("", text) if quoted else text)
    for line in text.split("\n"):
        head, _, value = split_property(line)
        name = _GROUP.sub("", head.partition(";")[0].strip()).upper()
        if name == "BEGIN" and value.strip().upper() == "VCARD":
            card = []
        elif name == "END" and card is not None:
            yield card
            card = None
        elif card is not None and (name in _SHOWN or name in ("FN", "N")):
            card.append(_property(name, head, value))


def _property(name: str, head: str, value: str) -> _Property:
    parameters = [part.partition("=") for part in head.split(";")[1:]]
    given = {key.upper(): word.strip('"') for key, _, word in parameters}
    if "QUOTED-PRINTABLE" in given or given.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        value = quopri.decodestring(value.encode()).decode("utf-8", "replace")
    # "TEL;TYPE=work,voice" is written "TEL;WORK;VOICE" in version 2.1.
    words = [(word or key).strip('"') for key, _, word in parameters if not word or key.upper() == "TYPE"]
    kinds = [kind.strip().lower() for word in words for kind in word.split(",")]
    shown = [kind for kind in dict.fromkeys(kinds) if kind not in ("quoted-printable", "pref", "internet", "voice", "")]
    separator = " " if name == "N" else ", "
    parts = [unescaped(part).strip() for part in _PARTS.split(value)]
    if name == "N":  # family; given; more; before; after
        parts = [*parts[3:4], *parts[1:3], *parts[:1], *parts[4:5]]
    text = separator.join(filter(None, parts)) if name in ("N", "ADR", "ORG") else unescaped(value).strip()
    return _Property(name, ", ".join(shown), text.removeprefix("tel:").removeprefix("mailto:"))


def _name(card: list[_Property]) -> str:
    found = {it.name: it.value for it in reversed(card)}
    return found.get("FN") or found.get("N") or ""
