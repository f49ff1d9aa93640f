"""Tokens: refreshed, revoked, for a service account, and from a browser's login; batches, which inherit them."""

from __future__ import annotations

import http.client
import json
import warnings
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from tests.servers.conftest import Client, ask, reason_of
from tests.servers.drive import DriveServer
from tests.servers.googledrive.accounts import CLIENT_ID, CLIENT_SECRET, SCOPE

ALICE, BOB = "alice@example.com", "bob@example.com"
METADATA = "https://www.googleapis.com/auth/drive.metadata.readonly"


def token(server: DriveServer, **form: str) -> tuple[int, dict[str, Any]]:
    status, _, body = ask(server, "/token", method="POST", body=urlencode(form).encode())
    return status, json.loads(body)


def test_a_refresh_gives_a_token_until_it_is_revoked(server: DriveServer) -> None:
    credentials = Credentials(**{**server.credentials(ALICE), "token": None})
    credentials.refresh(Request())
    assert server.accounts.holder(f"Bearer {credentials.token}") is not None
    server.revoke(ALICE)
    assert server.accounts.holder(f"Bearer {credentials.token}") is None
    with pytest.raises(RefreshError) as refused:
        credentials.refresh(Request())
    assert refused.value.args[1] == {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    server.restore(ALICE)
    credentials.refresh(Request())


def test_an_expired_access_token_is_refreshed_by_the_client(server: DriveServer, client: Client) -> None:
    drive = client(ALICE)
    server.expire_access(ALICE)
    assert drive.about().get(fields="user").execute()["user"]["emailAddress"] == ALICE
    assert [record.status for record in server.requests] == [401, 200, 200]


def test_refresh_tokens_may_rotate(server: DriveServer) -> None:
    server.world.knobs.rotate_refresh_tokens = True
    old = server.credentials(ALICE)["refresh_token"]
    status, answer = token(server, grant_type="refresh_token", refresh_token=old)
    assert (status, answer["expires_in"], answer["token_type"]) == (200, 3599, "Bearer")
    assert answer["refresh_token"] != old


def test_a_service_account_acts_for_its_subject(server: DriveServer, client: Client) -> None:
    info = server.service_account_info()
    credentials = service_account.Credentials.from_service_account_info(info, scopes=[SCOPE], subject=ALICE)
    drive = client(ALICE, credentials)
    assert drive.about().get(fields="user").execute()["user"]["emailAddress"] == ALICE
    server.revoke(ALICE)
    with pytest.raises(RefreshError, match="invalid_grant"):
        credentials.refresh(Request())
    server.restore(ALICE)


def test_an_assertion_with_a_wrong_signature_is_refused(server: DriveServer) -> None:
    info = server.service_account_info()
    credentials = service_account.Credentials.from_service_account_info(info, scopes=[SCOPE], subject=ALICE)
    assertion = credentials._make_authorization_grant_assertion().decode()
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert token(server, grant_type=grant, assertion=assertion)[0] == 200
    head, claims, signature = assertion.split(".")
    for wrong in (f"{head}.{claims}.{signature[::-1]}", f"{head}.{claims}", "x.y.z", ""):
        status, answer = token(server, grant_type=grant, assertion=wrong)
        assert (status, answer["error"]) == (400, "invalid_grant")


def test_a_login_in_the_browser(server: DriveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the flow of google-auth-oauthlib, with this test as the browser."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from google_auth_oauthlib.flow import InstalledAppFlow
    flow = InstalledAppFlow.from_client_config(server.client_config(), scopes=[SCOPE])
    flow.redirect_uri = "http://localhost:1/"
    url, state = flow.authorization_url(access_type="offline", prompt="consent", login_hint=BOB)
    status, headers, _ = ask(server, url.removeprefix(server.url))
    answer = parse_qs(urlsplit(headers["Location"]).query)
    assert (status, headers["Location"].startswith("http://localhost:1/?"), answer["state"]) == (302, True, [state])
    flow.fetch_token(authorization_response=headers["Location"])
    holder = server.accounts.holder(f"Bearer {flow.credentials.token}")
    assert holder is not None
    assert (holder.email, holder.scopes, flow.credentials.refresh_token[:3]) == (BOB, (SCOPE,), "1//")
    flow.credentials.refresh(Request())
    sent = {"grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": flow.redirect_uri}
    assert token(server, **sent)[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"redirect_uri": "http://localhost:2/"}, 400, "redirect_uri_mismatch"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"code_verifier": "wrong"}, 400, "invalid_grant"),
        ({"code": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_code_is_good_only_for_what_it_was_given_for(
    server: DriveServer, change: dict[str, str], status: int, error: str
) -> None:
    query = {"response_type": "code", "redirect_uri": "http://localhost:1/", "code_challenge": "c", "client_id": CLIENT_ID}
    _, headers, _ = ask(server, f"/auth?{urlencode(query)}")
    code = parse_qs(urlsplit(headers["Location"]).query)["code"][0]
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://localhost:1/", "code_verifier": "c"}
    found = token(server, **{**sent, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **change})
    assert (found[0], found[1]["error"]) == (status, error)


def test_a_token_is_given_back(server: DriveServer) -> None:
    held = server.credentials(BOB)
    found = [
        ask(server, "/revoke", method="POST", body=urlencode({"token": held["refresh_token"]}).encode())[::2] for _ in "ab"
    ]
    assert found[0] == (200, b"{}")
    assert (found[1][0], json.loads(found[1][1])["error"]) == (400, "invalid_token")
    assert server.accounts.holder(f"Bearer {held['token']}") is None
    assert token(server, grant_type="refresh_token", refresh_token=held["refresh_token"])[1]["error"] == "invalid_grant"


def test_the_consent_may_be_denied(server: DriveServer) -> None:
    server.world.knobs.consent_denied = True
    _, headers, _ = ask(server, "/auth?response_type=code&redirect_uri=http://localhost:1/&state=s")
    assert headers["Location"] == "http://localhost:1/?state=s&error=access_denied"
    assert ask(server, "/auth")[0] == 400


def test_a_scope_of_metadata_reads_no_content(server: DriveServer, client: Client, home: str) -> None:
    file = server.world.create_file("a", b"1", home)
    headers = {"Authorization": f"Bearer {server.token_for(ALICE, (METADATA,))}"}
    assert ask(server, f"/drive/v3/files/{file}", headers=headers)[0] == 200
    status, _, body = ask(server, f"/drive/v3/files/{file}?alt=media", headers=headers)
    assert (status, reason_of(body)) == (403, "insufficientPermissions")


def test_the_links_of_exports_need_a_session_that_keeps_its_token(server: DriveServer, client: Client, home: str) -> None:
    """httplib2 drops the Authorization header at a redirect and ends on a login page; requests keeps it on one host."""
    doc = server.world.create_editor("document", "D", {"text/plain": b"words"}, home)
    drive = client(ALICE)
    link = drive.files().get(fileId=doc, fields="exportLinks").execute()["exportLinks"]["text/plain"]
    response, body = drive._http.request(link)
    assert (response.status, b"Sign-in" in body) == (200, True)
    with AuthorizedSession(Credentials(**server.credentials(ALICE))) as session:
        assert session.get(link).content == b"words"


def test_a_batch_answers_each_part(server: DriveServer, client: Client, home: str) -> None:
    drive = client(ALICE)
    file = server.world.create_file("a", b"1", home)
    found: dict[str, Any] = {}
    batch = BatchHttpRequest(batch_uri=f"{server.url}/batch/drive/v3")
    for key, request in {
        "file": drive.files().get(fileId=file),
        "missing": drive.files().get(fileId="nowhere"),
        "list": drive.files().list(q=f"'{home}' in parents"),
        "media": drive.files().get_media(fileId=file),
    }.items():
        batch.add(request, lambda key, answer, error: found.update({key: error or answer}), request_id=key)
    batch.execute(http=drive._http)
    assert (found["file"]["id"], found["list"]["files"][0]["id"]) == (file, file)
    assert [(type(found[key]), found[key].status_code) for key in ("missing", "media")] == [(HttpError, 404), (HttpError, 400)]
    assert server.requests.counts() == {"batch": 1, "files.get": 2, "files.list": 1}
    assert server.requests.units == 110


def test_a_batch_of_too_many_or_none_is_refused(server: DriveServer) -> None:
    part = "--b\r\nContent-Type: application/http\r\n\r\nGET /drive/v3/about HTTP/1.1\r\n\r\n\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    assert ask(server, "/batch/drive/v3", None, "POST", (part + "--b--").encode(), headers)[2].count(b"HTTP/1.1 403") == 1
    for body in ((part * 101 + "--b--").encode(), b"nothing"):
        assert ask(server, "/batch/drive/v3", ALICE, "POST", body, headers)[0] == 400


def test_a_connection_is_kept_alive(server: DriveServer, home: str) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    headers = {"Authorization": f"Bearer {server.token_for(ALICE)}"}
    sockets = set()
    for _ in range(3):
        connection.request("GET", f"/drive/v3/files/{home}", headers=headers)
        connection.getresponse().read()
        sockets.add(id(connection.sock))
    connection.close()
    assert len(sockets) == 1
