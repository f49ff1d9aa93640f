"""A token in a file of this user alone."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from blocks.credentials.json_files import read_text
from blocks.credentials.tokens import Token
from core.errors import TransientError

logger = logging.getLogger(__name__)

PATIENCE = 120.0
"""Seconds that another process may take to refresh the token."""
_POLL = 0.02


class TokenFile:
    """Mode 0600 in a directory 0700, replaced as a whole, under the lock of a file beside it."""

    def __init__(self, path: Path, remedy: str) -> None:
        self.path = Path(os.path.realpath(path))  # a link stays one: what it leads to is replaced
        self._remedy = remedy
        self._unsaved: tuple[str, Token] | None = None
        """A token that could not be written, and the text that stands in the file instead."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Raises TransientError after PATIENCE."""
        try:
            self._prepare()
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:  # a place that only can be read, such as a mounted secret: nobody writes there, so none need wait
            yield
            return
        try:
            self._take(lock)
            yield
        finally:
            os.close(lock)

    def _take(self, lock: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TransientError(f"another process holds {self.path}.lock and does not let go") from None
                time.sleep(_POLL)
            except OSError as exc:  # some network file systems have no locks
                return logger.warning("%s cannot be locked: %s", self.path, exc.strerror)

    def read(self) -> Token:
        """Raises CredentialsLost if it is missing or malformed."""
        text = read_text(self.path, self._remedy)
        if self._unsaved and self._unsaved[0] == text:
            return self._unsaved[1]
        return Token.from_json(text, str(self.path), self._remedy)

    def latest(self) -> Token:
        """The same: a file is read anew each time."""
        return self.read()

    def write(self, token: Token) -> None:
        """Replace the file; what prevents it is logged."""
        try:
            self.replace(token)
        except OSError as exc:
            self._unsaved = (read_text(self.path, self._remedy), token)
            logger.warning("the refreshed token of %s was not saved to %s: %s", token.identity, self.path, exc.strerror)

    def replace(self, token: Token) -> None:
        """Replace the file at once or not at all, and on the disk. Raises OSError."""
        self._prepare()
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)  # made with mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(token.to_json())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise

    def delete(self) -> None:
        """Forget the token. Raises OSError; a file that is not there is no error."""
        self.path.unlink(missing_ok=True)

    def _prepare(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
