"""One round serves all who asked before it began, and nobody who asked after."""

from __future__ import annotations

import asyncio

import pytest

from apps.shared_rounds import Rounds


def test_who_comes_during_a_round_gets_the_next_one() -> None:
    async def story() -> None:
        gates = [asyncio.Event() for _ in range(3)]
        began: list[int] = []

        async def work() -> int:
            number = len(began)
            began.append(number)
            await gates[number].wait()
            return number

        rounds = Rounds(work)
        first = [asyncio.create_task(rounds()) for _ in range(10)]
        while not began:
            await asyncio.sleep(0)
        second = [asyncio.create_task(rounds()) for _ in range(10)]
        await asyncio.sleep(0.01)
        assert began == [0], "one at a time"
        for gate in gates:
            gate.set()
        assert set(await asyncio.gather(*first)) == {0}
        assert set(await asyncio.gather(*second)) == {1}
        assert await rounds() == 2

    asyncio.run(story())


def test_a_failure_is_told_to_all_and_the_next_round_begins_afresh() -> None:
    async def story() -> None:
        attempts = 0

        async def work() -> str:
            nonlocal attempts
            attempts += 1
            await asyncio.sleep(0)
            if attempts == 1:
                raise ValueError("no")
            return "yes"

        rounds = Rounds(work)
        told = await asyncio.gather(*(rounds() for _ in range(5)), return_exceptions=True)
        assert [str(outcome) for outcome in told] == ["no"] * 5
        assert await rounds() == "yes"
        assert attempts == 2

    asyncio.run(story())


def test_who_goes_away_takes_the_round_from_nobody() -> None:
    async def story() -> None:
        gate = asyncio.Event()

        async def work() -> str:
            await gate.wait()
            return "done"

        rounds = Rounds(work)
        leaving, staying = asyncio.create_task(rounds()), asyncio.create_task(rounds())
        await asyncio.sleep(0.01)
        leaving.cancel()
        gate.set()
        assert await staying == "done"
        with pytest.raises(asyncio.CancelledError):
            await leaving

    asyncio.run(story())
