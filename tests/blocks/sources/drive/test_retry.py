"""The retry layer, on a clock of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blocks.sources.drive.errors import Asked, Exhausted, Failed, Failure, Gone, Kind, Refused
from blocks.sources.drive.quota import SLICE, Quota
from blocks.sources.drive.retry import LONGEST, Patience, Retry
from tests.blocks.sources.drive.conftest import Naps


def failing(*failures: Failure) -> Callable[[], str]:
    left = list(failures)

    def ask() -> str:
        if left:
            raise Failed(left.pop(0))
        return "answer"

    return ask


def layer(naps: Naps, chance: float = 0.5) -> Retry:
    return Retry(Quota(60_000_000, naps, naps.clock), naps, naps.clock, lambda: chance)


def again(times: int, **options: float) -> list[Failure]:
    return [Failure(Kind.AGAIN, "Backend Error", "backendError", 503, **options)] * times


def test_waits_double_up_to_a_limit(naps: Naps) -> None:
    assert layer(naps).call(failing(*again(7)), "files.list", 1) == "answer"
    assert naps.total == pytest.approx(1.5 + 2.5 + 4.5 + 8.5 + 16.5 + LONGEST + LONGEST)
    assert naps.longest <= SLICE


def test_a_long_silence_is_told_of_but_not_at_every_attempt(naps: Naps, caplog: pytest.LogCaptureFixture) -> None:
    retry = layer(naps, 0.0)
    retry.call(failing(*again(3)), "files.list", 1)
    assert not caplog.messages, "waits of a second or two are nothing to tell of"
    for _call in range(3):
        retry.call(failing(*again(4)), "files.list", 1)  # 15 s each
    assert caplog.messages == ["Google Drive does not answer files.list (Backend Error): trying again in 8 s"]
    retry.call(failing(*again(7)), "files.list", 1)
    assert len(caplog.messages) == 2
    retry.call(failing(*[Failure(Kind.RATE, "slower", "rateLimitExceeded", 403)] * 7), "files.list", 1)
    assert len(caplog.messages) == 2, "that Google sets the pace is no fault"


def test_attempts_have_an_end(naps: Naps) -> None:
    with pytest.raises(Exhausted, match=r"files\.list \(Backend Error\)"):
        layer(naps).call(failing(*again(3)), "files.list", 1, patience=Patience(attempts=3))
    assert naps.total == pytest.approx(1.5 + 2.5), "nothing is waited for after the last"


def test_time_has_an_end(naps: Naps) -> None:
    with pytest.raises(Exhausted):
        layer(naps).call(failing(*again(99)), "files.list", 1, patience=Patience(attempts=99, seconds=100))
    assert 60 < naps.total <= 100


def test_the_server_may_ask_for_more_time(naps: Naps) -> None:
    layer(naps).call(failing(*again(1, retry_after=77.0)), "files.list", 1)
    assert naps.total == pytest.approx(77)
    with pytest.raises(Exhausted) as caught:
        layer(naps).call(failing(*again(1, retry_after=9_999.0)), "files.list", 1)
    assert caught.value.retry_after == 9_999, "too long to sit and wait for: the caller learns of it"
    assert naps.total == pytest.approx(77)


def test_what_lasts_is_not_asked_again(naps: Naps) -> None:
    with pytest.raises(Refused):
        layer(naps).call(failing(Failure(Kind.REFUSED, "no")), "files.get", 1)
    with pytest.raises(Gone):
        layer(naps).call(failing(Failure(Kind.MISSING, "no")), "files.get", 1, Asked.FILE)
    with pytest.raises(ZeroDivisionError):
        layer(naps).call(lambda: str(1 // 0), "files.get", 1)
    assert naps.total == 0


def test_a_refusal_for_the_rate_slows_everybody_down(naps: Naps) -> None:
    quota = Quota(60_000, naps, naps.clock)
    rate = Failure(Kind.RATE, "User Rate Limit Exceeded", "userRateLimitExceeded", 403, 5.0)
    retry = Retry(quota, naps, naps.clock, lambda: 0.0)
    assert retry.call(failing(rate), "files.list", 100) == "answer"
    assert naps.total == pytest.approx(5, abs=0.5)
    assert quota.rate < 1_000


def test_a_stop_ends_a_wait() -> None:
    class Stopped(Exception):
        pass

    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise Stopped

    retry = Retry(Quota(60_000_000, sleep, lambda: 0.0), sleep, lambda: 0.0)
    with pytest.raises(Stopped):
        retry.call(failing(*again(5, retry_after=60.0)), "files.list", 1)
    assert max(slept) <= SLICE
