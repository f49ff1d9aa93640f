"""Cancel in Prefect's UI: a run of the deployment, in a real worker's process, ends Cancelled and leaves nothing."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelling

from apps.prefect_up import down
from tests.crash.interruption import BATCH_FILES, LIMIT, Interruption, runs
from tests.crash.processes import Process, wait_until
from tests.crash.stage import LIBRARY, ROOT
from tests.servers.prefect_home import PrefectDatabase, without_prefect

pytestmark = pytest.mark.timeout(900)

UP = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from apps.prefect_up import up
home, port, root = sys.argv[1:]
print(json.dumps(asdict(up(Path(home), int(port), Path(root))), default=str))
"""


@pytest.fixture
def home(prefect_database: PrefectDatabase, tmp_path: Path) -> Path:
    home = tmp_path / "home"
    prefect_database.give(home)
    return home


@pytest.fixture
def api(interruption: Interruption, home: Path, tmp_path: Path) -> Iterator[str]:
    """Server, worker and deployments, as `levada up` starts them; the API's address."""
    root = tmp_path / "checkout"
    root.mkdir()
    shutil.copy(ROOT / "prefect.yaml", root)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    env = interruption.env(home, without_prefect()) | {"LEVADA_FOLDER": str(interruption.folder)}
    try:
        done = subprocess.run(
            [sys.executable, "-c", UP, str(home), str(port), str(root)], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        yield str(json.loads(done.stdout)["api_url"])
    finally:
        down(home, root)
    assert wait_until(lambda: not interruption.processes(home)), interruption.processes(home)


def test_a_run_that_is_cancelled_in_the_ui(interruption: Interruption, home: Path, api: str) -> None:
    def stays(process: Process) -> bool:
        return any("apps.prefect_server" in word or "worker" in word for word in process.command)

    with SyncPrefectClient(api) as client:
        deployment = client.read_deployment_by_name("ingest/folder")
        parameters = {"library": LIBRARY, "source": str(interruption.folder), "batch_files": BATCH_FILES}
        run = client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
        interruption.wait_for_the_middle(home)
        started = time.monotonic()
        client.set_flow_run_state(run.id, Cancelling())
        assert wait_until(lambda: not interruption.processes(home, stays), 60), interruption.processes(home, stays)
        took = time.monotonic() - started
        assert wait_until(lambda: client.read_flow_run(run.id).state_type == StateType.CANCELLED, 60)
    assert took < LIMIT
    assert runs(home) == ["cancelled"]
    interruption.converges(home)
