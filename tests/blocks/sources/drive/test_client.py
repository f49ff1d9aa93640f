"""The client against the emulator: each call, each fault of the wire, many threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from blocks.sources.drive.client import DriveClient
from blocks.sources.drive.errors import CorpusLost, Gone, Refused, TokenRejected
from blocks.sources.drive.quota import QUERIES
from blocks.sources.drive.requests import mask
from core.errors import CredentialsLost, SourceUnavailable
from tests.blocks.sources.drive.conftest import ALICE, Account, Connect, Naps
from tests.servers.drive import DriveServer

FILE = "id,name,size"
LIST = "files(id,name)"
CHANGES = "changes(changeType,removed,fileId,file(id,name))"


def names(page: dict[str, Any]) -> list[str]:
    return sorted(file["name"] for file in page["files"])


def test_who_we_are(client: DriveClient) -> None:
    assert client.about("user")["user"]["emailAddress"] == ALICE
    assert client.identity == ALICE


def test_changes_from_a_start_token_on(client: DriveClient, server: DriveServer, home: str) -> None:
    token = client.start_token(None)
    file_id = server.world.create_file("a.txt", "one", home)
    page = client.changes(token, None, CHANGES)
    assert [change["fileId"] for change in page["changes"]] == [file_id]
    assert client.changes(page["newStartPageToken"], None, CHANGES)["changes"] == []
    asked = server.requests.of("changes.list")[0].params
    assert asked["pageSize"] == "1000"
    assert all(asked[name] == "true" for name in ("includeRemoved", "includeCorpusRemovals", "supportsAllDrives"))


def test_a_token_that_is_not_taken(client: DriveClient, server: DriveServer) -> None:
    with pytest.raises(TokenRejected):
        client.changes("nonsense", None, CHANGES)
    for status in (404, 410):
        server.faults.add({"endpoint": "changes.list"}, "status", code=status, reason="notFound")
        with pytest.raises(TokenRejected):
            client.changes(client.start_token(None), None, CHANGES)
    with pytest.raises(TokenRejected):
        client.files("trashed = false", None, "nonsense", LIST)


def test_pages_of_files(client: DriveClient, server: DriveServer, home: str) -> None:
    server.world.knobs.page_size_cap = 2
    for name in "abc":
        server.world.create_file(name, name, home)
    first = client.files(f"'{home}' in parents and trashed = false", None, None, LIST)
    second = client.files(f"'{home}' in parents and trashed = false", None, first["nextPageToken"], LIST)
    assert sorted(names(first) + names(second)) == ["a", "b", "c"]
    assert "nextPageToken" not in second


def test_an_incomplete_search_is_no_answer(client: DriveClient, server: DriveServer, home: str, naps: Naps) -> None:
    server.world.create_file("a", "a", home)
    server.world.knobs.incomplete_search = 1.0
    with pytest.raises(SourceUnavailable, match="incomplete"):
        client.files(f"'{home}' in parents", None, None, LIST)
    assert server.requests.count("files.list") == 8
    assert naps.total > 60


def test_a_query_longer_than_an_address_may_be(client: DriveClient, home: str) -> None:
    query = " and ".join([f"'{home}' in parents"] + [f"name != 'x{n}'" for n in range(300)])
    for _ in range(2):
        assert names(client.files(query, None, None, LIST)) == []


def test_shared_drives(client: DriveClient, server: DriveServer) -> None:
    made = {server.world.create_drive(f"Drive {n}", {ALICE: "reader"}) for n in range(12)}
    assert made <= {drive["id"] for drive in client.drives()}
    drive = made.pop()
    file_id = server.world.create_file("a.txt", "one", drive)
    assert client.drive(drive)["id"] == drive
    assert names(client.files("trashed = false", drive, None, LIST)) == ["a.txt"]
    assert client.file(file_id, FILE)["name"] == "a.txt"
    token = client.start_token(drive)
    server.world.delete_drive(drive)
    lost: list[Callable[[], Any]] = [
        lambda: client.start_token(drive),
        lambda: client.changes(token, drive, CHANGES),
        lambda: client.files("trashed = false", drive, None, LIST),
        lambda: client.drive(drive),
    ]
    for ask in lost:
        with pytest.raises(CorpusLost):
            ask()


def test_a_membership_that_ended(connect: Connect, server: DriveServer) -> None:
    drive = server.world.create_drive("Ours", {ALICE: "organizer", "bob@example.com": "reader"})
    bob = connect("bob@example.com")
    token = bob.start_token(drive)
    server.world.remove_member(drive, "bob@example.com")
    with pytest.raises(CorpusLost):
        bob.changes(token, drive, CHANGES)


def test_a_parent_that_is_gone_is_no_lost_drive(client: DriveClient, server: DriveServer) -> None:
    drive = server.world.create_drive("Ours", {ALICE: "reader"})
    with pytest.raises(Gone):
        client.files("'nobody' in parents", drive, None, LIST)


def test_all_permissions(client: DriveClient, server: DriveServer, home: str) -> None:
    file_id = server.world.create_file("a", "a", home)
    for n in range(230):
        server.world.share(file_id, email=f"user{n}@example.com", role="reader")
    found = client.permissions(file_id)
    assert len({permission["emailAddress"] for permission in found}) == 231
    assert server.requests.count("permissions.list") == 3
    with pytest.raises(Gone):
        client.permissions("nobody")


def test_page_tokens_that_expire_are_begun_with_anew(client: DriveClient, server: DriveServer, home: str) -> None:
    file_id = server.world.create_file("a", "a", home)
    for n in range(130):
        server.world.share(file_id, email=f"user{n}@example.com", role="reader")
    server.faults.add({"endpoint": "permissions.list", "nth": 2}, "status", code=400, reason="invalid")
    assert len(client.permissions(file_id)) == 131
    server.faults.clear()
    server.faults.add({"endpoint": "permissions.list", "every": 2}, "status", times=None, code=400, reason="invalid")
    with pytest.raises(SourceUnavailable, match="page tokens"):
        client.permissions(file_id)


def test_channels(client: DriveClient, server: DriveServer) -> None:
    server.world.knobs.webhook_http_allowed = True
    channel = {"id": "channel-1", "type": "web_hook", "address": f"{server.url}/_ctl/nowhere", "token": "secret"}
    made = client.watch_changes(client.start_token(None), None, channel)
    assert made["id"] == "channel-1"
    client.stop_channel("channel-1", made["resourceId"])
    with pytest.raises(Refused) as caught:
        client.stop_channel("channel-1", made["resourceId"])
    assert caught.value.reason == "notFound"


PASSING: dict[str, tuple[str, dict[str, Any]]] = {
    "500": ("status", {"code": 500}),
    "a page of a proxy": ("status", {"code": 502, "html_body": "<html>Bad gateway</html>"}),
    "403 of a proxy": ("status", {"code": 403, "html_body": "<html>Sorry</html>"}),
    "404 of a proxy": ("status", {"code": 404, "html_body": "<html>Not found</html>"}),
    "the rate": ("status", {"code": 403, "reason": "userRateLimitExceeded"}),
    "429": ("status", {"code": 429, "retry_after": 3}),
    "a newer quota error": ("quota_new_style", {}),
    "half of the JSON": ("invalid_json_200", {}),
    "a body cut short": ("truncate_with_length", {}),
    "chunks cut short": ("truncate_chunked", {}),
    "a body without length cut short": ("close_without_length_truncated", {}),
    "a reset": ("reset_before_headers", {}),
    "a reset on the way": ("reset_after_n_bytes", {"n": 5}),
    "a login page": ("html_login_200", {}),
    "a redirect": ("redirect", {}),
    "other JSON": ("wrong_content", {"data": b'{"kind": "drive#other"}'}),
    "no JSON": ("wrong_content", {"data": b"\xff\xfe"}),
    "an old token": ("401_once", {}),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_what_passes_is_not_seen(
    fault: tuple[str, dict[str, Any]], client: DriveClient, server: DriveServer, home: str
) -> None:
    file_id = server.world.create_file("a.txt", "one", home)
    action, options = fault
    # The rule holds for two requests of each kind: what the HTTP library itself tries again has to fail too.
    times = 1 if action == "401_once" else 2
    server.faults.add({"endpoint": "files.get"}, action, times=times, **options)
    assert client.file(file_id, FILE)["size"] == "3"
    server.faults.add({"endpoint": "files.list"}, action, times=times, **options)
    assert names(client.files(f"'{home}' in parents", None, None, LIST)) == ["a.txt"]
    assert all(rule.struck == times for rule in server.faults.rules)


def test_what_does_not_pass_leaves_the_source_unavailable(client: DriveClient, server: DriveServer) -> None:
    for action, options in PASSING.values():
        if action == "401_once":
            continue
        server.faults.clear()
        server.faults.add({"endpoint": "about.get"}, action, times=None, **options)
        with pytest.raises(SourceUnavailable, match=r"about\.get"):
            client.about("user")


def test_a_server_that_hangs(connect: Connect, server: DriveServer) -> None:
    impatient = connect(timeout=0.05)
    impatient.about("user")
    server.faults.add({"endpoint": "about.get"}, "delay", times=1, seconds=0.3)
    assert impatient.about("user")["user"]["emailAddress"] == ALICE


def test_no_server_at_all(connect: Connect, naps: Naps) -> None:
    with DriveServer() as gone:
        account = Account(gone)
    client = DriveClient(account, sleep=naps, clock=naps.clock)
    with pytest.raises(SourceUnavailable):
        client.about("user")
    client.close()


def test_lost_credentials(client: DriveClient, server: DriveServer, naps: Naps) -> None:
    server.faults.add({"endpoint": "about.get"}, "401_once", times=None)
    with pytest.raises(CredentialsLost, match="levada drive login"):
        client.about("user")
    assert server.requests.count("about.get") == 2, "once more with a fresh token, and no more"
    server.faults.clear()
    server.revoke(ALICE)
    with pytest.raises(CredentialsLost, match="levada drive login"):
        client.about("user")
    assert naps.total == 0


def test_an_expired_token_is_refreshed(client: DriveClient, server: DriveServer) -> None:
    client.about("user")
    server.expire_access(ALICE)
    assert client.about("user")["user"]["emailAddress"] == ALICE


def test_a_daily_limit_ends_the_run_at_once(client: DriveClient, server: DriveServer) -> None:
    server.faults.add({"endpoint": "files.list"}, "status", times=None, reason="dailyLimitExceeded")
    with pytest.raises(SourceUnavailable, match="tomorrow"):
        client.files("trashed = false", None, None, LIST)
    assert server.requests.count("files.list") == 1


def test_too_weak_a_scope(server: DriveServer, naps: Naps, home: str) -> None:
    file_id = server.world.create_file("a.txt", "one", home)
    account = Account(server)
    account._held["token"] = server.token_for(ALICE, ("https://www.googleapis.com/auth/drive.metadata.readonly",))
    client = DriveClient(account, sleep=naps, clock=naps.clock)
    with pytest.raises(CredentialsLost, match="scopes"), client.media(file_id):
        pass
    client.close()


def test_many_threads(client: DriveClient, server: DriveServer, home: str) -> None:
    ids = [server.world.create_file(f"{n}.txt", "x" * n, home) for n in range(40)]
    server.faults.add({"endpoint": "files.get"}, "reset_before_headers", times=5)
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda file_id: int(client.file(file_id, FILE)["size"]), ids))
    assert sizes == list(range(40))


def test_no_two_threads_share_a_connection(client: DriveClient, server: DriveServer) -> None:
    transport, held, barrier = client._transport, set(), threading.Barrier(4)

    def hold(_: int) -> None:
        with transport.connection() as http:
            held.add(id(http))
            barrier.wait(5)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hold, range(4)))
    assert len(held) == 4


def test_quota_is_kept_to(connect: Connect, server: DriveServer, naps: Naps) -> None:
    client = connect(units_per_minute=6_000)
    for _ in range(20):
        client.files("trashed = false", None, None, LIST)
    assert naps.total == pytest.approx(19, abs=1), "a second's worth is at hand, then 100 units a second"
    before = naps.total
    older = connect(units_per_minute=6_000, costs=QUERIES)
    for _ in range(20):
        older.files("trashed = false", None, None, LIST)
    assert naps.total == before


def test_a_mask_asks_for_what_the_client_needs() -> None:
    assert mask("files(id,name)", "kind", "nextPageToken") == "kind,nextPageToken,files(id,name)"
    assert mask("kind, files(kind,a(b(c)))", "kind") == "kind, files(kind,a(b(c)))"
    assert mask("files(kind)", "kind") == "kind,files(kind)"
    assert mask("*", "kind") == "*"
