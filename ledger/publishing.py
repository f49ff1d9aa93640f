"""The publish protocol, steps 1 and 3: chunks are staged before the store sees them, and go live in one transaction.

A file whose wanted state has moved on meanwhile, or that is gone, is refused by itself; the others of its batch go on.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, or_, select, update

from ledger import runs, shared_texts
from ledger.database import Database, parts
from ledger.removal import retire_gone, suspect_contents_of
from ledger.runs import Run
from ledger.schema import (
    ChunkState,
    FileState,
    chunks,
    documents,
    files,
    quarantine,
    text_garbage,
    texts,
    vectors,
)


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A chunk with its place in the document."""

    id: str
    text_hash: bytes
    ordinal: int
    start: int
    end: int
    body_offset: int
    pages: tuple[int, ...]
    headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """A document's next revision: what changes against the published one."""

    document_id: str
    wanted: int
    content_hash: str
    fingerprint: str
    """Of the bytes that were read; "" if it cannot be trusted yet."""
    media_type: str
    extractor: str
    chunker: str
    title: str | None
    metadata: Mapping[str, str]
    added: Sequence[ChunkRow]
    """Chunks that are not live yet."""
    moved: Sequence[ChunkRow]
    """Live chunks that stay, at another place."""
    dropped: Sequence[str]
    """Live chunks that go."""
    kept: int = 0
    """How many live chunks stay where they are."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read and needs nothing more: its content is published already, or has failed for good."""

    document_id: str
    wanted: int
    content_hash: str
    fingerprint: str


@dataclass(slots=True)
class Flip:
    """What a flip published."""

    added: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


def live_chunks(db: Database, run: Run, document_ids: Sequence[str]) -> dict[str, dict[str, ChunkRow]]:
    """The live chunks of these documents: {document id: {chunk id: row}}."""
    found: dict[str, dict[str, ChunkRow]] = {document: {} for document in document_ids}
    c = chunks.c
    columns = (c.document_id, c.id, c.text_hash, c.ordinal, c.start, c.end, c.body_offset, c.pages, c.headings)
    with db.read() as connection:
        for part in parts(document_ids):
            rows = connection.execute(
                select(*columns).where(
                    db.among(c.document_id, part), c.generation_id == run.generation.id, c.state == ChunkState.LIVE
                )
            )
            for document, id, hash, ordinal, start, end, offset, pages, headings in rows:
                found[document][id] = ChunkRow(
                    id, hash, ordinal, start, end, offset, tuple(json.loads(pages)), tuple(json.loads(headings))
                )
    return found


def stage(
    db: Database, run: Run, revisions: Sequence[Revision], new_texts: Mapping[bytes, str], new_vectors: Mapping[bytes, bytes]
) -> set[str]:
    """Step 1: whatever a crash may leave in the store has an owner from here on, and every vector is kept.

    Returns the documents refused, which stay owed: one of their chunks is being deleted from the store just now, or a text
    that was thought to be held, with its vector, has been erased meanwhile with its last user in another library.
    """
    with db.write() as connection:
        runs.fence(connection, run)
        shared_texts.use(db, connection)
        # In one order, lest two libraries' runs wait for each other.
        if new_texts:
            bodies = [{"text_hash": hash, "text": new_texts[hash]} for hash in sorted(new_texts)]
            connection.execute(db.insert(texts).on_conflict_do_nothing(), bodies)
        if new_vectors:
            space = run.generation.space_id
            blobs = [{"text_hash": hash, "space_id": space, "vector": new_vectors[hash]} for hash in sorted(new_vectors)]
            connection.execute(db.insert(vectors).on_conflict_do_nothing(), blobs)
        refused = _being_deleted(db, connection, run, revisions) | _without_vector(db, connection, run, revisions)
        rows = [
            _row(run, revision.document_id, chunk, ChunkState.STAGED)
            for revision in revisions
            if revision.document_id not in refused
            for chunk in revision.added
        ]
        if rows:
            statement = db.insert(chunks)
            statement = statement.on_conflict_do_update(
                index_elements=["generation_id", "id"],
                set_={"state": ChunkState.STAGED.value, **_places(statement.excluded)},
                where=or_(chunks.c.state == ChunkState.STAGED, chunks.c.state == ChunkState.STALE),
            )
            connection.execute(statement, rows)
        if refused:
            # What was saved for a refused document may have no user: it must not outlive this run (invariant I12).
            left = {chunk.text_hash for r in revisions if r.document_id in refused for chunk in r.added}
            garbage = [{"text_hash": hash} for hash in sorted(left)]
            connection.execute(db.insert(text_garbage).on_conflict_do_nothing(), garbage)
    return refused


def flip(db: Database, run: Run, revisions: Sequence[Revision]) -> Flip:
    """Step 3, one transaction: staged -> live, dropped -> stale, the documents' revisions set, quarantine cleared.

    A revision is refused, and its staged chunks given up, if its file's wanted state has moved on or the file is gone, or if
    not all that it adds is staged and all that it keeps or drops is live: then it was planned against another state.
    """
    result = Flip()
    with db.write() as connection:
        runs.fence(connection, run)
        wanted = _still_wanted(db, connection, {r.document_id: r.wanted for r in revisions})
        accepted = _still_true(db, connection, run, [r for r in revisions if r.document_id in wanted])
        result.refused = {r.document_id for r in revisions} - accepted
        going = [r for r in revisions if r.document_id in accepted]
        known = _known(db, connection, accepted)
        moves = _moves(db, connection, accepted)
        for part in parts([chunk.id for r in going for chunk in r.added]):
            _turn(connection, run, db.among(chunks.c.id, part), ChunkState.STAGED, ChunkState.LIVE)
        for part in parts([id for r in going for id in r.dropped]):
            _turn(connection, run, db.among(chunks.c.id, part), ChunkState.LIVE, ChunkState.STALE)
        # What is still staged of these documents belongs to a revision that was given up, or is refused here.
        _retract(db, connection, run, {r.document_id for r in revisions})
        _move_chunks(db, connection, run, going)
        _set_documents(db, connection, run, going)
        _settle(connection, [Reading(r.document_id, r.wanted, r.content_hash, r.fingerprint) for r in going])
        for part in parts(sorted(accepted)):
            connection.execute(delete(quarantine).where(db.among(quarantine.c.document_id, part)))
            connection.execute(update(files).where(db.among(files.c.document_id, part)).values(moved_from=None))
        _leave_old_places(db, connection, run, moves.values())
        if going:
            runs.publish(connection, run)
    result.moved = set(moves)
    result.updated = accepted & known
    result.added = accepted - known - result.moved
    return result


def confirm(db: Database, run: Run, readings: Sequence[Reading], still_failing: bool = False) -> None:
    """Files whose bytes were read and brought nothing new: they are no longer owed.

    Their content is published already, or (still_failing) is in quarantine for good.
    """
    with db.write() as connection:
        runs.fence(connection, run)
        accepted = _still_wanted(db, connection, {r.document_id: r.wanted for r in readings})
        _settle(connection, [r for r in readings if r.document_id in accepted])
        if not still_failing:
            for part in parts(sorted(accepted)):
                connection.execute(delete(quarantine).where(db.among(quarantine.c.document_id, part)))


def retract(db: Database, run: Run, document_ids: Sequence[str]) -> None:
    """Give staged chunks up: the store must forget them."""
    with db.write() as connection:
        runs.fence(connection, run)
        _retract(db, connection, run, set(document_ids))


def _row(run: Run, document_id: str, chunk: ChunkRow, state: ChunkState) -> dict[str, object]:
    return {
        "generation_id": run.generation.id,
        "id": chunk.id,
        "document_id": document_id,
        "state": state.value,
        "text_hash": chunk.text_hash,
        "ordinal": chunk.ordinal,
        "start": chunk.start,
        "end": chunk.end,
        "body_offset": chunk.body_offset,
        "pages": json.dumps(chunk.pages),
        "headings": json.dumps(chunk.headings, ensure_ascii=False),
    }


def _places(row: object) -> dict[str, object]:
    names = ("ordinal", "start", "end", "body_offset", "pages", "headings")
    return {name: row[name] for name in names}  # type: ignore[index]


def _being_deleted(db: Database, connection: Connection, run: Run, revisions: Sequence[Revision]) -> set[str]:
    owner = {chunk.id: revision.document_id for revision in revisions for chunk in revision.added}
    c, refused = chunks.c, set()
    for part in parts(list(owner)):
        rows = connection.execute(
            select(c.id).where(c.generation_id == run.generation.id, db.among(c.id, part), c.state == ChunkState.DELETING)
        )
        refused |= {owner[id] for id in rows.scalars()}
    return refused


def _without_vector(db: Database, connection: Connection, run: Run, revisions: Sequence[Revision]) -> set[str]:
    """Documents that add a chunk whose text or vector the ledger does not hold: a rebuild could not bring it back."""
    needed = sorted({chunk.text_hash for revision in revisions for chunk in revision.added})
    held: set[bytes] = set()
    t, v = texts.c, vectors.c
    both = and_(v.text_hash == t.text_hash, v.space_id == run.generation.space_id)
    for part in parts(needed):
        found = select(t.text_hash).join(vectors, both).where(db.among(t.text_hash, part))
        held |= set(connection.execute(found).scalars())
    return {r.document_id for r in revisions if any(chunk.text_hash not in held for chunk in r.added)}


def _still_wanted(db: Database, connection: Connection, wanted: Mapping[str, int]) -> set[str]:
    """Of {document: number of the wanted state}, those whose file is there and wants that still; they are locked."""
    accepted: set[str] = set()
    f = files.c
    for part in parts(sorted(wanted)):
        rows = connection.execute(
            select(f.document_id, f.wanted)
            .where(db.among(f.document_id, part), f.state == FileState.PRESENT)
            .order_by(f.document_id)
            .with_for_update(key_share=True)
        )
        accepted |= {document for document, number in rows if number == wanted[document]}
    return accepted


def _still_true(db: Database, connection: Connection, run: Run, revisions: Sequence[Revision]) -> set[str]:
    """Documents whose live and staged chunks are what their revision was planned against."""
    staged: defaultdict[str, set[str]] = defaultdict(set)
    live: Counter[str] = Counter()
    c = chunks.c
    for part in parts([r.document_id for r in revisions]):
        rows = connection.execute(
            select(c.document_id, c.id, c.state).where(
                db.among(c.document_id, part),
                c.generation_id == run.generation.id,
                c.state.in_((ChunkState.STAGED, ChunkState.LIVE)),
            )
        )
        for document, id, state in rows:
            if state == ChunkState.STAGED:
                staged[document].add(id)
            else:
                live[document] += 1
    return {
        r.document_id
        for r in revisions
        if live[r.document_id] == r.kept + len(r.moved) + len(r.dropped)
        and all(chunk.id in staged[r.document_id] for chunk in r.added)
    }


def _turn(connection: Connection, run: Run, where: ColumnElement[bool], old: ChunkState, new: ChunkState) -> None:
    c = chunks.c
    connection.execute(update(chunks).where(c.generation_id == run.generation.id, where, c.state == old).values(state=new))


def _retract(db: Database, connection: Connection, run: Run, document_ids: set[str]) -> None:
    for part in parts(sorted(document_ids)):
        _turn(connection, run, db.among(chunks.c.document_id, part), ChunkState.STAGED, ChunkState.STALE)


def _known(db: Database, connection: Connection, document_ids: set[str]) -> set[str]:
    known: set[str] = set()
    d = documents.c.document_id
    for part in parts(sorted(document_ids)):
        known |= set(connection.execute(select(d).where(db.among(d, part))).scalars())
    return known


def _moves(db: Database, connection: Connection, document_ids: set[str]) -> dict[str, str]:
    """{new document: the one it was moved from}, for those whose old place is still published."""
    old, moves = files.alias("old"), {}
    for part in parts(sorted(document_ids)):
        rows = connection.execute(
            select(files.c.document_id, files.c.moved_from)
            .join(old, and_(old.c.document_id == files.c.moved_from, old.c.state == FileState.MOVING))
            .where(db.among(files.c.document_id, part))
        )
        moves.update({row.document_id: row.moved_from for row in rows})
    return moves


def _leave_old_places(db: Database, connection: Connection, run: Run, document_ids: Iterable[str]) -> None:
    f = files.c
    for part in parts(sorted(document_ids)):
        source_ids = set(connection.execute(select(f.source_id).where(db.among(f.document_id, part))).scalars())
        connection.execute(update(files).where(db.among(f.document_id, part)).values(state=FileState.GONE))
        for source_id in source_ids:
            retire_gone(db, connection, run, source_id)


def _move_chunks(db: Database, connection: Connection, run: Run, revisions: Sequence[Revision]) -> None:
    rows = [_row(run, r.document_id, chunk, ChunkState.LIVE) for r in revisions for chunk in r.moved]
    if rows:
        statement = db.insert(chunks)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["generation_id", "id"], set_=_places(statement.excluded)), rows
        )


def _set_documents(db: Database, connection: Connection, run: Run, revisions: Sequence[Revision]) -> None:
    rows = [
        {
            "document_id": r.document_id,
            "library_id": run.library.id,
            "generation_id": run.generation.id,
            "content_hash": r.content_hash,
            "media_type": r.media_type,
            "extractor": r.extractor,
            "chunker": r.chunker,
            "title": r.title,
            "metadata": json.dumps(dict(r.metadata), ensure_ascii=False),
            "published_at": time.time(),
        }
        for r in revisions
    ]
    if not rows:
        return
    of_file: dict[str, int] = {}
    for part in parts([r.document_id for r in revisions]):
        owners = select(files.c.document_id, files.c.source_id).where(db.among(files.c.document_id, part))
        of_file.update(row._tuple() for row in connection.execute(owners))
        suspect_contents_of(db, connection, run, db.among(documents.c.document_id, part))
    for row in rows:
        row["source_id"] = of_file[str(row["document_id"])]
    statement = db.insert(documents)
    overwrite = {name: statement.excluded[name] for name in rows[0] if name != "document_id"}
    connection.execute(statement.on_conflict_do_update(index_elements=["document_id"], set_=overwrite), rows)


def _settle(connection: Connection, readings: Sequence[Reading]) -> None:
    """These bytes were seen to the end. If the file is newer by now, the next listing finds another fingerprint."""
    if not readings:
        return
    connection.execute(
        update(files)
        .where(files.c.document_id == bindparam("document"))
        .values(owed=False, retry_at=None, content_hash=bindparam("content"), read_fingerprint=bindparam("trusted")),
        [{"document": r.document_id, "content": r.content_hash, "trusted": r.fingerprint or None} for r in readings],
    )
