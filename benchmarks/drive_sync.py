"""One run of the stage `discover` over a Drive source, in this process; benchmarks/drive_emulator.py starts it."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr
from sqlalchemy import update

from blocks.credentials.google_oauth import GoogleOAuth
from blocks.library import Library, open_library
from blocks.sources.google_drive import GoogleDriveSource
from core.files import ChangePage, ListingEnd
from core.trees import Tree
from ledger.schema import files
from tasks import sources
from tasks.context import SourceContext
from tasks.discover import discover
from tasks.session import working_on


class KilledSource(GoogleDriveSource):
    """A source whose process dies when so many of its pages have been staged."""

    _block_type_slug = "levada-killed-google-drive"
    _pages_left: int = 0

    def changes(self, cursor: str | None, tree: Tree | None = None) -> Iterator[ChangePage | ListingEnd]:
        """As it is, to its end."""
        for page in super().changes(cursor, tree):
            yield page
            self._pages_left -= 1
            if self._pages_left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def settle(library: Library) -> None:
    """Every file's content counts as read, as if the other stages had seen it."""
    read = update(files).values(owed=False, read_fingerprint=files.c.fingerprint, content_hash=files.c.fingerprint)
    with library.ledger.write() as connection:
        connection.execute(read)


def _nothing() -> None:
    """In place of what costs time and memory."""


def main(told: dict[str, Any]) -> None:
    """Discover, and print what that took."""
    account = GoogleOAuth(token=SecretStr(told["token"]), api_url=told["url"])
    adapter = KilledSource(credentials=account, **told["settings"])
    adapter._pages_left, shift = told["kill_after"], told["shift"]
    adapter._now = lambda: time.time() + shift
    library = open_library("bench")
    # No text is read here: neither store, nor model, nor parsers are needed, and they would count.
    object.__setattr__(library.vectors, "warm_up", _nothing)
    with working_on(library, None) as ctx:
        object.__setattr__(ctx, "warm_up", _nothing)
        source = SourceContext(adapter, sources.register(library, adapter))
        began, cpu = time.perf_counter(), time.process_time()
        promotion = discover.fn(ctx, source, False, False)
        took: dict[str, float] = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if told["settle"]:
            settle(library)
    adapter.close()
    library.close()
    took |= {"peak": peak, "listed": promotion.listed, "removed": promotion.removed, "owed": source.files_total}
    print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
