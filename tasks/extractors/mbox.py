"""Mailboxes (RFC 4155 and its relatives): each message is a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.documents import Document
from tasks.extractors._archives.member_names import clean
from tasks.extractors._archives.members import Members
from tasks.extractors._builder import Builder
from tasks.extractors._mail.parts import parsed
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.media_type import MAILBOX_START

_QUOTED = re.compile(rb">+From ")
_LONGEST_LINE = 64 * 1024
_LONGEST_HEAD = 64 * 1024
_DELETED = 0x0008
"""In X-Mozilla-Status: thrown away, but not yet taken out of the file."""


class MboxExtractor(Extractor):
    """Members without elements."""

    name = "mbox"
    version = 2
    media_types = frozenset({"application/mbox"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Messages in the file's order, named "0001 Subject.eml". Raises Unprocessable(TOO_LARGE)."""
        builder = Builder(reading.policy.keep_hidden)
        with Path(path).open("rb") as file, Members(builder, reading) as members:
            for number, start in enumerate(list(_starts(file)), 1):
                file.seek(start)
                head = parsed(_head(file))
                if _is_deleted(str(head.get("X-Mozilla-Status", ""))):
                    continue
                subject = clean(str(head.get("Subject", "")).replace("/", "-").replace("\\", "-"))
                file.seek(start)
                members.add(f"{number:04} {subject}".rstrip() + ".eml", _Message(file), "message/rfc822")
        return builder.document(media_type, self.key)


class _Message:
    """One message up to the line that begins the next; its lines that looked like one are unquoted."""

    def __init__(self, file: BinaryIO) -> None:
        self._lines = _lines(file)

    def read(self, size: int, /) -> bytes:
        """At most about so many bytes; b"" at the end."""
        block = bytearray()
        for line in self._lines:
            block += line
            if len(block) >= size - _LONGEST_LINE:
                break
        return bytes(block)


def _starts(file: BinaryIO) -> Iterator[int]:
    """Where messages begin, behind their first line."""
    is_after_blank = True
    while line := file.readline(_LONGEST_LINE):
        if is_after_blank and MAILBOX_START.match(line):
            yield file.tell()
        is_after_blank = not line.strip()


def _lines(file: BinaryIO) -> Iterator[bytes]:
    blank = b""
    is_first = True
    while line := file.readline(_LONGEST_LINE):
        if (blank or is_first) and MAILBOX_START.match(line):
            return
        is_first = False
        if blank:
            yield blank
        blank = b"" if line.strip() else line
        if not blank:
            yield line[1:] if _QUOTED.match(line) else line


def _head(file: BinaryIO) -> bytes:
    """The headers."""
    head = bytearray()
    while len(head) < _LONGEST_HEAD and (line := file.readline(_LONGEST_LINE)).strip():
        head += line
    return bytes(head)


def _is_deleted(status: str) -> bool:
    try:
        return bool(int(status, 16) & _DELETED)
    except ValueError:
        return False
