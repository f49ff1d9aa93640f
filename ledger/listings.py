"""Listings: staged page by page in short transactions, promoted with the cursor in one (invariants I1 and I5)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    true,
    update,
)

from core.files import ChangePage, ListingEnd, SourceFile
from core.ids import document_id
from ledger import absences, members, runs, trees
from ledger.acls import acl_ids
from ledger.database import Database, parts, unindexed
from ledger.moves import pair_moves
from ledger.removal import retire_gone
from ledger.renewal import renewed
from ledger.runs import Run
from ledger.schema import FileState, Listed, documents, files, listed_files, listings, sources
from ledger.sources import SourceRow, forget_staged
from ledger.trees import LedgerTree
from ledger.words import storable

_THERE = (Listed.AS_MIRRORED.value, Listed.NEWS.value)
_FACTS = ("name", "path", "size", "fingerprint", "modified", "media_type", "acl_id", "link")
"""What a source says of a file, as columns of the mirror."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A listed file that the mirror does not know, of the same size as one that vanished: it may have been moved."""

    document_id: str
    file_id: bytes


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a listing changed in the mirror."""

    listed: int
    removed: int
    """Published documents taken out."""
    awaiting: int
    """Vanished files whose removal waits for a later listing or the operator's flag."""
    needs_flag: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing on its way."""

    id: int
    tree: LedgerTree


def begin(db: Database, run: Run, source: SourceRow, cursor: str | None = None) -> Listing:
    """Start a listing from `cursor` (None: from scratch), or go on with one that was interrupted, if it can tell where."""
    c = listings.c
    with db.write() as connection:
        runs.fence(connection, run)
        same = and_(c.source_id == source.id, c.position.is_not(None), c.cursor.is_not_distinct_from(cursor))
        found = connection.execute(select(c.id, c.position).where(same).order_by(c.id.desc()).limit(1)).first()
        if found is None:
            forget_staged(connection, source.id)
            row = {"source_id": source.id, "cursor": cursor, "started_at": time.time()}
            id, position = int(connection.execute(insert(listings).values(row).returning(c.id)).scalar_one()), None
        else:
            id, position = found
    return Listing(id, LedgerTree(db, source.id, id, position, from_scratch=cursor is None))


def is_interrupted_from_scratch(db: Database, source: SourceRow) -> bool:
    """True if a listing from scratch was interrupted, and can be gone on with."""
    c = listings.c
    half_way = select(c.id).where(c.source_id == source.id, c.position.is_not(None), c.cursor.is_(None))
    with db.read() as connection:
        return connection.execute(half_way.limit(1)).first() is not None


def seen_so_far(db: Database, source: SourceRow) -> int | None:
    """Files that a listing which is on its way, or was interrupted, has seen; None: there is none."""
    c = listed_files.c
    with db.read() as connection:
        begun = connection.execute(select(func.max(listings.c.id)).where(listings.c.source_id == source.id)).scalar_one()
        if begun is None:
            return None
        return int(connection.execute(select(func.count()).where(c.listing_id == begun)).scalar_one())


def discard(db: Database, run: Run, source: SourceRow) -> None:
    """Forget whatever is staged: the next listing of the source begins anew."""
    with db.write() as connection:
        runs.fence(connection, run)
        forget_staged(connection, source.id)


def stage(db: Database, run: Run, source: SourceRow, listing: int, page: ChangePage) -> int:
    """Add one page; returns how many files of it the mirror does not have. The last word on a file counts; in one page, a
    tombstone.

    Only what the mirror does not know yet is written out: a listing that finds nothing new costs little more than reading.
    """
    with db.write() as connection:
        runs.fence(connection, run)
        acls = acl_ids(db, connection, {file.acl for file in page.files})
        gone, missed = set(page.removed), set(page.missed) - set(page.removed)
        present = {file.id: file for file in page.files if file.id not in gone and file.id not in missed}
        mirror = _mirrored(db, connection, source, [*present, *gone, *missed])
        same: list[str] = []
        news: list[dict[str, Any]] = []
        for id, file in present.items():
            acl, known = acls[file.acl], mirror.get(id)
            if known is not None and _brings_nothing(known, _facts(file, acl)):
                same.append(known[1])
            else:
                document = known[1] if known is not None else _document_id(run, source, id)
                row = {"listing_id": listing, "document_id": document, "kind": Listed.NEWS.value, "file_id": id}
                news.append(row | dict(zip(_FACTS, _storable_facts(file, acl), strict=True)))
        _mark(db, connection, listing, Listed.AS_MIRRORED, same)
        # A tombstone of a file that the mirror does not know still takes back an earlier page's word on it.
        for kind, ids in ((Listed.REMOVED, gone), (Listed.MISSED, missed)):
            documents = [mirror[id][1] if id in mirror else _document_id(run, source, id) for id in ids]
            _mark(db, connection, listing, kind, documents)
        trees.stage(db, connection, listing, page)
        if news:
            connection.execute(_overwriting(db.insert(listed_files), ("kind", "file_id", *_FACTS)), news)
        if page.unlisted:
            prefixes = sorted({*_unlisted(connection, listing), *(prefix.hex() for prefix in page.unlisted)})
            connection.execute(update(listings).where(listings.c.id == listing).values(unlisted=json.dumps(prefixes)))
        if page.position is not None:
            connection.execute(update(listings).where(listings.c.id == listing).values(position=page.position))
    return len(present.keys() - mirror.keys())


def possibly_moved(db: Database, source: SourceRow, listing: int, after: str = "", limit: int = 20_000) -> list[NewFile]:
    """New files that may be vanished ones under another name, in pages by document id: their content decides.

    For a whole listing only, of a source whose ids are places: an absent file proves nothing in another.
    """
    listed, old = listed_files.alias("listed"), files.alias("old")
    with db.read() as connection:
        published = exists().where(documents.c.document_id == old.c.document_id)
        worth = or_(published, old.c.opened_content.is_not(None))
        sizes = select(old.c.size).where(_vanished(connection, source.id, listing, old), worth)
        statement = (
            select(listed.c.document_id, listed.c.file_id)
            .where(
                listed.c.listing_id == listing,
                listed.c.kind == Listed.NEWS,
                listed.c.document_id > after,
                ~exists().where(files.c.document_id == listed.c.document_id),
                listed.c.size.in_(sizes),
            )
            .order_by(listed.c.document_id)
            .limit(limit)
        )
        return [NewFile(*row) for row in connection.execute(statement)]


def note_contents(db: Database, run: Run, listing: int, contents: Sequence[tuple[str, str, str]]) -> None:
    """Record (document id, content hash, fingerprint of just these bytes) of files that were read while listing."""
    if not contents:
        return
    of_file = and_(listed_files.c.listing_id == listing, listed_files.c.document_id == bindparam("document"))
    statement = update(listed_files).where(of_file).values(content_hash=bindparam("content"), fingerprint=bindparam("of_bytes"))
    with db.write() as connection:
        runs.fence(connection, run)
        rows = [{"document": document, "content": content, "of_bytes": seen} for document, content, seen in contents]
        connection.execute(statement, rows)


def promote(db: Database, run: Run, source: SourceRow, listing: int, end: ListingEnd, confirm: bool = False) -> Promotion:
    """Make the staged listing the mirror, and move the cursor, in one transaction.

    Removals, ACLs, names and paths count from here on, whatever becomes of the content. `confirm` is the operator's word that
    the vanished files are really gone.
    """
    with db.write() as connection:
        runs.fence(connection, run)
        # Tombstones and absences are judged against the old mirror, before new rows join it.
        connection.execute(update(files).where(_said(listing, Listed.REMOVED)).values(state=FileState.GONE))
        seen = _saw_any(connection, source.id, listing)
        missed = _vanished(connection, source.id, listing, files) if end.full else _said(listing, Listed.MISSED)
        _miss(connection, source.id, missed)
        most = absences.most_at_once(connection, source.id)
        _upsert(db, connection, run, source.id, listing)
        if end.full:
            # A file under another name is a file seen again.
            seen = pair_moves(connection, source.id, listing) > 0 or seen
        stored = connection.execute(select(sources.c.root_identity).where(sources.c.id == source.id)).scalar_one()
        moved_root = bool(stored and end.root and stored != end.root)
        # A listing of changes alone cannot tell that nothing is left: that its root is lost, its source says itself.
        everything = end.full and not seen
        needs_flag = absences.judge(connection, run, source.id, missed, most, everything, moved_root, confirm)
        removed = retire_gone(db, connection, run, source.id)
        values: dict[str, object] = {"cursor": end.cursor, "listed_at": time.time()}
        # Another root is believed once a whole listing of it made nothing wait, or the operator vouched for it: a source with
        # a folder that nobody may list never has a whole one.
        believed = end.full and (confirm or not (needs_flag or _unlisted(connection, listing)))
        if end.root and (not moved_root or believed):
            values["root_identity"] = end.root
        connection.execute(update(sources).where(sources.c.id == source.id).values(values))
        trees.promote(db, connection, source.id, listing, end.full)
        of_listing = and_(listed_files.c.listing_id == listing, listed_files.c.kind.in_(_THERE))
        listed = int(connection.execute(select(func.count()).select_from(listed_files).where(of_listing)).scalar_one())
        connection.execute(delete(listed_files).where(listed_files.c.listing_id == listing))
        connection.execute(delete(listings).where(listings.c.id == listing))
        return Promotion(listed, removed, absences.awaiting(connection, source.id), needs_flag)


def settle_moves(db: Database, run: Run, source: SourceRow) -> int:
    """Let go of moved-away files whose new place came to nothing (changed, failed, gone); returns how many were removed.

    They are judged like vanished ones: many of them wait for a later listing.
    """
    with db.write() as connection:
        runs.fence(connection, run)
        orphaned = and_(files.c.source_id == source.id, files.c.state == FileState.MOVING, ~_has_new_place())
        if connection.execute(update(files).where(orphaned).values(state=FileState.VANISHED)).rowcount:
            absences.judge_orphaned(connection, run, source.id)
        return retire_gone(db, connection, run, source.id)


def _document_id(run: Run, source: SourceRow, file_id: bytes) -> str:
    return document_id(run.library.tenant, run.library.name, f"{source.kind}:{source.root}", file_id)


def _facts(file: SourceFile, acl_id: int) -> tuple[Any, ...]:
    f = file
    return (f.name, f.path, f.size, f.fingerprint, f.modified, f.media_type, acl_id, f.link)


def _storable_facts(file: SourceFile, acl_id: int) -> tuple[Any, ...]:
    return tuple(storable(fact) if isinstance(fact, str) else fact for fact in _facts(file, acl_id))


def _mirrored(db: Database, connection: Connection, source: SourceRow, ids: Sequence[bytes]) -> dict[bytes, Any]:
    """{file id: (file id, document id, state, owed, read fingerprint, facts...)} of those that the mirror knows."""
    f, found = files.c, {}
    columns = (f.file_id, f.document_id, f.state, f.owed, f.read_fingerprint, *(f[name] for name in _FACTS))
    for part in parts(ids):
        rows = connection.execute(select(*columns).where(f.source_id == source.id, db.among(f.file_id, part))).all()
        found.update({row[0]: row for row in rows})
    return found


_PRESENT = FileState.PRESENT.value


def _brings_nothing(known: Any, facts: tuple[Any, ...]) -> bool:
    """True if `_upsert` would leave the mirror's row as it is: nothing new is said of a file whose bytes are read, or owed."""
    fingerprint = facts[3]
    settled = fingerprint != "" and (known[3] or known[4] == fingerprint)
    return bool(settled and known[2] == _PRESENT and known[5:] == facts)


def _mark(db: Database, connection: Connection, listing: int, kind: Listed, document_ids: Sequence[str]) -> None:
    if not document_ids:
        return
    document = db.rows_of(listed_files.c.document_id, document_ids)
    rows = select(literal(listing), document, literal(kind.value)).where(true())
    statement = db.insert(listed_files).from_select(["listing_id", "document_id", "kind"], rows)
    connection.execute(_overwriting(statement, ("kind",)))


def _overwriting(statement: Any, names: Sequence[str]) -> Any:
    overwrite = {name: statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=["listing_id", "document_id"], set_=overwrite)


def _unlisted(connection: Connection, listing: int) -> list[str]:
    found = connection.execute(select(listings.c.unlisted).where(listings.c.id == listing)).scalar_one()
    return [str(prefix) for prefix in json.loads(found)]


def _vanished(connection: Connection, source_id: int, listing: int, table: FromClause) -> ColumnElement[bool]:
    """In the mirror, not in the listing, and not under a prefix that could not be listed. Members follow their container."""
    seen = listed_files.alias("seen")
    there = exists().where(seen.c.listing_id == listing, seen.c.document_id == table.c.document_id, seen.c.kind.in_(_THERE))
    clauses = [table.c.source_id == source_id, table.c.container.is_(None), ~there]
    return and_(*clauses, *outside(table, map(bytes.fromhex, _unlisted(connection, listing))))


def outside(table: FromClause, prefixes: Iterable[bytes]) -> Iterator[ColumnElement[bool]]:
    """The file's id begins with none of the prefixes."""
    for prefix in prefixes:
        upper = after_prefix(prefix)
        inside = table.c.file_id >= prefix
        yield not_(inside if upper is None else and_(inside, table.c.file_id < upper))


def after_prefix(prefix: bytes) -> bytes | None:
    r"""The least byte string greater than all that start with `prefix`; None if there is none (b"" or only \xff)."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1]) if trimmed else None


def _saw_any(connection: Connection, source_id: int, listing: int) -> bool:
    """True if the listing holds a file that the mirror had already."""
    both = select(files.c.document_id).join(listed_files, listed_files.c.document_id == files.c.document_id)
    seen = both.where(listed_files.c.listing_id == listing, listed_files.c.kind.in_(_THERE), files.c.source_id == source_id)
    return connection.execute(seen.limit(1)).first() is not None


def _has_new_place(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    newer = files.alias("newer")
    return exists().where(newer.c.moved_from == files.c.document_id, newer.c.state == FileState.PRESENT, *conditions)


def _said(listing: int, kind: Listed) -> ColumnElement[bool]:
    """The listing says this of the file. Its id tells its source: if that were named too, SQLite would look at all it holds."""
    of_kind = and_(listed_files.c.listing_id == listing, listed_files.c.kind == kind)
    return files.c.document_id.in_(select(listed_files.c.document_id).where(of_kind))


def _miss(connection: Connection, source_id: int, vanished: ColumnElement[bool]) -> None:
    """Mark as VANISHED what is missed now, and what had moved to a place that is missed now."""
    missed = update(files).where(vanished, files.c.state == FileState.PRESENT)
    if connection.execute(missed.values(state=FileState.VANISHED)).rowcount:
        stranded = update(files).where(vanished, files.c.state == FileState.MOVING, ~_has_new_place())
        connection.execute(stranded.values(state=FileState.VANISHED))


def _upsert(db: Database, connection: Connection, run: Run, source_id: int, listing: int) -> None:
    """The listing's news join the mirror. A file is owed if its fingerprint is not the one whose bytes were read."""
    c = listed_files.c
    # Bytes that were read while listing (a new file's) vouch for the fingerprint; else nothing does yet.
    vouched = case((c.content_hash.is_not(None), func.nullif(c.fingerprint, "")))
    incoming = select(
        c.document_id,
        literal(run.library.id).label("library_id"),
        literal(source_id).label("source_id"),
        c.file_id,
        *(c[name] for name in _FACTS),
        literal(FileState.PRESENT.value).label("state"),
        literal(1).label("wanted"),
        true().label("owed"),
        c.content_hash,
        vouched.label("read_fingerprint"),
    ).where(c.listing_id == listing, c.kind == Listed.NEWS)
    statement = db.insert(files).from_select([column.name for column in incoming.selected_columns], incoming)
    new, old = statement.excluded, files.c
    values, changed = renewed(new, _FACTS)
    statement = statement.on_conflict_do_update(
        index_elements=["document_id"],
        set_=values,
        where=or_(changed, old.state != FileState.PRESENT.value, *(old[name].is_distinct_from(new[name]) for name in _FACTS)),
    )
    if connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount:
        holding = select(c.document_id).where(c.listing_id == listing, c.kind == Listed.NEWS, members.has_members(listed_files))
        members.follow(connection, source_id, list(connection.execute(holding).scalars()))
        runs.publish(connection, run)
    back = files.alias("back")
    returned = exists().where(back.c.document_id == files.c.moved_from, back.c.state == FileState.PRESENT)
    moved = and_(files.c.moved_from > "", unindexed(files.c.source_id) == source_id)
    connection.execute(update(files).where(moved, returned).values(moved_from=None))
