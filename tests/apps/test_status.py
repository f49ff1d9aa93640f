"""`levada status` on Google Drive: when it was looked at, what comes next, and whether Google tells of changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from blocks.sources.drive.cursor import Cursor
from core.report import SyncReport
from core.spaces import EmbeddingSpace
from ledger import channels, libraries, runs, sources
from ledger.channels import Channel
from ledger.database import Database, open_ledger
from ledger.libraries import LibraryRow
from ledger.schema import listed_files, listings
from ledger.schema import sources as source_rows
from tests.apps.in_process import Levada

ROOT, SECRET = "google-drive:root", "a secret that nobody is shown"


@pytest.fixture
def levada(tmp_path: Path) -> Levada:
    return Levada(LEVADA_HOME=tmp_path)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield db
    db.close()


@pytest.fixture
def library(db: Database) -> LibraryRow:
    """With a Drive that has been listed, whose lists may have lagged behind."""
    library = libraries.ensure(db, "default", "default")
    source = sources.ensure(db, library, "google-drive", ROOT, '{"whole_every": 7200.0}')
    now = time.time()
    cursor = Cursor("ana@example.com", "scope", now, {"user": "1", "0Drive": "2"}, again={"corpus:user": now + 630})
    with db.write() as connection:
        mine = source_rows.c.id == source.id
        connection.execute(update(source_rows).where(mine).values(cursor=cursor.dumps(), listed_at=now - 125))
    return library


def note(db: Database, library: LibraryRow, id: str, expires_at: float, resource: str | None = "r", source: str = ROOT) -> None:
    channel = Channel(
        id, source, "user", "ana@example.com", "https://levada.example.org/", SECRET, resource, expires_at - 604_800, expires_at
    )
    channels.note(db, library, channel)


def test_what_comes_next_is_told(levada: Levada, library: LibraryRow) -> None:
    shown = levada("status").stdout
    assert "google-drive  google-drive:root  listed 2 min ago, 0 files\n" in shown
    assert "follows 2 change logs as ana@example.com; compares everything in 2 h; lists again what was new in 10 min" in shown
    assert "notifications: none; changes are asked for" in shown
    [source] = levada.json("status")["sources"]
    assert (source["following"]["account"], source["following"]["change_logs"]) == ("ana@example.com", 2)
    assert source["following"]["compared_at"] == pytest.approx(time.time() + 7200, abs=60)


def test_channels_are_told_and_their_secrets_are_not(levada: Levada, db: Database, library: LibraryRow) -> None:
    now = time.time()
    note(db, library, "open", now + 3 * 86_400 + 60)
    note(db, library, "unanswered", now + 3600, resource=None)
    note(db, library, "ended", now - 60)
    note(db, library, "left", now + 3600, source="google-drive:gone")
    shown = levada("status").stdout
    assert "notifications: 1 open to https://levada.example.org/ until " in shown
    assert "(in 3 d), 1 asked for, not answered, 1 ended\n" in shown
    assert "1 channel of a source that was removed" in shown
    told = levada.json("status")
    assert [(c["source"], c["answered"]) for c in told["channels"]].count((ROOT, True)) == 2
    assert SECRET not in shown + str(told)


def test_a_listing_on_its_way_is_told(levada: Levada, db: Database, library: LibraryRow) -> None:
    [source] = sources.all_of(db, library)
    with db.write() as connection:
        row = {"source_id": source.id, "started_at": time.time()}
        listing = connection.execute(insert(listings).values(row).returning(listings.c.id)).scalar_one()
        for id in ("a", "b"):
            connection.execute(insert(listed_files).values(listing_id=listing, document_id=id, kind=1))
    assert "a listing has seen 2 so far" in levada("status").stdout


def test_what_the_last_run_failed_for_is_told(levada: Levada, db: Database, library: LibraryRow) -> None:
    generation = libraries.ensure_generation(db, library, EmbeddingSpace("model", "1", "mean", "", "float", 384, 256))
    run = runs.begin(db, library, generation, "flow run")
    runs.finish(db, run, "failed", SyncReport(error="log in again: `levada drive login`").to_json())
    assert "failed, 0 s ago: log in again: `levada drive login`" in levada("status").stdout
    runs.finish(db, runs.begin(db, library, generation, "another"), "completed", SyncReport().to_json())
    assert "log in again" not in levada("status").stdout
