"""Where a run can be made to die: the steps of the publish protocol, and every other step on ledger, store and cache.

Installed in the child process alone (tests/crash/nursery.py), by wrapping the named functions there; the product knows
nothing of it. The wrappers also count, so that a test can say what a run has done.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.crash.processes import store_owners

POINTS = {
    "migration": "alembic.ddl.impl:DefaultImpl._exec",
    "libraries.ensure": "ledger.libraries:ensure",
    "libraries.ensure_generation": "ledger.libraries:ensure_generation",
    "libraries.begin_rebuild": "ledger.libraries:begin_rebuild",
    "libraries.end_rebuild": "ledger.libraries:end_rebuild",
    "sources.ensure": "ledger.sources:ensure",
    "runs.begin": "ledger.runs:begin",
    "runs.finish": "ledger.runs:finish",
    "listings.begin": "ledger.listings:begin",
    "listings.stage": "ledger.listings:stage",
    "listings.note_contents": "ledger.listings:note_contents",
    "listings.promote": "ledger.listings:promote",
    "listings.settle_moves": "ledger.listings:settle_moves",
    "owed.invalidate": "ledger.owed:invalidate",
    "members.mirror": "ledger.members:mirror",
    "spool.keep": "tasks.spool:Spool.keep",
    "publishing.stage": "ledger.publishing:stage",
    "publishing.flip": "ledger.publishing:flip",
    "publishing.confirm": "ledger.publishing:confirm",
    "quarantine.record": "ledger.quarantine:record",
    "deletion.abandon_staged": "ledger.deletion:abandon_staged",
    "deletion.claim": "ledger.deletion:claim",
    "deletion.forget": "ledger.deletion:forget",
    "deletion.suspect_contents": "ledger.deletion:suspect_contents",
    "deletion.erase_texts": "ledger.deletion:erase_texts",
    "deletion.settle_contents": "ledger.deletion:settle_contents",
    "cache.put": "blocks.text_cache:TextCache.put",
    "cache.erase": "blocks.text_cache:TextCache.erase",
    "drive.changes": "blocks.sources.drive.client:DriveClient.changes",
    "drive.files": "blocks.sources.drive.client:DriveClient.files",
    "drive.fetch": "blocks.sources.google_drive:GoogleDriveSource.fetch",
    "drive.write": "blocks.sources.drive.received:Received.write",
    "source.fetch": "blocks.sources.folder:FolderSource.fetch",
    "parser.read": "tasks.extractors.parser_pool:ParserPool._submit",
    "model.embed": "blocks.embedders.sentence_transformer:SentenceTransformerEmbedder.embed_tokenized",
}
"""What can be named, and where it is: "module:function" or "module:Class.method"."""
STORE = "blocks.stores.chroma_embedded:EmbeddedChroma.execute"
"""Every call on the embedded store; counted as "store.<operation>", one for each portion."""

PORTIONS = {
    "blocks.stores.chroma:WRITE_BATCH": 5,
    "tasks.publish:PORTION": 12,
    "tasks.deletion:PORTION": 7,
}
"""Smaller than in earnest, so that a small folder takes several portions of everything."""

BEFORE, INSIDE, AFTER = "before", "inside", "after"
RUN, OWNER, BOTH = "the run", "the store's owner", "the run and the store's owner"
INSIDE_STORE = 0.002
"""Seconds after which a call on the store is cut off: a portion takes some milliseconds."""


@dataclass(frozen=True)
class Fault:
    """Death at the `number`th call of a point: before it, after it, or inside (a ledger's step: all but committed)."""

    when: str
    point: str
    number: int = 1
    victim: str = RUN
    """Who dies: the run with its process group, the owner of its store, or both."""

    def __str__(self) -> str:
        number = f" {self.number}" if self.number > 1 else ""
        return f"{self.when} {self.point}{number}" + (f", {self.victim}" if self.victim != RUN else "")


class Faults:
    """The wrappers of one child process."""

    def __init__(self, fault: Fault | None, store: Path) -> None:
        self.calls: Counter[str] = Counter()
        self._fault = fault
        self._store = store
        self._lock = threading.Lock()
        self._doomed = threading.local()

    def install(self) -> None:
        """Wrap every point; make portions small."""
        for place, size in PORTIONS.items():
            module, _, name = place.partition(":")
            setattr(import_module(module), name, size)
        for point, place in POINTS.items():
            self._wrap(place, point)
        self._wrap(STORE, "store.")
        if self._fault is not None and self._fault.when == INSIDE:
            from sqlalchemy import event
            from sqlalchemy.engine import Engine

            event.listen(Engine, "commit", self._commit)

    def _wrap(self, place: str, name_of_point: str) -> None:
        module, _, path = place.partition(":")
        *owners, name = path.split(".")
        owner: Any = functools.reduce(getattr, owners, import_module(module))
        function = getattr(owner, name)

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            point = name_of_point + args[1] if name_of_point.endswith(".") else name_of_point
            with self._lock:
                self.calls[point] += 1
                due = self._fault is not None and (point, self.calls[point]) == (self._fault.point, self._fault.number)
            if not due or self._fault is None:
                return function(*args, **kwargs)
            if self._fault.when == BEFORE:
                self.strike()
            if self._fault.when == INSIDE:
                self._doomed.by = point
                if point.startswith("store."):
                    threading.Thread(target=self._strike_soon).start()
            result = function(*args, **kwargs)
            self._doomed.by = None
            if self._fault.when == AFTER:
                self.strike()
            return result

        setattr(owner, name, wrapper)

    def _commit(self, _connection: object) -> None:
        if getattr(self._doomed, "by", None):
            self.strike()

    def _strike_soon(self) -> None:
        time.sleep(INSIDE_STORE)
        self.strike()

    def strike(self) -> None:
        """Let the victim die; the run with its whole process group."""
        assert self._fault is not None
        if self._fault.victim != RUN:
            for pid in store_owners(self._store):
                os.kill(pid, signal.SIGKILL)
        if self._fault.victim != OWNER:
            os.killpg(0, signal.SIGKILL)
            threading.Event().wait()  # the signal is on its way; nothing more may happen
