"""`levada up`, for real: a server with its web page, a worker process, our deployments, and runs of both.

The tests of this file share one server and follow each other.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, StateType, TaskRun
from prefect.client.schemas.responses import DeploymentResponse

from apps.prefect_api import PRIVATE, UP, WORKER, connect
from apps.prefect_up import POINTER, ROOT, down, forget_prefect_here, point_prefect_here
from apps.processes import children, is_alive, read_state, wait_gone
from flows.queueing import NOTIFICATION
from tests.apps.up_drive import UpDrive
from tests.servers.prefect_home import PrefectDatabase, without_prefect

UP_CALL = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from apps.prefect_up import up
home, port, root = sys.argv[1:]
print(json.dumps(asdict(up(Path(home), int(port) or None, Path(root), patience=1.0)), default=str))
"""
STAGES = ("reconcile", "discover", "extract", "chunk", "embed", "publish", "finish")


@dataclass
class Installation:
    """A home and a checkout of its own, with nothing of this process's Prefect in the environment."""

    home: Path
    root: Path
    env: dict[str, str]
    port: int

    def up(self, port: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", UP_CALL, str(self.home), str(port), str(self.root)]
        return subprocess.run(command, env={**self.env, **env}, capture_output=True, text=True, check=False)

    def prefect(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command as a user types it in the checkout."""
        command = [sys.executable, "-m", "prefect", *arguments]
        return subprocess.run(command, env=self.env, cwd=self.root, capture_output=True, text=True, check=False)

    def state(self, name: str) -> dict[str, Any]:
        return read_state(self.home / "prefect" / name)

    def client(self) -> SyncPrefectClient:
        return SyncPrefectClient(f"http://127.0.0.1:{self.port}/api")

    def deployment(self, name: str) -> DeploymentResponse:
        with self.client() as client:
            return client.read_deployment_by_name(full_name(name))

    def run(self, deployment: str) -> tuple[subprocess.CompletedProcess[str], FlowRun, list[TaskRun]]:
        """Run a deployment as a user would and watch it to its end; the command, the run and its task runs."""
        done = self.prefect("deployment", "run", full_name(deployment), "--watch")
        found = re.search(r"UUID: ([0-9a-f-]{36})", done.stdout)
        assert found is not None, done.stdout + done.stderr
        with self.client() as client:
            run = client.read_flow_run(UUID(found[1]))
            of_run = TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=[run.id]))
            return done, run, client.read_task_runs(task_run_filter=of_run)


def full_name(deployment: str) -> str:
    return "watch-drive/channels" if deployment == "channels" else f"ingest/{deployment}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def installation(directory: Path, database: PrefectDatabase) -> Installation:
    root, documents = directory / "checkout", directory / "documents"
    root.mkdir(parents=True)
    documents.mkdir()
    shutil.copy(ROOT / "prefect.yaml", root)
    (documents / "water.md").write_text(
        "# Levadas\n\nA levada carries water along the mountain, from the wet north to the dry south.\n"
    )
    (documents / "gates.md").write_text("# Gates\n\nThe levadeiro opens a gate for each field, by the hour, day and night.\n")
    home = directory / "home"
    database.give(home)
    env = without_prefect() | {"LEVADA_HOME": str(home), "LEVADA_FOLDER": str(documents)}
    env |= {"LEVADA_HOOKS_URL": f"http://127.0.0.1:{free_port()}/drive", "LEVADA_HOOKS_DEBOUNCE": "1"}
    return Installation(home, root, env, free_port())


@pytest.fixture(scope="module")
def running(
    converted_models: Path, prefect_database: PrefectDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    here = installation(tmp_path_factory.mktemp("up"), prefect_database)
    (here.home / "models").symlink_to(converted_models)
    done = here.up(here.port)
    try:
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == {
            "api_url": f"http://127.0.0.1:{here.port}/api",
            "ui_url": f"http://127.0.0.1:{here.port}",
            "started": ["server", "worker"],
            "folder": here.env["LEVADA_FOLDER"],
            "logs": str(here.home / "logs"),
        }
        yield here
    finally:
        down(here.home, here.root)


def test_everything_is_up_and_deployed(running: Installation) -> None:
    assert is_alive(running.state(UP))
    assert is_alive(running.state(WORKER))
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/", timeout=30) as page:
        assert b"<!DOCTYPE html>" in page.read()
    folder, drive, channels = (running.deployment(name) for name in ("folder", "drive", "channels"))
    assert channels.entrypoint == "flows.watch_drive.watch_drive"
    assert folder.entrypoint == drive.entrypoint == "flows.ingest.ingest"
    for deployment in (folder, drive, channels):
        assert deployment.pull_steps == []
        assert deployment.work_pool_name == "levada"
        assert deployment.global_concurrency_limit is not None
        assert deployment.global_concurrency_limit.limit == 1
        assert deployment.concurrency_options is not None
        assert deployment.concurrency_options.collision_strategy == "ENQUEUE"
    assert folder.parameters == {"library": "default", "source": running.env["LEVADA_FOLDER"]}
    assert drive.parameters == {"library": "default", "source": "google-drive"}
    schedules = [(schedule.slug, schedule.active) for made in (folder, drive, channels) for schedule in made.schedules]
    assert schedules == [("hourly", True), ("quarter-hourly", True), ("hourly", True)]


def test_a_web_page_cannot_post_and_a_script_can(running: Installation) -> None:
    def asked(method: str, path: str, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
        try:
            connection.request(method, f"/api/{path}", '{"name": "a-flow"}', headers)
            answer = connection.getresponse()
            return answer.status, json.load(answer)
        finally:
            connection.close()

    # What any page may send without a preflight: JSON without a content type, which Prefect takes for JSON.
    assert asked("POST", "flows/", Origin="http://elsewhere.example")[0] == 403
    token = asked("GET", "csrf-token?client=my-script")[1]["token"]
    assert asked("POST", "flows/", **{"Prefect-Csrf-Client": "my-script", "Prefect-Csrf-Token": token})[0] == 201


def test_drive_fails_clearly_and_changes_nothing(running: Installation) -> None:
    done, run, tasks = running.run("drive")
    assert done.returncode != 0
    assert run.state is not None
    assert run.state.type == StateType.FAILED
    assert run.state.message is not None
    assert "Google Drive: name a folder by its address" in run.state.message
    assert tasks == []
    assert not (running.home / "libraries").exists()


def test_a_run_of_the_folder_completes_and_shows_its_stages(running: Installation) -> None:
    done, run, tasks = running.run("folder")
    assert done.returncode == 0, done.stdout + done.stderr
    assert run.state is not None
    assert run.state.type == StateType.COMPLETED
    assert {str(task.state_name) for task in tasks} == {"Completed"}
    names = [task.name for task in tasks]
    assert all(any(name.startswith(stage) for name in names) for stage in STAGES), names


@pytest.fixture(scope="module")
def drive(running: Installation) -> Iterator[UpDrive]:
    with UpDrive(running.home, f"http://127.0.0.1:{running.port}/api") as made:
        yield made


def test_a_drive_arrives_and_so_does_what_changes_in_it(running: Installation, drive: UpDrive) -> None:
    """Credentials and scope come from block documents."""
    drive.describe()
    done, run, tasks = running.run("drive")
    assert done.returncode == 0, done.stdout + done.stderr
    assert run.state is not None
    assert run.state.name == "Completed"
    assert {task.name.split("-")[0].split()[0] for task in tasks} >= set(STAGES)
    assert drive.published() == drive.expected()
    assert len(drive.published()) == 3
    drive.change()
    done, run, tasks = running.run("drive")
    assert done.returncode == 0, done.stdout + done.stderr
    assert drive.published() == drive.expected()
    assert len(drive.published()) == 3


def test_google_tells_and_a_run_follows(running: Installation, drive: UpDrive) -> None:
    done, run, _ = running.run("channels")
    assert done.returncode == 0, done.stdout + done.stderr
    assert run.state is not None
    assert run.state.message == "1 open (1 new), 0 stopped"
    with drive.receiver(running.env):
        drive.write("told.txt", "Of this file Google has told us.\n")
        drive.server.channels.drain()
        assert {delivery.status for delivery in drive.server.channels.deliveries if delivery.state == "change"} == {204}
        deadline = time.monotonic() + 120
        while drive.published() != drive.expected():
            assert time.monotonic() < deadline, (running.home / "logs" / "worker.log").read_text()[-2000:]
            time.sleep(0.2)
    assert "told.txt" in drive.published()
    with running.client() as client:
        told = [run for run in client.read_flow_runs() if NOTIFICATION in run.tags]
    assert [run.parameters["source"] for run in told] == ["google-drive"]


def test_commands_use_the_server_too(running: Installation) -> None:
    env = without_prefect()
    with connect(running.home, env) as api:
        api.wait()
        assert api.url == f"http://127.0.0.1:{running.port}/api"
        assert not api.private
    assert not (running.home / "prefect" / "private.json").exists()


def test_the_schedule_makes_runs(running: Installation) -> None:
    deadline = time.monotonic() + 90
    with running.client() as client:
        ours = {running.deployment(name).id for name in ("folder", "drive", "channels")}
        while {run.deployment_id for run in client.read_flow_runs() if run.auto_scheduled} != ours:
            assert time.monotonic() < deadline, (running.home / "logs" / "server.log").read_text()[-2000:]
            time.sleep(0.5)


TEAM = """
import sys
from blocks.library import Library
from blocks.stores.chroma import ChromaStore
Library(name="team", store=ChromaStore(path=sys.argv[1])).save("team")
"""


def test_every_command_finds_a_library_that_a_block_document_describes(running: Installation) -> None:
    store = running.root / "store of the team"
    env = {**running.env, "PREFECT_API_URL": f"http://127.0.0.1:{running.port}/api"}
    subprocess.run([sys.executable, "-c", TEAM, str(store)], env=env, check=True, capture_output=True)

    def levada(*arguments: str) -> Any:
        command = [sys.executable, "-m", "apps.cli", *arguments, "--library", "team", "--json"]
        done = subprocess.run(command, env=running.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert levada("ingest", running.env["LEVADA_FOLDER"])["added"] == 2
    assert (store / "chroma.sqlite3").exists()
    assert not (running.home / "libraries").joinpath("team", "store").exists()
    assert levada("search", "Who opens a gate?")[0]["path"] == "gates.md"
    assert levada("verify") | {"live": 0} == {"live": 0, "missing": 0, "orphaned": 0, "trouble": "", "repaired": False}


def test_again_nothing_is_started_and_a_paused_schedule_sleeps_on(running: Installation) -> None:
    folder = running.deployment("folder")
    with running.client() as client:
        client.update_deployment_schedule(folder.id, folder.schedules[0].id, active=False)
    before = running.state(UP), running.state(WORKER)
    done = running.up()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["started"] == []
    assert (running.state(UP), running.state(WORKER)) == before
    again = running.deployment("folder")
    assert again.id == folder.id
    assert [(schedule.id, schedule.slug, schedule.active) for schedule in again.schedules] == [
        (folder.schedules[0].id, "hourly", False)
    ]
    assert (running.home / "logs" / "deploy.log").read_text().count("successfully created") == 3


def test_another_port_is_refused_while_it_runs(running: Installation) -> None:
    done = running.up(free_port())
    assert "`levada down` first to change its port" in done.stderr
    assert is_alive(running.state(UP))


def test_a_port_that_is_taken_is_said(running: Installation, prefect_database: PrefectDatabase, tmp_path: Path) -> None:
    other = installation(tmp_path, prefect_database)
    done = other.up(running.port)
    assert f"port {running.port} is taken by something else" in done.stderr
    assert "choose another with --port" in done.stderr
    assert other.state(UP) == {}
    assert other.state(WORKER) == {}
    assert not (other.root / POINTER).exists()


def test_a_prefect_toml_of_the_user_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / POINTER
    path.write_text("# mine\n")
    point_prefect_here(tmp_path, "http://127.0.0.1:1/api", "")
    forget_prefect_here(tmp_path, "http://127.0.0.1:1/api")
    assert path.read_text() == "# mine\n"
    path.unlink()
    point_prefect_here(tmp_path, "http://127.0.0.1:1/api", "")
    point_prefect_here(tmp_path, "http://127.0.0.1:2/api", "levada:secret")
    assert tomllib.loads(path.read_text()) == {"api": {"url": "http://127.0.0.1:2/api", "auth_string": "levada:secret"}}
    assert path.stat().st_mode & 0o777 == 0o600
    forget_prefect_here(tmp_path, "http://127.0.0.1:1/api")
    assert path.exists(), "it points to the server of another home"
    forget_prefect_here(tmp_path, "http://127.0.0.1:2/api")
    assert not path.exists()


def test_down_leaves_nothing(running: Installation) -> None:
    server, worker = running.state(UP), running.state(WORKER)
    runs = children(worker["pid"])
    assert down(running.home, running.root) == ("worker", "server")
    assert not is_alive(server)
    assert not is_alive(worker)
    assert [pid for pid in runs if Path(f"/proc/{pid}").exists()] == []
    assert not (running.root / POINTER).exists()
    assert down(running.home, running.root) == ()


def test_it_does_not_take_the_database_from_a_run(prefect_database: PrefectDatabase, tmp_path: Path) -> None:
    here = installation(tmp_path, prefect_database)
    with connect(here.home, without_prefect()) as api:
        assert api.private
        assert "a run is using this home's private Prefect server" in here.up(here.port).stderr
        private = here.state(PRIVATE)
        assert is_alive(private)
    assert here.state(UP) == {}
    assert wait_gone(private, 60)


def test_without_prefect_yaml_it_says_so(tmp_path: Path) -> None:
    nowhere = Installation(tmp_path / "home", tmp_path, dict(os.environ), 0)
    assert f"there is no prefect.yaml in {tmp_path}" in nowhere.up().stderr
