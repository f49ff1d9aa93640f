"""Content: ranges, exports, the ways around their limit, and what may not be had."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any
from urllib.parse import urlsplit

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseDownload

from tests.servers.conftest import Client, ask, reason_of
from tests.servers.drive import DriveServer
from tests.servers.googledrive.content import Made

ALICE, BOB = "alice@example.com", "bob@example.com"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def download(drive: Any, file: str, chunk: int) -> bytes:
    """By the client's own downloader."""
    out = io.BytesIO()
    reader = MediaIoBaseDownload(out, drive.files().get_media(fileId=file), chunksize=chunk)
    while not reader.next_chunk()[1]:
        pass
    return out.getvalue()


def test_a_file_comes_in_chunks(server: DriveServer, client: Client, home: str) -> None:
    file = server.world.create_file("a", bytes(range(100)), home)
    assert download(client(ALICE), file, 30) == bytes(range(100))
    assert [record.status for record in server.requests] == [206] * 4
    assert download(client(ALICE), server.world.create_file("empty", b"", home), 30) == b""


@pytest.mark.parametrize(
    ("header", "status", "content_range", "body"),
    [
        ("bytes=2-4", 206, "bytes 2-4/10", b"234"),
        ("bytes=7-", 206, "bytes 7-9/10", b"789"),
        ("bytes=7-99", 206, "bytes 7-9/10", b"789"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=10-", 416, "bytes */10", None),
        ("lines=1-2", 200, None, b"0123456789"),
        ("bytes=-", 200, None, b"0123456789"),
    ],
)
def test_ranges(
    server: DriveServer, home: str, header: str, status: int, content_range: str | None, body: bytes | None
) -> None:
    file = server.world.create_file("a", b"0123456789", home)
    found = ask(server, f"/drive/v3/files/{file}?alt=media", ALICE, headers={"Range": header})
    assert (found[0], found[1].get("Content-Range")) == (status, content_range)
    if body is None:
        assert reason_of(found[2]) == "requestedRangeNotSatisfiable"
    else:
        assert found[2] == body


def test_an_empty_file_has_no_range(server: DriveServer, home: str) -> None:
    file = server.world.create_file("a", b"", home)
    status, headers, _ = ask(server, f"/drive/v3/files/{file}?alt=media", ALICE, headers={"Range": "bytes=0-9"})
    assert (status, headers["Content-Range"]) == (416, "bytes */0")


def test_content_from_a_seed_is_the_same_whole_and_in_parts(server: DriveServer, client: Client, home: str) -> None:
    file = server.world.create_file("a", Made(5, 300_000), home)
    whole = download(client(ALICE), file, 1 << 20)
    assert (len(whole), whole[:8]) == (300_000, b"Document")
    assert download(client(ALICE), file, 70_001) == whole
    found = client(ALICE).files().get(fileId=file, fields="md5Checksum,sha1Checksum,sha256Checksum,size").execute()
    expected = [hashlib.new(name, whole).hexdigest() for name in ("md5", "sha1", "sha256")]
    assert [*found.values()] == [*expected, "300000"]
    assert Made(6, 300_000).data() != whole


def test_a_file_of_three_gigabytes_costs_what_is_read_of_it(server: DriveServer, home: str) -> None:
    file = server.world.create_file("big", Made(1, 3 << 30), home)
    span = {"Range": f"bytes={(3 << 30) - 5}-"}
    status, headers, body = ask(server, f"/drive/v3/files/{file}?alt=media", ALICE, headers=span)
    assert (status, headers["Content-Length"], len(body)) == (206, "5", 5)


def test_an_edit_between_chunks_gives_parts_of_two_revisions(server: DriveServer, client: Client, home: str) -> None:
    """As the real client does it, silently: what a source has to find out by itself."""
    file = server.world.create_file("a", b"a" * 100, home)
    server.world.knobs.mutate_during("files.get_media", 2, lambda: server.world.edit(file, b"b" * 80))
    assert download(client(ALICE), file, 50) == b"a" * 50 + b"b" * 30


def test_exports_have_no_length(server: DriveServer, client: Client, home: str) -> None:
    doc = server.world.create_editor("document", "D", {"text/markdown": "# D"}, home)
    status, headers, body = ask(server, f"/drive/v3/files/{doc}/export?mimeType=text/markdown&alt=media", ALICE)
    assert (status, body, headers["Transfer-Encoding"], "Content-Length" in headers) == (200, b"# D", "chunked", False)
    assert client(ALICE).files().export_media(fileId=doc, mimeType="text/markdown").execute() == b"# D"
    server.world.edit(doc, {"text/markdown": b"# E"})
    assert client(ALICE).files().export(fileId=doc, mimeType="text/markdown").execute() == b"# E"


def refused(server: DriveServer, path: str, email: str = ALICE) -> tuple[int, str, str]:
    """Status, reason and message of an error."""
    status, _, body = ask(server, f"/drive/v3/files/{path}", email)
    return status, reason_of(body), json.loads(body)["error"]["message"]


def test_what_cannot_be_converted_or_downloaded(server: DriveServer, home: str) -> None:
    world = server.world
    doc = world.create_editor("document", "D", {"text/plain": "x"}, home)
    blob = world.create_file("a", b"1", home)
    vid = world.create_editor("vid", "V", {"video/mp4": b"x"}, home)
    form = world.create_editor("form", "F", {}, home)
    no_conversion = (400, "badRequest", "The requested conversion is not supported.")
    not_exportable = (403, "fileNotExportable", "Export only supports Docs Editors files.")
    not_binary = "Only files with binary content can be downloaded. Use Export with Docs Editors files."
    assert refused(server, f"{doc}/export?mimeType=image/png") == no_conversion
    assert refused(server, f"{blob}/export?mimeType=text/plain") == not_exportable
    assert refused(server, f"{form}/export?mimeType=text/plain") == not_exportable
    assert refused(server, f"{home}/export?mimeType=text/plain") == not_exportable
    assert refused(server, f"{vid}/export?mimeType=video/mp4")[1:][0] == "fileNotExportable"
    assert refused(server, f"{doc}?alt=media") == (403, "fileNotDownloadable", not_binary)
    assert refused(server, f"{home}?alt=media") == (403, "fileNotDownloadable", not_binary)
    assert refused(server, f"{doc}/export")[:2] == (400, "required")


def test_an_export_that_is_too_large_has_three_ways_around(server: DriveServer, client: Client, home: str) -> None:
    server.world.knobs.export_limit = 1000
    doc = server.world.create_editor("document", "D", {DOCX: b"x" * 1001, "text/plain": "x"}, home)
    too_large = (403, "exportSizeLimitExceeded", "This file is too large to be exported.")
    assert refused(server, f"{doc}/export?mimeType={DOCX}") == too_large
    assert ask(server, f"/drive/v3/files/{doc}/export?mimeType=text/plain", ALICE)[2] == b"x"
    operation = client(ALICE).files().download(fileId=doc, mimeType=DOCX).execute()
    assert (operation["done"], operation["response"]["partialDownloadAllowed"]) == (True, False)
    links = client(ALICE).files().get(fileId=doc, fields="exportLinks").execute()["exportLinks"]
    for link in (operation["response"]["downloadUri"], links[DOCX]):
        here = link.removeprefix(server.url)
        status, headers, _ = ask(server, here, ALICE)
        assert status == 302
        again = headers["Location"].removeprefix(server.url)
        assert ask(server, again, ALICE)[::2] == (200, b"x" * 1001)
        status, headers, body = ask(server, again)
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, "text/html")
        assert b"Sign-in" in body
        assert ask(server, again, BOB)[0] == 404


def test_a_download_may_take_its_time(server: DriveServer, client: Client, home: str) -> None:
    server.world.knobs.operations_pending = 2
    file = server.world.create_file("a", b"0123456789", home)
    operation = client(ALICE).files().download(fileId=file).execute()
    assert "done" not in operation
    assert "done" not in client(ALICE).operations().get(name=operation["name"]).execute()
    done = client(ALICE).operations().get(name=operation["name"]).execute()
    assert done["response"]["partialDownloadAllowed"] is True
    path = urlsplit(done["response"]["downloadUri"]).path
    assert ask(server, path, ALICE, headers={"Range": "bytes=1-2"})[::2] == (206, b"12")
    server.world.knobs.finished_operations_denied = True
    with pytest.raises(HttpError, match="does not have permission"):
        client(ALICE).operations().get(name=operation["name"]).execute()
    with pytest.raises(HttpError, match="Operation not found"):
        client(BOB).operations().get(name=operation["name"]).execute()


def test_rights_to_download(server: DriveServer, home: str) -> None:
    world = server.world
    file = world.create_file("a", b"1", home)
    doc = world.create_editor("document", "D", {"text/plain": "x"}, home)
    for item in (file, doc):
        world.share(item, email=BOB)
        path = f"{item}?alt=media" if item == file else f"{item}/export?mimeType=text/plain"
        world.set_copy_requires_writer(item)
        assert refused(server, path, BOB)[:2] == (403, "cannotDownloadFile")
        assert ask(server, f"/drive/v3/files/{path}", ALICE)[0] == 200
        world.set_copy_requires_writer(item, False)
        assert ask(server, f"/drive/v3/files/{path}", BOB)[0] == 200
        world.set_download_restriction(item, readers=True, writers=True)
        assert refused(server, path, ALICE)[:2] == (403, "cannotDownloadFile")


def test_a_drives_restriction_holds_for_its_files(server: DriveServer, client: Client) -> None:
    team = server.world.create_drive("Team", {ALICE: "organizer", BOB: "reader"})
    file = server.world.create_file("a", b"1", team)
    server.world.set_restrictions(team, copyRequiresWriterPermission=True)
    found = client(BOB).files().get(fileId=file, fields="*", supportsAllDrives=True).execute()
    assert (found["copyRequiresWriterPermission"], found["capabilities"]["canDownload"]) == (True, False)
    effective = found["downloadRestrictions"]["effectiveDownloadRestrictionWithContext"]
    assert effective == {"restrictedForReaders": True, "restrictedForWriters": False}


def test_malware_is_for_its_owner_alone_and_only_if_acknowledged(server: DriveServer, home: str) -> None:
    file = server.world.create_file("a", b"1", home)
    server.world.share(file, email=BOB, role="writer")
    server.world.set_abusive(file)
    assert refused(server, f"{file}?alt=media")[:2] == (403, "cannotDownloadAbusiveFile")
    assert refused(server, f"{file}?alt=media&acknowledgeAbuse=true", BOB)[:2] == (403, "cannotDownloadAbusiveFile")
    assert ask(server, f"/drive/v3/files/{file}?alt=media&acknowledgeAbuse=true", ALICE)[2] == b"1"


def test_exports_may_differ_in_bytes_but_not_in_what_they_say(server: DriveServer, client: Client, home: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("word/document.xml", "<w:p/>")
    exports = {DOCX: packed.getvalue(), "application/pdf": b"%PDF-1.7\n", "text/markdown": b"# D"}
    doc = server.world.create_editor("document", "D", exports, home)

    def twice(mime_type: str) -> list[bytes]:
        return [client(ALICE).files().export(fileId=doc, mimeType=mime_type).execute() for _ in range(2)]

    assert twice(DOCX) == [exports[DOCX]] * 2
    server.world.knobs.export_bytes_unstable = True
    one, other = twice(DOCX)
    assert one != other
    for data in (one, other):
        assert zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml") == b"<w:p/>"
    assert len(set(twice("application/pdf"))) == 2
    assert twice("text/markdown") == [b"# D"] * 2


def test_revisions_stay(server: DriveServer, client: Client, home: str) -> None:
    file = server.world.create_file("a", b"one", home)
    server.world.edit(file, b"two!")
    revisions = client(ALICE).revisions()
    listed = revisions.list(fileId=file, fields="revisions(id,size,md5Checksum)").execute()["revisions"]
    assert [revision["size"] for revision in listed] == ["3", "4"]
    head = client(ALICE).files().get(fileId=file, fields="headRevisionId").execute()["headRevisionId"]
    assert listed[1]["id"] == head
    assert revisions.get_media(fileId=file, revisionId=listed[0]["id"]).execute() == b"one"
    assert revisions.get(fileId=file, revisionId=head).execute()["id"] == head
    with pytest.raises(HttpError, match="Revision not found"):
        revisions.get(fileId=file, revisionId="1").execute()
