"""The login over real HTTP: a tiny browser that follows redirects, and the emulator's consent page."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from blocks.credentials.base import SCOPE
from blocks.credentials.json_files import OAuthClient, oauth_client
from blocks.credentials.login import log_in
from blocks.credentials.tokens import Token
from core.errors import CredentialsLost, TransientError, UsageError
from tests.blocks.credentials.endpoint import Endpoint
from tests.servers.drive import DriveServer


@pytest.fixture(scope="module")
def drive() -> Iterator[DriveServer]:
    with DriveServer() as server:
        server.world.user("ana@example.com")
        yield server


def client(drive: DriveServer) -> OAuthClient:
    return oauth_client(drive.client_config(), "credentials.json")


class Browser:
    """Visits the address that it is told, in a thread as a browser would, and what that leads to."""

    def __init__(self, *before: str) -> None:
        self.before = before
        """Paths that are asked of this machine before the consent: `{state}` is the right one."""
        self.visited: list[str] = []
        self.pages: list[int] = []
        self._thread = threading.Thread()

    def __call__(self, url: str) -> None:
        self.visited.append(url)
        self._thread = threading.Thread(target=self._visit, args=(url,))
        self._thread.start()

    def _visit(self, url: str) -> None:
        query = parse_qs(urlsplit(url).query)
        for path in self.before:
            self.pages.append(httpx.get(query["redirect_uri"][0] + path.format(state=query["state"][0])).status_code)
        self.pages.append(httpx.get(url, follow_redirects=True).status_code)

    def close(self) -> None:
        self._thread.join()


def log_in_with(browser: Browser, to: OAuthClient, **options: float) -> Token:
    try:
        return log_in(to, browser, browser=False, **options)  # type: ignore[arg-type]
    finally:
        browser.close()


def test_a_login(drive: DriveServer) -> None:
    browser = Browser()
    token = log_in_with(browser, client(drive))
    assert drive.accounts.refresh[token.refresh_token].email == "ana@example.com"
    assert drive.accounts.access[token.access_token].scopes == (SCOPE,) == token.scopes
    assert token.fresh
    assert browser.pages == [200]
    asked = parse_qs(urlsplit(browser.visited[0]).query)
    assert (asked["access_type"], asked["prompt"], asked["scope"]) == (["offline"], ["consent"], [SCOPE])
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"][0].startswith("http://127.0.0.1:")
    assert not [name for name in os.environ if name.startswith("OAUTHLIB")]


def test_what_is_no_answer_does_not_end_the_login(drive: DriveServer) -> None:
    """A browser asks for an icon, and others may guess the port: only an answer with our state counts."""
    others = ("favicon.ico", "?code=forged&state=forged", "?error=access_denied", "?state={state}", "?code=1&state=%C3%A9")
    browser = Browser(*others)
    assert log_in_with(browser, client(drive)).refresh_token
    assert browser.pages == [404] * len(others) + [200]


def test_a_connection_that_says_nothing_does_not_block_the_login(drive: DriveServer) -> None:
    """Browsers open some before they need them."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    class Eager(Browser):
        def _visit(self, url: str) -> None:
            with socket.create_connection(("127.0.0.1", port)):
                super()._visit(url)

    assert log_in_with(Eager(), client(drive), port=port).refresh_token


def test_a_refusal(drive: DriveServer) -> None:
    drive.world.knobs.consent_denied = True
    try:
        with pytest.raises(CredentialsLost, match=r"refused \(access_denied\): run `levada drive login` again"):
            log_in_with(Browser(), client(drive))
    finally:
        drive.world.knobs.consent_denied = False


def test_nobody_comes(drive: DriveServer) -> None:
    with pytest.raises(CredentialsLost, match="nobody consented within 0 s"):
        log_in(client(drive), lambda _: None, browser=False, timeout=0.05)


def test_a_port_that_is_taken(drive: DriveServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError, match="--port"):
        log_in(client(drive), lambda _: None, browser=False, port=taken.getsockname()[1])


class Answering(Browser):
    """Consents by itself: brings a code of its own making."""

    def _visit(self, url: str) -> None:
        query = parse_qs(urlsplit(url).query)
        httpx.get(query["redirect_uri"][0], params={"code": "c0de", "state": query["state"][0]})


@pytest.mark.parametrize(
    ("status", "answer", "error", "words"),
    [
        (401, {"error": "invalid_client", "error_description": "Unauthorized"}, CredentialsLost, "invalid_client"),
        (400, {"error": "invalid_grant", "error_description": "Malformed auth code."}, CredentialsLost, "Malformed auth code"),
        (400, {"error": "redirect_uri_mismatch"}, CredentialsLost, "redirect_uri_mismatch"),
        (503, "<html>", TransientError, "out of order"),
        (500, {"error": "internal_failure"}, TransientError, "out of order"),
        (200, {"access_token": "a", "expires_in": 3599, "token_type": "Bearer"}, CredentialsLost, "no lasting token"),
        (
            200,
            {"access_token": "a", "refresh_token": "r", "expires_in": 9, "token_type": "Bearer", "scope": "openid"},
            CredentialsLost,
            "did not consent to its Drive",
        ),
    ],
)
def test_a_code_that_brings_no_token(google: Endpoint, status: int, answer: object, error: type[Exception], words: str) -> None:
    google.answers.append((status, answer if isinstance(answer, str) else json.dumps(answer)))
    to = OAuthClient("client", "s3cret", f"{google.url}/auth", f"{google.url}/token")
    with pytest.raises(error, match=words) as told:
        log_in_with(Answering(), to)
    assert "s3cret" not in str(told.value)
    assert google.asked[0]["code"] == "c0de"
    assert len(google.asked[0]["code_verifier"]) >= 43


def test_a_token_endpoint_that_is_not_there() -> None:
    to = OAuthClient("client", "s3cret", "http://127.0.0.1:9/auth", "http://127.0.0.1:9/token")
    with pytest.raises(TransientError, match="does not answer"):
        log_in_with(Answering(), to)
