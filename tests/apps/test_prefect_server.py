"""The private Prefect server: one for all commands of a home, gone with the last of them, whatever ends it."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from apps.prefect_api import PRIVATE, connect, is_healthy
from apps.prefect_database import ABANDONED
from apps.processes import is_alive, read_state, stop, wait_gone
from core.errors import TransientError
from tests.servers.prefect_home import PrefectDatabase, without_prefect

USER = """
import json, os, sys
from pathlib import Path
from apps.prefect_api import connect
assert "prefect" not in sys.modules, "the server must be on its way before Prefect is imported"
with connect(Path(sys.argv[1])) as api:
    api.wait()
    print(json.dumps({"url": api.url, "auth": os.environ["PREFECT_API_AUTH_STRING"]}), flush=True)
    sys.stdin.read()
"""
FLOW = """
import os, sys
from pathlib import Path
from apps.prefect_api import connect
api = connect(Path(sys.argv[1]))
from prefect import flow, task

@task
def double(number):
    return 2 * number

@flow(name="sum")
def total():
    return sum(double(number) for number in range(25))

api.wait()
assert total() == 600
api.close()
os._exit(0)
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from apps.prefect_api import connect
api = connect(Path(sys.argv[1]))
from prefect import flow

@flow
def killed():
    os.kill(os.getpid(), signal.SIGKILL)

api.wait()
killed()
"""
LATE = """
from pathlib import Path
import prefect
from apps.prefect_api import connect
connect(Path("never made"))
"""
PATIENCE = 60.0


@dataclass
class User:
    """A process that uses the private server of a home until it is told to end, or killed."""

    process: subprocess.Popen[str]

    def ready(self) -> dict[str, str]:
        assert self.process.stdout is not None
        answer: dict[str, str] = json.loads(self.process.stdout.readline())
        return answer

    def end(self) -> None:
        self.process.communicate("")
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def user(home: Path) -> Iterator[User]:
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(home)],
        env=without_prefect(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield User(process)
        finally:
            process.kill()


@pytest.fixture
def home(prefect_database: PrefectDatabase, tmp_path: Path) -> Iterator[Path]:
    """A LEVADA_HOME whose Prefect database is made already."""
    home = tmp_path / "home"
    prefect_database.give(home)
    yield home
    stop(server_of(home), PATIENCE)


def server_of(home: Path) -> dict[str, Any]:
    return read_state(home / "prefect" / PRIVATE)


def get(url: str, auth: str | None = None) -> tuple[int, Any]:
    parts = urlsplit(url)
    headers = {"Authorization": "Basic " + base64.b64encode(auth.encode()).decode()} if auth else {}
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    connection.request("GET", parts.path, headers=headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, body


def test_a_given_api_url_is_used_and_nothing_is_started(tmp_path: Path) -> None:
    env = {"PREFECT_API_URL": "http://prefect.example/api", "PREFECT_PROFILE": "mine"}
    with connect(tmp_path / "home", env) as api:
        api.wait()
        assert api.url == "http://prefect.example/api"
        assert not api.private
    assert env["PREFECT_PROFILE"] == "mine"
    assert env["DO_NOT_TRACK"] == "1"
    assert "PREFECT_HOME" not in env
    assert not (tmp_path / "home").exists()


def test_the_server_is_private_and_without_telemetry(home: Path) -> None:
    env = without_prefect()
    with connect(home, env) as api:
        api.wait()
        assert api.private
        assert env["PREFECT_API_URL"] == api.url
        assert env["PREFECT_HOME"] == str(home / "prefect")
        auth = env["PREFECT_API_AUTH_STRING"]
        assert get(f"{api.url}/admin/settings")[0] == 401
        status, settings = get(f"{api.url}/admin/settings", auth)
        assert status == 200
        assert settings["server"]["analytics_enabled"] is False
        assert settings["cloud"]["enable_orchestration_telemetry"] is False
        state = server_of(home)
        assert urlsplit(api.url).hostname == "127.0.0.1"
        assert (home / "prefect" / PRIVATE).stat().st_mode & 0o777 == 0o600
        # A session of its own: Ctrl-C at the terminal ends the run, which reports its end to a server that is still there.
        assert os.getsid(state["pid"]) != os.getsid(0)
    assert wait_gone(state, PATIENCE)


def test_it_dies_with_a_killed_user_but_not_before_the_last(home: Path) -> None:
    with user(home) as first, user(home) as second:
        # Started at once, in either order: one of them started the server, the other found it.
        seen = first.ready()
        assert second.ready() == seen
        state = server_of(home)
        first.kill()
        assert not wait_gone(state, 2.0)
        assert is_healthy(seen["url"], seen["auth"])
        second.kill()
        assert wait_gone(state, PATIENCE)
    assert not is_healthy(seen["url"], seen["auth"])


def test_a_user_killed_while_the_server_starts_leaves_nothing(home: Path) -> None:
    with user(home) as only:
        while not (state := server_of(home)):
            assert only.process.poll() is None
        only.kill()
        assert wait_gone(state, PATIENCE)


def test_a_server_killed_while_it_makes_its_database_is_replaced(prefect_database: PrefectDatabase) -> None:
    # The database that all these tests are given was made so: see there.
    assert not prefect_database.marked_when_killed
    assert prefect_database.healthy_after


def test_whoever_comes_while_it_ends_gets_a_working_one(home: Path) -> None:
    with connect(home, without_prefect()) as api:
        api.wait()
        first = server_of(home)
    # At once: the server has not noticed yet, or is on its way out.
    with connect(home, without_prefect()) as api:
        api.wait()
        second = server_of(home)
        assert second == first or not is_alive(first)
    time.sleep(0.6)
    # By now it has noticed.
    env = without_prefect()
    with connect(home, env) as api:
        api.wait()
        assert get(f"{api.url}/admin/version", env["PREFECT_API_AUTH_STRING"])[0] == 200
        third = server_of(home)
        assert is_alive(third)
        assert third == second or not is_alive(second)
    assert wait_gone(third, PATIENCE)


def test_what_runs_reported_is_kept_and_what_died_is_taken_down(home: Path) -> None:
    """One process is killed in its run; the next has a server of its own, and leaves by os._exit as soon as its run is done."""
    killed = subprocess.run([sys.executable, "-c", KILLED, str(home)], env=without_prefect(), capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert wait_gone(server_of(home), PATIENCE)
    database = home / "prefect" / "prefect.db"
    assert states(database, "flow_run") == {"RUNNING": 1}
    command = [sys.executable, "-c", FLOW, str(home)]
    done = subprocess.run(command, env=without_prefect(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert wait_gone(server_of(home), PATIENCE)
    assert states(database, "flow_run") == {"CRASHED": 1, "COMPLETED": 1}
    assert states(database, "task_run") == {"COMPLETED": 25}
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT message FROM flow_run_state WHERE type = 'CRASHED'").fetchall() == [(ABANDONED,)]


def test_asking_after_prefect_has_read_its_settings_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LATE], env=without_prefect(), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "connect() comes too late" in done.stderr
    assert list(tmp_path.iterdir()) == []


def states(database: Path, table: str) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute(f"SELECT state_type, count(*) FROM {table} GROUP BY state_type").fetchall())


def test_a_server_that_cannot_start_says_where_to_look(home: Path) -> None:
    (home / "prefect" / "prefect.db").write_bytes(b"not a database" * 1000)
    with connect(home, without_prefect()) as api, pytest.raises(TransientError) as error:
        api.wait()
    assert str(home / "logs" / "prefect-server.log") in str(error.value)
    assert "file is not a database" in (home / "logs" / "prefect-server.log").read_text()
    assert not is_alive(server_of(home))
