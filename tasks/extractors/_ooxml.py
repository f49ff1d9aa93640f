"""What all Office Open XML files share: how they break, and the document's properties."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder

_NAMES = {"title": "title", "creator": "author", "subject": "subject", "keywords": "keywords", "created": "date"}
_LIMIT = 1 << 20


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


def note_properties(path: str, builder: Builder) -> None:
    """Take title, author, subject, keywords and date from docProps/core.xml, if it is there and sound."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        with zipfile.ZipFile(path) as archive:
            if "docProps/core.xml" not in archive.namelist():
                return
            with archive.open("docProps/core.xml") as part:
                root = etree.fromstring(part.read(_LIMIT), parser)
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
