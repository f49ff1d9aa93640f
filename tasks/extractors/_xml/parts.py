"""XML inside office files: read without expanding or fetching anything, and small helpers around lxml's elements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

_STRICT = (
    (b"http://purl.oclc.org/ooxml/officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (b"http://purl.oclc.org/ooxml/presentationml/main", b"http://schemas.openxmlformats.org/presentationml/2006/main"),
)
"""Namespaces of ISO 29500 Strict and those of Transitional that everybody writes: their elements are the same."""
_INTEGER = re.compile(r"\s*([+-]?\d{1,18})(?:\.\d*)?\s*")

SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "remove_comments": True,
    "remove_pis": True,
}
"""How lxml reads what others wrote: nothing is expanded or fetched."""


def parse(data: bytes) -> Any:
    """The root of a part's XML; nothing that it refers to is fetched or expanded. Raises lxml's errors.

    Comments and processing instructions are dropped. Strict Office Open XML gets the usual namespaces.
    """
    from lxml import etree  # type: ignore[import-untyped]

    return etree.fromstring(usual_namespaces(data), etree.XMLParser(**SAFE))


def usual_namespaces(data: bytes) -> bytes:
    """The same XML with the namespaces of Transitional Office Open XML in place of Strict ones."""
    if b"http://purl.oclc.org/ooxml/" in data[:4096]:
        for strict, usual in _STRICT:
            data = data.replace(strict, usual)
    return data


def stream(file: IO[bytes], tags: tuple[str, ...]) -> Iterator[Any]:
    """The elements of these tags as they end; each is emptied, with all before it, when the next one is asked for.

    Tags are Clark names or "{*}name". Raises lxml's errors.
    """
    from lxml import etree

    for _event, element in etree.iterparse(file, events=("end",), tag=tags, **SAFE):
        yield element
        element.clear()
        parent = element.getparent()
        while parent is not None and (before := element.getprevious()) is not None:
            parent.remove(before)


def name_of(element: Any) -> str:
    """The element's name without its namespace; "" for what is no element, as an entity that is not expanded."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def integer(text: str | None, default: int = 0) -> int:
    """A whole number as attributes hold it, without any fraction; the default for what is none."""
    if text is not None and text.isdigit() and text.isascii() and len(text) < 19:
        return int(text)
    match = _INTEGER.fullmatch(text) if text else None
    return int(match[1]) if match else default


def is_on(element: Any | None, attribute: str) -> bool:
    """True for a switch of Office Open XML that is there and not set to a value that means no."""
    return element is not None and (element.get(attribute) or "1") not in ("0", "false", "off", "none")
