"""A service account: a robot of a Google Cloud project, by itself or on behalf of a user of its domain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prefect.types import SecretDict
from pydantic import Field, HttpUrl, field_validator, model_validator

from blocks.credentials.base import SCOPE, TOKEN_URI, GoogleCredentials
from blocks.credentials.guarded import guarded
from blocks.credentials.json_files import SERVICE_ACCOUNT, is_text, is_url, kind, parse, read_text
from blocks.credentials.refusals import ask
from core.errors import CredentialsLost

_KEY = "create a key of a service account in the Google Cloud console and name its JSON file"


class GoogleServiceAccount(GoogleCredentials):
    """
    A service account's key, for reading Google Drive.

    By itself the account sees what is shared with its e-mail address, and the shared drives it is a member of. With a
    subject it sees what that user sees, if an administrator has delegated the domain to it (domain-wide delegation).

    Example:
        Load a stored account and see who it is:
        ```python
        from blocks.credentials.google_service_account import GoogleServiceAccount

        account = GoogleServiceAccount.load("BLOCK_NAME")
        print(account.identity)
        ```
    """

    _block_type_name = "Levada Google Service Account"
    _block_type_slug = "levada-google-service-account"
    _description = "A service account's key for reading Google Drive, by itself or on behalf of a user of its domain."
    _documentation_url = HttpUrl("https://developers.google.com/identity/protocols/oauth2/service-account")

    service_account_info: SecretDict | None = Field(
        default=None, description="The key: the JSON that the Google Cloud console gave. Either this or a file."
    )
    service_account_file: Path | None = Field(default=None, description="The file of that JSON, on the machine of the worker.")
    subject: str = Field(default="", description="E-mail address of the user on whose behalf it works; empty: its own.")

    @field_validator("service_account_info", mode="before")
    @classmethod
    def _as_object(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value  # JSON pasted as text

    @field_validator("service_account_file")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @model_validator(mode="after")
    def _one_place(self) -> GoogleServiceAccount:
        if (self.service_account_info is None) == (self.service_account_file is None):
            raise ValueError("a service account needs either its JSON or the file of it")
        return self

    @property
    def identity(self) -> str:
        """The account's e-mail address, and the user on whose behalf it works."""
        email = str(self._info()["client_email"])
        return f"{email} as {self.subject}" if self.subject else email

    @property
    def described(self) -> str:
        """The key's place."""
        return f"service account, key in {self._where}"

    @property
    def scopes(self) -> tuple[str, ...]:
        """What is asked for at each refresh."""
        return (SCOPE,)

    @property
    def _where(self) -> str:
        if self.service_account_file is not None:
            return str(self.service_account_file)
        return f"block {self._block_document_name or self.get_block_type_slug()}"

    def _info(self) -> dict[str, Any]:
        if self.service_account_info is not None:
            info: dict[str, Any] = self.service_account_info.get_secret_value()
        else:
            assert self.service_account_file is not None
            info = parse(read_text(self.service_account_file, _KEY), self._where, _KEY)
        if (found := kind(info)) != SERVICE_ACCOUNT:
            raise CredentialsLost(f"{self._where} is no service account's key but {found}: {_KEY}")
        if not is_text(info, "client_email", "private_key"):
            raise CredentialsLost(f"{self._where} has no client_email and private_key: {_KEY}")
        if not is_url(info.setdefault("token_uri", TOKEN_URI)):
            raise CredentialsLost(f"{self._where} names a token_uri that is no https: {_KEY}")
        return info

    def _make(self) -> Any:
        from google.oauth2.service_account import Credentials

        info = self._info()
        try:
            inner = Credentials.from_service_account_info(info, scopes=[SCOPE], subject=self.subject or None)
        except ValueError as exc:
            raise CredentialsLost(f"the private key in {self._where} is damaged: {_KEY}") from exc

        def renew(request: Any, _used: str | None) -> tuple[str, Any]:
            ask(lambda: inner.refresh(request), lambda error, text: self._explain(info, error, text))
            return inner.token, inner.expiry

        return guarded(renew)

    def _explain(self, info: dict[str, Any], error: str, text: str) -> str:
        email, said = info["client_email"], text.lower()
        if "iat and exp" in said or "reasonable timeframe" in said:
            return f"Google refuses {email} because this machine's clock is wrong ({text}): set it"
        if self.subject and error in ("unauthorized_client", "access_denied"):
            client = info.get("client_id") or "of the service account"
            return (
                f"{email} may not act for {self.subject} ({text}): let an administrator add the client {client} with the scope "
                f"{SCOPE} at admin.google.com, Security > API controls > Domain-wide delegation"
            )
        if self.subject and error == "invalid_grant" and "jwt" not in said and "account not found" not in said:
            return f"{email} cannot act for {self.subject} ({text}): name an active user of the domain as subject"
        return (
            f"Google refuses the service account {email} ({text}): see in the Google Cloud console that it is enabled, "
            f"and replace the key in {self._where} if it was deleted"
        )
