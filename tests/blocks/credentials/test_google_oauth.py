"""An account's token: refreshed once for all, saved at once, and lost with words that say what to run."""

from __future__ import annotations

import json
import os
import pickle
import resource
import socket
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites import BlockStandardTestSuite
from pydantic import SecretStr, ValidationError

from blocks.credentials.google_oauth import GoogleOAuth
from blocks.sources.drive.client import DriveClient
from core.errors import CredentialsLost, SourceUnavailable
from tests.blocks.credentials.asking import headers_of, refresh
from tests.blocks.credentials.endpoint import Endpoint


class TestStandards(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return GoogleOAuth

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """It has no logo; the suite's own test would fetch one from the network."""
        assert block._logo_url is None


def token(google: Endpoint, **more: Any) -> str:
    return json.dumps(
        {
            "refresh_token": "refresh-0",
            "client_id": "client",
            "client_secret": "s3cret",
            "token_uri": f"{google.url}/token",
            "scopes": ["https://www.googleapis.com/auth/drive.readonly"],
            "account": "ana@example.com",
        }
        | more
    )


@pytest.fixture
def file(google: Endpoint, tmp_path: Path) -> Path:
    path = tmp_path / "google" / "token.json"
    path.parent.mkdir(mode=0o700)
    path.write_text(token(google))
    return path


def test_a_refreshed_token_is_saved_and_the_next_process_asks_nothing(google: Endpoint, file: Path) -> None:
    block = GoogleOAuth(token_file=file)
    assert block.identity == "ana@example.com"
    assert headers_of(block.google())["authorization"] == "Bearer access-1"
    saved = json.loads(file.read_text())
    assert (saved["token"], saved["refresh_token"], saved["account"]) == ("access-1", "refresh-0", "ana@example.com")
    assert datetime.fromisoformat(saved["expiry"]) > datetime.now(UTC) + timedelta(minutes=50)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert headers_of(GoogleOAuth(token_file=file).google())["authorization"] == "Bearer access-1"
    assert len(google.asked) == 1
    assert not [path for path in file.parent.iterdir() if path not in (file, Path(f"{file}.lock"))]


def test_google_s_own_library_reads_what_is_saved(google: Endpoint, file: Path) -> None:
    from google.oauth2.credentials import Credentials

    headers_of(GoogleOAuth(token_file=file).google())
    theirs: Any = Credentials.from_authorized_user_file(str(file))
    assert (theirs.token, theirs.refresh_token, theirs.valid) == ("access-1", "refresh-0", True)


def test_a_refused_access_token_is_replaced_once_for_all_threads(google: Endpoint, file: Path) -> None:
    """Eight threads are told 401 for the same token: Google is asked once."""
    shared = GoogleOAuth(token_file=file).google()
    together = threading.Barrier(8)

    def refused() -> None:
        headers_of(shared)
        together.wait()
        refresh(shared)

    threads = [threading.Thread(target=refused) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shared.token == "access-2"
    assert len(google.asked) == 2


def test_a_new_refresh_token_replaces_the_old_one(google: Endpoint, file: Path) -> None:
    google.rotate = True
    shared = GoogleOAuth(token_file=file).google()
    for number in (1, 2, 3):
        refresh(shared)
        headers_of(shared)
        assert json.loads(file.read_text())["refresh_token"] == f"refresh-{number}"


def test_an_account_that_nobody_noted_stays_the_same_when_its_token_is_replaced(google: Endpoint, file: Path) -> None:
    file.write_text(token(google, account=""))
    block = GoogleOAuth(token_file=file)
    before = block.identity
    assert "refresh" not in before
    google.rotate = True
    headers_of(block.google())
    assert json.loads(file.read_text())["refresh_token"] == "refresh-1"
    assert GoogleOAuth(token_file=file).identity == before


def _refreshing_often(path: Path) -> int:
    """A child process that does so; its id. Forked, for an interpreter with Prefect in it takes a second to start."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        for _ in range(10):
            shared = GoogleOAuth(token_file=path).google()
            headers_of(shared)
            refresh(shared)
        code = 0
    finally:
        os._exit(code)


def test_two_processes_refresh_the_same_token(google: Endpoint, file: Path) -> None:
    """Each refresh token is good once: who used one that the other has replaced would be refused."""
    google.rotate = True
    children = [_refreshing_often(file) for _ in range(2)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert json.loads(file.read_text())["refresh_token"] == google.refresh_token
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(google.asked) >= 10


def test_a_login_of_another_process_is_taken_over(google: Endpoint, file: Path) -> None:
    shared = GoogleOAuth(token_file=file).google()
    headers_of(shared)
    later = (datetime.now(UTC) + timedelta(hours=1)).replace(tzinfo=None).isoformat()
    file.write_text(token(google, token="of-the-login", expiry=f"{later}Z"))
    refresh(shared)
    assert shared.token == "of-the-login"
    assert len(google.asked) == 1


def test_a_place_that_cannot_be_written_serves_all_the_same(
    google: Endpoint, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk: what Google gave is kept in memory, for it takes the refresh token before no more."""
    google.rotate = True
    shared = GoogleOAuth(token_file=file).google()
    before = file.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        headers_of(shared)
        refresh(shared)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert shared.token == "access-2"
    assert "was not saved" in caplog.text
    assert "refresh-" not in caplog.text
    assert file.read_bytes() == before
    assert not list(file.parent.glob(".token.json.*"))


@pytest.mark.parametrize(
    ("error", "description", "words"),
    [
        (
            "invalid_grant",
            "Token has been expired or revoked.",
            "no longer accepts the token of ana@example.com .*drive login`",
        ),
        ("invalid_grant", "Account has been deleted", "drive login`"),
        ("deleted_client", "The OAuth client was deleted.", "--credentials credentials.json`"),
        ("invalid_client", "Unauthorized", "--credentials credentials.json`"),
        ("admin_policy_enforced", "", "admin_policy_enforced.*drive login`"),
    ],
)
def test_a_refusal_says_what_to_run_and_leaves_the_token(
    google: Endpoint, file: Path, error: str, description: str, words: str
) -> None:
    before = file.read_bytes()
    google.refuse(error, description)
    with pytest.raises(CredentialsLost, match=words) as told:
        headers_of(GoogleOAuth(token_file=file).google())
    assert "\n" not in str(told.value)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, '{"error": "internal_failure"}'),
        (503, "<html>Service Unavailable</html>"),
        (502, "<html>Bad Gateway</html>"),
        (429, '{"error": "rate_limit_exceeded"}'),
        (200, "<html>Log in to the hotel's network</html>"),
        (200, "{}"),
        (200, "[]"),
        (400, "[]"),
        (400, '{"error": {"code": 400}}'),
    ],
)
def test_an_endpoint_out_of_order_loses_nothing(google: Endpoint, file: Path, no_wait: None, status: int, body: str) -> None:
    from google.auth.exceptions import TransportError

    before = file.read_bytes()
    google.answers += [(status, body)] * 3
    shared = GoogleOAuth(token_file=file).google()
    with pytest.raises(TransportError, match="token endpoint"):
        headers_of(shared)
    assert file.read_bytes() == before
    google.answers.clear()
    assert "Bearer" in headers_of(shared)["authorization"]


@pytest.mark.parametrize(("refusals", "lost"), [([], False), ([("invalid_grant", "Token has been expired or revoked.")], True)])
def test_what_a_source_is_told(
    google: Endpoint, file: Path, no_wait: None, refusals: list[tuple[str, str]], lost: bool
) -> None:
    """Out of order: tried again, then no word of a login. Refused: asked once, and the command."""
    google.answers += [(500, '{"error": "internal_failure"}')] * 1000
    for refusal in refusals:
        google.answers.clear()
        google.refuse(*refusal)
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    client = DriveClient(GoogleOAuth(token_file=file, api_url=google.url), sleep=sleep, clock=lambda: now[0])
    with pytest.raises(SourceUnavailable) as told:
        client.about("user")
    client.close()
    assert isinstance(told.value, CredentialsLost) == lost == ("drive login" in str(told.value))
    assert (len(google.asked) == 1) == lost


def test_an_endpoint_that_is_not_there_loses_nothing(file: Path, google: Endpoint) -> None:
    file.write_text(token(google, token_uri="http://127.0.0.1:9/token"))
    with pytest.raises(OSError, match="refused"):
        headers_of(GoogleOAuth(token_file=file).google())


def test_an_endpoint_that_says_nothing_loses_nothing(file: Path, google: Endpoint) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        file.write_text(token(google, token_uri=f"http://127.0.0.1:{silent.getsockname()[1]}/token"))
        shared = GoogleOAuth(token_file=file).google()
        with pytest.raises(TimeoutError):
            headers_of(shared, timeout=0.05)
    file.write_text(token(google))
    assert "Bearer" in headers_of(shared)["authorization"], "and the lock is free"


def test_a_copy_and_a_pickled_block_ask_for_themselves(file: Path) -> None:
    block = GoogleOAuth(token_file=file)
    shared = block.google()
    for other in (pickle.loads(pickle.dumps(block)), block.model_copy(deep=True)):
        assert other.google() is not shared
        assert other.identity == block.identity


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "is not there: run `levada drive login`"),
        ("{", "is no JSON: run `levada drive login`"),
        ("\xff", "no JSON"),
        ('{"installed": {}}', "it is an OAuth client"),
        ('{"type": "service_account"}', "no token of an account"),
        ('{"refresh_token": "a", "client_id": "b", "client_secret": 3}', "no token of an account"),
        ('{"refresh_token": "a", "client_id": "b", "client_secret": "c", "token_uri": "http://evil.example/"}', "no https"),
    ],
)
def test_a_file_that_holds_no_token(tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "token.json"
    if text is not None:
        file.write_text(text, encoding="latin-1")
    block = GoogleOAuth(token_file=file)
    for use in (block.google, lambda: block.identity):
        with pytest.raises(CredentialsLost, match=words):
            use()


def test_a_block_without_a_token_says_what_to_run() -> None:
    with pytest.raises(CredentialsLost, match="holds no token yet: run `levada drive login`"):
        GoogleOAuth().google()


def test_fields_that_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="not in both"):
        GoogleOAuth(token=SecretStr("{}"), token_file=tmp_path / "token.json")
    with pytest.raises(ValidationError, match="not by both"):
        GoogleOAuth(client_id="1", client_file=tmp_path / "credentials.json")
    with pytest.raises(ValidationError, match="must be a URL"):
        GoogleOAuth(api_url="file:///etc/passwd")


def test_secrets_are_not_shown(google: Endpoint) -> None:
    block = GoogleOAuth(token=SecretStr(token(google)), client_secret=SecretStr("s3cret"))
    shown = f"{block!r} {block} {block.described} {block.identity} {block.stored()!r}"
    assert "refresh-0" not in shown
    assert "s3cret" not in shown
