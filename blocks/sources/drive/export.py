"""Google's own formats, exported to ones that can be read.

An export holds 10 MB at most. What exceeds that is fetched by other ways, in the order in which Google recommends them: a
long-running download, the links of the web page, a format that comes out smaller.
Source: https://developers.google.com/workspace/drive/api/guides/manage-downloads and .../ref-export-formats.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import count
from typing import TYPE_CHECKING, Any

from blocks.sources.drive import items
from blocks.sources.drive.errors import Exhausted, Failed, Refused, again
from blocks.sources.drive.received import Received
from blocks.sources.drive.transport import blocks, is_framed
from core.errors import Unprocessable
from core.reasons import Reason

if TYPE_CHECKING:
    import httpx

    from blocks.sources.drive.client import DriveClient

MARKDOWN, TEXT, PDF = "text/markdown", "text/plain", "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = f"{_OFFICE}wordprocessingml.document"
XLSX = f"{_OFFICE}spreadsheetml.sheet"
PPTX = f"{_OFFICE}presentationml.presentation"
FORMATS = {
    items.DOCUMENT: (MARKDOWN, DOCX, TEXT),
    items.SPREADSHEET: (XLSX,),  # CSV would be the first sheet only
    items.PRESENTATION: (PPTX, PDF, TEXT),
    items.DRAWING: (PDF,),
}
"""What each is exported to: the best format, then those that come out smaller."""
_NAMES = {
    "form": "Google Forms",
    "site": "Google Sites",
    "map": "Google My Maps",
    "vid": "Google Vids",
    "script": "Apps Script projects",
    "jam": "Jamboards",
    "fusiontable": "Fusion Tables",
    "shortcut": "shortcuts",
    "folder": "folders",
}
_TOO_LARGE = "exportSizeLimitExceeded"
_TRIES = 4
"""How often an export is asked for whose bytes do not arrive whole."""
_POLL, _LONGEST_POLL, _OPERATION = 2.0, 30.0, 600.0
"""Seconds between the first looks at a long-running download, at most between two, and that it may take."""


def is_exportable(item: items.Resource) -> bool:
    """True for what there is a format for."""
    return item.get("mimeType") in FORMATS


def why_not(item: items.Resource) -> str:
    """Why something cannot be exported, for people."""
    media_type = str(item.get("mimeType", ""))
    return f"{_NAMES.get(media_type.removeprefix(items.GOOGLE), media_type)} cannot be exported"


def export(client: DriveClient, item: items.Resource, received: Received) -> str:
    """Receive an item in the best format that can be had; gives its media type.

    Raises Unprocessable EXPORT_TOO_LARGE or UNSUPPORTED_TYPE if there is none, and what a DriveClient does.
    """
    too_large = False
    for media_type in FORMATS[item["mimeType"]]:
        try:
            _save(client, lambda: client.export(item["id"], media_type), media_type, received)  # noqa: B023
            return media_type
        except Refused as exc:
            if exc.reason == _TOO_LARGE:
                too_large = True
            elif exc.reason != "badRequest":  # the conversion is not supported
                raise
        if too_large and media_type == FORMATS[item["mimeType"]][0] and _otherwise(client, item, media_type, received):
            return media_type
    if too_large:
        raise Unprocessable(Reason.EXPORT_TOO_LARGE, "more than the 10 MB that Google exports, in every format")
    raise Unprocessable(Reason.UNSUPPORTED_TYPE, f"Google converts it to none of {', '.join(FORMATS[item['mimeType']])}")


def _otherwise(client: DriveClient, item: items.Resource, media_type: str, received: Received) -> bool:
    """Receive what is too large for an export; False if Google does not give it."""
    for address in (_of_operation, _of_link):
        try:
            url = address(client, item["id"], media_type)
            _save(client, lambda: client.stream(url), media_type, received)  # noqa: B023
            return True
        except Refused:
            continue
        except Exhausted as exc:
            if exc.of_rate:
                raise
    return False


def _of_operation(client: DriveClient, file_id: str, media_type: str) -> str:
    """Where a long-running download ends. Raises Refused."""
    operation = client.download_operation(file_id, media_type)
    waited = 0.0
    for number in count():
        # One that is done need not be found any more.
        if operation.get("done") or "response" in operation or "error" in operation:
            break
        wait = min(_POLL * 2.0**number, _LONGEST_POLL)
        if waited + wait > _OPERATION:
            raise Refused("", f"a download of {media_type} is not ready after {waited:.0f} s")
        client.pause(wait)
        waited += wait
        operation = client.operation(str(operation.get("name", "")))
    answer = operation.get("response")
    if not isinstance(answer, dict) or not answer.get("downloadUri"):
        raise Refused("", f"a download of {media_type} failed: {operation.get('error')}")
    return str(answer["downloadUri"])


def _of_link(client: DriveClient, file_id: str, media_type: str) -> str:
    """Where the web page would export it. Raises Refused."""
    links: Any = client.file(file_id, "exportLinks").get("exportLinks")
    if not isinstance(links, dict) or media_type not in links:
        raise Refused("", f"there is no link to export it as {media_type}")
    return str(links[media_type])


def _save(
    client: DriveClient,
    opened: Callable[[], AbstractContextManager[httpx.Response]],
    media_type: str,
    received: Received,
) -> None:
    """Receive all of an export: what breaks off is asked for anew, since exports know no ranges."""
    for attempt in count(1):
        received.restart()
        try:
            with opened() as response:
                _expect(response, media_type)
                for block in blocks(response):
                    client.pause()
                    if media_type in (MARKDOWN, TEXT) and b"\0" in block:
                        raise again(f"what arrives is no {media_type}")
                    received.write(block)
                _see_that_it_is_whole(response, media_type, received)
                return
        except Failed as exc:
            if attempt == _TRIES:
                raise exc.failure.error("an export") from exc
            client.pause(client.delay(attempt))


def _expect(response: httpx.Response, media_type: str) -> None:
    """Raises Failed for a page that asks to log in, and an error that calls itself a success."""
    told = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if told in ("text/html", "application/json") and told != media_type:
        raise again(f"{told} arrives in place of {media_type}")


def _see_that_it_is_whole(response: httpx.Response, media_type: str, received: Received) -> None:
    """An export has no checksum: its container, or the framing of the answer, must show that nothing is missing."""
    first, last = received.ends()
    if media_type == PDF:
        whole = first.startswith(b"%PDF-") and b"%%EOF" in last
    elif media_type.startswith(_OFFICE):
        whole = first.startswith(b"PK\x03\x04") and b"PK\x05\x06" in last
    else:
        whole = is_framed(response)
    if not whole:
        raise again(f"a part of the {media_type} is missing")
