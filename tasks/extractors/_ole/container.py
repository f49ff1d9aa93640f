"""OLE compound files, the containers of Microsoft's older formats: what lies in them, and whether a password does."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._mail.mapi import codec

_KINDS = (
    ("application/x-ole-encrypted-package", {"encryptedpackage"}),
    ("application/msword", {"worddocument"}),
    ("application/x-mspowerpoint-95", {"pp40"}),
    ("application/vnd.ms-powerpoint", {"powerpoint document", "pp97_dualstorage"}),
    ("application/vnd.ms-excel", {"workbook", "book"}),
    ("application/vnd.visio", {"visiodocument"}),
    ("application/x-mspublisher", {"quill"}),
    ("application/vnd.ms-works", {"matost"}),
    ("application/x-hwp", {"hwpsummaryinformation", "docinfo"}),
)
"""Media types by streams of their own; the first that fits counts."""
_MESSAGE = ("__substg1.0_", "__properties_version1.0")
_PROJECTS = frozenset({"19", "111", "112", "114"})
"""Storages of Microsoft Project 4 to 2013, padded with blanks."""
_FIRST_YEAR = 1980
"""An earlier date is that of a field left blank."""
_WORD_ENCRYPTED = 0x0100
"""Bit fEncrypted of a Word file's FIB ([MS-DOC] 2.5.2)."""
_SLIDES_ENCRYPTED = 0xF3D1C4DF
"""headerToken of a CurrentUserAtom ([MS-PPT] 2.3.2)."""


@contextmanager
def opened(file: str | BinaryIO) -> Iterator[Any]:
    """The container. Raises Unprocessable(CORRUPT), also for what damage makes olefile raise inside."""
    import olefile

    try:
        with olefile.OleFileIO(file) as ole:
            yield ole
    except (Unprocessable, MemoryError):
        raise
    # A damaged file makes olefile raise OSError, struct.error, IndexError, KeyError, AttributeError and others.
    except Exception as exc:
        raise Unprocessable(Reason.CORRUPT, f"{type(exc).__name__}: {' '.join(str(exc).split())}"[:200]) from exc


def names(file: BinaryIO) -> frozenset[str]:
    """What lies at the top of the container, in lower case. Raises Unprocessable(CORRUPT)."""
    with opened(file) as ole:
        return frozenset(entry[0].lower() for entry in ole.listdir(streams=True, storages=True))


def kind(names: frozenset[str]) -> str | None:
    """The media type of a container with these at its top; None if it is none that is known."""
    for found, marks in _KINDS:
        if not names.isdisjoint(marks):
            return found
    if any(name.startswith(_MESSAGE) for name in names):
        return "application/vnd.ms-outlook"
    if any(name.strip() in _PROJECTS for name in names):
        return "application/vnd.ms-project"
    return None


def refuse_encrypted(path: str) -> None:
    """Raises Unprocessable(ENCRYPTED) for a Word document or a presentation under a password, CORRUPT for no container."""
    with opened(path) as ole:
        if ole.exists("WordDocument"):
            head = ole.openstream("WordDocument").read(12)
            if len(head) == 12 and struct.unpack_from("<H", head, 10)[0] & _WORD_ENCRYPTED:
                raise Unprocessable(Reason.ENCRYPTED, "the document needs a password")
        if ole.exists("Current User"):
            head = ole.openstream("Current User").read(16)
            if ole.exists("EncryptedSummary") or (
                len(head) == 16 and struct.unpack_from("<I", head, 12)[0] == _SLIDES_ENCRYPTED
            ):
                raise Unprocessable(Reason.ENCRYPTED, "the presentation needs a password")


def note_properties(path: str, builder: Builder) -> None:
    """Take title, author, subject, keywords and date from the summary ([MS-OLEPS]), if it is there and sound."""
    with suppress(Unprocessable), opened(path) as ole:
        facts = ole.get_metadata()
        page = codec(facts.codepage) if isinstance(facts.codepage, int) else None
        builder.title = _words(facts.title, page) or None
        for key in ("author", "subject", "keywords"):
            builder.note(key, _words(getattr(facts, key), page))
        if facts.create_time is not None and facts.create_time.year >= _FIRST_YEAR:
            builder.note("date", facts.create_time.date().isoformat())


def _words(value: object, page: str | None) -> str:
    return value.decode(page or "cp1252", "replace").strip("\x00 ") if isinstance(value, bytes) else str(value or "")
