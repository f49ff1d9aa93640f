"""What belongs to whom, and what is left of what was removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from blocks.library import Library
from blocks.sources.folder import FolderSource
from blocks.stores.chroma import ChromaStore
from core.chunks import Chunk
from core.documents import Document
from core.errors import SourceUnavailable, UsageError
from core.files import ChangePage, ListingEnd
from core.report import SyncReport
from core.settings import Settings
from core.spaces import Tokenizer
from ledger import sources
from ledger.database import Database
from ledger.locks import library_lock
from ledger.vectors import known
from tasks.batches import OwedBatches
from tasks.chunk import chunk
from tasks.chunkers.structure import StructureChunker
from tasks.context import SourceContext
from tasks.discover import discover
from tasks.embed import embed
from tasks.extract import extract
from tasks.plan import make_plan
from tasks.progress import Progress, listening
from tasks.publish import publish
from tasks.reconcile import reconcile
from tasks.remove_source import remove_source
from tasks.session import working_on
from tasks.sources import named, register
from tests.blocks.stores.owners import wait_deserted
from tests.flows.stages import ingest_in_stages
from tests.flows.world import World


def test_a_link_to_a_folder_is_the_folder_that_it_led_to(world: World, tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "a.txt").write_text(f"The text of {version}.")
    link = tmp_path / "current"
    link.symlink_to(tmp_path / "v1")
    world.ingest(source=str(link))
    link.unlink()
    link.symlink_to(tmp_path / "v2")
    assert world.ingest(source=None).unchanged == 1, "all sources: the one that is known, where it is"
    assert world.rows("SELECT root FROM sources") == [(str(tmp_path / "v1"),)]
    assert world.ingest(source=str(link)).added == 1
    assert {row[0] for row in world.rows("SELECT root FROM sources")} == {str(tmp_path / "v1"), str(tmp_path / "v2")}


def test_a_source_that_nobody_knows_is_named_even_while_an_ingest_is_at_work(world: World) -> None:
    world.write("a.txt", "A text.")
    world.carry()
    library = world.library()
    with library_lock(library.ledger, library.row()), pytest.raises(UsageError, match="nowhere"):
        remove_source(library, "/nowhere")


def test_a_run_that_cannot_begin_is_not_left_running(world: World) -> None:
    world.write("a.txt", "A text.")
    world.carry()
    library = world.library()
    (world.settings.library_dir(library.name) / "snapshots").write_text("in the way")
    with pytest.raises(FileExistsError), working_on(library, None):
        pass
    assert world.rows("SELECT state FROM runs ORDER BY id DESC LIMIT 1") == [("failed",)]


def test_a_plan_knows_what_a_new_version_will_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        world.write(f"{number}.txt", f"The text of {number}.")
    world.write("broken.pdf", b"%PDF-1.7 and nothing more")
    world.settle()
    world.carry()
    library = world.library()
    adapters = named(library, str(world.folder))
    heard: list[Progress] = []
    with listening(heard.append):
        assert make_plan(library, adapters).changed == 0
    assert (heard[0].stage, heard[0].files_done) == (f"looking at {world.folder}", 4)
    pages = FolderSource.changes

    def told_twice(self: FolderSource, *arguments: Any) -> Iterator[ChangePage | ListingEnd]:
        """As a list on Drive that changes while it is read; what the last page takes back was not there."""
        for page in pages(self, *arguments):
            if isinstance(page, ChangePage):
                yield page
                yield page
                yield ChangePage(removed=(page.files[0].id,))

    with monkeypatch.context() as patched:
        patched.setattr(FolderSource, "changes", told_twice)
        plan = make_plan(library, adapters)
    assert (plan.files, plan.changed, plan.vanished) == (3, 0, 1)
    with library.ledger.write() as connection:
        connection.execute(text("UPDATE documents SET chunker = 'older' WHERE chunker <> 'older'"))
        connection.execute(text("UPDATE quarantine SET engines = 'older'"))
        connection.execute(text("UPDATE sources SET pipeline = 'older'"))
    assert make_plan(library, adapters).changed == 4
    assert world.ingest().chunks_embedded == 0


def test_libraries_of_two_tenants_do_not_share_a_directory(world: World) -> None:
    world.write("a.txt", "A text.")
    for tenant in ("ana", "rui"):
        library = Library(name="docs", tenant=tenant)
        library._settings = world.settings
        ingest_in_stages(library, str(world.folder))
        library.close()
    homes = sorted(path.relative_to(world.home / "libraries") for path in (world.home / "libraries").glob("*/docs/store"))
    assert homes == [Path("ana/docs/store"), Path("rui/docs/store")]


def test_two_libraries_may_live_in_one_store(world: World, tmp_path: Path) -> None:
    world.write("a.txt", "A text.")
    store = tmp_path / "shared store"
    for name in ("one", "two", "one", "two"):
        library = Library(name=name, store=ChromaStore(path=store))
        library._settings = world.settings
        report = ingest_in_stages(library, str(world.folder))
        assert len(library.search("text")) == 1
        library.close()
    assert (report.added, report.unchanged) == (0, 1)
    assert not list(tmp_path.glob("shared store.aside*")), "neither took the other's for a stranger's"


def secrets_left(home: Path, secret: bytes) -> list[str]:
    return [path.name for path in home.rglob("*") if path.is_file() and not path.is_symlink() and secret in path.read_bytes()]


def test_a_text_in_two_batches_is_embedded_once_even_if_the_first_is_published_just_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.txt"):
        world.write(name, "The very same text.")
    library = world.library()
    with working_on(library, None) as ctx:
        reconcile.fn(ctx)
        (adapter,) = named(library, str(world.folder))
        source = SourceContext(adapter, register(library, adapter))
        discover.fn(ctx, source, False, False)
        first, second = next(OwedBatches(ctx, source, 1, 1 << 30).passes())
        for batch in (first, second):
            extract.fn(ctx, source, batch)
            chunk.fn(ctx, batch)
        embed.fn(ctx, source, first)

        def published_meanwhile(db: Database, space_id: int, hashes: list[bytes]) -> dict[bytes, bytes]:
            found = known(db, space_id, hashes)
            publish.fn(ctx, source, first)
            return found

        monkeypatch.setattr("tasks.embed.vectors.known", published_meanwhile)
        embed.fn(ctx, source, second)
        publish.fn(ctx, source, second)
        assert ctx.report.chunks_embedded == 1
    assert len(world.index()) == 2


def test_what_was_removed_is_in_no_file_of_the_ledger_even_while_others_read(world: World) -> None:
    """Invariant I12, with a reader that keeps the ledger open."""
    world.write("secret.txt", "The word is xyzzyplugh.")
    world.write("other.txt", "Nothing to hide.")
    world.carry()
    reader = world.library()
    assert reader.search("word", 1)
    (world.folder / "secret.txt").unlink()
    assert world.ingest().removed == 1
    ledger = [name for name in secrets_left(world.home, b"xyzzyplugh") if name.startswith("ledger.db")]
    assert ledger == []


def test_what_was_removed_or_edited_away_is_in_no_file_once_the_store_has_no_user(world: World) -> None:
    """Invariant I12."""
    for name in ("removed.txt", "edited.txt"):
        world.write(name, f"The word of {name} is xyzzyplugh.")
    world.write("other.txt", "Nothing to hide.")
    world.write("jane-roe.pdf", b"%PDF-1.7 and nothing more")
    world.settle()
    assert world.ingest().quarantined == 1
    (store,) = (world.home / "libraries").rglob("store")
    wait_deserted(store)
    assert secrets_left(world.home, b"xyzzyplugh")
    for name in ("removed.txt", "jane-roe.pdf"):
        (world.folder / name).unlink()
    world.write("edited.txt", "The word was taken out.")
    report = world.ingest()
    assert (report.removed, report.updated) == (1, 1)
    wait_deserted(store)
    assert secrets_left(world.home, b"xyzzyplugh") == []
    assert secrets_left(world.home, b"jane-roe") == []
    assert world.search("Which word was taken out?", 1)[0].path == "edited.txt"


def test_a_removal_of_a_source_that_was_killed_is_finished_by_the_next(world: World) -> None:
    world.write("secret.txt", "The word is xyzzyplugh.")
    world.carry()
    library = world.library()
    with working_on(library, None) as ctx:
        (source,) = sources.all_of(library.ledger, library.row())
        sources.remove(ctx.db, ctx.run, source)
    assert world.rows("SELECT count(*) FROM texts") == [(1,)]
    with pytest.raises(UsageError, match="neither a folder nor a source"):
        remove_source(library, source.root)
    assert world.rows("SELECT count(*) FROM texts") == [(0,)]
    assert world.rows("SELECT count(*) FROM vectors") == [(0,)]
    assert world.store_ids() == []
    assert not list((world.home / "libraries").rglob("texts/*/*"))


def test_asides_of_ours_are_erased_once_the_store_is_rebuilt(world: World) -> None:
    world.write("a.txt", "A text.")
    world.carry()
    (database,) = (world.home / "libraries").rglob("chroma.sqlite3")
    database.write_bytes(b"this is no database" * 1000)
    assert world.ingest().chunks_embedded == 0
    assert not list(database.parent.parent.glob("store.aside*"))


class Choosy(StructureChunker):
    """Refuses one document."""

    def chunk(self, document: Document, tokenizer: Tokenizer) -> list[Chunk]:
        if "indigestible" in document.text:
            raise ArithmeticError("no way\nto cut this")
        return super().chunk(document, tokenizer)


def test_a_document_that_cannot_be_cut_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant I6."""
    monkeypatch.setattr("tasks.session.StructureChunker", Choosy)
    world.write("a.txt", "An indigestible text.")
    world.write("b.txt", "A text.")
    report = world.ingest(batch_files=1)
    assert (report.added, report.quarantined) == (1, 1)
    assert [(f.path, f.stage, f.reason) for f in report.failures] == [("a.txt", "chunk", "failed")]


def test_sources_that_cannot_be_listed_stop_no_other(world: World, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("A text.")
        world.ingest(source=str(tmp_path / name))
    world.write("b.txt", "Another text.")
    world.carry()
    world.write("c.txt", "A new text.")
    for name in ("one", "two"):
        shutil.rmtree(tmp_path / name)
    with pytest.raises(SourceUnavailable) as failure:
        world.run(source=None).result()
    assert str(tmp_path / "one") in str(failure.value)
    assert str(tmp_path / "two") in str(failure.value)
    [(report,)] = world.rows("SELECT report FROM runs ORDER BY id DESC LIMIT 1")
    assert SyncReport.from_json(report).error == str(failure.value), "which `levada status` shows"
    assert {row[0] for row in world.index()} == {"a.txt", "b.txt", "c.txt"}, "the third was worked on, nothing was lost"


def test_a_home_may_have_any_name(world: World, tmp_path: Path) -> None:
    world.write("a.txt", "A text.")
    home = tmp_path / "what? 100 % [odd] #1"
    world.prepare(home)
    assert world.ingest().added == 1
    assert (home / "ledger.db").exists()
    assert Settings.from_env({"LEVADA_HOME": str(home)}).home == home
    assert sorted(path.name for path in tmp_path.iterdir() if "what" in path.name) == [home.name]
