"""One file's content: never a splice of two revisions, never less than all of it (invariant I9)."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from blocks.sources.drive import items
from blocks.sources.drive.errors import DOWNLOAD_QUOTA, NO_SUCH_RANGE, CorpusLost, Exhausted, Failed, Gone, Refused, again
from blocks.sources.drive.export import export, is_exportable, why_not
from blocks.sources.drive.received import Received
from blocks.sources.drive.transport import blocks, is_framed
from core.errors import Unprocessable
from core.files import Snapshot
from core.reasons import Reason

if TYPE_CHECKING:
    import httpx

    from blocks.sources.drive.client import DriveClient

TRIES = 3
"""How often a file is read while it changes, or while what arrives is not what Drive says it is."""
_BREAKS = 5
"""How often a transfer may break off with less than PROGRESS gained each time."""
_PROGRESS = 256 << 10
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_ABUSE = "cannotDownloadAbusiveFile"
_CHECKSUMS = ("md5Checksum", "sha256Checksum")
_REASONS = {
    _ABUSE: Reason.MALWARE,
    DOWNLOAD_QUOTA: Reason.DOWNLOAD_QUOTA,
    "cannotDownloadFile": Reason.NO_DOWNLOAD,
    "exportRestricted": Reason.NO_DOWNLOAD,
    "fileNotDownloadable": Reason.UNSUPPORTED_TYPE,
    "fileNotExportable": Reason.UNSUPPORTED_TYPE,
    "insufficientFilePermissions": Reason.UNREADABLE,
    "appNotAuthorizedToFile": Reason.UNREADABLE,
    "domainPolicy": Reason.UNREADABLE,
}


class Changed(Exception):
    """What arrives is not what the metadata says: either has changed."""


def fetch(
    client: DriveClient, file_id: str, directory: Path, max_bytes: int | None = None, acknowledge_abuse: bool = False
) -> Snapshot:
    """Copy one file's bytes, or what it is exported to, into `directory`; with `acknowledge_abuse` malware too.

    Its metadata is read before and after, and must agree. Raises FileNotFoundError if the file is gone or in the trash;
    Unprocessable with the reason why it cannot be read; and what a DriveClient raises that concerns more than this file.
    """
    try:
        return _read(client, file_id, directory, max_bytes, acknowledge_abuse)
    except Gone as exc:
        raise FileNotFoundError(str(exc)) from exc
    except CorpusLost as exc:
        raise Unprocessable(Reason.UNREADABLE, str(exc)) from exc
    except Refused as exc:
        raise Unprocessable(_REASONS.get(exc.reason, Reason.FAILED), str(exc)) from exc
    except Exhausted as exc:
        if exc.of_rate:
            raise
        with suppress(Refused):
            client.about("user")  # if Google answers anything, this file alone is to blame
        raise Unprocessable(Reason.FAILED, str(exc)) from exc


def _read(client: DriveClient, file_id: str, directory: Path, max_bytes: int | None, acknowledge_abuse: bool) -> Snapshot:
    before = client.file(file_id, items.FIELDS)
    steady = True
    for attempt in range(1, TRIES + 1):
        with _received(before, directory, max_bytes) as received:
            metadata: dict[str, str] = {}
            try:
                if _has_bytes(before):
                    _download(client, before, received, acknowledge_abuse)
                else:
                    metadata["media_type"] = export(client, before, received)
                whole = True
            except Changed:
                whole = False
            after = client.file(file_id, items.FIELDS)
            if whole and _same(before, after, lenient=attempt == TRIES):
                _check(after)
                return received.keep(items.fingerprint(after), metadata)
        steady = _same(before, after, lenient=True)
        before = after
        if attempt < TRIES:
            client.pause(client.delay(attempt) if steady else 0.0)
    if steady:
        raise Unprocessable(Reason.FAILED, f"what Google sends is not what its checksum says, {TRIES} times")
    raise Unprocessable(Reason.CHANGING, f"changed each of the {TRIES} times it was read")


def _received(item: items.Resource, directory: Path, max_bytes: int | None) -> Received:
    """Room for it, if it may be read at all."""
    _check(item)
    if not _has_bytes(item):
        return Received(directory, max_bytes=max_bytes)
    size = items.size(item)
    if max_bytes is not None and size > max_bytes:
        raise Unprocessable(Reason.TOO_LARGE, f"{size} bytes, the limit is {max_bytes}")
    return Received(directory, size)


def _check(item: items.Resource) -> None:
    """Raises FileNotFoundError or Unprocessable if it is not to be read."""
    if item.get("trashed"):
        raise FileNotFoundError(f"{item.get('id', 'the file')} is in the trash")
    if not _has_bytes(item) and not is_exportable(item):
        raise Unprocessable(Reason.UNSUPPORTED_TYPE, why_not(item))
    if not items.may_download(item):
        raise Unprocessable(Reason.NO_DOWNLOAD, "capabilities.canDownload is false")


def _has_bytes(item: items.Resource) -> bool:
    """False for what can at best be exported."""
    return "md5Checksum" in item or "headRevisionId" in item or not items.is_googles_own(item.get("mimeType", ""))


def _same(before: items.Resource, after: items.Resource, lenient: bool) -> bool:
    """True if the content has not changed in between.

    What has no checksum is told by its times; its version also moves when somebody only looks at it, so that `lenient`
    passes over it.
    """
    names = ["mimeType", "size", *_CHECKSUMS, "headRevisionId"] if _has_bytes(before) else ["mimeType"]
    if not any(name in before for name in (*_CHECKSUMS, "headRevisionId")):
        names += ["modifiedTime"] if lenient else ["modifiedTime", "version"]
    return all(before.get(name) == after.get(name) for name in names)


def _download(client: DriveClient, item: items.Resource, received: Received, acknowledge_abuse: bool) -> None:
    """All bytes of a file, in as many requests as it takes, their checksums verified. Raises Changed."""
    try:
        _transfer(client, item, received, False)
    except Refused as exc:
        if exc.reason != _ABUSE or not acknowledge_abuse:
            raise
        _transfer(client, item, received, True)
    told = {"md5Checksum": received.md5, "sha256Checksum": received.sha256}
    if any(name in item and item[name] != found for name, found in told.items()):
        raise Changed


def _transfer(client: DriveClient, item: items.Resource, received: Received, acknowledged: bool) -> None:
    size, breaks, furthest = items.size(item) if "size" in item else None, 0, 0
    while size is None or received.position < size:
        try:
            if size is None:
                received.restart()
            with client.media(str(item["id"]), received.position, acknowledged) as response:
                _place(response, received, size)
                for block in blocks(response):
                    client.pause()
                    if size is not None and received.position + len(block) > size:
                        raise Changed
                    received.write(block)
                if size is None and (is_framed(response) or any(name in item for name in _CHECKSUMS)):
                    return
            if size is None or received.position < size:  # without a length, nothing tells the end from a break
                raise again(f"{received.position} of {'an unknown number of' if size is None else size} bytes arrived")
        except Failed as exc:
            breaks = 1 if received.position - furthest >= _PROGRESS else breaks + 1
            furthest = max(furthest, received.position)
            if breaks > _BREAKS:
                raise exc.failure.error("a file's content") from exc
            client.pause(client.delay(breaks))
        except Refused as exc:
            if exc.reason != NO_SUCH_RANGE:
                raise
            raise Changed from exc


def _place(response: httpx.Response, received: Received, size: int | None) -> None:
    """See to it that what arrives is appended where it belongs. Raises Changed if it belongs to another revision."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    if response.status_code == 206 and match:
        if size is not None and match[3] not in ("*", str(size)):
            raise Changed
        if int(match[1]) == received.position:
            return
    if response.status_code == 206:
        received.restart()
        raise again("a part arrived that was not asked for")
    received.restart()
