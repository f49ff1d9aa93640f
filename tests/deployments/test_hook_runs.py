"""Notifications become runs, on a real Prefect server: few, and none too few."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import PrefectClient, SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import AwaitingConcurrencySlot, Cancelled, Completed, Pending, Running

from apps.hook_runs import LOCK_WAIT, Runs
from core.errors import TransientError
from flows.ingest import ingest
from flows.queueing import NOTIFICATION, gives_way

BUCKET = 1_000.0
"""Seconds: none ends during a test but by the rarest chance, which no test minds."""


class Server:
    """A deployment of this test's own, and its runs."""

    def __init__(self, env: dict[str, str], client: SyncPrefectClient) -> None:
        self.env, self.client = env, client
        self.deployment = f"hooks-{uuid4().hex}"
        self.id = self.deploy()

    def deploy(self) -> UUID:
        flow_id = self.client.create_flow(ingest)
        return self.client.create_deployment(
            flow_id, self.deployment, parameters={"library": "default"}, parameter_openapi_schema={}
        )

    def notify(self, times: int = 1, source: str = "google-drive", url: str = "", bucket: float = BUCKET) -> None:
        """As the receiver does, so many at once."""

        async def story(runs: Runs) -> None:
            await asyncio.gather(*(runs.ask("default", source) for _ in range(times)))

        self.with_runs(story, url, bucket)

    def with_runs(self, story: Callable[[Runs], Awaitable[None]], url: str = "", bucket: float = BUCKET) -> None:
        async def told() -> None:
            auth = self.env["PREFECT_API_AUTH_STRING"]
            async with PrefectClient(url or self.env["PREFECT_API_URL"], auth_string=auth) as client:
                await story(Runs(client, f"ingest/{self.deployment}", bucket))

        asyncio.run(told())

    def runs(self) -> list[FlowRun]:
        """The oldest first."""
        mine = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[self.id]))
        return sorted(self.client.read_flow_runs(flow_run_filter=mine), key=lambda run: str(run.created))

    def put(self, run: FlowRun, state: State[None]) -> None:
        self.client.set_flow_run_state(run.id, state, force=True)


@pytest.fixture(scope="module")
def client(api_env: dict[str, str]) -> Iterator[SyncPrefectClient]:
    with SyncPrefectClient(api_env["PREFECT_API_URL"], auth_string=api_env["PREFECT_API_AUTH_STRING"]) as opened:
        yield opened


@pytest.fixture
def server(api_env: dict[str, str], client: SyncPrefectClient) -> Server:
    return Server(api_env, client)


def test_a_burst_is_one_run_at_the_end_of_its_bucket(server: Server) -> None:
    before = time.time()
    server.notify(times=50)
    server.notify()
    (run,) = server.runs()
    assert run.parameters == {"library": "default", "source": "google-drive", "wait": LOCK_WAIT}
    assert run.tags == [NOTIFICATION]
    assert not gives_way(run.model_copy(update={"auto_scheduled": True}))
    assert run.state is not None
    assert run.state.is_scheduled()
    due = run.state.state_details.scheduled_time
    assert due is not None
    assert due.timestamp() % BUCKET == 0
    assert before < due.timestamp() <= time.time() + BUCKET


def test_sources_have_runs_of_their_own(server: Server) -> None:
    server.notify(source="google-drive")
    server.notify(source="google-drive:team")
    assert [run.parameters["source"] for run in server.runs()] == ["google-drive", "google-drive:team"]


@pytest.mark.parametrize("state", [Running(), Completed(), Cancelled()], ids=["running", "completed", "cancelled"])
def test_news_that_come_after_a_run_has_begun_get_another(server: Server, state: State[None]) -> None:
    """Also where that run belongs to the bucket that is not over yet."""
    server.notify()
    (first,) = server.runs()
    server.put(first, state)
    server.notify(times=5)
    assert len(server.runs()) == 2
    assert server.runs()[1].expected_start_time > first.expected_start_time  # type: ignore[operator]


@pytest.mark.parametrize(
    "state",
    [Pending(), AwaitingConcurrencySlot(scheduled_time=datetime.now(UTC) - timedelta(hours=3))],
    ids=["on its way to a worker", "behind a long sync"],
)
def test_a_run_that_has_not_begun_will_see_the_news(server: Server, state: State[None]) -> None:
    server.notify()
    server.put(server.runs()[0], state)
    server.notify(times=5)
    assert len(server.runs()) == 1


def test_nothing_piles_up_behind_a_long_sync(server: Server) -> None:
    """Bucket after bucket."""
    for _ in range(5):
        server.notify(bucket=0.01)
        server.put(server.runs()[0], AwaitingConcurrencySlot(scheduled_time=datetime.now(UTC)))
    assert len(server.runs()) == 1


def test_a_run_of_a_schedule_is_not_relied_on(server: Server) -> None:
    """It may give way to another one."""
    server.client.create_flow_run_from_deployment(server.id, parameters={"source": "google-drive"})
    server.notify()
    assert [run.tags for run in server.runs()] == [[], [NOTIFICATION]]


def test_what_cannot_be_promised_now_is_said(server: Server) -> None:
    with pytest.raises(TransientError, match="Prefect's API does not answer"):
        server.notify(times=20, url="http://127.0.0.1:9/api")
    server.client.delete_deployment(server.id)
    with pytest.raises(TransientError, match=r"knows no deployment ingest/hooks-.*levada up"):
        server.notify()


def test_a_deployment_that_was_made_anew_is_found(server: Server) -> None:
    async def story(runs: Runs) -> None:
        await runs.ask("default", "google-drive")
        await asyncio.to_thread(server.client.delete_deployment, server.id)
        with pytest.raises(TransientError):
            await runs.ask("default", "google-drive")
        server.id = await asyncio.to_thread(server.deploy)
        await runs.ask("default", "google-drive")

    server.with_runs(story)
    assert len(server.runs()) == 1
