"""A library in small over the real Drive source: real HTTP, the real ledger, the real listing stage; its store is a dict.

A run can be ended at any of its steps, as by a crash.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import text

from blocks.sources.drive.client import DriveClient
from blocks.sources.google_drive import GoogleDriveSource
from core.errors import Unprocessable
from core.files import ChangePage, ListingEnd
from core.ids import content_hash
from core.principals import OWNER, split
from core.reasons import Reason
from core.report import SyncReport
from core.trees import Tree
from ledger import deletion, libraries, listings, owed, publishing, quarantine, runs, sources
from ledger.database import Database
from ledger.listings import Promotion
from ledger.owed import OwedFile, Pipeline
from ledger.publishing import Reading
from ledger.quarantine import FailedFile
from tasks.context import SourceContext
from tasks.discover import discover
from tests.blocks.sources.drive_place import credentials
from tests.drive.place import Place
from tests.ledger.world import ENGINES, SPACE, World
from tests.ledger.world import Source as Texts

logging.getLogger("levada").setLevel(logging.ERROR)
_number = count(1)


class Crash(BaseException):
    """The process dies here."""


class Fuse:
    """Ends a run at its nth step, or at the nth of those with a certain name; `watch` is called at each."""

    def __init__(self, nth: int | None = None, name: str = "", watch: Callable[[str], None] = lambda _step: None) -> None:
        self.left, self.name, self.watch = nth, name, watch
        self.steps: list[str] = []

    def __call__(self, step: str) -> None:
        """The run has come to a step."""
        self.steps.append(step)
        self.watch(step)
        if self.left is not None and step.startswith(self.name):
            self.left -= 1
            if self.left == 0:
                raise Crash(step)


class Adapter:
    """The source, with a step before and after each page."""

    def __init__(self, source: GoogleDriveSource, fuse: Fuse) -> None:
        self._source, self._fuse = source, fuse
        self.ids_are_places = source.ids_are_places
        self.heed = source.heed

    def changes(self, cursor: str | None, tree: Tree | None = None) -> Iterator[ChangePage | ListingEnd]:
        """As the source's."""
        with closing(self._source.changes(cursor, tree)) as pages:  # type: ignore[type-var]
            for page in pages:
                self._fuse("page found")
                yield page
                self._fuse("page staged")


class Context:
    """As much of a run's context as the listing stage asks for."""

    def __init__(self, carrier: Carrier) -> None:
        self.db, self.run, self.pipeline, self.snapshots = carrier.db, carrier.run, carrier.pipeline, carrier.snapshots
        self.report = SyncReport()

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """No clock."""
        yield

    @contextmanager
    def counting(self) -> Iterator[SyncReport]:
        """The report."""
        yield self.report

    def check(self) -> None:
        """Nobody stops it."""

    def warm_up(self) -> None:
        """Nothing to warm."""


class _Fetched(Texts):
    """Texts as they were read last."""

    def fingerprint(self, id: bytes) -> str:
        return self.seen[id]

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[bytes, str] = {}


class Carrier(World):
    """One library with one Drive source."""

    def __init__(self, place: Place, db: Database, directory: Path, scope: dict[str, Any], **settings: Any) -> None:
        self.db, self.place, self.scope, self.settings = db, place, scope, settings
        self.library = libraries.ensure(db, "tenant", f"library-{next(_number)}")
        self.generation = libraries.ensure_generation(db, self.library, SPACE)
        self.row = sources.ensure(db, self.library, "google-drive", "google-drive", "{}")
        self.pipeline = Pipeline(ENGINES, "registry/1", "chunker/1", self.generation.id)
        self.snapshots = directory / self.library.name
        self.snapshots.mkdir()
        self.store: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        """Extracted texts that are kept, by the hash of their content."""
        self.cache: set[str] = set()
        self.source = _Fetched()
        self.portion = 2
        """Files, or chunks, that are worked on at once."""
        self.embedded, self.downloads, self.writes = 0, 0, 0
        self.now = time.time()
        self.report = SyncReport()
        self._slept = 0.0
        self._client = DriveClient(credentials(place.server), 10**9, sleep=self._sleep, clock=lambda: self._slept)
        self._borrowed = False
        self.drive = self.configure(scope)
        self.begin()

    def _sleep(self, seconds: float) -> None:
        self._slept += seconds

    def configure(self, scope: dict[str, Any]) -> GoogleDriveSource:
        """Look at this scope from now on."""
        self.scope = scope
        self.drive = GoogleDriveSource(credentials=credentials(self.place.server), **scope, **self.settings)
        self.drive._client = self._client
        self.drive._now = lambda: self.place.world.now / 1000
        return self.drive

    def close(self) -> None:
        """Let go of connections."""
        if not self._borrowed:
            self._client.close()

    # -- a whole run --------------------------------------------------------------------------------------------------

    def sync(self, *, confirm: bool = False, full: bool = False, fuse: Fuse | None = None) -> Promotion:
        """A whole run, as tasks/ have it."""
        fuse = fuse or Fuse()
        self.row = sources.ensure(self.db, self.library, "google-drive", "google-drive", "{}")
        self.begin()
        fuse("begun")
        deletion.abandon_staged(self.db, self.run)
        self._step_through(self._delete_all(self.portion), fuse)
        context = Context(self)
        self.report = context.report
        source = SourceContext(Adapter(self.drive, fuse), self.row)  # type: ignore[arg-type]
        promotion = discover.fn(context, source, confirm, full, lambda: fuse("all listed"))  # type: ignore[arg-type]
        fuse("promoted")
        self.row = self.reload()
        after = b""
        while batch := owed.batch(self.db, self.row, self.now, self.portion, 10**9, after):
            after = batch[-1].file_id
            self._step_through(self._carry(batch), fuse)
        listings.settle_moves(self.db, self.run, self.row)
        fuse("moves settled")
        self._step_through(self._delete_all(self.portion), fuse)
        self.erase()
        self.texts = {hash: text for hash, text in self.texts.items() if hash in self.cache}
        runs.finish(self.db, self.run, "completed", None)
        return promotion

    def _step_through(self, steps: Iterator[str], fuse: Fuse) -> None:
        for step in steps:
            fuse(step)

    def _carry(self, batch: list[OwedFile]) -> Iterator[str]:
        """Read these files, and publish them."""
        current, hopeless, failed, good = [], [], [], []
        for file in batch:
            read = self._known(file) or self._read(file, failed)
            yield "read"
            if read is None:
                continue
            text, fingerprint = read
            hash = content_hash(text.encode())
            self.source.files[file.file_id], self.source.seen[file.file_id] = text, fingerprint
            reading = Reading(file.document_id, file.wanted, hash, fingerprint)
            if file.is_current(hash, self.pipeline):
                current.append(reading)
            elif file.is_hopeless(hash, self.pipeline):
                hopeless.append(reading)
            elif not text:
                empty = FailedFile(file.document_id, file.wanted, "extract", Reason.EMPTY, "", hash, fingerprint)
                failed.append(empty)
            else:
                good.append(file)
        kept = {content_hash(self.source.files[file.file_id].encode()): self.source.files[file.file_id] for file in good}
        deletion.suspect_contents(self.db, self.run, list(kept))
        self.cache |= kept.keys()
        self.texts |= kept
        revisions = self.revisions(good)
        new_vectors = self.embed(revisions)
        yield "embedded"
        refused = self.stage(revisions, new_vectors)
        yield "staged"
        accepted = [pair for pair in revisions if pair[0].document_id not in refused]
        for pair in accepted:
            self.upsert([pair])
            self.writes += len(pair[0].added)
            yield "upserted"
        publishing.flip(self.db, self.run, [revision for revision, _texts in accepted])
        yield "flipped"
        publishing.confirm(self.db, self.run, current)
        publishing.confirm(self.db, self.run, hopeless, still_failing=True)
        quarantine.record(self.db, self.run, failed, self.pipeline.registry)
        yield "settled"
        yield from self._delete_all(self.portion)

    def _known(self, file: OwedFile) -> tuple[str, str] | None:
        """Text and fingerprint of a file whose bytes are known."""
        if not file.fingerprint or file.fingerprint != file.read_fingerprint or file.content_hash not in self.texts:
            return None
        return self.texts[file.content_hash], file.fingerprint

    def _read(self, file: OwedFile, failed: list[FailedFile]) -> tuple[str, str] | None:
        self.downloads += 1
        try:
            snapshot = self.drive.fetch(file.file_id, self.snapshots)
        except FileNotFoundError:
            return None
        except Unprocessable as exc:
            failed.append(FailedFile(file.document_id, file.wanted, "fetch", exc.reason, exc.detail))
            return None
        data = Path(snapshot.path).read_bytes()
        Path(snapshot.path).unlink()
        assert content_hash(data) == snapshot.content_hash
        return data.decode(), snapshot.fingerprint

    # -- what can be seen ---------------------------------------------------------------------------------------------

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Any question to the ledger about this library (:library), its source (:source), its :generation."""
        with self.db.read() as connection:
            values = {"library": self.library.id, "source": self.row.id, "generation": self.generation.id}
            return [tuple(row) for row in connection.execute(text(query), values)]

    def index(self) -> dict[str, dict[str, Any]]:
        """What the library serves and why not more, by the id of the file: what invariant I2 compares."""
        names = ("path", "name", "media_type", "size", "link", "modified", "state", "acl", "content", "failing")
        found: dict[str, dict[str, Any]] = {}
        for id, *facts in self.rows(
            "SELECT f.file_id, f.path, f.name, f.media_type, f.size, f.link, f.modified, f.state, a.principals, d.content_hash,"
            " q.reason FROM files f JOIN acls a ON a.id = f.acl_id LEFT JOIN documents d ON d.document_id = f.document_id"
            " LEFT JOIN quarantine q ON q.document_id = f.document_id WHERE f.library_id = :library"
        ):
            found[bytes(id).decode()] = dict(zip(names, facts, strict=True)) | {"chunks": []}
        for id, part in self.rows(
            "SELECT f.file_id, t.text FROM chunks c JOIN texts t ON t.text_hash = c.text_hash"
            " JOIN files f ON f.document_id = c.document_id WHERE c.state = 1 AND f.library_id = :library"
            " ORDER BY f.file_id, c.ordinal"
        ):
            found[bytes(id).decode()]["chunks"].append(part)
        for facts in found.values():
            facts["acl"] = self._allowed(facts["acl"])
        return found

    def ended(self) -> dict[str, set[str]]:
        """{file: principals whose right has ended}."""
        told = self.rows(
            "SELECT f.file_id, a.principals FROM files f JOIN acls a ON a.id = f.acl_id WHERE f.library_id = :library"
        )
        return {bytes(id).decode(): {who for who, _until in self._rights(acl, valid=False)} for id, acl in told}

    def _allowed(self, principals: str) -> tuple[str, ...]:
        """Principals whose right has not ended."""
        return tuple(sorted({who for who, _until in self._rights(principals, valid=True)})) or (OWNER,)

    def _rights(self, principals: str, valid: bool) -> list[tuple[str, float | None]]:
        now = self.place.world.now / 1000
        return [(who, until) for who, until in map(split, json.loads(principals)) if (until is None or until > now) == valid]

    def paths(self) -> dict[str, str]:
        """{id: path} of what is published."""
        return {id: facts["path"] for id, facts in self.index().items() if facts["content"] is not None}

    def mirror(self) -> list[tuple[Any, ...]]:
        """Cursor, files and tree, as they are."""
        return [
            *self.rows("SELECT cursor, root_identity FROM sources WHERE id = :source AND listed_at IS NOT NULL"),
            *self.rows("SELECT file_id, path, fingerprint, state, acl_id FROM files WHERE source_id = :source ORDER BY 1"),
            *self.rows("SELECT id, parent, facts FROM nodes WHERE source_id = :source ORDER BY 1"),
        ]

    def fresh(self) -> Carrier:
        """Another library, empty, over the same scope."""
        fresh = Carrier(self.place, self.db, self.snapshots, self.scope, **self.settings)
        fresh.portion = 1_000
        fresh._client, fresh._borrowed = self._client, True
        fresh.configure(self.scope)
        return fresh

    def calls(self) -> int:
        """Requests that the emulator has got."""
        return self.place.server.requests.count()
