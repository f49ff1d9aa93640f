"""A folder, a library in a home of its own, and what a test wants to know of them."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

from prefect.states import State
from sqlalchemy import text

from blocks.library import Library, Passage, open_library
from core.report import SyncReport
from core.settings import Settings
from ledger import libraries
from ledger.database import Database, open_ledger
from ledger.statistics import Statistics, collect
from tests.flows.stages import ingest_in_stages


class World:
    """`folder` is ingested into library `name` of `home`."""

    def __init__(self, base: Path, models: Path, name: str = "default", empty_ledger: Path | None = None) -> None:
        """`empty_ledger`: what a home gets before the first ingest that has to succeed, for to build one is dear."""
        self.name = name
        self.models = models
        self.empty_ledger = empty_ledger
        self.folder = base / "folder"
        self.folder.mkdir(exist_ok=True)
        self.prepare(base / "home")
        self._open: list[Library] = []

    def prepare(self, home: Path) -> None:
        """Make a home that has the model; this library is there from now on."""
        home.mkdir(mode=0o700, exist_ok=True)
        if not (home / "models").exists():
            (home / "models").symlink_to(self.models)
        self.home = home
        self.settings = Settings.from_env({"LEVADA_HOME": str(home), "LEVADA_EXTRACT_WORKERS": "1"})

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file that looks old, so that its fingerprint is trusted."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
        return target

    def settle(self) -> None:
        """Wait until no file counts as modified just now."""
        newest = max((path.stat().st_ctime for path in self.folder.rglob("*")), default=0.0)
        time.sleep(max(0.0, newest + 2.1 - time.time()))

    def run(self, source: str | None = "", **parameters: Any) -> State[Any]:
        """Run the flow; an empty source means the folder."""
        from flows.ingest import ingest

        parameters["source"] = str(self.folder) if source == "" else source
        os.environ["LEVADA_HOME"] = str(self.home)
        state: Any = ingest(library=self.name, **parameters, return_state=True)
        return state

    def ingest(self, **parameters: Any) -> SyncReport:
        """Run the flow to a good end; its report."""
        self._take_ledger()
        state = self.run(**parameters)
        if not state.is_completed():
            state.result()
        report = state.result()
        assert isinstance(report, SyncReport)
        return report

    def carry(self) -> SyncReport:
        """Take the stages of a run to a good end, without Prefect: half as dear; their report."""
        self._take_ledger()
        os.environ["LEVADA_HOME"] = str(self.home)
        opened = open_library(self.name)
        try:
            return ingest_in_stages(opened, str(self.folder))
        finally:
            opened.close()

    def _take_ledger(self) -> None:
        if self.empty_ledger is not None and not (self.home / "ledger.db").exists():
            shutil.copy(self.empty_ledger, self.home / "ledger.db")

    def library(self) -> Library:
        """The library, opened anew; closed after the test."""
        opened = open_library(self.name, self.settings)
        self._open.append(opened)
        return opened

    def search(self, question: str, k: int = 5) -> list[Passage]:
        """Search as another process would: with a library of its own."""
        opened = open_library(self.name, self.settings)
        try:
            return opened.search(question, k)
        finally:
            opened.close()

    def ledger(self) -> Database:
        """The ledger, for looking."""
        return open_ledger(self.settings.ledger_url)

    def status(self) -> Statistics:
        """The library's counts."""
        db = self.ledger()
        try:
            return collect(db, libraries.find(db, "default", self.name))
        finally:
            db.close()

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Any question to the ledger."""
        db = self.ledger()
        try:
            with db.read() as connection:
                return [tuple(row) for row in connection.execute(text(query), values)]
        finally:
            db.close()

    def index(self) -> list[tuple[Any, ...]]:
        """All that search can find, in order: what invariant I2 compares."""
        return self.rows(
            "SELECT f.path, c.ordinal, c.id, t.text, c.start, c.end, c.body_offset, c.pages, c.headings, d.content_hash, "
            "a.principals "
            "FROM chunks c JOIN texts t ON t.text_hash = c.text_hash JOIN files f ON f.document_id = c.document_id "
            "JOIN documents d ON d.document_id = c.document_id JOIN acls a ON a.id = f.acl_id "
            "WHERE c.state = 1 ORDER BY f.path, c.ordinal"
        )

    def store_ids(self) -> list[str]:
        """Every id in the store."""
        from blocks.stores.base import CollectionRef

        opened = open_library(self.name, self.settings)
        try:
            generation = opened.generation()
            assert generation is not None
            ref = CollectionRef(generation.collection, generation.store_id)
            return sorted(id for page in opened.vectors.ids(ref) for id in page)
        finally:
            opened.close()

    def close(self) -> None:
        """Close what the test left open."""
        for opened in self._open:
            opened.close()
