"""A service account's key: what is asked of Google with it, and how each refusal is told."""

from __future__ import annotations

import base64
import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites import BlockStandardTestSuite
from prefect.types import SecretDict
from pydantic import ValidationError

from blocks.credentials.base import SCOPE
from blocks.credentials.google_service_account import GoogleServiceAccount
from core.errors import CredentialsLost
from tests.blocks.credentials.asking import headers_of
from tests.blocks.credentials.endpoint import Endpoint

EMAIL = "robot@levada.iam.gserviceaccount.com"


class TestStandards(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return GoogleServiceAccount

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """It has no logo; the suite's own test would fetch one from the network."""
        assert block._logo_url is None


def account(key: dict[str, Any], subject: str = "") -> GoogleServiceAccount:
    return GoogleServiceAccount(service_account_info=SecretDict(key), subject=subject)


def claims(form: dict[str, str]) -> dict[str, Any]:
    part = form["assertion"].split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


@pytest.mark.parametrize("subject", ["", "ana@example.com"])
def test_a_token_is_asked_for_once(google: Endpoint, account_key: dict[str, Any], subject: str) -> None:
    block = account(account_key, subject)
    assert block.google() is block.google()
    for _ in range(2):
        assert headers_of(block.google())["authorization"] == "Bearer access-1"
    (form,) = google.asked
    asked = claims(form)
    assert (asked["iss"], asked["scope"], asked.get("sub", "")) == (EMAIL, SCOPE, subject)
    assert block.identity == (f"{EMAIL} as ana@example.com" if subject else EMAIL)


def test_nothing_but_the_token_endpoint_is_asked(
    google: Endpoint, account_key: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """google-auth's own class looks up iamcredentials.googleapis.com in a thread, for a key without a subject."""
    asked: list[object] = []
    real = socket.getaddrinfo

    def noted(host: Any, *arguments: Any, **more: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1", *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    before = set(threading.enumerate())
    headers_of(account(account_key).google())
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    assert asked == ["127.0.0.1"]


def test_the_key_may_lie_in_a_file_or_be_pasted_as_text(google: Endpoint, account_key: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps(account_key))
    pasted = GoogleServiceAccount(service_account_info=json.dumps(account_key))  # type: ignore[arg-type]
    for block in (GoogleServiceAccount(service_account_file=file), pasted):
        assert block.identity == EMAIL
        assert "Bearer" in headers_of(block.google())["authorization"]
        assert "PRIVATE" not in f"{block!r} {block} {block.described}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "authorized_user"}, "a user's token"),
        ({"client_email": ""}, "no client_email"),
        ({"private_key": 7}, "no client_email and private_key"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----\n"}, "private key in block .* damaged"),
        ({"token_uri": "http://example.com/token"}, "no https"),
    ],
)
def test_what_is_no_key(account_key: dict[str, Any], change: dict[str, Any], words: str) -> None:
    with pytest.raises(CredentialsLost, match=words) as told:
        account(account_key | change).google()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "is not there"),
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "no JSON object"),
        ('{"installed": {"client_id": "1"}}', "but an OAuth client"),
        ('{"web": {}}', "for a web server"),
        (" " * (1 << 20) + "{}", "too large"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "key.json"
    if text is not None:
        file.write_text(text)
    block = GoogleServiceAccount(service_account_file=file)
    for use in (block.google, lambda: block.identity):
        with pytest.raises(CredentialsLost, match=words):
            use()


@pytest.mark.parametrize("fields", [{}, {"service_account_info": {}, "service_account_file": "key.json"}])
def test_the_key_lies_in_one_place(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="either its JSON or the file"):
        GoogleServiceAccount(**fields)


@pytest.mark.parametrize(
    ("error", "description", "subject", "words"),
    [
        ("invalid_grant", "Invalid JWT Signature.", "", "replace the key"),
        ("invalid_grant", "Invalid grant: account not found", "ana@example.com", "see in the Google Cloud console"),
        ("invalid_grant", "Invalid email or User ID", "ana@example.com", "name an active user"),
        ("unauthorized_client", "Client is unauthorized", "ana@example.com", "the client 104 .* Domain-wide delegation"),
        ("invalid_grant", "Invalid JWT: ... Check your iat and exp values in the JWT claim.", "", "clock"),
        ("disabled_client", "The OAuth client was disabled.", "", "see in the Google Cloud console that it is enabled"),
    ],
)
def test_each_refusal_says_what_to_mend(
    google: Endpoint, account_key: dict[str, Any], error: str, description: str, subject: str, words: str
) -> None:
    google.refuse(error, description)
    with pytest.raises(CredentialsLost, match=words) as told:
        headers_of(account(account_key, subject).google())
    assert error in str(told.value)
    assert "\n" not in str(told.value)
