"""A file to a document: what it is, which engine reads it, and whether anything came of it."""

from __future__ import annotations

import errno
import os
import traceback
from dataclasses import replace
from io import BufferedReader, FileIO
from pathlib import Path, PurePosixPath

from core.documents import DECLARED_TYPE, Document, Member
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.member_names import clean
from tasks.extractors._archives.members import CONTENT
from tasks.extractors._types.suffixes import declared_type
from tasks.extractors.base import DEFAULT, Reading
from tasks.extractors.media_type import OCTET_STREAM, media_type_in
from tasks.extractors.registry import engine_named, extractor_for, failure_key

_MAX_DETAIL = 500
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_COMPRESSED = frozenset({".gz", ".bz2", ".xz"})
_HERE = Path(__file__).parent


def read_document(path: str, name: str, reading: Reading = DEFAULT) -> Document:
    """Extract the file at `path`, whose original name is `name`. The result has at least one element or member.

    Raises Unprocessable, whatever happens: EMPTY without any text, UNSUPPORTED_TYPE with the media type as detail, ENCRYPTED,
    CORRUPT, TOO_LARGE (also when memory runs out), UNREADABLE if the file cannot be opened, FAILED for the unforeseen.
    """
    try:
        return _read(path, name, reading)
    except Unprocessable:
        raise
    except Exception as exc:
        raise refusal(exc) from exc


def refusal(error: BaseException) -> Unprocessable:
    """What an error that no engine foresaw says of the file."""
    if isinstance(error, MemoryError):
        return Unprocessable(Reason.TOO_LARGE, "reading it takes more memory than allowed (LEVADA_EXTRACT_MEMORY)")
    if isinstance(error, OSError) and error.errno == errno.EFBIG:  # RLIMIT_FSIZE of a parser process
        return Unprocessable(Reason.TOO_LARGE, "reading it takes more disk than allowed (LEVADA_EXTRACT_DISK)")
    if isinstance(error, OSError) and error.errno in _FULL:  # no fault of the file, so not for good
        return Unprocessable(
            Reason.FAILED, "no room left on the disk for what reading it writes: once there is, it is tried again"
        )
    if isinstance(error, PermissionError | FileNotFoundError):
        return Unprocessable(Reason.UNREADABLE, f"{type(error).__name__}: {error.strerror}")
    words = " ".join(f"{type(error).__name__}: {error}".split())[:_MAX_DETAIL]
    return Unprocessable(Reason.FAILED, f"{words} ({_place(error)})")


def _place(error: BaseException) -> str:
    """Where it was raised, and the last place of ours on the way there: "docx.py:88, xmlchemy.py:412"."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(_HERE)]
    return ", ".join(dict.fromkeys(f"{Path(frame.filename).name}:{frame.lineno}" for frame in own[-1:] + frames[-1:]))


def _read(path: str, name: str, reading: Reading) -> Document:
    with BufferedReader(FileIO(path)) as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise Unprocessable(Reason.EMPTY, "zero bytes")
        found = media_type_in(file, name)
    engine = engine_named(reading.engine) if reading.engine else extractor_for(found)
    if engine is not None and found not in engine.media_types:
        raise Unprocessable(Reason.UNSUPPORTED_TYPE, f"{found}, which {engine.name} does not read")
    if engine is None:
        if found == OCTET_STREAM and _is_blank(path):
            raise Unprocessable(Reason.EMPTY, "nothing but zero bytes")
        raise Unprocessable(Reason.UNSUPPORTED_TYPE, found)
    try:
        document = engine.extract(path, found, reading)
        if not document.elements and not document.members:
            raise Unprocessable(Reason.EMPTY, "; ".join((f"no text in this {found}", *document.warnings))[:_MAX_DETAIL])
    except Exception as exc:
        refused = exc if isinstance(exc, Unprocessable) else refusal(exc)
        refused.engine = failure_key(engine, reading.policy)
        refused.detail = " ".join(refused.detail.split())  # libraries' words may be several lines
        raise refused from exc.__cause__ if refused is exc else exc
    declared, policy = declared_type(name), reading.policy.suffix
    if not policy and declared in (None, found) and not document.members:
        return document
    return replace(
        document,
        extractor=document.extractor + policy,
        metadata=document.metadata if declared in (None, found) else {**document.metadata, DECLARED_TYPE: str(declared)},
        members=tuple(_named(member, name) for member in document.members),
    )


def _named(member: Member, container: str) -> Member:
    """The one file in "report.csv.gz" is called "report.csv" where it is not said what it is called."""
    path = PurePosixPath(container)
    if member.name != CONTENT or path.suffix.lower() not in _COMPRESSED:
        return member
    return replace(member, name=clean(path.stem) or CONTENT)


def _is_blank(path: str) -> bool:
    with Path(path).open("rb") as file:
        return not any(block.strip(b"\x00\t\n\r ") for block in iter(lambda: file.read(1 << 20), b""))
