"""Content of files against the emulator: the right bytes or a clear error, whatever befalls the transfer."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from blocks.sources.drive import items
from blocks.sources.drive.client import DriveClient
from blocks.sources.drive.content import TRIES, fetch
from core.errors import CredentialsLost, SourceUnavailable, TransientError, Unprocessable
from core.files import Snapshot
from core.reasons import Reason
from tests.blocks.sources.drive.conftest import ALICE, Connect, Naps
from tests.servers.drive import DriveServer
from tests.servers.googledrive.content import Checksums, Content, Made

MEDIA = "files.get_media"
BOB = "bob@example.com"
SIZE = 300_000
SIZE_OF_FILM = 12 << 20


@pytest.fixture
def book(server: DriveServer, home: str) -> str:
    """A file of SIZE bytes."""
    return server.world.create_file("book.txt", Made(11, SIZE), home)


def refusal(client: DriveClient, file_id: str, directory: Path, **options: Any) -> tuple[Reason, str]:
    with pytest.raises(Unprocessable) as caught:
        fetch(client, file_id, directory, **options)
    assert list(directory.iterdir()) == [], "nothing is left behind"
    return caught.value.reason, caught.value.detail


def assert_whole(server: DriveServer, snapshot: Snapshot, file_id: str) -> None:
    revision = server.world.node(file_id).head
    assert revision is not None
    data = Path(snapshot.path).read_bytes()
    assert data == revision.content.data()
    assert (snapshot.size, snapshot.content_hash) == (len(data), hashlib.sha256(data).hexdigest())


def test_a_file(client: DriveClient, server: DriveServer, book: str, snapshots: Path) -> None:
    snapshot = fetch(client, book, snapshots)
    assert_whole(server, snapshot, book)
    assert snapshot.fingerprint == items.fingerprint(client.file(book, items.FIELDS))
    assert Path(snapshot.path).stat().st_mode & 0o077 == 0, "nobody else may read it"
    assert server.requests.counts() == {"files.get": 3, MEDIA: 1}, "one request for all of it"
    assert "range" not in server.requests.of(MEDIA)[0].headers


def test_a_file_of_a_shared_drive(client: DriveClient, server: DriveServer, snapshots: Path) -> None:
    file_id = server.world.create_file("a.txt", "one", server.world.create_drive("Ours", {ALICE: "reader"}))
    assert_whole(server, fetch(client, file_id, snapshots), file_id)


def test_an_empty_file_is_not_downloaded(client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
    snapshot = fetch(client, server.world.create_file("empty.txt", b"", home), snapshots)
    assert (snapshot.size, Path(snapshot.path).read_bytes()) == (0, b"")
    assert server.requests.count(MEDIA) == 0


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a reset before the headers": ("reset_before_headers", {}),
    "a reset on the way": ("reset_after_n_bytes", {"n": 100_000}),
    "cut short": ("truncate_with_length", {}),
    "chunks cut short": ("truncate_chunked", {}),
    "cut short without a length": ("close_without_length_truncated", {}),
    "other bytes": ("wrong_content", {}),
    "other bytes, as many": ("wrong_content", {"data": b"x" * SIZE}),
    "more bytes": ("wrong_content", {"data": b"x" * (SIZE + 1)}),
    "a login page": ("html_login_200", {}),
    "a redirect": ("redirect", {}),
    "500": ("status", {"code": 500}),
    "a page of a proxy": ("status", {"code": 404, "html_body": "<html>Not found</html>"}),
    "the rate": ("status", {"code": 403, "reason": "userRateLimitExceeded"}),
    "429": ("status", {"code": 429, "retry_after": 20}),
    "a newer quota error": ("quota_new_style", {}),
    "an old token": ("401_once", {}),
    "no such range": ("status", {"code": 416, "reason": "requestedRangeNotSatisfiable"}),
    "no such range, says a proxy": ("status", {"code": 416, "html_body": "<html>416</html>"}),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_what_befalls_a_transfer_once(
    fault: tuple[str, dict[str, Any]], client: DriveClient, server: DriveServer, book: str, snapshots: Path
) -> None:
    server.faults.add({"endpoint": MEDIA}, fault[0], **fault[1])
    assert_whole(server, fetch(client, book, snapshots), book)
    assert server.faults.rules[0].struck == 1
    assert len(list(snapshots.iterdir())) == 1


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_what_befalls_every_transfer(
    fault: tuple[str, dict[str, Any]], client: DriveClient, server: DriveServer, book: str, snapshots: Path
) -> None:
    """The file alone is to blame while Google answers otherwise; but for our rate and our credentials."""
    action, options = fault
    if action == "reset_after_n_bytes":
        options = {"n": 0}  # else it makes headway
    server.faults.add({"endpoint": MEDIA}, action, times=None, **options)
    if action == "401_once":
        with pytest.raises(CredentialsLost):
            fetch(client, book, snapshots)
        return
    if action == "quota_new_style" or options.get("reason") == "userRateLimitExceeded" or "retry_after" in options:
        with pytest.raises(SourceUnavailable):
            fetch(client, book, snapshots)
        return
    reason, _detail = refusal(client, book, snapshots)
    assert reason is Reason.FAILED
    assert server.requests.count(MEDIA) <= 20


def test_a_transfer_that_breaks_off_goes_on_where_it_was(
    client: DriveClient, server: DriveServer, home: str, snapshots: Path, naps: Naps
) -> None:
    file_id = server.world.create_file("film.mp4", Made(5, SIZE_OF_FILM), home, "video/mp4")
    server.faults.add({"endpoint": MEDIA}, "truncate_with_length", times=8, keep=0.2)
    assert_whole(server, fetch(client, file_id, snapshots), file_id)
    asked = [record.headers.get("range", "bytes=0-") for record in server.requests.of(MEDIA)]
    starts = [int(wanted.removeprefix("bytes=").removesuffix("-")) for wanted in asked]
    assert len(starts) == 9
    assert all(later - start == pytest.approx((SIZE_OF_FILM - start) * 0.2, abs=2) for start, later in pairwise(starts))
    assert naps.total < 8 * 2.1, "what makes headway is not punished with longer waits"


@pytest.mark.parametrize("ignored", ["ignore_range", "no_content_range"])
def test_a_range_that_is_not_heeded(ignored: str, client: DriveClient, server: DriveServer, book: str, snapshots: Path) -> None:
    server.faults.add({"endpoint": MEDIA, "nth": 1}, "truncate_with_length")
    if ignored == "ignore_range":
        server.faults.add({"endpoint": MEDIA}, "ignore_range")
    else:  # a part, but nobody says which
        server.faults.add({"endpoint": MEDIA}, "wrong_content", data=b"x" * 200_000)
    assert_whole(server, fetch(client, book, snapshots), book)


def test_a_file_that_shrinks_below_what_has_arrived(
    client: DriveClient, server: DriveServer, book: str, snapshots: Path
) -> None:
    """The rest is asked for beyond the end: 416, and not even how long the file is."""
    server.faults.add({"endpoint": MEDIA, "nth": 1}, "truncate_with_length")
    server.faults.add({"endpoint": MEDIA}, "no_content_range_416")
    server.world.knobs.mutate_during(MEDIA, 2, lambda: server.world.edit(book, "short"))
    assert_whole(server, fetch(client, book, snapshots), book)
    assert [record.status for record in server.requests.of(MEDIA)] == [200, 416, 200]


def test_two_revisions_are_never_spliced(client: DriveClient, server: DriveServer, book: str, snapshots: Path) -> None:
    """The resumed half is of another revision of the same size."""
    server.faults.add({"endpoint": MEDIA, "nth": 1}, "truncate_with_length")
    server.world.knobs.mutate_during(MEDIA, 2, lambda: server.world.edit(book, Made(12, SIZE)))
    snapshot = fetch(client, book, snapshots)
    assert_whole(server, snapshot, book)
    assert snapshot.fingerprint == items.fingerprint(client.file(book, items.FIELDS))


@pytest.mark.parametrize("size", [SIZE // 3, SIZE, 2 * SIZE])
def test_a_file_that_changes_while_it_is_read(
    size: int, client: DriveClient, server: DriveServer, book: str, snapshots: Path
) -> None:
    """Once before the transfer, once after a break, once after all of it."""
    server.faults.add({"endpoint": MEDIA, "nth": 2}, "truncate_with_length")
    server.world.knobs.mutate_during(MEDIA, 1, lambda: server.world.edit(book, Made(12, size)))
    server.world.knobs.mutate_during(MEDIA, 3, lambda: server.world.edit(book, Made(13, size)))
    assert_whole(server, fetch(client, book, snapshots), book)
    server.world.knobs.mutate_during("files.get", 2, lambda: server.world.edit(book, Made(14, size)))
    assert_whole(server, fetch(client, book, snapshots), book)


def test_a_file_that_never_stops_changing(client: DriveClient, server: DriveServer, book: str, snapshots: Path) -> None:
    for number in range(1, 5):
        server.world.knobs.mutate_during(MEDIA, number, lambda: server.world.edit(book, Made(server.world.mutations, SIZE)))
    assert refusal(client, book, snapshots) == (Reason.CHANGING, f"changed each of the {TRIES} times it was read")
    assert server.requests.count(MEDIA) == TRIES


def test_a_file_that_is_gone(client: DriveClient, server: DriveServer, book: str, snapshots: Path) -> None:
    server.world.knobs.mutate_during(MEDIA, 1, lambda: server.world.trash(book))
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match="trash"):
            fetch(client, book, snapshots)
    server.world.untrash(book)
    server.world.knobs.mutate_during(MEDIA, 1, lambda: server.world.delete(book))
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match="not found"):
            fetch(client, book, snapshots)
    assert list(snapshots.iterdir()) == []


def test_too_large_a_file_is_not_begun(client: DriveClient, server: DriveServer, book: str, snapshots: Path) -> None:
    expected = (Reason.TOO_LARGE, f"{SIZE} bytes, the limit is {SIZE - 1}")
    assert refusal(client, book, snapshots, max_bytes=SIZE - 1) == expected
    assert server.requests.count(MEDIA) == 0
    assert fetch(client, book, snapshots, max_bytes=SIZE).size == SIZE


class Huge(Content):
    """More than any disk has room for."""

    size = 1 << 60
    checksums = Checksums("0" * 32, "0" * 40, "0" * 64)


def test_a_file_for_which_there_is_no_room(client: DriveClient, server: DriveServer, home: str, snapshots: Path) -> None:
    huge = server.world.create_file("disk.img", Huge(), home, "application/octet-stream")
    reason, detail = refusal(client, huge, snapshots)
    assert reason is Reason.TOO_LARGE
    assert "are free in" in detail
    assert server.requests.count(MEDIA) == 0


def test_a_copy_that_cannot_be_written(client: DriveClient, book: str, snapshots: Path) -> None:
    with pytest.raises(TransientError, match="free space there or mend its permissions"):
        fetch(client, book, snapshots / "missing")


def test_a_right_to_download_that_is_missing(connect: Connect, server: DriveServer, book: str, snapshots: Path) -> None:
    server.world.share(book, email=BOB, role="reader")
    bob = connect(BOB)
    assert fetch(bob, book, snapshots).size == SIZE
    Path(fetch(bob, book, snapshots).path).unlink()
    for path in snapshots.iterdir():
        path.unlink()
    server.world.knobs.mutate_during(MEDIA, 1, lambda: server.world.set_copy_requires_writer(book))
    for _ in range(2):
        reason, _detail = refusal(bob, book, snapshots)
        assert reason is Reason.NO_DOWNLOAD
        assert reason.retires


def test_malware(connect: Connect, client: DriveClient, server: DriveServer, book: str, snapshots: Path) -> None:
    server.world.set_abusive(book)
    assert refusal(client, book, snapshots)[0] is Reason.MALWARE
    assert_whole(server, fetch(client, book, snapshots, acknowledge_abuse=True), book)
    for path in snapshots.iterdir():
        path.unlink()
    server.world.share(book, email=BOB, role="reader")
    assert refusal(connect(BOB), book, snapshots, acknowledge_abuse=True)[0] is Reason.MALWARE, "the owner alone may say so"


REFUSALS = {
    "downloadQuotaExceeded": Reason.DOWNLOAD_QUOTA,
    "quotaExceeded": Reason.DOWNLOAD_QUOTA,
    "cannotDownloadFile": Reason.NO_DOWNLOAD,
    "exportRestricted": Reason.NO_DOWNLOAD,
    "fileNotDownloadable": Reason.UNSUPPORTED_TYPE,
    "insufficientFilePermissions": Reason.UNREADABLE,
    "appNotAuthorizedToFile": Reason.UNREADABLE,
    "domainPolicy": Reason.UNREADABLE,
    "teamDriveMembershipRequired": Reason.UNREADABLE,
    "storageQuotaExceeded": Reason.FAILED,
}


@pytest.mark.parametrize(("said", "reason"), REFUSALS.items(), ids=REFUSALS.keys())
def test_what_google_refuses(
    said: str, reason: Reason, client: DriveClient, server: DriveServer, book: str, snapshots: Path, naps: Naps
) -> None:
    server.faults.add({"endpoint": MEDIA}, "status", times=None, reason=said)
    assert refusal(client, book, snapshots)[0] is reason
    assert naps.total == 0, "and waiting for it would not help"


def test_a_drive_that_is_down_is_not_the_files_fault(
    client: DriveClient, server: DriveServer, book: str, snapshots: Path
) -> None:
    server.faults.add({"path_regex": "/drive/v3/"}, "status", times=None, code=503)
    with pytest.raises(SourceUnavailable):
        fetch(client, book, snapshots)
    server.faults.clear()
    server.faults.add({"endpoint": "files.get"}, "status", times=None, code=500)
    assert refusal(client, book, snapshots)[0] is Reason.FAILED, "of this file alone nothing can be known"


def test_lost_credentials(client: DriveClient, server: DriveServer, book: str, snapshots: Path) -> None:
    server.world.knobs.mutate_during(MEDIA, 1, lambda: server.revoke(ALICE))
    with pytest.raises(CredentialsLost):
        fetch(client, book, snapshots)
    assert list(snapshots.iterdir()) == []


def test_a_stop_ends_a_transfer(connect: Connect, server: DriveServer, home: str, snapshots: Path) -> None:
    class Stopped(Exception):
        pass

    stopping: list[int] = []

    def sleep(_seconds: float) -> None:
        if server.requests.count(MEDIA):
            stopping.append(1)
            if len(stopping) == 3:
                raise Stopped

    file_id = server.world.create_file("film.mp4", Made(5, 8 << 20), home, "video/mp4")
    with pytest.raises(Stopped):
        fetch(connect(sleep=sleep), file_id, snapshots)
    assert list(snapshots.iterdir()) == []


def test_credentials_are_told_to_google_alone(client: DriveClient, server: DriveServer, book: str, snapshots: Path) -> None:
    """A redirect leads elsewhere: another port is another server."""
    with DriveServer(seed=8) as stranger:
        server.faults.add({"endpoint": MEDIA}, "redirect", location=f"{stranger.url}/drive/v3/files/{book}?alt=media")
        assert_whole(server, fetch(client, book, snapshots), book)
        assert [("authorization" in record.headers) for record in stranger.requests] == [False]
