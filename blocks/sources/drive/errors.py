"""What a failed call to Drive means: to be tried again, or one of our errors.

The reasons and texts are those that Drive v3 is known to answer; what is not JSON was not said by Drive but by something in
between, and is never taken at its word.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Any

from core.errors import CredentialsLost, LevadaError, PermanentError, SourceUnavailable


class Gone(PermanentError):
    """A file does not exist, or not for us: Drive does not tell which."""


class CorpusLost(PermanentError):
    """A shared drive does not exist any more, or we are no member of it."""


class TokenRejected(PermanentError):
    """A page token or change token is not taken: what it stood for has to be begun anew."""


class Refused(PermanentError):
    """Drive refuses for good. `reason` is its code, such as "cannotDownloadFile", or "" if it gave none."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return f"Google refuses: {self.message}" + (f" ({self.reason})" if self.reason else "")


class Exhausted(SourceUnavailable):
    """Tried as often as is sensible. `of_rate`: Google refused for our rate, not for what was asked."""

    def __init__(self, message: str, retry_after: float | None = None, of_rate: bool = False) -> None:
        super().__init__(message, retry_after)
        self.of_rate = of_rate


class Kind(Enum):
    """What is to be done about a failure."""

    AGAIN = auto()
    """Most likely it passes."""
    RATE = auto()
    """We ask too fast."""
    STOP = auto()
    """Nothing will be answered today, or before somebody mends the project."""
    LOGIN = auto()
    """The credentials are not accepted."""
    MISSING = auto()
    CORPUS = auto()
    TOKEN = auto()
    REFUSED = auto()


class Asked(Enum):
    """What a call was about, which decides what its 404 means."""

    FILE = auto()
    LOG = auto()
    """A change log, by a token."""
    CORPUS = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call."""

    kind: Kind
    message: str
    reason: str = ""
    status: int = 0
    """Of HTTP; 0 if there was no answer."""
    retry_after: float | None = None
    """Seconds, as the server asks."""

    def error(self, what: str, asked: Asked = Asked.OTHER) -> LevadaError:
        """As what it leaves the client, `what` being the call's name."""
        if self.kind is Kind.STOP:
            return SourceUnavailable(self.message, self.retry_after)
        if self.kind is Kind.LOGIN:
            advice = "run `levada drive login`, or mend the service account"
            return CredentialsLost(f"Google does not accept the credentials ({self.message}); {advice}")
        missing = self.kind is Kind.MISSING
        if self.kind is Kind.CORPUS or (missing and asked is Asked.CORPUS):
            return CorpusLost(self.message)
        if (asked is Asked.LOG and missing) or (self.kind is Kind.TOKEN and (asked is Asked.LOG or self.status != 410)):
            return TokenRejected(self.message)
        if missing and asked is Asked.FILE:
            return Gone(self.message)
        if self.kind in (Kind.AGAIN, Kind.RATE):
            said = f"Google Drive does not answer {what} ({self.message}); run again later"
            return Exhausted(said, self.retry_after, self.kind is Kind.RATE)
        return Refused(self.reason, self.message)


class Failed(Exception):
    """Carries a Failure to the retry layer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


def again(message: str) -> Failed:
    """An answer that cannot be right: truncated, of another kind, or no JSON."""
    return Failed(Failure(Kind.AGAIN, message))


_RATE = frozenset(
    {
        "rateLimitExceeded", "userRateLimitExceeded", "userRateLimitExceededUnreg", "concurrentLimitExceeded", "quotaExceeded",
        "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED",
    }
)  # fmt: skip
_DAY = frozenset({"dailyLimitExceeded", "dailyLimitExceededUnreg"})
_PROJECT = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_SCOPES = frozenset({"insufficientPermissions", "insufficientScopes", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_PASSING = frozenset({408, 409, 425, 429})
DOWNLOAD_QUOTA = "downloadQuotaExceeded"
"""The reason of a file that was downloaded too often, whichever of its two codes Drive gave."""
NO_SUCH_RANGE = "requestedRangeNotSatisfiable"
_LONGEST = 300
"""Characters of a message that are shown."""


def read_answer(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """What an HTTP answer that is no success means. `headers` are in lower case."""
    wait = retry_after(headers.get("retry-after"), headers.get("date"))
    error = _error_of(body)
    if error is None:
        # A 410 at its word: all that it leads to is a listing from scratch.
        kind = {401: Kind.LOGIN, 410: Kind.TOKEN, 416: Kind.REFUSED, 429: Kind.RATE}.get(status, Kind.AGAIN)
        return Failure(kind, f"HTTP {status} without a reason", NO_SUCH_RANGE if status == 416 else "", status, wait)
    reason, location, day = _reason_of(error)
    if status == 416:
        reason = NO_SUCH_RANGE
    if reason == "quotaExceeded" and location == "quota.download":
        reason = DOWNLOAD_QUOTA
    message = _line(error.get("message")) or reason or f"HTTP {status}"
    kind = _kind(status, reason, location, day, message)
    if kind is Kind.STOP:
        if reason in _PROJECT:
            message = f"the Drive API is not enabled for this Google Cloud project; enable it in its console ({message})"
        else:
            message = f"Google's daily limit for this project is used up; run again tomorrow ({message})"
    return Failure(kind, message, reason, status, wait)


def _kind(status: int, reason: str, location: str, day: bool, message: str) -> Kind:
    if status == 401:
        # A 401 too: an address for notifications that it will not call says nothing of who asks.
        return Kind.REFUSED if reason.startswith("push.") else Kind.LOGIN
    if reason in _DAY or reason in _PROJECT or (day and reason in _RATE):
        return Kind.STOP
    if status == 429 or (status == 403 and reason in _RATE):
        return Kind.RATE
    if status >= 500 or status < 400 or status in _PASSING:
        return Kind.AGAIN
    if status == 403 and ((reason in _SCOPES and " file" not in message) or "unregistered callers" in message):
        return Kind.LOGIN
    if reason == "teamDriveMembershipRequired":
        return Kind.CORPUS
    said = message.lower()
    if status == 404 and said.startswith(("shared drive not found", "team drive not found")):
        return Kind.CORPUS
    if status == 404 and (reason in ("notFound", "NOT_FOUND") or said.startswith("file not found")):
        return Kind.MISSING
    if status == 410 or (status == 400 and reason != "required" and _is_of_a_token(reason, location, said)):
        return Kind.TOKEN
    return Kind.REFUSED


def _is_of_a_token(reason: str, location: str, said: str) -> bool:
    """True for a page token or change token that is not taken; what a change log says then is not known for certain."""
    if location:
        return location in ("pageToken", "page_token")
    named = any(word in said for word in ("pagetoken", "page_token", "page token", "change token"))
    return named or reason == "invalidPageToken" or (reason == "invalid" and said == "invalid value")


def _error_of(body: bytes) -> dict[str, Any] | None:
    """The `error` of an answer; None if it is not what Google's services say."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(told, list) and told:
        told = told[0]
    error = told.get("error") if isinstance(told, dict) else None
    return error if isinstance(error, dict) else None


def _reason_of(error: dict[str, Any]) -> tuple[str, str, bool]:
    """Reason, location, and whether a limit of a whole day is meant; from `errors`, or in the newer form `details`."""
    for entry in _dicts(error.get("errors")):
        if isinstance(entry.get("reason"), str):
            return entry["reason"], str(entry.get("location", "")), False
    for entry in _dicts(error.get("details")):
        if isinstance(entry.get("reason"), str):
            metadata = entry.get("metadata")
            limits = metadata if isinstance(metadata, dict) else {}
            day = "perday" in str(limits.get("quota_limit", "")).lower() or "/d/" in str(limits.get("quota_unit", ""))
            return entry["reason"], "", day
    return str(error.get("status", "")), "", False


def _dicts(entries: Any) -> list[dict[str, Any]]:
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def retry_after(value: str | None, date: str | None = None) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or an HTTP date, by the server's own `date` if it is told."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        until = _moment(value)
        if until is None:
            return None
        now = _moment(date)
        seconds = until - (time.time() if now is None else now)
    return max(0.0, seconds) if seconds < float("inf") else None


def _moment(value: str | None) -> float | None:
    try:
        return None if value is None else parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None


def failure_of(exc: Exception) -> Failure | None:
    """What an exception of the libraries below us means; None if it is none of theirs."""
    import ssl
    import zlib
    from http.client import HTTPException

    import httplib2
    import httpx
    from google.auth.exceptions import GoogleAuthError, TransportError
    from googleapiclient.errors import HttpError

    if isinstance(exc, LevadaError):
        return None
    if isinstance(exc, Failed):
        return exc.failure
    if isinstance(exc, HttpError):
        return read_answer(int(exc.resp.status), exc.resp, exc.content)
    text = _line(f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__)
    if isinstance(exc, ssl.SSLCertVerificationError) or isinstance(exc.__cause__, ssl.SSLCertVerificationError):
        return Failure(
            Kind.STOP, f"Google's certificate cannot be verified ({text}); check the clock, proxy and CA certificates"
        )
    if isinstance(exc, GoogleAuthError):
        return Failure(Kind.AGAIN if isinstance(exc, TransportError) or exc.retryable else Kind.LOGIN, text)
    ours = (OSError, HTTPException, httplib2.HttpLib2Error, httpx.RequestError, httpx.InvalidURL, zlib.error, EOFError)
    if isinstance(exc, (*ours, UnicodeDecodeError)):
        return Failure(Kind.AGAIN, text)
    return None


def _line(text: Any) -> str:
    said = " ".join(str(text or "").split())
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
