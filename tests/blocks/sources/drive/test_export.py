"""Exports against the emulator: the ladder of formats and ways, and what cannot be exported."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from blocks.sources.drive import items
from blocks.sources.drive.client import DriveClient
from blocks.sources.drive.content import TRIES, fetch
from blocks.sources.drive.export import DOCX, FORMATS, MARKDOWN, PDF, PPTX, TEXT, XLSX
from core.errors import CredentialsLost, SourceUnavailable, Unprocessable
from core.files import Snapshot
from core.reasons import Reason
from tests.blocks.sources.drive.conftest import ALICE, Connect, Naps
from tests.servers.drive import DriveServer

EXPORT, DOWNLOAD, LINK = "files.export", "files.download", "export_link"
WORDS = "# Plan\n\nBuild the bridge, é € 桥.\n" + "Stone by stone. " * 2_000


def package(name: str) -> bytes:
    """A zip container with one part."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as whole:
        whole.writestr(name, "<x/>" * 500)
    return data.getvalue()


EXPORTS: dict[str, dict[str, bytes]] = {
    "document": {MARKDOWN: WORDS.encode(), DOCX: package("word/document.xml"), TEXT: b"Plan. Build the bridge."},
    "spreadsheet": {XLSX: package("xl/workbook.xml"), "text/csv": b"first sheet only"},
    "presentation": {PPTX: package("ppt/presentation.xml"), PDF: b"%PDF-1.7\n%%EOF\n", TEXT: b"Slides"},
    "drawing": {PDF: b"%PDF-1.4\n...\n%%EOF\n", "image/png": b"\x89PNG"},
}


def create(server: DriveServer, home: str, kind: str = "document") -> str:
    return server.world.create_editor(kind, f"A {kind}", EXPORTS[kind], home)


def content(snapshot: Snapshot) -> bytes:
    return Path(snapshot.path).read_bytes()


def refusal(client: DriveClient, file_id: str, directory: Path, **options: Any) -> tuple[Reason, str]:
    with pytest.raises(Unprocessable) as caught:
        fetch(client, file_id, directory, **options)
    assert list(directory.iterdir()) == [], "nothing is left behind"
    return caught.value.reason, caught.value.detail


@pytest.mark.parametrize(
    ("kind", "media_type"), [("document", MARKDOWN), ("spreadsheet", XLSX), ("presentation", PPTX), ("drawing", PDF)]
)
def test_the_best_format(
    kind: str, media_type: str, client: DriveClient, server: DriveServer, home: str, snapshots: Path
) -> None:
    file_id = create(server, home, kind)
    snapshot = fetch(client, file_id, snapshots)
    assert content(snapshot) == EXPORTS[kind][media_type]
    assert snapshot.metadata == {"media_type": media_type}
    assert snapshot.fingerprint == items.fingerprint(client.file(file_id, items.FIELDS))
    assert server.requests.count(EXPORT) == 1


def test_formats_are_those_that_drive_knows(client: DriveClient) -> None:
    known = client.about("exportFormats")["exportFormats"]
    assert all(set(formats) <= set(known[media_type]) for media_type, formats in FORMATS.items())


def test_an_empty_document(client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
    file_id = server.world.create_editor("document", "Nothing", {MARKDOWN: b""}, home)
    assert content(fetch(client, file_id, snapshots)) == b""


@pytest.mark.parametrize(
    ("kind", "name"),
    [("form", "Google Forms"), ("site", "Google Sites"), ("map", "Google My Maps"), ("vid", "Google Vids"),
     ("script", "Apps Script projects"), ("jam", "Jamboards"), ("drive-sdk.123", "application/vnd.google-apps.drive-sdk.123")],
)  # fmt: skip
def test_what_cannot_be_exported(
    kind: str, name: str, client: DriveClient, server: DriveServer, home: str, snapshots: Path
) -> None:
    file_id = server.world.create_editor(kind, "Survey", {}, home)
    assert refusal(client, file_id, snapshots) == (Reason.UNSUPPORTED_TYPE, f"{name} cannot be exported")
    assert server.requests.counts() == {"files.get": 1}


def test_folders_and_shortcuts(client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
    shortcut = server.world.create_shortcut("Way home", home, home)
    assert refusal(client, shortcut, snapshots) == (Reason.UNSUPPORTED_TYPE, "shortcuts cannot be exported")
    assert refusal(client, home, snapshots) == (Reason.UNSUPPORTED_TYPE, "folders cannot be exported")


@pytest.fixture
def small(server: DriveServer) -> None:
    """No export may be larger than 100 bytes."""
    server.world.knobs.export_limit = 100


@pytest.mark.usefixtures("small")
class TestTooLarge:
    """The ladder, rung by rung."""

    def test_a_long_running_download(
        self, client: DriveClient, server: DriveServer, home: str, snapshots: Path, naps: Naps
    ) -> None:
        server.world.knobs.operations_pending = 3
        snapshot = fetch(client, create(server, home), snapshots)
        assert content(snapshot) == WORDS.encode()
        assert snapshot.metadata == {"media_type": MARKDOWN}
        assert server.requests.count("operations.get") == 3
        assert naps.total == pytest.approx(2 + 4 + 8)

    def test_one_that_is_done_at_once_is_not_asked_for(
        self, client: DriveClient, server: DriveServer, home: str, snapshots: Path
    ) -> None:
        fetch(client, create(server, home, "spreadsheet"), snapshots)
        assert server.requests.count("operations.get") == 0
        assert [bool(record.headers.get("authorization")) for record in server.requests.of("download_link")] == [True, True]

    def test_one_that_never_ends(
        self, client: DriveClient, server: DriveServer, home: str, snapshots: Path, naps: Naps
    ) -> None:
        server.world.knobs.operations_pending = 1_000
        assert content(fetch(client, create(server, home, "spreadsheet"), snapshots)) == EXPORTS["spreadsheet"][XLSX]
        assert server.requests.count(LINK) == 2, "the link is the next way"
        assert naps.total < 601

    @pytest.mark.parametrize("said", ["badRequest", "forbidden", "internalError"])
    def test_links(self, said: str, client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
        if said == "forbidden":  # as a finished operation may answer
            server.world.knobs.operations_pending = 9
            body = b'{"error": {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}}'
            server.faults.add({"endpoint": "operations.get"}, "wrong_content", times=None, data=body)
        else:
            server.faults.add({"endpoint": DOWNLOAD}, "status", times=None, reason=said)
        assert content(fetch(client, create(server, home), snapshots)) == WORDS.encode()
        links = server.requests.of(LINK)
        assert len(links) == 2, "a redirect, then the bytes"
        assert all(record.headers.get("authorization") for record in links), "to the end we say who we are"

    def test_a_smaller_format(self, client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
        for endpoint in (DOWNLOAD, LINK):
            server.faults.add({"endpoint": endpoint}, "status", times=None, reason="badRequest")
        snapshot = fetch(client, create(server, home), snapshots)
        assert content(snapshot) == EXPORTS["document"][TEXT]
        assert snapshot.metadata == {"media_type": TEXT}

    def test_no_way_at_all(self, client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
        for endpoint in (DOWNLOAD, LINK):
            server.faults.add({"endpoint": endpoint}, "status", times=None, reason="badRequest")
        reason, detail = refusal(client, create(server, home, "spreadsheet"), snapshots)
        assert reason is Reason.EXPORT_TOO_LARGE
        assert "10 MB" in detail
        assert not reason.transient

    def test_a_login_page_is_no_document(self, client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
        server.faults.add({"endpoint": DOWNLOAD}, "status", times=None, reason="badRequest")
        server.faults.add({"endpoint": LINK}, "html_login_200", times=None)
        assert fetch(client, create(server, home), snapshots).metadata == {"media_type": TEXT}

    def test_our_rate_is_no_reason_to_take_less(
        self, client: DriveClient, server: DriveServer, home: str, snapshots: Path
    ) -> None:
        server.faults.add({"endpoint": DOWNLOAD}, "status", times=None, reason="userRateLimitExceeded")
        with pytest.raises(SourceUnavailable):
            fetch(client, create(server, home), snapshots)

    def test_lost_credentials_end_it(self, client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
        server.world.knobs.mutate_during(DOWNLOAD, 1, lambda: server.revoke(ALICE))
        server.faults.add({"endpoint": DOWNLOAD}, "401_once", times=None)
        with pytest.raises(CredentialsLost):
            fetch(client, create(server, home), snapshots)


def test_a_conversion_that_is_not_supported(client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
    file_id = server.world.create_editor("document", "Old", {TEXT: b"Plain words."}, home)
    assert fetch(client, file_id, snapshots).metadata == {"media_type": TEXT}
    for path in snapshots.iterdir():
        path.unlink()
    bare = server.world.create_editor("drawing", "Odd", {"image/png": b"\x89PNG"}, home)
    assert refusal(client, bare, snapshots)[0] is Reason.UNSUPPORTED_TYPE


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a reset before the headers": ("reset_before_headers", {}),
    "a reset on the way": ("reset_after_n_bytes", {"n": 5}),
    "cut short": ("truncate_with_length", {}),
    "chunks cut short": ("truncate_chunked", {}),
    "cut short without a length": ("close_without_length_truncated", {}),
    "other bytes": ("wrong_content", {}),
    "a login page": ("html_login_200", {}),
    "a redirect": ("redirect", {}),
    "500": ("status", {"code": 500}),
    "a page of a proxy": ("status", {"code": 502, "html_body": "<html>Bad gateway</html>"}),
}


@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_what_befalls_an_export(
    fault: tuple[str, dict[str, Any]], kind: str, client: DriveClient, server: DriveServer, home: str, snapshots: Path
) -> None:
    """Once, and it is exported again; always, and this document alone is set aside."""
    file_id = create(server, home, kind)
    server.faults.add({"endpoint": EXPORT}, fault[0], times=1, **fault[1])
    assert content(fetch(client, file_id, snapshots)) == next(iter(EXPORTS[kind].values()))
    assert server.faults.rules[0].struck == 1
    for path in snapshots.iterdir():
        path.unlink()
    server.requests.clear()
    server.faults.add({"endpoint": EXPORT}, fault[0], times=None, **fault[1])
    assert refusal(client, file_id, snapshots)[0] is Reason.FAILED
    assert server.requests.count(EXPORT) <= 5


def test_an_edit_during_an_export(client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
    file_id = create(server, home)
    server.world.knobs.mutate_during("files.get", 2, lambda: server.world.edit(file_id, {MARKDOWN: "new"}))
    snapshot = fetch(client, file_id, snapshots)
    assert content(snapshot) == b"new"
    assert snapshot.fingerprint == items.fingerprint(client.file(file_id, items.FIELDS))
    assert server.requests.count(EXPORT) == 2


def test_a_document_that_is_edited_all_the_time(client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
    file_id = create(server, home)
    for number in range(1, 6):
        server.world.knobs.mutate_during(EXPORT, number, lambda: server.world.edit(file_id, {MARKDOWN: "new"}))
    assert refusal(client, file_id, snapshots) == (Reason.CHANGING, f"changed each of the {TRIES} times it was read")


def test_a_document_that_is_looked_at_all_the_time(
    client: DriveClient, server: DriveServer, home: str, snapshots: Path
) -> None:
    """Its version moves, its content does not."""
    file_id = create(server, home)
    for number in range(1, 9):
        server.world.knobs.mutate_during(EXPORT, number, lambda: server.world.view(file_id, ALICE))
    assert content(fetch(client, file_id, snapshots)) == WORDS.encode()
    assert server.requests.count(EXPORT) == TRIES


def test_a_document_larger_than_is_wanted(client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
    reason, detail = refusal(client, create(server, home), snapshots, max_bytes=1_000)
    assert (reason, detail) == (Reason.TOO_LARGE, "more than 1000 bytes, which is the limit")


def test_a_document_that_may_not_be_copied(connect: Connect, server: DriveServer, home: str, snapshots: Path) -> None:
    file_id = create(server, home)
    server.world.share(file_id, email="bob@example.com", role="reader")
    server.world.set_copy_requires_writer(file_id)
    server.requests.clear()
    assert refusal(connect("bob@example.com"), file_id, snapshots)[0] is Reason.NO_DOWNLOAD
    assert server.requests.count(EXPORT) == 0


def test_refusals_of_an_export(client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
    for said, reason in (("exportRestricted", Reason.NO_DOWNLOAD), ("fileNotExportable", Reason.UNSUPPORTED_TYPE)):
        server.faults.add({"endpoint": EXPORT}, "status", reason=said)
        assert refusal(client, create(server, home), snapshots)[0] is reason
