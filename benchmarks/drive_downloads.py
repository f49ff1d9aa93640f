"""Downloads from Google Drive, as a batch's are, at the pace that the emulator's quota model permits."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from prefect.types import SecretDict

from benchmarks.results import Row, report
from blocks.credentials.google_service_account import GoogleServiceAccount
from blocks.sources.drive.quota import PER_USER, UNITS_PER_MINUTE
from blocks.sources.google_drive import GoogleDriveSource
from tasks.fetching import Fetching
from tests.servers.drive import DriveServer

ALICE = "alice@example.com"
WARM_UP, SECONDS, BATCH = 60.0, 60.0, 256
BURST = 5.0
"""Seconds' worth of units that the emulator lets go at once: with a whole minute's, nothing is refused in the first one."""


@dataclass
class Paced:
    """Units that were granted in SECONDS, as a share of what is permitted; refusals by the server; errors that got out."""

    share: float
    refused: int
    surfaced: int


def paced(permitted: int, asked: int) -> Paced:
    """Small files in batches, one after the other, set to `asked` units a minute, of which `permitted` are granted."""
    with DriveServer() as server, tempfile.TemporaryDirectory() as name:
        home = server.world.create_folder("Home", server.world.user(ALICE).root_id)
        files = cycle(server.world.bulk(home, 0, 500).files)
        server.world.knobs.quota_units.per_user, server.world.knobs.quota_units.burst = permitted, BURST / 60
        info = SecretDict(server.service_account_info())
        account = GoogleServiceAccount(service_account_info=info, subject=ALICE, api_url=server.url)
        source = GoogleDriveSource(credentials=account, units_per_minute=asked)
        began, surfaced = time.monotonic(), []

        def read() -> None:
            while time.monotonic() - began < WARM_UP + SECONDS:
                with Fetching[str](source, Path(name)) as fetching:
                    for _file, fetch in fetching.in_turn(islice(files, BATCH), str.encode):
                        assert fetch is not None
                        try:
                            Path(fetch().path).unlink()
                        except Exception as exc:
                            surfaced.append(exc)

        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(read)
            time.sleep(WARM_UP)
            before, at = server.requests.units, time.monotonic()
            time.sleep(SECONDS)
            granted, passed = server.requests.units - before, time.monotonic() - at
            done.result()
        source.close()
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
