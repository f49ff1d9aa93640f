"""The stage of the crash tests: a folder, a library, one process that gives birth to ingests and one that reads."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from blocks.library import Library
from blocks.stores.chroma import ChromaStore
from tests.crash.faults import Fault
from tests.crash.folders import lay_out
from tests.crash.index import Index, disagreements, leftovers, read_index
from tests.crash.processes import MARKER, marked, store_owners, wait_until

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = "crash"
RUN_LIMIT = 120.0
BATCH_FILES = 9
TRUSTED_AFTER = 2.1
"""Seconds after which a file's times are trusted (blocks/sources/local_files.py)."""


class Servant:
    """A process that takes orders and answers, a line of JSON each."""

    def __init__(self, module: str, env: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                bufsize=0,
            )
        self._log = log
        self._buffer = b""
        self.pid = self._process.pid

    def tell(self, order: Mapping[str, Any]) -> None:
        """Give an order."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")

    def hear(self, timeout: float = RUN_LIMIT) -> dict[str, Any] | None:
        """The next answer; None if there is none within so many seconds. Fails if the servant has died."""
        assert self._process.stdout is not None
        while b"\n" not in self._buffer:
            if not select.select([self._process.stdout], [], [], timeout)[0]:
                return None
            block = os.read(self._process.stdout.fileno(), 1 << 16)
            assert block, f"{self._process.args!r} ended: {self._log.read_text(errors='replace')[-3000:]}"
            self._buffer += block
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        """Let it end by itself."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@dataclass
class Outcome:
    """How an ingest ended."""

    status: int
    """Exit status, negative for a signal."""
    state: str = ""
    name: str = ""
    report: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    calls: dict[str, int] = field(default_factory=dict)
    cpu: float = 0.0
    """Seconds of processor time of the process itself."""

    @property
    def killed(self) -> bool:
        """True if SIGKILL ended it."""
        return self.status == -signal.SIGKILL


class Ingest:
    """A running ingest, leader of its process group."""

    def __init__(self, servant: Servant, report: Path, log: Path) -> None:
        self._servant = servant
        self._log = log
        self._report = report
        answer = servant.hear()
        assert answer is not None
        self.pid = int(answer["pid"])
        self.ended: Outcome | None = None

    def wait(self, timeout: float = RUN_LIMIT) -> Outcome | None:
        """Its outcome; None if it still runs after so many seconds."""
        answer = None if self.ended else self._servant.hear(timeout)
        if answer is not None:
            told = json.loads(self._report.read_text()) if self._report.exists() else {}
            self.ended = Outcome(answer["status"], **told)
        return self.ended

    def kill(self) -> Outcome:
        """SIGKILL to the whole group, if it still runs."""
        if self.ended is None and self.wait(0.0) is None:
            with suppress(ProcessLookupError):  # It has ended since, and the nursery is about to say so.
                os.killpg(self.pid, signal.SIGKILL)
        outcome = self.wait()
        assert outcome is not None
        return outcome

    def outcome(self) -> Outcome:
        """Wait for the end."""
        ended = self.wait()
        if ended is None:
            os.kill(self.pid, signal.SIGUSR1)
            time.sleep(1)
            self.kill()
            raise AssertionError(
                f"the ingest did not end within {RUN_LIMIT:.0f} s:\n{self._log.read_text(errors='replace')[-30000:]}"
            )
        return ended


class Stage:
    """One library that is ingested, killed and read again and again."""

    def __init__(self, root: Path, models: Path, model: Path, env: Mapping[str, str], token: str) -> None:
        """`model`: what embeds; `models`: where it is kept converted, as the bundled model is already."""
        self.root = root
        self.model = str(model)
        self.models = models
        self.home = root / "home"
        self.fresh = root / "fresh"
        self.corpus = root / "corpus"
        self.log = root / "ingests.log"
        self.token = token
        self.env = {
            **env,
            MARKER: token,
            "LEVADA_HOME": str(self.home),
            "LEVADA_MODEL": self.model,
            "OPENBLAS_NUM_THREADS": "1",
            # One parser, no log lines to the server: half a second less for every run.
            "LEVADA_EXTRACT_WORKERS": "1",
            "PREFECT_LOGGING_LEVEL": "WARNING",
            "PREFECT_LOGGING_TO_API_ENABLED": "false",
        }
        self.folder = self.corpus
        """What is ingested."""
        self._orders = 0
        self.corpus.mkdir()
        self.forget(self.home)
        self.nursery = Servant("tests.crash.nursery", self.env, root / "nursery.log")
        self.reader = Servant("tests.crash.reader", self.env, root / "reader.log")
        self.reading = False

    def open(self) -> None:
        """Wait for the servants."""
        for servant in (self.nursery, self.reader):
            assert servant.hear() is not None

    # The folder.

    def lay_out(self) -> None:
        """Write two states of it; the folder itself is not there yet."""
        lay_out(self.root / "state-0", self.root / "state-1")
        self.corpus.rmdir()
        self.state: int | None = None

    def switch(self, state: int | None = None) -> int:
        """Bring the folder into a state, or into the other one, which is returned; inodes, and so fingerprints, stay."""
        wanted = state if state is not None else 1 - (self.state or 0)
        self.folder = self.corpus
        if self.state is not None and self.state != wanted:
            self.corpus.rename(self.root / f"state-{self.state}")
            self.state = None
        if self.state is None:
            (self.root / f"state-{wanted}").rename(self.corpus)
            self.state = wanted
        return wanted

    def copy_folder(self, name: str, least: Sequence[str] = ()) -> Path:
        """Ingest a copy of it from now on, all of it or the named files."""
        target = self.root / name
        if least:
            target.mkdir()
            for path in least:
                shutil.copy(self.corpus / path, target)
        else:
            shutil.copytree(self.corpus, target)
        self.folder = target
        return target

    # Ingests.

    def ingest(
        self,
        fault: Fault | None = None,
        home: Path | None = None,
        plain: bool = False,
        model: str | None = None,
        source: str | None = None,
        env: Mapping[str, str] = {},
        wait: float | None = None,
        nursery: Servant | None = None,
    ) -> Ingest:
        """Start an ingest of the folder, or of another `source`, in a process of its own; `plain`: its stages without Prefect;
        `model`: "" for the bundled one; `wait`: seconds to wait for the library; `nursery`: where one at a time is not enough.
        """
        self._orders += 1
        report = self.root / f"report-{self._orders}.json"
        home = home or self.home
        parameters = {"library": LIBRARY, "source": source or str(self.folder), "batch_files": BATCH_FILES}
        nursery = nursery or self.nursery
        nursery.tell(
            {
                "parameters": parameters | ({} if wait is None else {"wait": wait}),
                "fault": asdict(fault) if fault else None,
                "plain": plain,
                "store": str(self.store_of(home)),
                "env": {"LEVADA_HOME": str(home), "LEVADA_MODEL": self.model if model is None else model, **env},
                "report": str(report),
                "log": str(self.log),
            }
        )
        return Ingest(nursery, report, self.log)

    def fresh_index(self) -> Index:
        """What a fresh ingest of the folder into an empty library gives."""
        self.forget(self.fresh)
        outcome = self.ingest(home=self.fresh, plain=True).outcome()
        assert outcome.state == "COMPLETED", f"{outcome}\n{self.last_words()}"
        index = read_index(self.fresh / "ledger.db")
        self.forget(self.fresh)
        return index

    def begin_again(self) -> None:
        """Empty the library, whatever state it is in."""
        self.stop_reading()
        self.forget(self.home)

    def kill_owner(self, home: Path | None = None) -> None:
        """SIGKILL to the owner of the store; whoever reads may start another one before this returns."""
        store = self.store_of(home or self.home)
        killed = set(store_owners(store))
        for pid in killed:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: not killed.intersection(store_owners(store)))

    def forget(self, home: Path) -> None:
        """Make that home empty, but for the model."""
        self.kill_owner(home)
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        (home / "models").symlink_to(self.models)

    # The reader.

    def start_reading(self) -> None:
        """Let the reader search until told otherwise; its first search is done when this returns."""
        if not self.reading:
            self.reader.tell({"do": "start", "library": LIBRARY})
            assert self.reader.hear() is not None
            self.reading = True

    def record(self, stop: bool = False) -> Path:
        """What the reader has seen since it was last asked; it goes on reading unless it is to stop."""
        path = self.root / "record.json"
        self.reader.tell({"do": "stop" if stop else "keep", "record": str(path)})
        assert self.reader.hear() is not None
        self.reading = not stop
        return path

    def stop_reading(self) -> None:
        """The reader lets go of ledger and store."""
        if self.reading:
            self.record(stop=True)

    # What there is.

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.home / "ledger.db"

    @property
    def directory(self) -> Path:
        """The library's directory."""
        return directory_of(self.home)

    def store_of(self, home: Path) -> Path:
        """Where the embedded store of a home lies."""
        return directory_of(home) / "store"

    @property
    def store(self) -> Path:
        """The embedded store."""
        return self.store_of(self.home)

    def library(self, home: Path | None = None) -> Library:
        """The library, for a look at its store; to be closed."""
        return Library(name=LIBRARY, store=ChromaStore(path=self.store_of(home or self.home)))

    def index(self) -> Index:
        """What the library holds now."""
        return read_index(self.ledger)

    def untidy(self, home: Path | None = None) -> list[str]:
        """What is left that should not be, in ledger, store, cache and folder of the library."""
        home = home or self.home
        library = self.library(home)
        try:
            return leftovers(home / "ledger.db", directory_of(home)) + list(disagreements(library, home / "ledger.db"))
        finally:
            library.vectors.close()

    def strangers(self) -> list[str]:
        """Processes of ours that should have ended: all but nursery, reader and the owners of stores."""
        ours = (self.nursery.pid, self.reader.pid)
        return [
            f"{p.pid}: {' '.join(p.command)[:200]}" for p in marked(self.token) if p.pid not in ours and not p.is_store_owner
        ]

    def last_words(self) -> str:
        """The end of what the ingests have logged."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def close(self) -> None:
        """End all."""
        self.stop_reading()
        self.reader.end()
        self.nursery.end()


def directory_of(home: Path) -> Path:
    """Where a home keeps the library's store and texts."""
    return home / "libraries" / "default" / LIBRARY
