"""`levada hooks`, for real: what Google sends becomes runs, and what others send does no harm."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil  # type: ignore[import-untyped]
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun

from flows.ingest import ingest
from ledger import channels, libraries, sources
from ledger.channels import Channel
from ledger.database import Database, open_ledger

SECRET = "s3cret"
GOOGLE = {"X-Goog-Channel-ID": "known", "X-Goog-Channel-Token": SECRET, "X-Goog-Resource-State": "change"}
"""Headers of a notification."""


@dataclass
class Receiver:
    """The command, with a ledger that holds one channel, and a deployment of its own."""

    port: int
    process: subprocess.Popen[str]
    db: Database
    client: SyncPrefectClient
    deployment: str

    def post(self, path: str = "/", method: str = "POST", **headers: str) -> int:
        """The status that comes back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            connection.request(method, path, b'{"kind":"drive#changes"}', {k: v for k, v in headers.items() if v})
            return connection.getresponse().status

    def notify(self, **changes: str) -> int:
        """A notification, with some headers changed; "" leaves one out."""
        return self.post(**{**GOOGLE, **{name.replace("_", "-"): value for name, value in changes.items()}})

    def runs(self) -> list[FlowRun]:
        id = self.client.read_deployment_by_name(f"ingest/{self.deployment}").id
        return self.client.read_flow_runs(flow_run_filter=FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[id])))

    def memory(self) -> int:
        """Bytes in use."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def send(self, data: bytes) -> bytes:
        """Whatever comes back for these bytes before the connection ends."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            try:
                connection.sendall(data)
                return connection.recv(1 << 16)
            except ConnectionError:
                return b""


@pytest.fixture(scope="module")
def receiver(api_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    home = tmp_path_factory.mktemp("hooks")
    db = open_ledger(f"sqlite:///{home / 'ledger.db'}")
    library = libraries.ensure(db, "default", "team")
    sources.ensure(db, library, "google-drive", "google-drive:team", "{}")
    now = time.time()
    channels.note(
        db, library, Channel("known", "google-drive:team", "user", "ana", "https://h/", SECRET, None, now, now + 9_999)
    )
    deployment = f"hooks-{uuid4().hex}"
    env = {**api_env, "LEVADA_HOME": str(home), "LEVADA_HOOKS_DEPLOYMENT": f"ingest/{deployment}"}
    env |= {"LEVADA_HOOKS_URL": "https://levada.example.org/", "LEVADA_HOOKS_DEBOUNCE": "1000"}
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "apps.cli", "hooks", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    with SyncPrefectClient(api_env["PREFECT_API_URL"], auth_string=api_env["PREFECT_API_AUTH_STRING"]) as client:
        client.create_deployment(client.create_flow(ingest), deployment, parameter_openapi_schema={})
        made = Receiver(port, process, db, client, deployment)
        while process.poll() is None:
            try:
                assert made.post("/healthz", "GET") == 200
                break
            except ConnectionError:
                time.sleep(0.05)
        try:
            yield made
        finally:
            process.terminate()
            _, said = process.communicate(timeout=30)
            db.close()
    assert process.returncode == 143
    assert "Traceback" not in said


def test_what_is_not_ours_is_dropped(receiver: Receiver) -> None:
    assert receiver.notify(X_Goog_Channel_ID="unknown") == 404
    assert receiver.notify(X_Goog_Channel_Token="s3creT") == 404
    assert receiver.notify(X_Goog_Channel_Token="sécret") == 404
    assert receiver.notify(X_Goog_Channel_Token="") == 404
    assert receiver.notify(X_Goog_Channel_ID="") == 404
    assert receiver.notify(X_Goog_Channel_ID="x" * 65) == 404
    assert receiver.post() == 404
    assert receiver.post(method="GET") == 405
    assert receiver.runs() == []


def test_sync_is_no_news_and_tells_the_resource_id(receiver: Receiver) -> None:
    assert receiver.notify(X_Goog_Resource_State="sync", X_Goog_Resource_ID="resource-1") == 204
    assert receiver.notify(X_Goog_Resource_State="sync", X_Goog_Resource_ID="resource-2") == 204
    library = libraries.find(receiver.db, "default", "team")
    assert [found.resource_id for found in channels.of_library(receiver.db, library)] == ["resource-1"]
    assert receiver.runs() == []


def test_floods_and_monsters_do_not_keep_google_out(receiver: Receiver) -> None:
    """Unknown ids by the hundred, heads and bodies without end, and what is no HTTP at all."""
    receiver.notify(X_Goog_Channel_ID="unknown")
    before = receiver.memory()
    head = b"POST / HTTP/1.1\r\nHost: h\r\n"
    monsters = [head + b"X: " + b"a" * (1 << 20) + b"\r\n\r\n", b"\x16\x03\x01\x00\xff" + bytes(range(256)) * 8]
    for announced in (b"Content-Length: 99999999999\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n1000000\r\n"):
        monsters.append(head + announced + b"x" * (16 << 20))
    for monster in monsters:
        assert receiver.send(monster)[:10] in (b"", b"HTTP/1.1 4")
    with ThreadPoolExecutor(16) as threads:
        unknown = [threads.submit(receiver.notify, X_Goog_Channel_ID=f"unknown-{n}") for n in range(200)]
        known = [threads.submit(receiver.notify) for _ in range(20)]
        assert {future.result() for future in known} == {204}
        assert {future.result() for future in unknown} <= {404, 503}
    assert len(receiver.runs()) == 1
    assert receiver.memory() - before < 64 << 20


def test_news_become_a_run_of_their_source(receiver: Receiver) -> None:
    for state in ("change", "changed", ""):
        assert receiver.notify(X_Goog_Resource_State=state) == 204
    (run,) = receiver.runs()
    assert (run.parameters["library"], run.parameters["source"]) == ("team", "google-drive:team")


def test_without_a_run_google_is_asked_to_come_again(receiver: Receiver) -> None:
    made = receiver.client.read_deployment_by_name(f"ingest/{receiver.deployment}")
    receiver.client.delete_deployment(made.id)
    assert receiver.notify() == 503
    receiver.client.create_deployment(made.flow_id, receiver.deployment, parameter_openapi_schema={})
    assert receiver.notify() == 204


def test_a_channel_that_was_forgotten_is_none_of_ours(receiver: Receiver) -> None:
    channels.forget(receiver.db, "known")
    deadline = time.monotonic() + 30
    while receiver.notify(X_Goog_Resource_State="sync") == 204:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert receiver.notify() == 404


def test_a_port_that_is_taken_is_said(receiver: Receiver, api_env: dict[str, str]) -> None:
    command = [sys.executable, "-m", "apps.cli", "hooks", "--port", str(receiver.port)]
    done = subprocess.run(command, env=api_env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"levada: nobody can listen on 127.0.0.1, port {receiver.port}" in done.stderr


def test_without_a_prefect_server_it_says_what_to_do(tmp_path: Path, api_env: dict[str, str]) -> None:
    env = {name: value for name, value in api_env.items() if not name.startswith("PREFECT")} | {"LEVADA_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "apps.cli", "hooks", "--port", "0"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"levada: .*`levada up` first, or set PREFECT_API_URL\n", done.stderr)
