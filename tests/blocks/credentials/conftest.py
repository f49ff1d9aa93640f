"""What the tests of credentials share: a token endpoint, and a service account's key."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.blocks.credentials.endpoint import Endpoint, endpoint


@pytest.fixture
def google() -> Iterator[Endpoint]:
    """A token endpoint."""
    with endpoint() as served:
        yield served


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """google-auth waits for seconds between its own attempts."""
    monkeypatch.setattr("google.auth._exponential_backoff.time", SimpleNamespace(sleep=lambda _: None))


@pytest.fixture(scope="session")
def private_key() -> str:
    """A key as Google's console hands it out; made once, for that takes a tenth of a second."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def account_key(google: Endpoint, private_key: str) -> dict[str, Any]:
    """The JSON of a service account."""
    return {
        "type": "service_account",
        "project_id": "levada",
        "private_key_id": "1",
        "private_key": private_key,
        "client_email": "robot@levada.iam.gserviceaccount.com",
        "client_id": "104",
        "token_uri": f"{google.url}/token",
    }
