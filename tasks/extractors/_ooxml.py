"""What all Office Open XML files share: how they break, their parts, and the document's properties."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder

_NAMES = {"title": "title", "creator": "author", "subject": "subject", "keywords": "keywords", "created": "date"}
_LIMIT = 1 << 20
_PART_LIMIT = 256 << 20
"""A part that unpacks to more is refused: no writer makes one, but a few kilobytes of zip can claim it."""
_MAIN_TYPE = re.compile(rb"(ContentType\s*=\s*[\"'])([^\"']*\.main\+xml)")
_TEXTLESS = ("/media/", "/fonts/", "/embeddings/")


@contextmanager
def opened(path: str, *errors: type[Exception]) -> Iterator[None]:
    """Turn the errors that a damaged package causes, and the library's own, into Unprocessable(CORRUPT)."""
    from lxml import etree  # type: ignore[import-untyped]

    if not zipfile.is_zipfile(path):
        raise Unprocessable(Reason.CORRUPT, "the zip archive that it should be is cut off or damaged")
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, IndexError, ValueError, etree.LxmlError, *errors) as exc:
        raise Unprocessable(Reason.CORRUPT, f"{type(exc).__name__}: {exc}") from exc


def read_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part, unpacked. Raises Unprocessable(TOO_LARGE), having unpacked no more than the limit."""
    with archive.open(name) as part:
        data = part.read(_PART_LIMIT + 1)
    if len(data) > _PART_LIMIT:
        raise Unprocessable(Reason.TOO_LARGE, f"{name} unpacks to more than {_PART_LIMIT:,} bytes")
    return data


def parse(data: bytes) -> Any:
    """The root of a part's XML; nothing that it refers to is fetched or expanded. Raises lxml's errors."""
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def plain_type(archive: zipfile.ZipFile, main: str) -> dict[str, bytes]:
    """The list of content types with the main part's as `main`; nothing if it is that already.

    Templates, shows and files with macros differ in it alone, but the libraries take no other.
    """
    name = "[Content_Types].xml"
    types = read_part(archive, name)
    if all(found == main.encode() for _, found in _MAIN_TYPE.findall(types)):
        return {}
    return {name: _MAIN_TYPE.sub(rb"\g<1>" + main.encode(), types)}


def with_parts(archive: zipfile.ZipFile, parts: Mapping[str, bytes]) -> io.BytesIO:
    """A copy of the package with other parts in their places, in memory. Pictures and the like are left empty."""
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w") as target:
        for name in dict.fromkeys(archive.namelist()):
            data = parts.get(name)
            if data is None:
                data = b"" if any(folder in name for folder in _TEXTLESS) else read_part(archive, name)
            target.writestr(name, data)
            if copy.tell() > 2 * _PART_LIMIT:
                raise Unprocessable(Reason.TOO_LARGE, f"its parts unpack to more than {2 * _PART_LIMIT:,} bytes")
    copy.seek(0)
    return copy


def note_properties(path: str, builder: Builder) -> None:
    """Take title, author, subject, keywords and date from docProps/core.xml, if it is there and sound."""
    from lxml import etree

    try:
        with zipfile.ZipFile(path) as archive:
            if "docProps/core.xml" not in archive.namelist():
                return
            with archive.open("docProps/core.xml") as part:
                root = parse(part.read(_LIMIT))
    except (zipfile.BadZipFile, zlib.error, EOFError, etree.LxmlError) as exc:
        builder.warnings.append(f"document properties could not be read: {exc}")
        return
    for node in root.iterchildren("{*}*"):
        name = _NAMES.get(etree.QName(node).localname)
        if name == "title":
            builder.title = node.text
        elif name == "date":
            builder.note(name, (node.text or "")[:10])
        elif name:
            builder.note(name, node.text)
