"""OLE compound files, the containers of Microsoft's older formats: what lies in them, and whether a password does."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import Unprocessable
from core.reasons import Reason

if TYPE_CHECKING:
    from olefile import OleFileIO

_WORD_ENCRYPTED = 0x0100
"""Bit fEncrypted of a Word file's FIB ([MS-DOC] 2.5.2)."""
_SLIDES_ENCRYPTED = 0xF3D1C4DF
"""headerToken of a CurrentUserAtom ([MS-PPT] 2.3.2)."""


@contextmanager
def opened(path: str) -> Iterator[OleFileIO]:
    """The container. Raises Unprocessable(CORRUPT), also for what damage makes olefile raise inside."""
    import olefile

    try:
        with olefile.OleFileIO(path) as ole:
            yield ole
    except (Unprocessable, MemoryError):
        raise
    # A damaged file makes olefile raise OSError, struct.error, IndexError, KeyError, AttributeError and others.
    except Exception as exc:
        raise Unprocessable(Reason.CORRUPT, f"{type(exc).__name__}: {' '.join(str(exc).split())}"[:200]) from exc


def names(path: str) -> frozenset[str]:
    """What lies at the top of the container. Raises Unprocessable(CORRUPT)."""
    with opened(path) as ole:
        return frozenset(entry[0] for entry in ole.listdir(streams=True, storages=True))


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
