"""A corpus large enough to be interrupted in the middle, and what must hold afterwards."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.crash.documents import sections
from tests.crash.index import Index, difference, disagreements, leftovers, read_index
from tests.crash.processes import MARKER, Process, marked, wait_until
from tests.crash.stage import LIBRARY, Stage, directory_of

DOCUMENTS, SECTIONS = 42, 9
BATCH_FILES = 6
BUNDLED = ""
"""A command is interrupted while it embeds with the bundled model, which takes its time."""
LIMIT = 10.0
"""Seconds within which a run must end when it is told to (design.md section 6)."""


class Interruption:
    """The corpus, and its index as an undisturbed ingest makes it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.folder = stage.root / "large"
        self.folder.mkdir()
        rng = random.Random(7)
        for number in range(DOCUMENTS):
            (self.folder / f"{number:03}.md").write_text("".join(sections(rng, SECTIONS)))
        stage.folder = self.folder
        self.fresh: Index = stage.fresh_index()

    def env(self, home: Path, env: dict[str, str]) -> dict[str, str]:
        """The environment of a command that works in a home, marked with its name; the model is converted already."""
        (home / "models").symlink_to(self.stage.models)
        return {**env, "LEVADA_HOME": str(home), MARKER: f"{self.stage.token}-{home.name}"}

    def processes(self, home: Path, other_than: Callable[[Process], bool] = lambda _process: False) -> list[str]:
        """What was started in that home and still runs."""
        found = marked(f"{self.stage.token}-{home.name}")
        return [f"{process.pid}: {' '.join(process.command)[:160]}" for process in found if not other_than(process)]

    def published(self, home: Path) -> int:
        """How many documents are published."""
        try:
            with closing(sqlite3.connect(f"file:{home / 'ledger.db'}?mode=ro", uri=True)) as db:
                return int(db.execute("SELECT count(*) FROM documents").fetchone()[0])
        except sqlite3.OperationalError:  # not there yet
            return 0

    def wait_for_the_middle(self, home: Path) -> None:
        """Return when something is published, and most is not."""
        assert wait_until(lambda: self.published(home) > 0, 120)
        assert self.published(home) < DOCUMENTS

    def converges(self, home: Path) -> None:
        """What was published before the interruption is whole; the next run does the rest, and nothing more."""
        stage = self.stage
        done = read_index(home / "ledger.db").documents
        assert 0 < len(done) < DOCUMENTS
        assert all(self.fresh.documents[id] == document for id, document in done.items())
        stage.folder = self.folder
        outcome = stage.ingest(home=home, plain=True, model=BUNDLED).outcome()
        assert outcome.state == "COMPLETED", f"{outcome}\n{stage.last_words()}"
        assert outcome.report["added"] == DOCUMENTS - len(done)
        assert not difference(read_index(home / "ledger.db"), self.fresh, {})
        library = stage.library(home)
        try:
            left = leftovers(home / "ledger.db", directory_of(home)) + list(disagreements(library, home / "ledger.db"))
        finally:
            library.vectors.close()
        assert not left


def runs(home: Path) -> list[str]:
    """The states of the library's runs, as the ledger has them."""
    with closing(sqlite3.connect(home / "ledger.db")) as db:
        return [state for (state,) in db.execute("SELECT state FROM runs ORDER BY id")]


def command(folder: Path) -> list[str]:
    """The arguments of `levada` for the ingest that is interrupted."""
    return ["ingest", str(folder), "--library", LIBRARY, "--batch-files", str(BATCH_FILES)]
