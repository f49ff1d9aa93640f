"""Archives and compressed files: every regular file in them is handed over; nothing else is followed, made or unpacked."""

from __future__ import annotations

from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives import tar_archive, zip_container, zip_entries
from tasks.extractors._archives.member_names import clean, decoded, is_clutter
from tasks.extractors._archives.members import CONTENT, LIMITS, Members, Readable
from tasks.extractors._archives.unpacked import Unpacked, gzip_name
from tasks.extractors._builder import Builder
from tasks.extractors.base import DEFAULT, Extractor, Reading

_GZIP, _BZIP2, _XZ = "application/gzip", "application/x-bzip2", "application/x-xz"
_TAR, _ZIP = "application/x-tar", "application/zip"
_MOST_SKIPPED = 100_000
"""Folders, links and hidden files of an archive that are passed over before it is refused."""
_NAMED = 20


class ArchiveExtractor(Extractor):
    """Members without elements."""

    name = "archive"
    version = 1
    media_types = frozenset({_GZIP, _BZIP2, _XZ, _TAR, _ZIP})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Members with their paths, in the archive's order.

        Raises Unprocessable: EMPTY without any file, ENCRYPTED if all are, UNSUPPORTED_TYPE for a compression that is not
        known, CORRUPT if none is whole, BOMB, TOO_LARGE.
        """
        builder = Builder(reading.policy.keep_hidden)
        size = Path(path).stat().st_size
        with Path(path).open("rb") as file, Members(builder, reading, size) as members:
            left = _Left()
            if media_type == _ZIP:
                _unzip(file, members, left)
            elif media_type == _TAR:
                _untar(file, members, left, None)
            else:
                _unpack(file, media_type, members, left)
            left.tell(builder, members)
        return builder.document(media_type, self.key)


class _Left:
    """What is left out, and why."""

    def __init__(self) -> None:
        self.damaged: list[str] = []
        self.encrypted: list[str] = []
        self.unknown: list[str] = []
        self.others = 0
        """Links, devices, pipes."""
        self._skipped = 0

    def skip(self, is_other: bool) -> None:
        """Count what is no file or not to be shown. Raises Unprocessable(TOO_LARGE)."""
        self.others += is_other
        self._skipped += 1
        if self._skipped > _MOST_SKIPPED:
            raise Unprocessable(Reason.TOO_LARGE, f"more than {_MOST_SKIPPED:,} folders and links in it")

    def tell(self, builder: Builder, members: Members) -> None:
        """Warn, or raise Unprocessable if nothing was handed over for it."""
        for names, reason, words in (
            (self.encrypted, Reason.ENCRYPTED, "needs a password"),
            (self.unknown, Reason.UNSUPPORTED_TYPE, "unknown compression"),
            (self.damaged, Reason.CORRUPT, "damaged or cut off"),
        ):
            if not names:
                continue
            shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")
            if not members.given:
                raise Unprocessable(reason, f"{words}: {shown}")
            builder.warnings.append(f"{words}, left out: {shown}")
        if self.others:
            builder.warnings.append(f"links and devices left out: {self.others:,}")
        if not members.given:
            reason = Reason.TOO_LARGE if members.too_large else Reason.EMPTY
            raise Unprocessable(reason, f"larger than {LIMITS.member:,} bytes" if members.too_large else "no files in it")


def _unzip(file: BinaryIO, members: Members, left: _Left) -> None:
    try:
        entries = zip_entries.listed(file)
    except (*zip_container.DAMAGE, ValueError):
        whole = list(islice(zip_entries.lying(file), LIMITS.count + 1))
        entries = zip_entries.named(whole)
        left.damaged.append("the list of files")
    for entry in entries:
        if not entry.is_file or is_clutter(entry.name):
            left.skip(not entry.is_file and not entry.is_folder)
        elif entry.is_encrypted:
            left.encrypted.append(clean(entry.name))
        elif not entry.is_known:
            left.unknown.append(clean(entry.name))
        else:
            try:
                members.add(entry.name, zip_entries.Content(file, entry), consumed=partial(int, entry.packed))
            except (*zip_container.DAMAGE, ValueError):
                left.damaged.append(clean(entry.name))


def _untar(stream: Readable, members: Members, left: _Left, file: BinaryIO | None) -> None:
    """`file` is what the stream is unpacked from, if it is."""
    for entry in tar_archive.entries(stream):
        if entry.kind is tar_archive.Kind.DAMAGE:
            left.damaged.append("a part of the archive")
        elif entry.content is None or is_clutter(entry.name):
            left.skip(entry.kind is tar_archive.Kind.OTHER)
        else:
            try:
                members.add(entry.name, entry.content, consumed=file.tell if file else None)
            except (EOFError, ValueError):
                left.damaged.append(clean(entry.name))


def _unpack(file: BinaryIO, media_type: str, members: Members, left: _Left) -> None:
    name = gzip_name(file) if media_type == _GZIP else b""
    stream = Unpacked(file, media_type)
    if tar_archive.is_header(stream.ahead(tar_archive.BLOCK)):
        stream.is_lenient = True
        _untar(stream, members, left, file)
        if stream.damage:
            left.damaged.append(f"its end ({stream.damage})")
        return
    shown = decoded([name])[0] or CONTENT
    try:
        members.add(shown, stream, consumed=file.tell)
    except EOFError:
        left.damaged.append(f"{clean(shown)} ({stream.damage})")
