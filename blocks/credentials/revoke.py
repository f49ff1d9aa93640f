"""Giving a token back."""

from __future__ import annotations

import httpx

from blocks.credentials.tokens import Token

CONNECTIONS = "https://myaccount.google.com/connections"
"""Where an account sees and removes what it consented to."""
_PATIENCE = 30.0


def revoke(token: Token) -> str:
    """Have Google forget the consent. Returns what prevented it, "" if it is forgotten.

    The endpoint lies beside the token endpoint: https://oauth2.googleapis.com/revoke.
    """
    url = f"{token.token_uri.rpartition('/')[0]}/revoke"
    try:
        answer = httpx.post(url, data={"token": token.refresh_token}, timeout=_PATIENCE)
    except httpx.HTTPError as exc:
        return f"Google does not answer: {type(exc).__name__}"
    # 400 is the answer for a token that is no longer good.
    return "" if answer.status_code in (200, 400) else f"Google answers with HTTP {answer.status_code}"
