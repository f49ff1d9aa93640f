"""`levada up` and `levada down`: Prefect's server with its web page, our deployments, and a worker that runs them.

All of it can be done again at any time: what runs is left alone, what is missing is started, and the deployments are written
anew, which does not wake a schedule that was paused. The server keeps its database where the private server of single commands
does (apps/prefect_api.py), so that their runs are seen on the web page too. One server owns it at a time: while `up` starts
its own it holds the private one's lease, for which it waits until that one's users are done; from then on commands use
this server.

With PREFECT_API_URL set no server is started: the deployments and the worker go to that one.
"""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from apps.prefect_api import PATIENCE, UP, WORKER, Say, get_json, hold, locked, make_prefect_home, start_server, wait_healthy
from apps.prefect_env import prefect_home, server_env, set_defaults
from apps.prefect_lease import LEASE
from apps.processes import POLL, identity, is_alive, read_state, spawn, stop, stop_children, write_state
from core.errors import PermanentError, TransientError, UsageError
from core.paths import folder_at

ROOT = Path(__file__).resolve().parent.parent
PORT = 4200
POOL = "levada"
"""The work pool that deployments.bootstrap makes and our worker serves."""
PRIVATE_END = 15.0
"""Seconds to wait for runs that use the private server; ingesting may take hours."""
RUNS_END = 30.0
"""Seconds that runs may take to end cleanly when the worker is stopped."""
END = 10.0
"""Seconds that the worker without runs, and the server, may take."""
QUERY = "3"
"""Seconds between two looks of the worker for work; Prefect's default is 10."""
FOLDER = "folder.json"
"""The folder that was deployed last."""
POINTER = "prefect.toml"
POINTER_HEAD = "# Written by `levada up`, removed by `levada down`: Prefect's commands in this directory use its server.\n"


@dataclass(frozen=True, slots=True)
class Up:
    """What `up` left running."""

    api_url: str
    ui_url: str
    started: tuple[str, ...]
    """Which of "server" and "worker" were started just now; the others were running."""
    folder: str
    """What ingest/folder carries, every hour."""
    logs: Path


def up(home: Path, port: int | None = None, root: Path = ROOT, say: Say = lambda _: None, patience: float = PRIVATE_END) -> Up:
    """Bring up server, deployments and worker, waiting for each. `root` is the directory of prefect.yaml.

    Waits `patience` seconds for the end of runs that use the private server.

    Raises UsageError (port taken, no prefect.yaml), TransientError (something did not start, or a run holds the private
    server) and PermanentError (deploying failed); each says what to do, or where the log is.
    """
    if not (root / "prefect.yaml").is_file():
        raise UsageError(f"there is no prefect.yaml in {root}: run `levada up` from a checkout of Levada")
    folder = _folder(root, prefect_home(home, os.environ))
    directory = make_prefect_home(home, os.environ)
    logs = home / "logs"
    with locked(directory / "up.lock"):
        env = os.environ | {"LEVADA_HOME": str(home), "LEVADA_FOLDER": folder}
        set_defaults(env)
        started = []
        ours = not env.get("PREFECT_API_URL")
        if ours:
            if _start_server(home, directory, port, say, patience):
                started.append("server")
            server = read_state(directory / UP)
            env |= {"PREFECT_HOME": str(directory), "PREFECT_API_URL": server["url"]}
            env.pop("PREFECT_PROFILE", None)
            if server["auth"]:
                env["PREFECT_API_AUTH_STRING"] = server["auth"]
            point_prefect_here(root, server["url"], server["auth"])
        say("Deploying ...")
        _run(
            "preparing the server",
            ["-P", "-m", "deployments.bootstrap", str(root / "prefect.yaml")],
            env,
            root,
            logs / "bootstrap.log",
        )
        if _start_worker(directory, env, logs / "worker.log"):
            started.append("worker")
        _run("deploying", ["-P", "-m", "prefect", "--no-prompt", "deploy", "--all"], env, root, logs / "deploy.log")
        _wait_worker(directory, ours, env, logs / "worker.log")
        write_state(directory / FOLDER, {"folder": folder})
    url = env["PREFECT_API_URL"]
    return Up(url, url.removesuffix("/api"), tuple(started), folder, logs)


def down(home: Path, root: Path = ROOT) -> tuple[str, ...]:
    """Stop what `up` started: first the worker with its runs, which end cleanly, then the server. Returns what was running."""
    directory = prefect_home(home, os.environ)
    if not directory.is_dir():
        return ()
    with locked(directory / "up.lock"):
        stopped = []
        url = str(read_state(directory / UP).get("url", ""))
        for name, file in (("worker", WORKER), ("server", UP)):
            state = read_state(directory / file)
            if is_alive(state) and name == "worker":
                # The worker itself would kill them, and their runs would seem to be at work for ever.
                stop_children(state["pid"], RUNS_END)
            if stop(state, END):
                stopped.append(name)
            (directory / file).unlink(missing_ok=True)
        forget_prefect_here(root, url)
    return tuple(stopped)


def _folder(root: Path, directory: Path) -> str:
    """What ingest/folder carries: LEVADA_FOLDER, else the same as before, at first the examples.

    Raises UsageError if it is not there.
    """
    before = read_state(directory / FOLDER).get("folder")
    name = os.environ.get("LEVADA_FOLDER") or str(before or root / "examples" / "library")
    folder = folder_at(name)
    if folder is None:
        raise UsageError(f"{name} is not a folder: set LEVADA_FOLDER to the folder that ingest/folder shall carry")
    return str(folder.resolve())


def _start_server(home: Path, directory: Path, port: int | None, say: Say, patience: float) -> bool:
    """Make sure that our server runs; True if it had to be started."""
    state = read_state(directory / UP)
    if is_alive(state):
        if port not in (None, state["port"]):
            raise UsageError(f"the server runs already, at {state['url']}: `levada down` first to change its port")
        wait_healthy(state)
        return False
    port = port or PORT
    say(f"Starting Prefect's server on port {port} ...")
    busy = "a run is using this home's private Prefect server: `levada up` again when it has ended"
    with hold(directory / LEASE, fcntl.LOCK_EX, patience, busy), _listen(port) as listener:
        env = server_env(directory)
        state = start_server(directory, listener, env | _settings(port, env), home / "logs" / "server.log", "--full")
        listener.close()
        write_state(directory / UP, {**state, "port": port, "auth": env.get("PREFECT_SERVER_API_AUTH_STRING", "")})
        wait_healthy(read_state(directory / UP))
    return True


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except OSError as exc:
        raise UsageError(f"port {port} is taken by something else ({exc.strerror}): choose another with --port") from exc


def _settings(port: int, env: Mapping[str, str]) -> dict[str, str]:
    """What the web page needs to know; and that no other page in the browser may have this server run commands."""
    settings = {
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_UI_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{port},http://localhost:{port}",
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
    }
    return {name: value for name, value in settings.items() if name not in env}


def _run(what: str, arguments: list[str], env: Mapping[str, str], root: Path, log: Path) -> None:
    """Run a Python command to its end; its output goes to `log`. Raises PermanentError if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log.open("wb") as output:
        done = subprocess.run([sys.executable, *arguments], env=env, cwd=root, stdout=output, stderr=output, check=False)
    if done.returncode:
        words = log.read_text(errors="replace").strip().splitlines()
        raise PermanentError(f"{what} failed: {words[-1].strip(' │') if words else done.returncode} (all of it in {log})")


def _start_worker(directory: Path, env: Mapping[str, str], log: Path) -> bool:
    """Make sure that a worker of ours polls this API; True if it had to be started."""
    state = read_state(directory / WORKER)
    if is_alive(state) and state.get("url") == env["PREFECT_API_URL"]:
        return False
    stop(state, END)
    name = f"levada-{socket.gethostname()}"
    command = [sys.executable, "-P", "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process", "--name", name]
    pid = spawn(command, {"PREFECT_WORKER_QUERY_SECONDS": QUERY, **env}, directory, log)
    write_state(directory / WORKER, {"url": env["PREFECT_API_URL"], "pid": pid, "identity": identity(pid), "log": str(log)})
    return True


def _wait_worker(directory: Path, ours: bool, env: Mapping[str, str], log: Path) -> None:
    """Return once the worker has reported to our server; of a server that was given, only ask that the worker lives.

    Raises TransientError if it ends instead.
    """
    state = read_state(directory / WORKER)
    deadline = time.monotonic() + PATIENCE
    while is_alive(state):
        if not ours or _pool_status(env) in ("READY", "PAUSED"):
            return
        if time.monotonic() > deadline:
            raise TransientError(f"the worker did not report within {PATIENCE:.0f} s; see {log}")
        time.sleep(POLL)
    raise TransientError(f"the worker ended while it started; see {log}")


def _pool_status(env: Mapping[str, str]) -> str:
    pool = get_json(f"{env['PREFECT_API_URL']}/work_pools/{POOL}", env.get("PREFECT_API_AUTH_STRING", ""))
    return str(pool["status"]) if isinstance(pool, dict) else ""


def point_prefect_here(root: Path, url: str, auth: str) -> None:
    """Let `prefect` in the checkout find our server, as `prefect deployment run ingest/folder --watch` expects.

    Prefect reads prefect.toml of the directory that it is called in; one that is not ours is left alone.
    """
    path = root / POINTER
    if path.exists() and not path.read_text().startswith(POINTER_HEAD):
        return
    password = f'auth_string = "{auth}"\n' if auth else ""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f'{POINTER_HEAD}[api]\nurl = "{url}"\n{password}')


def forget_prefect_here(root: Path, url: str) -> None:
    """Undo `point_prefect_here`, if it pointed there: another home may have a server that was started from here."""
    path = root / POINTER
    if path.exists() and path.read_text().startswith(f'{POINTER_HEAD}[api]\nurl = "{url}"\n'):
        path.unlink()
