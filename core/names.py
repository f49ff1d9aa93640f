"""Names of libraries and tenants: they become directories of LEVADA_HOME, so not everything can be one."""

from __future__ import annotations

from core.errors import UsageError

LONGEST = 200
"""Bytes: a file system takes 255."""


def checked(kind: str, name: str) -> str:
    """The name itself. Raises UsageError if no library or tenant can be called that; `kind` says what it names."""
    # What cannot be printed includes control characters and bytes that are not UTF-8.
    wrong = not name.strip() or "/" in name or name.startswith(".") or not name.isprintable()
    if wrong or len(name.encode()) > LONGEST:
        shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}..."
        raise UsageError(f"{shown!r} cannot name a {kind}: use letters, digits, dots and dashes")
    return name
