"""A Google account in a block document: a login writes the token there, a refresh replaces it, a logout empties it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, PREFECT_HOME, temporary_settings

from apps import drive_login
from blocks.credentials.google_oauth import GoogleOAuth
from blocks.credentials.google_service_account import GoogleServiceAccount
from blocks.sources.google_drive import GoogleDriveSource
from core.settings import Settings
from tests.apps.in_process import Levada
from tests.blocks.credentials.asking import headers_of, refresh
from tests.servers.drive import DriveServer

ANA = "ana@example.com"


@pytest.fixture
def drive() -> Iterator[DriveServer]:
    with DriveServer() as server:
        server.world.create_file("a.txt", b"text", server.world.user(ANA).root_id)
        yield server


@pytest.fixture
def prefect(api_env: dict[str, str]) -> Iterator[dict[str, str]]:
    """This process asks the server too; what commands need in their environment."""
    here: dict[Any, str] = {
        PREFECT_HOME: api_env["PREFECT_HOME"],
        PREFECT_API_URL: api_env["PREFECT_API_URL"],
        PREFECT_API_AUTH_STRING: api_env["PREFECT_API_AUTH_STRING"],
    }
    with temporary_settings(here):
        yield {name: value for name, value in api_env.items() if name.startswith("PREFECT")}


def visit(url: str) -> None:
    threading.Thread(target=httpx.get, args=(url,), kwargs={"follow_redirects": True}).start()


def document(name: str) -> dict[str, Any]:
    """As it is stored, secrets and all."""
    with get_client(sync_client=True) as client:
        return dict(client.read_block_document_by_name(name, "levada-google-oauth", include_secrets=True).data)


def test_a_token_lives_in_its_block_document(
    prefect: dict[str, str], drive: DriveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials.json"
    credentials.write_text(json.dumps(drive.client_config()))
    levada = Levada(**prefect, LEVADA_HOME=tmp_path / "home", LEVADA_GOOGLE_API_URL=drive.url)
    settings = Settings.from_env(levada.env)
    monkeypatch.setenv("PREFECT_API_URL", prefect["PREFECT_API_URL"])

    done = drive_login.log_in(settings, visit, credentials, "ana", browser=False)
    assert (done.account, done.stored_in) == (ANA, "block ana")
    assert not (tmp_path / "home" / "google").exists()
    assert "1//" not in repr(Block.load("levada-google-oauth/ana"))
    assert levada.json("drive", "check", "--block", "ana")["account"] == ANA

    # A refresh is saved, and found by whoever loaded the block before.
    drive.world.knobs.rotate_refresh_tokens = True
    one, other = (GoogleOAuth.load("ana") for _ in range(2))
    assert isinstance(one, GoogleOAuth)
    assert isinstance(other, GoogleOAuth)
    before = json.loads(document("ana")["token"])
    headers_of(one.google())
    refresh(one.google())
    after = json.loads(document("ana")["token"])
    assert after["refresh_token"] != before["refresh_token"]
    assert after["token"] == one.google().token
    asked = len(drive.requests.counts())
    assert headers_of(other.google())["authorization"] == f"Bearer {after['token']}"
    assert len(drive.requests.counts()) == asked
    assert one.identity == other.identity == ANA

    # So it is for a source whose document names this one.
    GoogleDriveSource(credentials=one, my_drive=True).save("team")
    source = GoogleDriveSource.load("team")
    assert isinstance(source, GoogleDriveSource)
    assert source.credentials is not None
    headers_of(source.credentials.google())
    refresh(source.credentials.google())
    assert json.loads(document("ana")["token"])["token"] == source.credentials.google().token != after["token"]

    # A second login needs no credentials.json, and keeps the rest of the document.
    api = document("ana")["api_url"]
    assert drive_login.log_in(settings, visit, None, "ana", browser=False).account == ANA
    assert document("ana")["api_url"] == api == drive.url

    # A token that was revoked names the block.
    drive.revoke(ANA)
    assert "run `levada drive login --block ana`" in levada.error("drive", "check", "--block", "ana", code=1)
    drive.restore(ANA)

    gone = json.loads(document("ana")["token"])["refresh_token"]
    assert levada.json("drive", "logout", "--block", "ana")["deleted_from"] == "block ana"
    assert gone not in drive.accounts.refresh
    assert document("ana")["token"] == ""
    assert levada.json("drive", "logout", "--block", "ana")["account"] == ""
    assert "holds no token yet" in levada.error("drive", "check", "--block", "ana", code=1)


def test_blocks_that_are_not_there(prefect: dict[str, str], drive: DriveServer, tmp_path: Path) -> None:
    levada = Levada(**prefect, LEVADA_HOME=tmp_path / "home", LEVADA_GOOGLE_API_URL=drive.url)
    assert "there is no block nobody" in levada.error("drive", "check", "--block", "nobody", code=2)
    assert "there is no block nobody" in levada.error("drive", "logout", "--block", "nobody", code=2)
    assert "--credentials credentials.json" in levada.error("drive", "login", "--block", "nobody", code=2)
    assert "lower case letters" in levada.error("drive", "login", "--block", "A b", code=2)


def test_a_service_account_in_a_block(prefect: dict[str, str], drive: DriveServer, tmp_path: Path) -> None:
    key = json.dumps(drive.service_account_info())
    GoogleServiceAccount(service_account_info=key, subject=ANA, api_url=drive.url).save("robot")  # type: ignore[arg-type]
    found = Levada(**prefect, LEVADA_HOME=tmp_path / "home").json("drive", "check", "--block", "robot")
    assert (found["account"], found["credentials"]) == (ANA, "service account, key in block robot")


def test_a_prefect_that_does_not_answer_costs_the_token_nothing(
    prefect: dict[str, str], drive: DriveServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The token that was loaded serves on."""
    drive.world.user(ANA)
    token = {name: value for name, value in drive.credentials(ANA).items() if name != "token"}
    block = GoogleOAuth(token=json.dumps(token))  # type: ignore[arg-type]
    block.save("ben", overwrite=True)
    shared = block.google()
    nobody = f"http://127.0.0.1:9{urlsplit(prefect['PREFECT_API_URL']).path}"
    with temporary_settings({PREFECT_API_URL: nobody}):
        assert headers_of(shared)["authorization"].startswith("Bearer ya29.")
    assert "was not saved" in caplog.text
    assert "1//" not in caplog.text
