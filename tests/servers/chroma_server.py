"""A real Chroma server on a free port of the loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


@contextmanager
def chroma_server(directory: Path) -> Iterator[str]:
    """Serve `directory` with `chroma run`; gives the URL. The server dies with this process, also on SIGKILL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    directory.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(directory), "--host", "127.0.0.1"]
    with (directory.parent / "chroma-server.log").open("wb") as log:
        server = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command, "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory,
            env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(url, server, Path(log.name))
        yield url
    finally:
        server.kill()
        server.wait()


def _wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/api/v2/heartbeat", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"chroma run did not come up: {log.read_text('utf-8', 'replace')[-2000:]}")
