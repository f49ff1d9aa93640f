"""The pace, against models of how Google may count: on a clock of their own, many callers at once."""

from __future__ import annotations

import heapq
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from blocks.sources.drive.quota import QUERIES, UNITS, UNITS_PER_MINUTE, Quota
from blocks.sources.drive.retry import LONGEST, USUAL
from blocks.sources.google_drive import GoogleDriveSource
from tests.blocks.sources.drive.conftest import Naps
from tests.blocks.sources.drive_place import credentials
from tests.servers.drive import DriveServer

Server = Callable[[float, int], bool]
"""Grants or refuses so many units at a time."""


def fixed_minutes(limit: float) -> Server:
    spent: dict[int, int] = {}

    def ask(now: float, cost: int) -> bool:
        minute = int(now // 60)
        if spent.get(minute, 0) + cost > limit:
            return False
        spent[minute] = spent.get(minute, 0) + cost
        return True

    return ask


def sliding_minute(limit: float) -> Server:
    granted: deque[tuple[float, int]] = deque()

    def ask(now: float, cost: int) -> bool:
        while granted and granted[0][0] <= now - 60:
            granted.popleft()
        if sum(units for _at, units in granted) + cost > limit:
            return False
        granted.append((now, cost))
        return True

    return ask


def bucket(limit: float, seconds: float = 60.0) -> Server:
    state = {"units": limit * seconds / 60, "seen": 0.0}

    def ask(now: float, cost: int) -> bool:
        state["units"] = min(limit * seconds / 60, state["units"] + (now - state["seen"]) * limit / 60)
        state["seen"] = now
        if state["units"] < cost:
            return False
        state["units"] -= cost
        return True

    return ask


def small_bucket(limit: float) -> Server:
    return bucket(limit, 5.0)


@dataclass
class Outcome:
    """Units granted after the first two minutes, as a share of what the server permits, and the most refusals of one call."""

    share: float
    refusals: int
    most: int


def simulate(server: Server, permitted: float, asked: int, callers: int, retry_after: float | None, seed: int) -> Outcome:
    """15 minutes of callers that download one file after the other, as Retry does it, events in the order of their times."""
    chance, now = random.Random(seed), 0.0
    quota = Quota(asked, clock=lambda: now)
    events: list[tuple[float, int, str, int, float]] = [(0.0, caller, "take", 0, 0.0) for caller in range(callers)]
    count, granted, refusals, most = callers, 0, 0, 0

    def push(at: float, what: str, tries: int, ticket: float = 0.0) -> None:
        nonlocal count
        count += 1
        heapq.heappush(events, (at, count, what, tries, ticket))

    while events[0][0] < 900:
        now, _number, what, tries, ticket = heapq.heappop(events)
        latency = chance.uniform(0.02, 0.15)
        if what == "take":
            due = quota.reserve(UNITS.download)
            push(due, "send", tries, due)
        elif what == "send" and quota.may_go(ticket, UNITS.download):
            push(now + latency, "serve", tries, ticket)
        elif what == "send":
            push(now, "take", tries)
        elif what == "serve":
            push(now + latency, "granted" if server(now, UNITS.download) else "refused", tries, ticket)
        elif what == "granted":
            quota.granted(UNITS.download)
            granted += UNITS.download if now > 120 else 0
            push(now, "take", 0)
        else:
            quota.refused(ticket, retry_after)
            refusals, most = refusals + 1, max(most, tries + 1)
            push(now + max(retry_after or 0, min(2.0**tries + chance.random(), LONGEST)), "take", tries + 1)
    return Outcome(granted / (780 / 60 * min(permitted, asked)), refusals, most)


@pytest.mark.parametrize(
    ("counts", "retry_after"),
    [
        (fixed_minutes, None),
        (fixed_minutes, 5.0),
        (sliding_minute, None),
        (sliding_minute, 5.0),
        (bucket, None),
        (bucket, 5.0),
        (small_bucket, None),
    ],
)
@pytest.mark.parametrize("part", [1.0, 0.5], ids=["all of it", "half of it"])
def test_what_is_permitted_is_used_and_no_call_is_given_up(
    counts: Callable[[float], Server], part: float, retry_after: float | None
) -> None:
    """`part`: what Google permits of what we are set to. A call is given up after USUAL.attempts refusals."""
    for seed, callers in ((1, 8), (2, 16)):
        permitted = 40_000 * part
        outcome = simulate(counts(permitted), permitted, 40_000, callers, retry_after, seed)
        assert outcome.share >= 0.9, outcome
        assert outcome.most < USUAL.attempts, outcome


def test_no_more_is_asked_than_is_set() -> None:
    outcome = simulate(lambda _now, _cost: True, 30_000, 30_000, 16, None, 3)
    assert 0.99 < outcome.share < 1.01
    assert outcome.refusals == 0


def test_a_refusal_halves_the_rate_once_for_all_that_were_under_way(naps: Naps) -> None:
    quota = Quota(60_000, naps, naps.clock)
    tickets = [quota.take(10) for _ in range(8)]
    naps(0.1)
    for ticket in tickets:
        quota.refused(ticket)
    assert quota.rate == pytest.approx(500)
    quota.refused(quota.take(10))  # Google's own bucket is still empty
    assert quota.rate == pytest.approx(500, rel=0.1)
    naps(2.0)
    quota.refused(quota.take(10))
    assert quota.rate == pytest.approx(300, rel=0.15)


def test_the_rate_grows_back(naps: Naps) -> None:
    quota = Quota(60_000, naps, naps.clock)
    quota.refused(quota.take(10))
    naps(20)
    middle = quota.rate
    assert 500 < middle < 1_000
    naps(120)
    assert middle < quota.rate <= 1_000
    naps(3_600)
    assert quota.rate == 1_000


def test_nobody_asks_before_google_wants_it(naps: Naps) -> None:
    quota = Quota(60_000, naps, naps.clock)
    quota.refused(quota.take(10), retry_after=30)
    assert quota.take(10) >= 30
    assert naps.total >= 30


def test_many_threads_share_one_pace(naps: Naps) -> None:
    quota = Quota(60_000, naps, naps.clock)

    def work() -> None:
        for _ in range(100):
            quota.take(100)
            quota.granted(100)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # All sleep on one clock, each for all of them: it runs at least as long as the units take, less the second at hand.
    assert naps.total >= 8 * 100 * 100 / 1_000 - 1.5


def test_what_is_left_to_others() -> None:
    assert UNITS_PER_MINUTE == 195_000
    assert (QUERIES.get, QUERIES.list, QUERIES.download) == (1, 1, 1)


def test_a_project_whose_quota_counts_calls(server: DriveServer) -> None:
    source = GoogleDriveSource(credentials=credentials(server), queries_per_minute=120)
    quota = source.client.quota
    assert quota.rate == 2
    begun = quota.reserve(0)
    source.client.about("user")
    source.client.files("trashed = false", None, None, "files(id)")
    assert quota.reserve(0) - begun < 10, "a list of files is one call, not a hundred units"
    source.close()
