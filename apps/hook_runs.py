"""A run for each burst of notifications, and no notification without a run that begins after it.

Time is cut into buckets of some seconds; a run is due when its bucket is over, and its idempotency key is the bucket's. A run
that waits already, for its time or for another one to end, will see the news too, so that nothing piles up behind a long sync.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.shared_rounds import Rounds
from core.errors import TransientError

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun

PATIENCE = 8.0
"""Seconds that Prefect's API may take. Google waits longer."""
LOCK_WAIT = 6 * 3600.0
"""Seconds for which a run waits for another one that holds the library, by whatever way that was started."""
BUCKETS = 3
"""Buckets to try: more than two only if clocks run wild."""


class Runs:
    """Runs of one deployment."""

    def __init__(self, client: PrefectClient, deployment: str, bucket: float) -> None:
        self._client, self._name, self._bucket = client, deployment, bucket
        self._id: UUID | None = None
        self._asked: dict[tuple[str, str], Rounds[None]] = {}

    async def ask(self, library: str, source: str) -> None:
        """See to it that a run of the source begins after this call. Raises TransientError if Prefect does not say so."""
        key = (library, source)
        if key not in self._asked:
            self._asked[key] = Rounds(partial(self._ask, library, source))
        await self._asked[key]()

    async def _ask(self, library: str, source: str) -> None:
        import httpx
        from prefect.exceptions import ObjectNotFound, PrefectException

        try:
            async with asyncio.timeout(PATIENCE):
                await self._see_to({"library": library, "source": source})
        except (httpx.HTTPError, PrefectException, TimeoutError, OSError) as exc:
            self._id = None  # It may have been deployed anew meanwhile.
            if isinstance(exc, ObjectNotFound):
                raise TransientError(f"Prefect knows no deployment {self._name}: run `levada up`, or deploy it") from exc
            words = " ".join(str(exc).split()) or type(exc).__name__
            raise TransientError(f"Prefect's API does not answer as it should: {words}") from exc

    async def _see_to(self, parameters: dict[str, str]) -> None:
        if self._id is None:
            self._id = (await self._client.read_deployment_by_name(self._name)).id
        if await self._waits(self._id, parameters):
            return
        bucket = int(time.time() // self._bucket) + 1
        for number in range(bucket, bucket + BUCKETS):
            if _is_to_begin(await self._create(self._id, parameters, number)):
                return
        raise TransientError("Prefect's clock and this machine's are too far apart")

    async def _waits(self, deployment: UUID, parameters: dict[str, str]) -> bool:
        """True if a run that a notification made has not begun yet. One of a schedule would not do: it may give way."""
        from prefect.client.schemas.filters import (
            FlowRunFilter,
            FlowRunFilterDeploymentId,
            FlowRunFilterState,
            FlowRunFilterStateType,
            FlowRunFilterTags,
        )
        from prefect.client.schemas.objects import StateType

        from flows.queueing import NOTIFICATION

        waiting = await self._client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
                tags=FlowRunFilterTags(all_=[NOTIFICATION]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
            ),
            limit=200,
        )
        return any(parameters.items() <= run.parameters.items() for run in waiting)

    async def _create(self, deployment: UUID, parameters: dict[str, str], bucket: int) -> FlowRun:
        """The bucket's run, as it is if it is there already."""
        from prefect.states import Scheduled

        from flows.queueing import NOTIFICATION

        due: Any = datetime.fromtimestamp(bucket * self._bucket, UTC)
        return await self._client.create_flow_run_from_deployment(
            deployment,
            parameters=parameters | {"wait": LOCK_WAIT},
            state=Scheduled(scheduled_time=due),
            tags=[NOTIFICATION],
            idempotency_key=f"levada:{deployment}:{parameters['library']}:{parameters['source']}:{self._bucket:g}:{bucket}",
        )


def _is_to_begin(run: FlowRun) -> bool:
    """True unless the run has begun, and so may have looked before the news came, or will never begin."""
    from prefect.client.schemas.objects import StateType

    from flows.queueing import STARTING

    if run.state is None or run.state.type is StateType.SCHEDULED:
        return True
    return run.state.type is StateType.PENDING and datetime.now(UTC) - run.state.timestamp < STARTING[StateType.PENDING]
