"""Captions: what names a figure or a table, and is no heading of the text around it."""

from __future__ import annotations

import re

_LABEL = re.compile(
    r"(?P<kind>(?i:fig(?:ure|ura)?|abb(?:ildung)?|tab(?:le|elle|ela|leau|la)?|tabla|chart|graph|diagram|exhibit|box|scheme|listing|"
    r"algorithm|quadro|cuadro|gr[aá]fico|graphique|schaubild|diagramm|schema|plate|map))s?\.?\s+"
    r"(?:[A-Z]{0,3}[-.]?\d+(?:[.\-–]\d+)*[a-zA-Z]?|[IVX]+)(?![\w%])(?P<end>\s*[:.|–—-]+(?=\s|$))?"
)
_NOTE = re.compile(r"(?:sources?|notes?|quellen?|fontes?|fuentes?|notas?)\s*[:.]", re.IGNORECASE)
_TITLED = frozenset(
    "fig figure figura abb abbildung tab table tabelle tabela tableau tabla quadro cuadro chart graph".split()  # noqa: SIM905
)
"""Kinds whose label may stand by itself, its title below it. ("Exhibit 31.1" stands over whole documents.)"""
_LONGEST = 600
_PLAIN = 200
"""Characters: without a sign after its number a caption is no longer, and no sentence."""


def is_caption(text: str) -> bool:
    """True for "Figure 3: ...", "Table 2. ...", "Table 2" and "Table 2 Sales by Region", not for "Table 2 shows ..."."""
    match = _LABEL.match(text)
    if match is None or len(text) > _LONGEST:
        return False
    rest = text[match.end() :].lstrip()
    if match["end"]:
        return True
    if not rest:
        return match["kind"].lower() in _TITLED
    if len(text) > _PLAIN or rest[-1] in ".,;:":
        return False
    return rest[0].isupper() or (rest[0] == "(" and rest.find(")") == len(rest) - 1)


def is_note(text: str) -> bool:
    """True for "Source: ..." and "Note: ..."."""
    return _NOTE.match(text) is not None


def is_bare_label(text: str) -> bool:
    """True for a label that names its kind and number alone ("Table 2.")."""
    match = _LABEL.match(text)
    return match is not None and match.end() == len(text) and match["kind"].lower() in _TITLED
