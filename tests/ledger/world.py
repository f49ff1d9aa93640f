"""A library in small: a source that can be edited, a store that is a dict, and the run that carries the one into the other.

The run is a generator that stops after every step of the publish protocol, so that a test can end it anywhere: a crash.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select

from core.files import ChangePage, ListingEnd, SourceFile
from core.ids import chunk_ids, content_hash, document_id, text_hash
from core.principals import OWNER
from core.reasons import Reason
from core.spaces import EmbeddingSpace
from ledger import deletion, libraries, listings, lookup, owed, publishing, quarantine, runs, sources
from ledger.database import Database, parts
from ledger.libraries import Generation
from ledger.listings import Promotion
from ledger.owed import OwedFile, Pipeline
from ledger.publishing import ChunkRow, Flip, Reading, Revision
from ledger.quarantine import FailedFile
from ledger.runs import Run
from ledger.schema import documents, files, texts, vectors
from ledger.sources import SourceRow
from ledger.vectors import known

SPACE = EmbeddingSpace("model", "revision", "mean", "", "float", 4, 256)
ENGINES = frozenset({"text/1"})

EMPTY, CORRUPT, LOCKED = "", "!corrupt", "!locked"
"""Contents that give no document: nothing in it; broken for good; not readable just now."""

_FAILURES = {EMPTY: Reason.EMPTY, CORRUPT: Reason.CORRUPT, LOCKED: Reason.UNREADABLE}


def vector_of(hash: bytes) -> bytes:
    """A vector that tells which text it belongs to: four float32."""
    return hashlib.blake2b(hash, digest_size=16).digest()


@dataclass
class Source:
    """A folder: {file id: text}. Its chunks are the text's parts between bars. Every edit makes a new fingerprint."""

    files: dict[bytes, str] = field(default_factory=dict)
    versions: dict[bytes, int] = field(default_factory=dict)
    acls: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    root: str = "device-1"
    clock: int = 0

    def write(self, name: str | bytes, text: str) -> bytes:
        """Create or overwrite a file."""
        id = name.encode() if isinstance(name, str) else name
        self.clock += 1
        self.files[id], self.versions[id] = text, self.clock
        return id

    def remove(self, name: str | bytes) -> None:
        """Delete a file."""
        del self.files[name.encode() if isinstance(name, str) else name]

    def rename(self, old: str, new: str) -> None:
        """Move a file, over another one if need be. Its inode, and so its fingerprint, goes with it."""
        self.files[new.encode()] = self.files.pop(old.encode())
        self.versions[new.encode()] = self.versions.pop(old.encode())

    def touch(self, name: str) -> None:
        """A new fingerprint, the same bytes."""
        self.clock += 1
        self.versions[name.encode()] = self.clock

    def fingerprint(self, id: bytes) -> str:
        """Of the bytes as they are now."""
        return f"v{self.versions[id]}"

    def listed(self, id: bytes) -> SourceFile:
        """A file as a listing describes it."""
        name = id.decode(errors="backslashreplace")
        acl = self.acls.get(id, (OWNER,))
        return SourceFile(id, name.rsplit("/")[-1], name, len(self.files[id]), self.fingerprint(id), acl=acl)

    def page(self) -> ChangePage:
        """Everything there is, as one page."""
        return ChangePage(files=tuple(self.listed(id) for id in sorted(self.files)))


class World:
    """One library with one source, its store, and its runs."""

    def __init__(self, db: Database, name: str = "library", root: str = "/folder", store: dict[str, str] | None = None) -> None:
        self.db = db
        self.library = libraries.ensure(db, "tenant", name)
        self.generation: Generation = libraries.ensure_generation(db, self.library, SPACE)
        self.row: SourceRow = sources.ensure(db, self.library, "folder", root, "{}")
        self.source = Source()
        self.store: dict[str, str] = {} if store is None else store
        self.cache: set[str] = set()
        """Contents whose extracted text is kept."""
        self.pipeline = Pipeline(ENGINES, "registry/1", "chunker/1", self.generation.id)
        self.run: Run = self.begin()
        self.embedded = 0
        """How many vectors were made."""
        self.now = time.time()

    # -- one step each ------------------------------------------------------------------------------------------------

    def begin(self) -> Run:
        """Start a run."""
        self.run = runs.begin(self.db, self.library, self.generation, "flow run")
        return self.run

    def id(self, name: str | bytes) -> str:
        """The document id of a file."""
        file_id = name.encode() if isinstance(name, str) else name
        library, row = self.library, self.row
        return document_id(library.tenant, library.name, f"{row.kind}:{row.root}", file_id)

    def listing(
        self,
        pages: Sequence[ChangePage] | None = None,
        *,
        full: bool = True,
        confirm: bool = False,
        cursor: str = "cursor",
    ) -> Promotion:
        """List the source (or take these pages for its listing) and promote it."""
        listing = listings.begin(self.db, self.run, self.row).id
        for page in [self.source.page()] if pages is None else pages:
            listings.stage(self.db, self.run, self.row, listing, page)
        self.read_possibly_moved(listing)
        end = ListingEnd(cursor, full, self.source.root)
        return listings.promote(self.db, self.run, self.row, listing, end, confirm)

    def read_possibly_moved(self, listing: int) -> None:
        """Read new files that may be moved ones."""
        after = ""
        while found := listings.possibly_moved(self.db, self.row, listing, after, limit=2):
            read = []
            for file in found:
                text = self.source.files.get(file.file_id)
                if text is not None and text != LOCKED:
                    read.append((file.document_id, content_hash(text.encode()), self.source.fingerprint(file.file_id)))
            listings.note_contents(self.db, self.run, listing, read)
            after = found[-1].document_id

    def owed(self, limit: int = 1000, max_bytes: int = 10**9) -> list[OwedFile]:
        """What waits for work now."""
        return owed.batch(self.db, self.row, self.now, limit, max_bytes)

    def revisions(self, chosen: Sequence[OwedFile]) -> list[tuple[Revision, dict[bytes, str]]]:
        """The next revisions of these files, as they are now."""
        live = publishing.live_chunks(self.db, self.run, [file.document_id for file in chosen])
        return [self.revision(file, self.source.files[file.file_id], live[file.document_id]) for file in chosen]

    def revision(self, file: OwedFile, text: str, old: dict[str, ChunkRow] | None = None) -> tuple[Revision, dict[bytes, str]]:
        """The next revision of a file with this text, against what is published (`old`); and the texts it adds."""
        if old is None:
            old = publishing.live_chunks(self.db, self.run, [file.document_id])[file.document_id]
        parts = text.split("|")
        ids = chunk_ids(file.document_id, parts)
        added, moved, kept, position = [], [], 0, 0
        new_texts: dict[bytes, str] = {}
        for ordinal, (id, part) in enumerate(zip(ids, parts, strict=True)):
            row = ChunkRow(id, text_hash(part), ordinal, position, position + len(part), 0, (ordinal + 1,), ("Title",))
            position += len(part)
            if id not in old:
                added.append(row)
                new_texts[row.text_hash] = part
            elif row != old[id]:
                moved.append(row)
            else:
                kept += 1
        revision = Revision(
            document_id=file.document_id,
            wanted=file.wanted,
            content_hash=content_hash(text.encode()),
            fingerprint=self.source.fingerprint(file.file_id),
            media_type="text/plain",
            extractor="text/1",
            chunker=self.pipeline.chunker,
            title="Title",
            metadata={"author": "nobody"},
            added=added,
            moved=moved,
            dropped=sorted(old.keys() - set(ids)),
            kept=kept,
        )
        return revision, new_texts

    def embed(self, revisions: Sequence[tuple[Revision, dict[bytes, str]]]) -> dict[bytes, bytes]:
        """Vectors of the added texts that the ledger holds none for."""
        wanted = {hash for _revision, texts in revisions for hash in texts}
        missing = wanted - known(self.db, self.generation.space_id, list(wanted)).keys()
        self.embedded += len(missing)
        return {hash: vector_of(hash) for hash in missing}

    def stage(self, revisions: Sequence[tuple[Revision, dict[bytes, str]]], new_vectors: dict[bytes, bytes]) -> set[str]:
        """Step 1."""
        new_texts = {hash: text for _revision, texts in revisions for hash, text in texts.items()}
        return publishing.stage(self.db, self.run, [revision for revision, _texts in revisions], new_texts, new_vectors)

    def upsert(self, revisions: Sequence[tuple[Revision, dict[bytes, str]]]) -> None:
        """Step 2: the store takes the added chunks."""
        for revision, new_texts in revisions:
            for chunk in revision.added:
                self.store[chunk.id] = new_texts[chunk.text_hash]

    def publish(self, names: Sequence[str] | None = None) -> Flip:
        """Carry these owed files (or all) through steps 1 to 3; none of them may fail."""
        chosen = [file for file in self.owed() if names is None or file.file_id.decode() in names]
        revisions = self.revisions(chosen)
        refused = self.stage(revisions, self.embed(revisions))
        accepted = [pair for pair in revisions if pair[0].document_id not in refused]
        self.upsert(accepted)
        flip = publishing.flip(self.db, self.run, [revision for revision, _texts in accepted])
        flip.refused |= refused
        return flip

    def delete(self, limit: int = 1000) -> int:
        """Step 4, once: claim, let the store delete, forget."""
        ids = deletion.claim(self.db, self.run, limit)
        for id in ids:
            self.store.pop(id, None)
        deletion.forget(self.db, self.run, ids)
        return len(ids)

    def erase(self) -> None:
        """Erase what nobody uses."""
        while deletion.erase_texts(self.db, self.run, limit=1000):
            pass
        while True:
            unused, seen = deletion.unused_contents(self.db, self.run, limit=1000)
            if not seen:
                return
            self.cache -= set(unused)
            deletion.settle_contents(self.db, self.run, seen)

    # -- a whole run --------------------------------------------------------------------------------------------------

    def steps(self, *, confirm: bool = False, portion: int = 2) -> Iterator[str]:
        """A whole run, stopping after every step that a crash may follow; `portion` files or chunks at a time."""
        self.begin()
        yield "begun"
        deletion.abandon_staged(self.db, self.run)
        yield from self._delete_all(portion)
        listing = listings.begin(self.db, self.run, self.row).id
        for part in parts(sorted(self.source.files), portion):
            page = ChangePage(files=tuple(self.source.listed(id) for id in part if id in self.source.files))
            listings.stage(self.db, self.run, self.row, listing, page)
            yield "page staged"
        self.read_possibly_moved(listing)
        yield "moves read"
        listings.promote(self.db, self.run, self.row, listing, ListingEnd("cursor", True, self.source.root), confirm)
        yield "promoted"
        owed.invalidate(self.db, self.run, self.row, self.pipeline)
        after = b""
        while batch := owed.batch(self.db, self.row, self.now, portion, 10**9, after):
            after = batch[-1].file_id
            yield from self._work(batch, portion)
        listings.settle_moves(self.db, self.run, self.row)
        yield "moves settled"
        yield from self._delete_all(portion)
        self.erase()
        runs.finish(self.db, self.run, "completed", None)

    def sync(self, *, confirm: bool = False) -> None:
        """A whole run."""
        for _step in self.steps(confirm=confirm, portion=1000):
            pass

    def _work(self, batch: Sequence[OwedFile], portion: int) -> Iterator[str]:
        current, hopeless, failed, good = [], [], [], []
        for file in batch:
            text = self.source.files.get(file.file_id)
            if text is None:
                continue
            hash = content_hash(text.encode())
            fingerprint = self.source.fingerprint(file.file_id)
            reading = Reading(file.document_id, file.wanted, hash, fingerprint)
            if text == LOCKED:
                failed.append(FailedFile(file.document_id, file.wanted, "fetch", Reason.UNREADABLE, "no permission"))
            elif file.is_current(hash, self.pipeline):
                current.append(reading)
            elif file.is_hopeless(hash, self.pipeline):
                hopeless.append(reading)
            elif text in _FAILURES:
                reason = _FAILURES[text]
                failed.append(FailedFile(file.document_id, file.wanted, "extract", reason, "", hash, fingerprint))
            else:
                good.append(file)
        deletion.suspect_contents(self.db, self.run, [content_hash(self.source.files[file.file_id].encode()) for file in good])
        self.cache |= {content_hash(self.source.files[file.file_id].encode()) for file in good}
        revisions = self.revisions(good)
        yield "extracted"
        new_vectors = self.embed(revisions)
        yield "embedded"
        refused = self.stage(revisions, new_vectors)
        yield "staged"
        accepted = [pair for pair in revisions if pair[0].document_id not in refused]
        for pair in accepted:
            self.upsert([pair])
            yield "upserted"
        publishing.flip(self.db, self.run, [revision for revision, _texts in accepted])
        yield "flipped"
        publishing.confirm(self.db, self.run, current)
        publishing.confirm(self.db, self.run, hopeless, still_failing=True)
        quarantine.record(self.db, self.run, failed, self.pipeline.registry)
        yield "settled"
        yield from self._delete_all(portion)

    def _delete_all(self, portion: int) -> Iterator[str]:
        while ids := deletion.claim(self.db, self.run, portion):
            yield "claimed"
            for id in ids:
                self.store.pop(id, None)
                yield "deleted in the store"
            deletion.forget(self.db, self.run, ids)
            yield "forgotten"

    # -- what can be seen ---------------------------------------------------------------------------------------------

    def visible(self, principals: Sequence[str] | None = None) -> dict[str, str]:
        """What a reader finds who asks the store for everything: {path: the text of its chunks, in order}."""
        view = lookup.live(self.db, self.generation, list(self.store), principals)
        found: dict[str, list[lookup.FoundChunk]] = {}
        for chunk in view.chunks.values():
            found.setdefault(chunk.path, []).append(chunk)
        return {path: "|".join(c.body for c in sorted(chunks, key=lambda c: c.start)) for path, chunks in found.items()}

    def published(self) -> dict[str, str]:
        """What should be readable: {path: content hash} of every published document of this library."""
        statement = select(files.c.path, documents.c.content_hash).join(
            documents, documents.c.document_id == files.c.document_id
        )
        with self.db.read() as connection:
            rows = connection.execute(statement.where(files.c.library_id == self.library.id))
            return dict(rows.all())

    def file_states(self) -> dict[str, int]:
        """{path: FileState} of the mirror."""
        statement = select(files.c.path, files.c.state).where(files.c.source_id == self.row.id)
        with self.db.read() as connection:
            return dict(connection.execute(statement).all())

    def reload(self) -> SourceRow:
        """The source's row as it is now."""
        self.row = next(row for row in sources.all_of(self.db, self.library) if row.id == self.row.id)
        return self.row

    def at(self, later: float) -> None:
        """Let so many seconds pass, for back-offs."""
        self.now += later

    def with_generation(self, generation: Generation) -> None:
        """Work on another collection."""
        self.generation = generation
        self.run = replace(self.run, generation=generation)


def kept_texts(db: Database) -> set[str]:
    """Every text that the ledger holds, of whatever library."""
    with db.read() as connection:
        return set(connection.execute(select(texts.c.text)).scalars())


def kept_vectors(db: Database) -> set[bytes]:
    """The text hash of every vector that the ledger holds."""
    with db.read() as connection:
        return set(connection.execute(select(vectors.c.text_hash)).scalars())
