"""The retry layer around every call to Drive; the client library's own is switched off, since it misses half of the cases.

Waits as https://developers.google.com/workspace/drive/api/guides/limits says: min(2^n + a random part of a second, 32 s).
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from blocks.sources.drive.errors import Asked, Failure, Kind, failure_of
from blocks.sources.drive.quota import Quota, rest

T = TypeVar("T")
logger = logging.getLogger(__name__)
_LONG = 8.0
"""A wait of so many seconds is told of, lest somebody think that nothing happens: once in _QUIET, however many calls wait."""
_QUIET = 60.0
LONGEST = 32.0
"""Seconds between two attempts, unless the server asks for more."""


@dataclass(frozen=True, slots=True)
class Patience:
    """When a call is given up."""

    attempts: int = 8
    seconds: float = 240.0
    """From the first attempt on; no attempt is begun, nor waited for, beyond."""


USUAL = Patience()
ONE_FILE = Patience(attempts=5, seconds=120.0)
"""For what concerns a single file, whose fault it may be: some exports fail for good with a 500."""


class Retry:
    """Makes calls at the pace of a Quota, and again while that may help."""

    def __init__(
        self,
        quota: Quota,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._quota, self._sleep, self._clock, self._chance = quota, sleep, clock, chance
        self._told_at = -_QUIET

    def call(self, ask: Callable[[], T], what: str, cost: int, asked: Asked = Asked.OTHER, patience: Patience = USUAL) -> T:
        """What `ask` returns. `what` names the call in messages; `cost` is in quota units.

        Raises Gone, CorpusLost, TokenRejected, Refused, CredentialsLost and SourceUnavailable as `asked` says.
        """
        began = self._clock()
        for attempt in count(1):
            ticket = self._quota.take(cost)
            try:
                answer = ask()
            except Exception as exc:
                failure = failure_of(exc)
                if failure is None:
                    raise
                if failure.kind is Kind.RATE:
                    self._quota.refused(ticket, failure.retry_after)
                if failure.kind not in (Kind.AGAIN, Kind.RATE) or attempt >= patience.attempts:
                    raise failure.error(what, asked) from exc
                wait = max(self.delay(attempt), failure.retry_after or 0.0)
                if self._clock() - began + wait > patience.seconds:
                    raise failure.error(what, asked) from exc
                self._tell(failure, what, wait)
            else:
                self._quota.granted(cost)
                return answer
            rest(wait, self._sleep)
        raise AssertionError("unreachable")

    def _tell(self, failure: Failure, what: str, wait: float) -> None:
        now = self._clock()
        if failure.kind is Kind.AGAIN and wait >= _LONG and now >= self._told_at + _QUIET:
            self._told_at = now
            logger.warning("Google Drive does not answer %s (%s): trying again in %.0f s", what, failure.message, wait)

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the `attempt`th failure."""
        return min(2.0 ** (attempt - 1) + self._chance(), LONGEST)
