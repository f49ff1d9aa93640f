"""XML documents of anybody's making as trees: read as far as they go, nothing expanded or fetched, their depth bounded."""

from __future__ import annotations

import re
from html.entities import html5
from typing import Any

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import decode
from tasks.extractors._xml.parts import SAFE, name_of

_DOCTYPE = re.compile(r"<!DOCTYPE[^\[<>]{0,2000}([\[>])", re.IGNORECASE)
_SUBSET_END = re.compile(r"\][ \t\r\n]{0,100}>")
_ENTITY = re.compile(r"&([A-Za-z][\w.-]{0,31});")
_BUILT_IN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,500}\?>")


def tree(data: bytes, builder: Builder) -> Any:
    """The root, comments and instructions left out. What is not well-formed is read as far as it goes, with a warning.

    Raises Unprocessable: CORRUPT if that is nowhere, or if it is nested deeper than libxml2 allows (256).
    """
    from lxml import etree  # type: ignore[import-untyped]

    text = _without_doctype(_DECLARATION.sub("", decode(data).lstrip("\ufeff"), count=1))
    text = _ENTITY.sub(_character, text) if "&" in text else text
    for recover in (False, True):
        parser = etree.XMLParser(encoding="utf-8", recover=recover, **SAFE)
        try:
            root = etree.fromstring(text.replace("\0", "").lstrip().encode("utf-8", "ignore"), parser)
        except etree.XMLSyntaxError as exc:
            if recover or "depth" in str(exc).lower():
                raise Unprocessable(Reason.CORRUPT, " ".join(str(exc).split())) from exc
            builder.warnings.append(f"not well-formed: {' '.join(str(exc).split())[:200]}")
            continue
        if root is None:
            raise Unprocessable(Reason.CORRUPT, "no XML element in it")
        return root
    raise AssertionError


def local(element: Any) -> str:
    """An element's name without its namespace, in lower case; "" of an entity that was not expanded."""
    return name_of(element).lower()


def words(element: Any, between: str = "") -> str:
    """All text in the element, white space folded."""
    return " ".join(between.join(element.itertext(with_tail=True) if between else element.itertext()).split())


def _without_doctype(text: str) -> str:
    """Without the document type: all that is in it are names for texts, which are the way of attacks."""
    found = _DOCTYPE.search(text, 0, 20_000)
    if found is None:
        return text
    end = found.end()
    if found[1] == "[":
        closing = _SUBSET_END.search(text, end)
        end = closing.end() if closing else len(text)
    return text[: found.start()] + text[end:]


def _character(entity: re.Match[str]) -> str:
    """What HTML's names stand for; others are of the document's own, and dropped."""
    return entity[0] if entity[1] in _BUILT_IN else html5.get(entity[1] + ";", "").replace("&", "&amp;").replace("<", "&lt;")
