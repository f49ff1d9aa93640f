"""The Drive emulator in a process of its own, so that its work is not counted as ours, and syncs against it in others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ALICE = "alice@example.com"
LATER = 3_600.0
"""Seconds after which nothing is to be looked at again: more than the lag that a source reckons with."""


class Emulator:
    """Its control plane."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/_ctl", timeout=600)

    def tell(self, what: str, **given: Any) -> Any:
        """Ask the control plane."""
        answer = self._http.post(f"/{what}", json=given)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def call(self, op: str, **args: Any) -> Any:
        """An operation of the world."""
        return self.tell("call", op=op, args=args)["result"]

    def folder(self, name: str, parent: str) -> str:
        """A new folder's id."""
        return str(self.call("create_folder", name=name, parent=parent))

    @property
    def home(self) -> str:
        """The root of Alice's Drive."""
        return str(self.call("user", email=ALICE)["root_id"])

    @contextmanager
    def counted(self) -> Iterator[dict[str, int]]:
        """Calls by endpoint, known when the block is left; those for tokens are none of the API."""
        counts: dict[str, int] = {}
        self.tell("requests_clear")
        yield counts
        counts |= self.tell("counts")["counts"]
        counts.pop("token", None)


@contextmanager
def emulator() -> Iterator[Emulator]:
    """Running until the block is left."""
    command = [sys.executable, "-m", "tests.servers.drive", "--seed", "7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Emulator(process.stdout.readline().strip())
        finally:
            process.terminate()


@dataclass(frozen=True, slots=True)
class Synced:
    """What the discovery of one run took."""

    calls: dict[str, int]
    seconds: float
    cpu: float
    """Seconds."""
    peak: int
    """Kilobytes that the process held at most, with all its libraries."""
    listed: int
    owed: int
    """Files whose content is to be read."""
    removed: int

    @property
    def lists(self) -> int:
        """Calls that list files."""
        return self.calls.get("files.list", 0)

    @property
    def all_calls(self) -> int:
        """Calls of the API."""
        return sum(self.calls.values())


def sync(
    drive: Emulator, home: Path, shift: float = 0.0, settle: bool = False, kill_after: int = 0, **settings: Any
) -> Synced | None:
    """Discover as the flow does, in a new process; None if it was killed.

    `shift` is added to the source's clock. `settle`: afterwards the ledger takes all content as read, since the content's
    own stages are measured elsewhere. `kill_after`: SIGKILL when so many of the source's pages are in the ledger.
    """
    told = {"url": drive.url, "shift": shift, "settle": settle, "kill_after": kill_after, "settings": settings}
    told["token"] = json.dumps(drive.tell("credentials", email=ALICE) | {"account": ALICE})
    env = {**os.environ, "LEVADA_HOME": str(home)}
    command = [sys.executable, "-m", "benchmarks.drive_sync", json.dumps(told)]
    with drive.counted() as calls:
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=False)
    if kill_after:
        assert done.returncode == -9, done.returncode
        return None
    assert done.returncode == 0, done.returncode
    return Synced(calls, **json.loads(done.stdout.splitlines()[-1]))
