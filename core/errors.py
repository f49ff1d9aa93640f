"""Every error that crosses a room's border.

LevadaError
├─ TransientError          try again later (exponential back-off; honour retry_after)
│  ├─ SourceUnavailable    the source cannot be listed: the run fails, nothing moves
│  │  └─ CredentialsLost   its credentials are missing, expired or revoked: somebody must log in again
│  ├─ CursorRejected       only a listing from scratch can tell what changed
│  ├─ StoreUnavailable     the vector store does not answer
│  └─ LibraryBusy          another run works on this library
├─ PermanentError          trying again changes nothing until somebody mends it
│  ├─ Unprocessable        one file: goes to quarantine with a Reason
│  ├─ StoreUnreadable      the store is there but does not open: rebuilt from the ledger
│  ├─ SpaceMismatch        vectors of another model or dimension
│  ├─ LedgerTooNew         written by a newer Levada
│  └─ Fenced               this run lost its library to a later one: its writes are refused
└─ UsageError              the caller asked for something that does not exist
   └─ Undescribed          a source of which nobody has said yet what it is to look at
"""

from __future__ import annotations

from core.reasons import Reason


class LevadaError(Exception):
    """Base of all errors that Levada raises on purpose. str(error) is one line that says what to do."""


class TransientError(LevadaError):
    """Likely to succeed when tried again. `retry_after` is in seconds, if the other side named it."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after)
        self.retry_after = retry_after

    def __str__(self) -> str:
        return str(self.args[0])


class SourceUnavailable(TransientError):
    """The source could not be listed; cursor, mirror and index stay as they were."""


class CredentialsLost(SourceUnavailable):
    """Credentials are missing, expired, revoked or too weak (invariant I10); the message says which command to run."""


class CursorRejected(TransientError):
    """Only a listing from scratch can tell what changed: the source knows the cursor no more, or has reason to doubt it.

    `expected`: nothing went wrong, it was time.
    """

    def __init__(self, message: str, expected: bool = False) -> None:
        super().__init__(message)
        self.expected = expected


class StoreUnavailable(TransientError):
    """The vector store does not answer, or is being rebuilt."""


class LibraryBusy(TransientError):
    """Another run holds the library."""


class PermanentError(LevadaError):
    """Fails the same way until the input, the settings or the code change."""


class Unprocessable(PermanentError):
    """One file cannot become a document. `detail` is the engine's own words, for the operator.

    Survives pickling: it is raised in parser processes.
    """

    def __init__(self, reason: Reason, detail: str = "", engine: str = "") -> None:
        super().__init__(reason, detail, engine)
        self.reason = reason
        self.detail = detail
        self.engine = engine
        """Which engine refused, as the extractors' registry writes it; "" if none had begun."""

    def __str__(self) -> str:
        return f"{self.reason.value}: {self.detail}" if self.detail else self.reason.value


class StoreUnreadable(PermanentError):
    """The store exists but cannot be opened or answers wrongly."""


class SpaceMismatch(PermanentError):
    """The collection holds vectors of another dimension or embedding space."""


class LedgerTooNew(PermanentError):
    """The ledger's schema is newer than this program."""


class Fenced(PermanentError):
    """A later run took the library over; nothing more may be written by this one."""


class UsageError(LevadaError):
    """The request itself is wrong: unknown library, path that does not exist, bad option."""


class Undescribed(UsageError):
    """A source of which nobody has said yet what it is to look at."""
