"""Identifiers as Drive makes them, drawn from a seed: the same operations give the same ids."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from random import Random


class Ids:
    """One stream of identifiers."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"ids {seed}")

    def file(self) -> str:
        """33 characters, as of a file or folder."""
        return "1" + self.token(24)

    def drive(self) -> str:
        """19 characters that start with 0A, as of a shared drive or a root folder."""
        return f"0A{self.token(9)[:8]}Uk9PVA".ljust(19, "A")[:19]

    def revision(self) -> str:
        """As of a head revision."""
        return "0B" + self.token(36)

    def permission(self) -> str:
        """20 digits, as of a person or group."""
        return str(self._random.randrange(10**19, 10**20))

    def token(self, size: int) -> str:
        """`size` random bytes in URL-safe base64 without padding."""
        return urlsafe_b64encode(self._random.getrandbits(size * 8).to_bytes(size, "big")).decode().rstrip("=")
