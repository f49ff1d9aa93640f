"""Which credentials the environment means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blocks.credentials.defaults import default_credentials
from blocks.credentials.google_oauth import GoogleOAuth
from blocks.credentials.google_service_account import GoogleServiceAccount
from core.errors import CredentialsLost, UsageError
from core.settings import Settings

CLIENT = {"installed": {"client_id": "client", "client_secret": "s3cret"}}


def settings(home: Path, **env: str) -> Settings:
    return Settings.from_env({"LEVADA_HOME": str(home), **env})


def put(path: Path, info: Any) -> str:
    path.write_text(json.dumps(info))
    return str(path)


def test_a_service_account_acts_for_the_subject(tmp_path: Path) -> None:
    key = put(tmp_path / "key.json", {"type": "service_account", "client_email": "robot@x", "private_key": "k"})
    found = default_credentials(settings(tmp_path, LEVADA_GOOGLE_CREDENTIALS=key, LEVADA_GOOGLE_SUBJECT="ana@x"))
    assert isinstance(found, GoogleServiceAccount)
    assert found.identity == "robot@x as ana@x"


def test_an_oauth_client_reads_the_token_of_the_home(tmp_path: Path) -> None:
    client = put(tmp_path / "credentials.json", CLIENT)
    api = "http://127.0.0.1:8085"
    found = default_credentials(settings(tmp_path, LEVADA_GOOGLE_CREDENTIALS=client, LEVADA_GOOGLE_API_URL=api))
    assert isinstance(found, GoogleOAuth)
    assert found.client().client_id == "client"
    assert (found.token_file, found.api_url) == (tmp_path / "google" / "token.json", api)


def test_without_any_the_command_is_told_at_the_first_use(tmp_path: Path) -> None:
    found = default_credentials(settings(tmp_path, LEVADA_GOOGLE_TOKEN=str(tmp_path / "mine.json")))
    with pytest.raises(CredentialsLost, match=r"mine\.json is not there: run `levada drive login`"):
        found.google()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ({"web": {"client_id": "c", "client_secret": "s"}}, "an OAuth client for a web server: create .*Desktop app"),
        ({"installed": {"client_id": "c"}}, "no client_id and client_secret"),
        ({"installed": []}, "no client_id and client_secret"),
        ({"installed": {"client_id": "c", "client_secret": "s", "auth_uri": "http://evil.example"}}, "no https"),
        ({"type": "authorized_user"}, "a user's token"),
        ({}, "nothing that Google hands out"),
    ],
)
def test_a_file_that_is_neither(tmp_path: Path, info: Any, words: str) -> None:
    named = put(tmp_path / "credentials.json", info)
    with pytest.raises(CredentialsLost, match=words):
        default_credentials(settings(tmp_path, LEVADA_GOOGLE_CREDENTIALS=named))


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CredentialsLost, match="is not there: set LEVADA_GOOGLE_CREDENTIALS"):
        default_credentials(settings(tmp_path, LEVADA_GOOGLE_CREDENTIALS=str(tmp_path / "none.json")))


def test_a_subject_needs_a_service_account(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is for a service account"):
        default_credentials(settings(tmp_path, LEVADA_GOOGLE_SUBJECT="ana@x"))
