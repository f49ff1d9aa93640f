"""Downloads from Google Drive at the pace that the emulator's quota model permits."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from prefect.types import SecretDict

from benchmarks.results import Row, report
from blocks.credentials.google_service_account import GoogleServiceAccount
from blocks.sources.drive.client import DriveClient
from blocks.sources.drive.content import fetch
from blocks.sources.drive.quota import PER_USER, UNITS_PER_MINUTE
from tests.servers.drive import DriveServer

ALICE = "alice@example.com"
WARM_UP, SECONDS, CALLERS = 60.0, 60.0, 8
BURST = 5.0
"""Seconds' worth of units that the emulator lets go at once: with a whole minute's, nothing is refused in the first one."""


@dataclass
class Paced:
    """Units that were granted in SECONDS, as a share of what is permitted; refusals by the server; errors that got out."""

    share: float
    refused: int
    surfaced: int


def paced(permitted: int, asked: int) -> Paced:
    """CALLERS threads that download small files, set to `asked` units a minute, of which `permitted` are granted."""
    with DriveServer() as server, tempfile.TemporaryDirectory() as name:
        home = server.world.create_folder("Home", server.world.user(ALICE).root_id)
        files = cycle(server.world.bulk(home, 0, 500).files)
        server.world.knobs.quota_units.per_user, server.world.knobs.quota_units.burst = permitted, BURST / 60
        info = SecretDict(server.service_account_info())
        account = GoogleServiceAccount(service_account_info=info, subject=ALICE, api_url=server.url)
        client = DriveClient(account, asked)
        began, lock, surfaced = time.monotonic(), threading.Lock(), []

        def next_file() -> Iterator[str]:
            while time.monotonic() - began < WARM_UP + SECONDS:
                with lock:
                    yield next(files)

        def work(_: int) -> None:
            for file_id in next_file():
                try:
                    Path(fetch(client, file_id, Path(name)).path).unlink()
                except Exception as exc:
                    surfaced.append(exc)

        with ThreadPoolExecutor(CALLERS) as pool:
            done = pool.map(work, range(CALLERS))
            time.sleep(WARM_UP)
            before, at = server.requests.units, time.monotonic()
            time.sleep(SECONDS)
            granted, passed = server.requests.units - before, time.monotonic() - at
            list(done)
        client.close()
        refused = sum(record.status == 403 for record in server.requests)
        return Paced(granted / (min(permitted, asked) * passed / 60), refused, len(surfaced))


def main() -> None:
    """Both cases of the quota."""
    all_of_it, less = paced(PER_USER, PER_USER), paced(100_000, UNITS_PER_MINUTE)
    rows = []
    for what, found in (("set to what Google grants", all_of_it), ("granted half of what it is set to", less)):
        rows += [
            Row(f"downloads, {what}: share of the permitted rate", f"{found.share:.1%}", ">= 90 %", found.share >= 0.9),
            Row(
                f"the same: quota errors that got out ({found.refused} refusals)", str(found.surfaced), "0", not found.surfaced
            ),
        ]
    report(rows)


if __name__ == "__main__":
    main()
