"""A token in a block document of Prefect's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentUpdate
from prefect.exceptions import PrefectException

from blocks.credentials.tokens import Token
from core.errors import CredentialsLost

logger = logging.getLogger(__name__)

FIELD = "token"
"""Of the block GoogleOAuth."""


class TokenDocument:
    """The document's field `token`. Prefect has no lock for it: of two processes that refresh at once the later one is kept."""

    def __init__(self, text: str, document: UUID | None, name: str, remedy: str) -> None:
        self._text = text
        self._document = document
        self._place = f"block {name}" if name else "this block"
        self._remedy = remedy

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody waits."""
        yield

    def read(self) -> Token:
        """As it was when it was loaded, or last written. Raises CredentialsLost."""
        if not self._text:
            raise CredentialsLost(f"{self._place} holds no token yet: {self._remedy}")
        return Token.from_json(self._text, f"the token in {self._place}", self._remedy)

    def latest(self) -> Token:
        """As the document has it now; if Prefect does not answer, as `read`. Raises CredentialsLost."""
        self._text = self._look() or self._text
        return self.read()

    def write(self, token: Token) -> None:
        """Replace the token, and nothing else of the document; what prevents it is logged."""
        self._text = token.to_json()
        if self._document is None:
            return
        try:
            with get_client(sync_client=True) as client:
                client.update_block_document(self._document, BlockDocumentUpdate(data={FIELD: self._text}))
        except (httpx.HTTPError, PrefectException) as exc:
            logger.warning("the refreshed token of %s was not saved to %s: %s", token.identity, self._place, exc)

    def _look(self) -> str:
        if self._document is None:
            return ""
        try:
            with get_client(sync_client=True) as client:
                found = client.read_block_document(self._document, include_secrets=True).data.get(FIELD)
        except (httpx.HTTPError, PrefectException) as exc:
            logger.warning("%s could not be looked at: %s", self._place, exc)
            return ""
        return found if isinstance(found, str) else ""
