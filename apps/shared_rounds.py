"""Work that many ask for at once, and that is done once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Rounds(Generic[T]):
    """`await rounds()` gives what `work` gave, or raises what it raised, in a round that began after the call.

    One round is under way at a time, and `pause` seconds lie between two: a flood of calls costs no more than that.
    """

    def __init__(self, work: Callable[[], Awaitable[T]], pause: float = 0.0) -> None:
        self._work, self._pause = work, pause
        self._under_way: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None
        self._free_at = 0.0

    async def __call__(self) -> T:
        """Wait for the next round."""
        if self._next is None:
            self._next = asyncio.create_task(self._round(self._under_way))
        # Whoever goes away does not take the round from the others.
        return await asyncio.shield(self._next)

    async def _round(self, before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._free_at - loop.time()))
        self._under_way, self._next = self._next, None
        try:
            return await self._work()
        finally:
            self._free_at = loop.time() + self._pause
