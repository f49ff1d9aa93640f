"""How fast Drive may be asked: a token bucket in Google's quota units, which gives way when Google refuses.

Sources: costs and limits of https://developers.google.com/workspace/drive/api/guides/limits (projects made since May 2026);
those that the page does not name are taken as those of their kind (changes and permissions as files.list).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

PER_USER = 325_000
"""Units a minute that Google grants one user of a project."""
UNITS_PER_MINUTE = PER_USER * 60 // 100
"""What we take of it; the rest is left to other programs of the same account."""
SLICE = 0.2
"""Seconds slept at once, so that a run that is to stop does so soon: the sleep that is given to us raises then."""
MINUTE = 60.0
_LEAST = 0.01
"""Of the configured rate: less is never asked for."""
_GRACE = 2.0
"""Seconds after a cut in which refusals are of what was asked before."""
_NEAR = 0.9
"""Of the rate that was last refused: growth is quick up to here, and slow beyond."""
_CAUTION = 600.0
"""Seconds without a refusal after which growth is quick again."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Units that a call takes off the quota."""

    get: int = 5
    list: int = 100
    download: int = 200


UNITS = Costs()
QUERIES = Costs(1, 1, 1)
"""Of older projects, whose quota counts calls (12,000 a minute)."""


def rest(seconds: float, sleep: Callable[[float], None]) -> None:
    """Sleep in slices; what `sleep` raises ends it."""
    while seconds > 0:
        sleep(min(SLICE, seconds))
        seconds -= SLICE


class Quota:
    """Paces the calls of all threads of one account.

    Additive increase, multiplicative decrease: a refusal halves the rate, though not below what Google has granted in the
    last minute, since just that is what it permits. The rate then grows back within a minute, but only slowly beyond where it
    was refused: so it stays close to whatever the limit is, even if others share it.
    """

    def __init__(
        self,
        units_per_minute: int = UNITS_PER_MINUTE,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = units_per_minute / MINUTE
        self._sleep, self._clock = sleep, clock
        self._lock = threading.Lock()
        self._rate = self._most
        self._wall = float("inf")
        """The rate that was last refused."""
        self._balance = self._most
        """Units at hand, a second's worth at most; negative if calls wait for theirs."""
        self._seen = clock()
        self._cut = float("-inf")
        self._closed_until = float("-inf")
        self._granted: deque[tuple[float, int]] = deque()
        self._granted_units = 0

    @property
    def rate(self) -> float:
        """Units a second at present."""
        with self._lock:
            self._advance(self._clock())
            return self._rate

    def take(self, cost: int) -> float:
        """Wait until a call of `cost` units may go; gives a ticket for granted() or refused(). Raises what the sleep raises."""
        while True:
            due = self.reserve(cost)
            rest(due - self._clock(), self._sleep)
            if self.may_go(due, cost):
                return due

    def reserve(self, cost: int) -> float:
        """The time, on our clock, at which a call of `cost` units may go."""
        with self._lock:
            now = self._clock()
            self._advance(now)
            self._balance -= cost
            return max(now, self._closed_until) + max(0.0, -self._balance / self._rate)

    def may_go(self, due: float, cost: int) -> bool:
        """False if all were sent away since that time was reserved; it has to be reserved again."""
        with self._lock:
            if due >= self._closed_until:
                return True
            self._advance(self._clock())
            self._balance += cost
            return False

    def granted(self, cost: int) -> None:
        """A call was served."""
        with self._lock:
            now = self._clock()
            self._granted.append((now, cost))
            self._granted_units += cost
            self._forget(now)

    def refused(self, ticket: float, retry_after: float | None = None) -> None:
        """A call was refused for its rate: slow down, and let nobody ask for `retry_after` seconds."""
        with self._lock:
            now = self._clock()
            self._advance(now)
            if retry_after is not None:
                self._closed_until = max(self._closed_until, now + retry_after)
            if ticket < self._cut + _GRACE:
                return  # Google has no units left from before the last cut: it says nothing of the rate since
            self._forget(now)
            self._wall = self._rate
            proven = self._granted_units / MINUTE
            self._rate = min(self._rate, max(self._rate / 2, proven, self._most * _LEAST))
            self._balance = min(self._balance, 0.0)
            self._cut = now

    def _advance(self, now: float) -> None:
        """Let the rate grow and the bucket fill since the last look; neither does while all are sent away."""
        passed, self._seen = max(0.0, now - max(self._seen, self._closed_until)), max(self._seen, now)
        near, step = min(self._wall * _NEAR, self._most), self._most / MINUTE
        if self._rate < near:
            quick = min(passed, (near - self._rate) / step)
            self._rate += quick * step
            slow = passed - quick
        else:
            slow = passed
        if self._rate < self._most:
            # From there on the more steeply, the longer it goes well: as far as `step` after _CAUTION.
            until = now - self._cut
            self._rate = min(self._most, self._rate + step * slow * (2 * until - slow) / (2 * _CAUTION))
        self._balance = min(self._rate, self._balance + passed * self._rate)

    def _forget(self, now: float) -> None:
        while self._granted and self._granted[0][0] <= now - MINUTE:
            self._granted_units -= self._granted.popleft()[1]
