"""Which Prefect API a command's runs go to, settled before Prefect is imported.

1. PREFECT_API_URL, if set: used as it is. (A profile of Prefect is not consulted: reading it would cost the import.)
2. The server that `levada up` started for this home, if it is there.
3. A private server of our own, shared by all commands of this home that are at work, which ends with the last of them, also
   when they are killed: see apps/prefect_server.py. It listens on a free loopback port and wants a password that stands in
   a file of the user's, so that other users of the machine cannot reach it.

The private server takes seconds to start. `connect` returns at once, so that the command's own imports overlap with it;
`Api.wait` waits for what is left. Its port is bound here and handed down: there is no moment when another could take it, and
whoever connects early is kept waiting by the kernel, not refused.
"""

from __future__ import annotations

import base64
import fcntl
import http.client
import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import urlsplit

from apps.prefect_database import SCHEMA
from apps.prefect_env import QUIET, prefect_home, server_env, set_defaults
from apps.prefect_lease import LEASE
from apps.processes import POLL, identity, is_alive, read_state, spawn, write_state
from core.errors import TransientError, UsageError

UP = "server.json"
"""State of the server that `levada up` started."""
PRIVATE = "private.json"
"""State of the private server."""
WORKER = "worker.json"
"""State of the worker that `levada up` started."""
LOCK = "server.lock"
"""Held while a server is looked for and started."""
PATIENCE = 90.0
"""Seconds that a server may take to start: the first time it makes its database."""

FLUSH = 30.0
"""Seconds that sending the last events may take."""

Say = Callable[[str], None]


class Api:
    """The API that this process uses. Keep it until the last run has ended; `close` lets go of a private server."""

    def __init__(self, url: str, state: Mapping[str, Any] | None = None) -> None:
        self.url = url
        self._state = state
        self._lease: IO[bytes] | None = None

    @property
    def private(self) -> bool:
        """True for a server that ends with its users."""
        return self._lease is not None

    def wait(self, timeout: float = PATIENCE) -> None:
        """Return once the server answers. Raises TransientError if it does not; a given URL is not asked."""
        if self._state is not None:
            wait_healthy(self._state, timeout)

    def running(self) -> AbstractContextManager[object]:
        """Around the runs of this process: nobody listens for heartbeats at a private server, so they are left out."""
        return without_heartbeat() if self.private else nullcontext()

    def close(self) -> None:
        """Wait until Prefect has sent what it holds back (task runs are told by events), then let go of a private server.

        The interpreter's own end would wait too; a process that leaves by os._exit must not forget it.
        """
        if "prefect" in sys.modules:
            _flush()
        if self._lease is not None:
            self._lease.close()
            self._lease = None

    def __enter__(self) -> Api:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def without_heartbeat() -> AbstractContextManager[object]:
    """Runs inside send no heartbeats.

    Prefect 3.8.8 joins the heart's thread at the end of each run, which sleeps for whole seconds: up to one for nothing.
    An environment variable cannot switch it off.
    """
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})


def connect(home: Path, env: MutableMapping[str, str] | None = None, say: Say | None = None) -> Api:
    """Settle which API is used and write it into `env` (default: this process's own). To be called before importing Prefect.

    Does not wait for a server to be ready: Api.wait does. Raises TransientError if a server that is about to end does not.
    """
    if env is None and "prefect" in sys.modules:
        raise RuntimeError("connect() comes too late: Prefect is imported, and has read its settings")
    env = os.environ if env is None else env
    set_defaults(env)
    if not env.get("LEVADA_LOG_LEVEL"):
        set_defaults(env, QUIET)
    if url := env.get("PREFECT_API_URL"):
        return Api(url)
    directory = make_prefect_home(home, env)
    lease = hold(directory / LEASE, fcntl.LOCK_SH, PATIENCE, "a Prefect server of this home is about to end but does not")
    up = read_state(directory / UP)
    if is_alive(up):
        lease.close()
        return _use(up, directory, env)
    log = home / "logs" / "prefect-server.log"
    with locked(directory / LOCK):
        state = read_state(directory / PRIVATE)
        if not is_alive(state):
            if say and not (directory / SCHEMA).exists():
                say("Preparing Prefect's database (this once) ...")
            state = _start_private(directory, log, env)
    api = _use(state, directory, env)
    api._lease = lease
    return api


def make_prefect_home(home: Path, env: Mapping[str, str]) -> Path:
    """Where Prefect keeps its database, made if it is new. Raises UsageError if this user cannot."""
    directory = prefect_home(home, env)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (FileExistsError, NotADirectoryError, FileNotFoundError, PermissionError) as exc:
        raise UsageError(f"{directory} cannot be made ({exc.strerror}): set LEVADA_HOME to a directory of yours") from exc
    return directory


def join(home: Path, env: MutableMapping[str, str] | None = None) -> None:
    """Use the server that `levada up` started, if it is there and no other is set; start none. Before importing Prefect."""
    env = os.environ if env is None else env
    set_defaults(env)
    directory = prefect_home(home, env)
    if env.get("PREFECT_API_URL") or not directory.is_dir():
        return
    up = read_state(directory / UP)
    if is_alive(up):
        _use(up, directory, env)


def _flush() -> None:
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogHandler

    EventsWorker.drain_all(timeout=FLUSH, at_exit=False)
    APILogHandler().flush()


def _use(state: Mapping[str, Any], directory: Path, env: MutableMapping[str, str]) -> Api:
    env.pop("PREFECT_PROFILE", None)  # It names a profile of another home.
    env["PREFECT_HOME"] = str(directory)
    env["PREFECT_API_URL"] = state["url"]
    if state.get("auth"):
        env["PREFECT_API_AUTH_STRING"] = state["auth"]
    return Api(state["url"], state)


def _start_private(directory: Path, log: Path, env: MutableMapping[str, str]) -> dict[str, Any]:
    auth = f"levada:{secrets.token_urlsafe(24)}"
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        child_env = {**server_env(directory, env), "PREFECT_SERVER_API_AUTH_STRING": auth}
        state = {**start_server(directory, listener, child_env, log), "auth": auth}
    write_state(directory / PRIVATE, state)
    return state


def start_server(directory: Path, listener: socket.socket, env: Mapping[str, str], log: Path, *flags: str) -> dict[str, Any]:
    """Start a server process on this listening socket, which the caller closes. Returns its state, to be written."""
    command = [sys.executable, "-P", "-m", "apps.prefect_server", str(directory), str(listener.fileno()), *flags]
    if not is_alive(read_state(directory / WORKER)):
        command.append("--crash-abandoned")
    pid = spawn(command, env, directory, log, fds=[listener.fileno()])
    host, port = listener.getsockname()
    return {"url": f"http://{host}:{port}/api", "pid": pid, "identity": identity(pid), "log": str(log)}


def wait_healthy(state: Mapping[str, Any], timeout: float = PATIENCE) -> None:
    """Return once the server says that it is well. Raises TransientError if its process ends or time runs out."""
    deadline = time.monotonic() + timeout
    while not is_healthy(state["url"], state["auth"], max(POLL, deadline - time.monotonic())):
        if not is_alive(state):
            raise TransientError(f"the Prefect server ended while it started; its last words are in {state['log']}")
        if time.monotonic() > deadline:
            raise TransientError(f"the Prefect server did not answer within {timeout:.0f} s; see {state['log']}")
        time.sleep(POLL)


def is_healthy(url: str, auth: str = "", timeout: float = 5.0) -> bool:
    """True if a Prefect API answers there. A private server's socket keeps a caller waiting while it starts."""
    return get_json(f"{url}/health", auth, timeout) is True


def get_json(url: str, auth: str = "", timeout: float = 5.0) -> object:
    """What a server on this machine answers; None if it does not, or not with success."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=timeout)
    headers = {"Authorization": "Basic " + base64.b64encode(auth.encode()).decode()} if auth else {}
    try:
        connection.request("GET", parts.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        return json.loads(body) if answer.status == 200 else None
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def hold(path: Path, kind: int, timeout: float, otherwise: str) -> IO[bytes]:
    """Lock the file and return it: closing it, or dying, unlocks. Raises TransientError(otherwise) after `timeout` seconds."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                raise TransientError(otherwise) from None
            time.sleep(POLL)
        else:
            return file


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file's exclusive lock."""
    with hold(path, fcntl.LOCK_EX, PATIENCE, f"another command holds {path} and does not let go"):
        yield
