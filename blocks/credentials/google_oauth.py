"""An account that consented in a browser: OAuth for installed programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from blocks.credentials.base import GoogleCredentials
from blocks.credentials.guarded import guarded
from blocks.credentials.json_files import OAuthClient, oauth_client, parse, read_text
from blocks.credentials.refusals import ask
from blocks.credentials.token_document import TokenDocument
from blocks.credentials.token_file import TokenFile
from blocks.credentials.tokens import Token, TokenStore
from core.errors import CredentialsLost

_CLIENT = "run `levada drive login --credentials credentials.json` with the JSON of your OAuth client"


class GoogleOAuth(GoogleCredentials):
    """
    A Google account whose owner consented in a browser to have its Drive read.

    `levada drive login` asks for the consent and stores the token, in a file or in the block document. Tokens that Google
    hands out later are stored in the same place, at once.

    Example:
        Load a stored account and see who it is:
        ```python
        from blocks.credentials.google_oauth import GoogleOAuth

        account = GoogleOAuth.load("BLOCK_NAME")
        print(account.identity)
        ```
    """

    _block_type_name = "Levada Google OAuth"
    _block_type_slug = "levada-google-oauth"
    _description = "A Google account whose owner consented in a browser to have its Drive read."
    _documentation_url = HttpUrl("https://developers.google.com/identity/protocols/oauth2/native-app")

    client_id: str = Field(default="", description="Id of the OAuth client, of type Desktop app.")
    client_secret: SecretStr = Field(default=SecretStr(""), description="Its secret.")
    client_file: Path | None = Field(
        default=None,
        description="The credentials.json of the OAuth client, in place of id and secret; needed for a login only.",
    )
    token: SecretStr = Field(
        default=SecretStr(""), description="The account's token as JSON; `levada drive login --block NAME` writes it here."
    )
    token_file: Path | None = Field(default=None, description="The file of that JSON, on the machine of the worker.")

    @field_validator("client_file", "token_file")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @model_validator(mode="after")
    def _one_place(self) -> GoogleOAuth:
        if self.token.get_secret_value() and self.token_file is not None:
            raise ValueError("a token lies in the block or in a file, not in both")
        if self.client_id and self.client_file is not None:
            raise ValueError("an OAuth client is named by its id and secret or by its file, not by both")
        return self

    @property
    def identity(self) -> str:
        """The account's e-mail address as noted at login, else a hash of its token."""
        return self.stored().identity

    @property
    def described(self) -> str:
        """The token's place."""
        return f"OAuth token in {self.place}"

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the account consented to."""
        return self.stored().scopes

    @property
    def place(self) -> str:
        """Where the token is kept."""
        return str(self.token_file) if self.token_file is not None else f"block {self._block_document_name or 'not saved'}"

    @property
    def login_command(self) -> str:
        """What to run for a new token."""
        block = f" --block {self._block_document_name}" if self._block_document_name else ""
        return f"run `levada drive login{block}`"

    def client(self) -> OAuthClient:
        """The program that asks for consent. Raises CredentialsLost if it is not known."""
        if self.client_file is not None:
            return oauth_client(
                parse(read_text(self.client_file, _CLIENT), str(self.client_file), _CLIENT), str(self.client_file)
            )
        secret = self.client_secret.get_secret_value()
        try:
            token = self.stored()
        except CredentialsLost as exc:
            if self.client_id and secret:
                return OAuthClient(self.client_id, secret)
            raise CredentialsLost(f"no OAuth client is known: {_CLIENT}") from exc
        if self.client_id in ("", token.client_id):
            return OAuthClient(token.client_id, token.client_secret, token.auth_uri, token.token_uri)
        return OAuthClient(self.client_id, secret)

    def stored(self) -> Token:
        """The token where it is kept. Raises CredentialsLost if there is none."""
        return self.store().read()

    def store(self) -> TokenStore:
        """Where the token is kept."""
        if self.token_file is not None:
            return TokenFile(self.token_file, self.login_command)
        text, name = self.token.get_secret_value(), self._block_document_name or ""
        return TokenDocument(text, self._block_document_id, name, self.login_command)

    def _make(self) -> Any:
        store = self.store()
        store.read()

        def renew(request: Any, used: str | None) -> tuple[str, Any]:
            with store.locked():
                token = store.latest()
                if token.access_token != used and token.fresh:
                    return token.access_token, token.expiry  # of an earlier run, or of another process
                renewed = self._renewed(token, request)
                store.write(renewed)
                return renewed.access_token, renewed.expiry

        return guarded(renew)

    def _renewed(self, token: Token, request: Any) -> Token:
        from google.oauth2.credentials import Credentials

        inner: Any = Credentials(
            token=None,
            refresh_token=token.refresh_token,
            token_uri=token.token_uri,
            client_id=token.client_id,
            client_secret=token.client_secret,
        )
        ask(lambda: inner.refresh(request), lambda error, text: self._explain(token, error, text))
        account = token.account if inner.refresh_token == token.refresh_token else token.identity
        return replace(token, access_token=inner.token, refresh_token=inner.refresh_token, expiry=inner.expiry, account=account)

    def _explain(self, token: Token, error: str, text: str) -> str:
        if error in ("invalid_client", "deleted_client", "disabled_client", "unauthorized_client"):
            return f"Google refuses the OAuth client {token.client_id} ({text}): {_CLIENT}"
        return f"Google no longer accepts the token of {token.identity} ({text}): {self.login_command}"
