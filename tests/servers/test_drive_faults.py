"""Each fault and each knob of failure, as the real client or a bare connection meets it."""

from __future__ import annotations

import http.client
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseDownload

from tests.servers.conftest import Client, ask, reason_of
from tests.servers.drive import DriveServer
from tests.servers.googledrive.content import Made
from tests.servers.googledrive.errors import REASONS
from tests.servers.googledrive.faults import ACTIONS

ALICE, BOB = "alice@example.com", "bob@example.com"


@pytest.fixture
def file(server: DriveServer, home: str) -> str:
    return server.world.create_file("a", b"0123456789", home)


def strike(
    server: DriveServer, action: str, match: dict[str, Any] | None = None, times: int | None = 1, **options: Any
) -> None:
    server.faults.add(match or {}, action, times, **options)


def media(drive: Any, file: str, chunk: int = 100) -> bytes:
    out = io.BytesIO()
    reader = MediaIoBaseDownload(out, drive.files().get_media(fileId=file), chunksize=chunk)
    while not reader.next_chunk()[1]:
        pass
    return out.getvalue()


@pytest.mark.parametrize("reason", REASONS)
def test_every_error_has_its_body(server: DriveServer, file: str, reason: str) -> None:
    strike(server, "status", reason=reason)
    status, headers, body = ask(server, f"/drive/v3/files/{file}", ALICE)
    error = json.loads(body)["error"]
    assert headers["Content-Type"] == "application/json; charset=UTF-8"
    assert (error["code"], reason_of(body)) == (status, reason)
    assert error.keys() >= {"code", "message", "errors"}
    if "{id}" in str(error):
        raise AssertionError(error)


@pytest.mark.parametrize(
    ("options", "status", "reason"),
    [
        ({"code": 429}, 429, "rateLimitExceeded"),
        ({"code": 403}, 403, "userRateLimitExceeded"),
        ({"code": 500}, 500, "internalError"),
        ({"code": 503, "reason": "backendError", "message": "Try later"}, 503, "backendError"),
    ],
)
def test_a_status_brings_its_usual_reason(
    server: DriveServer, file: str, options: dict[str, Any], status: int, reason: str
) -> None:
    strike(server, "status", retry_after=7, **options)
    found, headers, body = ask(server, f"/drive/v3/files/{file}", ALICE)
    assert (found, headers["Retry-After"], reason_of(body)) == (status, "7", reason)
    assert options.get("message", "") in body.decode()
    assert ask(server, f"/drive/v3/files/{file}", ALICE)[0] == 200


def test_a_gateway_answers_in_html(server: DriveServer, client: Client, file: str) -> None:
    strike(server, "status", code=502, html_body="<h1>502. That's an error.</h1>")
    with pytest.raises(HttpError) as failed:
        client(ALICE).files().get(fileId=file).execute()
    assert (failed.value.status_code, failed.value.error_details) == (502, "<h1>502. That's an error.</h1>")


def test_the_client_retries_old_quota_errors_and_not_the_new_ones(server: DriveServer, client: Client, file: str) -> None:
    request = client(ALICE).files().get(fileId=file)
    request._sleep = lambda seconds: None
    strike(server, "status", code=403)
    assert request.execute(num_retries=1)["id"] == file
    strike(server, "quota_new_style")
    with pytest.raises(HttpError) as failed:
        request.execute(num_retries=1)
    assert json.loads(failed.value.content)["error"]["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    assert "errors" not in json.loads(failed.value.content)["error"]


def test_one_401_is_healed_by_a_refresh_and_a_revocation_is_not(server: DriveServer, client: Client, file: str) -> None:
    from google.auth.exceptions import RefreshError

    drive = client(ALICE)
    strike(server, "401_once")
    assert drive.files().get(fileId=file).execute()["id"] == file
    assert server.requests.counts() == {"files.get": 2, "token": 1}
    strike(server, "token_revoked", {"endpoint": "files.get"})
    with pytest.raises(RefreshError, match="expired or revoked"):
        drive.files().get(fileId=file).execute()
    server.restore(ALICE)
    assert drive.files().get(fileId=file).execute()["id"] == file


def test_the_token_endpoint_fails(server: DriveServer, client: Client, file: str) -> None:
    drive = client(ALICE)
    server.expire_access(ALICE)
    strike(server, "token_endpoint_500")
    assert ask(server, "/token", method="POST", body=b"grant_type=refresh_token")[0] == 500
    assert drive.files().get(fileId=file).execute()["id"] == file
    assert server.requests.counts() == {"files.get": 2, "token": 2}


def test_answers_are_late_or_never_come(server: DriveServer, file: str) -> None:
    strike(server, "delay", seconds=0.01)
    assert ask(server, f"/drive/v3/files/{file}", ALICE)[0] == 200
    strike(server, "delay", seconds=30)
    strike(server, "hang")
    for _ in range(2):
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=0.1)
        headers = {"Authorization": f"Bearer {server.token_for(ALICE)}"}
        connection.request("GET", f"/drive/v3/files/{file}", headers=headers)
        with pytest.raises(TimeoutError):
            connection.getresponse()
        connection.close()


def test_connections_are_reset(server: DriveServer, file: str) -> None:
    strike(server, "reset_before_headers")
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        ask(server, f"/drive/v3/files/{file}?alt=media", ALICE)
    strike(server, "reset_after_n_bytes", n=4)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        ask(server, f"/drive/v3/files/{file}?alt=media", ALICE)
    assert ask(server, f"/drive/v3/files/{file}?alt=media", ALICE)[2] == b"0123456789"


def test_bodies_are_cut(server: DriveServer, client: Client, file: str) -> None:
    for action in ("truncate_with_length", "truncate_chunked"):
        strike(server, action)
        with pytest.raises(http.client.IncompleteRead):
            media(client(ALICE), file)
    strike(server, "close_without_length_truncated", keep=0.3)
    assert media(client(ALICE), file) == b"012"


def test_a_cut_costs_what_is_sent(server: DriveServer, home: str) -> None:
    file = server.world.create_file("big", Made(1, 3 << 30), home)
    for action, options in (("reset_after_n_bytes", {"n": 100_000}), ("truncate_with_length", {"keep": 0.0001})):
        strike(server, action, **options)
        with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
            ask(server, f"/drive/v3/files/{file}?alt=media", ALICE)


def test_json_is_cut(server: DriveServer, client: Client, file: str) -> None:
    strike(server, "invalid_json_200")
    assert isinstance(client(ALICE).files().get(fileId=file).execute(), str)


def test_other_bytes_come(server: DriveServer, client: Client, file: str) -> None:
    strike(server, "wrong_content", {"endpoint": "files.get_media"}, data=b"something else")
    assert ask(server, f"/drive/v3/files/{file}?alt=media", ALICE)[2] == b"something else"
    strike(server, "wrong_content", times=None)
    assert media(client(ALICE), file, 4) == bytes(byte ^ 0x20 for byte in b"0123456789")


def test_ranges_are_passed_over(server: DriveServer, client: Client, file: str) -> None:
    strike(server, "ignore_range")
    assert media(client(ALICE), file, 4) == b"0123456789"
    assert [record.status for record in server.requests] == [200]


def test_a_416_without_its_header_breaks_the_client(server: DriveServer, client: Client, home: str) -> None:
    empty = server.world.create_file("empty", b"", home)
    assert media(client(ALICE), empty) == b""
    strike(server, "no_content_range_416")
    with pytest.raises(KeyError):
        media(client(ALICE), empty)


def test_redirects_and_login_pages(server: DriveServer, client: Client, file: str) -> None:
    strike(server, "redirect")
    found = ask(server, f"/drive/v3/files/{file}?alt=media", ALICE)
    assert (found[0], found[1]["Location"]) == (302, f"{server.url}/_login")
    strike(server, "redirect", {"endpoint": "files.get_media"})
    assert b"Sign-in" in client(ALICE).files().get_media(fileId=file).execute()
    strike(server, "html_login_200")
    status, headers, body = ask(server, f"/drive/v3/files/{file}?alt=media", ALICE)
    assert (status, headers["Content-Type"].partition(";")[0], b"Sign in" in body) == (200, "text/html", True)


def test_faults_strike_what_they_match(server: DriveServer, home: str, file: str) -> None:
    def statuses(count: int, path: str = f"/drive/v3/files/{file}", email: str = ALICE) -> list[int]:
        return [ask(server, path, email)[0] for _ in range(count)]

    server.world.share(file, email=BOB)
    server.faults.add({"nth": 2}, {"name": "status", "code": 500})
    assert statuses(3) == [200, 500, 200]
    server.faults.clear()
    server.faults.add({"every": 2}, "status", times=None)
    assert statuses(4) == [200, 503, 200, 503]
    server.faults.clear()
    server.faults.add({"identity": BOB, "method": "GET"}, "status", times=None)
    assert (statuses(1), statuses(1, email=BOB)) == ([200], [503])
    server.faults.clear()
    server.faults.add({"file_id": file, "path_regex": "/files/[^/]+$", "endpoint": "files.get"}, "status", times=2)
    assert (statuses(1, f"/drive/v3/files/{home}"), statuses(3)) == ([200], [503, 503, 200])
    server.faults.clear()
    server.faults.add({"prob": 0.5}, "status", times=None)
    assert set(statuses(30)) == {200, 503}
    assert [record.fault for record in server.requests if record.status == 503][:1] == ["status"]


def test_a_fault_that_does_not_exist_is_refused(server: DriveServer) -> None:
    for match, action in (({}, "explode"), ({"colour": "red"}, "hang")):
        with pytest.raises(ValueError, match=r"no such fault|do not match"):
            server.faults.add(match, action)


@pytest.mark.parametrize("new_style", [False, True])
def test_an_empty_bucket_refuses_until_time_has_filled_it(server: DriveServer, file: str, new_style: bool) -> None:
    quota = server.world.knobs.quota_units
    quota.per_user, quota.clock, quota.new_style = 12, "virtual", new_style
    path = f"/drive/v3/files/{file}"
    found = [ask(server, path, ALICE) for _ in range(3)]
    assert [status for status, _, _ in found] == [200, 200, 403]
    error = json.loads(found[2][2])["error"]
    reason = error["details"][0]["reason"] if new_style else error["errors"][0]["reason"]
    assert reason == ("RATE_LIMIT_EXCEEDED" if new_style else "userRateLimitExceeded")
    assert server.requests.units == 10
    server.world.advance(15)
    assert [ask(server, path, ALICE)[0] for _ in range(2)] == [200, 403]
    server.world.share(file, email=BOB)
    assert ask(server, path, BOB)[0] == 200
    quota.per_user, quota.per_min = None, 9
    assert [ask(server, path, email)[0] for email in (ALICE, BOB)] == [200, 403]


def test_a_bucket_fills_by_the_real_clock_and_may_be_small(server: DriveServer, file: str) -> None:
    quota = server.world.knobs.quota_units
    quota.per_user, quota.burst = 60_000, 5 / 60_000
    path = f"/drive/v3/files/{file}"
    assert ask(server, path, ALICE)[0] == 200
    time.sleep(0.02)
    assert ask(server, path, ALICE)[0] == 200


def test_without_a_token_and_with_a_wrong_one(server: DriveServer, file: str) -> None:
    status, _, body = ask(server, f"/drive/v3/files/{file}")
    error = json.loads(body)["error"]
    assert (status, error["status"], error["errors"][0]["reason"]) == (403, "PERMISSION_DENIED", "forbidden")
    status, _, body = ask(server, f"/drive/v3/files/{file}", headers={"Authorization": "Bearer wrong"})
    error = json.loads(body)["error"]
    assert (status, error["status"]) == (401, "UNAUTHENTICATED")
    assert error["errors"] == [
        {
            "message": "Invalid Credentials",
            "domain": "global",
            "reason": "authError",
            "location": "Authorization",
            "locationType": "header",
        }
    ]


def test_what_is_not_there(server: DriveServer) -> None:
    assert ask(server, "/drive/v3/nonsense", ALICE)[0] == 404
    assert ask(server, "/drive/v3/files", ALICE, method="DELETE")[0] == 404


def test_every_fault_has_a_test() -> None:
    source = Path(__file__).read_text("utf-8")
    assert {action for action in ACTIONS if f'"{action}"' not in source} == set()
