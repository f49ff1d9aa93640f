"""Who may see a document, as words in its ACL: "owner", "user:a@b.c", "group:...", "domain:...", "anyone"."""

from __future__ import annotations

from core.errors import UsageError

OWNER = "owner"
"""The library's owner; who alone sees what has no known ACL (invariant I8)."""
ANYONE = "anyone"
"""Everybody who asks, whoever that is."""

_KINDS = ("user", "group", "domain")
_UNTIL = " until "
"""Between a principal and the time its right ends: no address has a space in it."""


def user(address: str) -> str:
    """One person, by e-mail address: these know no case."""
    return f"user:{address.lower()}"


def group(address: str) -> str:
    """A group of people; who is in it is known to whoever asks the question."""
    return f"group:{address.lower()}"


def domain(name: str) -> str:
    """Everybody of an organisation."""
    return f"domain:{name.lower()}"


def asked(who: str) -> str:
    """A principal as somebody writes it who asks a question. Raises UsageError for what can be none."""
    kind, _colon, name = who.strip().partition(":")
    if name and kind.lower() in _KINDS:
        return f"{kind.lower()}:{name.strip().lower()}"
    if who.strip() in (OWNER, ANYONE):
        return who.strip()
    like = who.strip().lower()
    meant = f": user:{like} or group:{like}, perhaps" if "@" in like and not name else ""
    raise UsageError(f"{who!r} is neither user:ADDRESS, group:ADDRESS nor domain:NAME{meant}")


def expiring(principal: str, until: float) -> str:
    """The principal, up to a time in seconds since the epoch."""
    return f"{principal}{_UNTIL}{until:.3f}"


def split(principal: str) -> tuple[str, float | None]:
    """(who, until when); None: for good."""
    who, _until, when = principal.partition(_UNTIL)
    try:
        return who, float(when) if when else None
    except ValueError:
        return principal, None
