"""What Google's token endpoint answers, in our words: who is refused for good, and what is only out of order just now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.errors import CredentialsLost

Explain = Callable[[str, str], str]
"""From the answer's `error` and its whole text: one line that says what to do."""

PASSING = frozenset(
    {"internal_failure", "server_error", "temporarily_unavailable", "rate_limit_exceeded", "slow_down", "timeout"}
)
"""Of `error`: the endpoint is out of order."""
REAUTHENTICATE = "reauth"
"""In place of `error`: the domain wants its users to log in again from time to time."""


def ask(refresh: Callable[[], None], explain: Explain) -> None:
    """Have google-auth refresh a token.

    Raises CredentialsLost if it is refused, and google.auth's TransportError if the endpoint is out of order; errors of the
    network pass as they are.
    """
    from google.auth.exceptions import RefreshError, TransportError

    try:
        refresh()
    except RefreshError as exc:
        told = _refusal(exc)
        if told is None:
            raise TransportError(f"Google's token endpoint is out of order: {_line(str(exc.args[0]))}") from exc
        raise CredentialsLost(explain(*told)) from exc
    except (AttributeError, KeyError, TypeError, ValueError) as exc:  # google-auth takes the answer for a JSON object
        raise TransportError("Google's token endpoint gave an answer that is no token") from exc


def _refusal(exc: Any) -> tuple[str, str] | None:
    """`error` and the text of a refusal; None if the endpoint did not say that it refuses."""
    text = str(exc.args[0]) if exc.args else ""
    answer = exc.args[1] if len(exc.args) > 1 else None
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        error = answer["error"]
        if exc.retryable or error in PASSING:
            return None
        described = answer.get("error_description")
        return error, _line(f"{error}: {described}" if isinstance(described, str) else error)
    if text.startswith("Reauthentication"):
        return REAUTHENTICATE, "the domain asks for a new login"
    return None  # a page of a proxy or of a broken server, whatever its status


def _line(text: str) -> str:
    return " ".join(text.split())[:200].rstrip(".") or "an empty answer"
