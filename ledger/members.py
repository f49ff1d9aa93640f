"""Members: files that lie in others. They come and go with what their container, when it is read, is found to hold.

A container is settled only after its members were mirrored, so one that a crash left half way is read again. No listing sees
members: what becomes of them follows their container, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, select, update

from core.errors import Unprocessable
from core.ids import document_id
from core.members import MOST, all_inside, containers, listed, member_id, member_name, member_path
from core.reasons import Reason
from ledger import runs
from ledger.database import Database, parts
from ledger.removal import retire_gone, withdraw
from ledger.renewal import renewed
from ledger.runs import Run
from ledger.schema import FileState, files
from ledger.sources import SourceRow
from ledger.words import storable


@dataclass(frozen=True, slots=True)
class FoundMember:
    """A file as its container holds it."""

    name: str
    """Its place in the container."""
    size: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What came of mirroring a container's members."""

    owed: dict[str, int]
    """{document id: place in the list} of the members that have to be read."""
    removed: int
    """Published documents taken out: members that it holds no more, or itself if it has no text any more."""


def mirror(
    db: Database,
    run: Run,
    source: SourceRow,
    container: str,
    wanted: int,
    content_hash: str,
    extractor: str,
    found: Sequence[FoundMember],
    has_text: bool,
) -> Opening | None:
    """Make `found` the members of the container, whose bytes were just read; None if it wants other content meanwhile.

    What it held before and does not hold now is taken out at once: it was read whole, so nothing else is possible. A container
    without text of its own is taken out, too, if it was published. Raises Unprocessable(BOMB), with nothing changed, if the
    listed file around it all would hold more than MOST files.
    """
    with db.write() as connection:
        runs.fence(connection, run)
        f = files.c
        statement = select(f.file_id, f.path, f.modified, f.acl_id, f.link, f.moved_from)
        own = connection.execute(
            statement.where(f.document_id == container, f.wanted == wanted, f.state == FileState.PRESENT).with_for_update()
        ).one_or_none()
        if own is None:
            return None
        top = _top(connection, source.id, own.file_id)
        before = {row.document_id for row in connection.execute(select(f.document_id).where(f.container == container))}
        rows = [_row(run, source, container, own, top, member) for member in found]
        by_id = {row["document_id"]: place for place, row in enumerate(rows)}
        _check_count(connection, source.id, own.file_id, len(by_id.keys() - before))
        _upsert(db, connection, rows)
        going = before - by_id.keys()
        for part in parts(sorted(going)):
            connection.execute(update(files).where(db.among(f.document_id, part)).values(state=FileState.GONE))
        if own.moved_from is not None:
            _take_over(db, connection, own.moved_from, container, has_text)
        removed = retire_gone(db, connection, run, source.id)
        if not has_text:
            removed += withdraw(db, connection, run, [container])
        opened = update(files).where(f.document_id == container)
        connection.execute(opened.values(opened_content=content_hash, opened_by=extractor))
        owed = connection.execute(select(f.document_id).where(f.container == container, f.owed)).scalars()
        return Opening({document: by_id[document] for document in owed}, removed)


def ask_for(db: Database, run: Run, source: SourceRow, file_ids: Iterable[bytes]) -> None:
    """Owe again whatever these members lie in: their bytes are needed. A container that is owed already keeps its back-off."""
    around = {outer for file_id in file_ids for outer in containers(file_id)}
    with db.write() as connection:
        runs.fence(connection, run)
        for part in parts(sorted(around)):
            resting = and_(files.c.source_id == source.id, db.among(files.c.file_id, part), files.c.owed.is_(False))
            again = update(files).where(resting, files.c.state == FileState.PRESENT)
            connection.execute(again.values(owed=True, retry_at=None, wanted=files.c.wanted + 1))


def give_up(db: Database, connection: Connection, document_ids: Sequence[str]) -> None:
    """These containers cannot be read before they change: nor can what is owed of all that lies in them."""
    f = files.c
    for part in parts(sorted(document_ids)):
        holding = select(f.source_id, f.file_id).where(db.among(f.document_id, part), has_members())
        for source_id, file_id in connection.execute(holding).all():
            first, end = all_inside(file_id)
            owed = and_(f.source_id == source_id, f.file_id >= first, f.file_id < end, f.owed)
            connection.execute(update(files).where(owed).values(owed=False, read_fingerprint=None))


def retire_all(db: Database, connection: Connection, run: Run, document_ids: Sequence[str]) -> int:
    """Take out all members of these files: they hold none any more. Returns how many were published."""
    removed = 0
    for part in parts(sorted(document_ids)):
        inside = db.among(files.c.container, part)
        source_ids = set(connection.execute(select(files.c.source_id).where(inside)).scalars())
        connection.execute(update(files).where(inside).values(state=FileState.GONE))
        connection.execute(update(files).where(db.among(files.c.document_id, part)).values(**_SHUT))
        removed += sum(retire_gone(db, connection, run, source_id) for source_id in source_ids)
    return removed


def follow(connection: Connection, source_id: int, document_ids: Sequence[str]) -> None:
    """Path, ACL, link and time of these listed files have changed: those of all that lies in them follow."""
    f = files.c
    for part in parts(sorted(document_ids)):
        tops = connection.execute(
            select(f.file_id, f.path, f.modified, f.acl_id, f.link).where(f.document_id.in_(part), f.source_id == source_id)
        ).all()
        for top in tops:
            first, end = all_inside(top.file_id)
            inside = select(f.document_id, f.file_id).where(f.source_id == source_id, f.file_id >= first, f.file_id < end)
            rows = [
                {"document": document, "shown": storable(member_path(top.path, id))}
                for document, id in connection.execute(inside)
            ]
            if rows:
                facts = {"modified": top.modified, "acl_id": top.acl_id, "link": top.link}
                statement = update(files).where(f.document_id == bindparam("document"))
                connection.execute(statement.values(path=bindparam("shown"), **facts), rows)


def has_members(table: Any = files) -> ColumnElement[bool]:
    """Of a file: others lie in it."""
    inside = files.alias("inside")
    return exists().where(inside.c.container == table.c.document_id)


def has_owed_members(table: Any = files) -> ColumnElement[bool]:
    """Of a file: of those that lie in it, one has to be read."""
    inside = files.alias("owed_inside")
    return exists().where(inside.c.container == table.c.document_id, inside.c.owed)


_FACTS = ("name", "path", "size", "fingerprint", "modified", "acl_id", "link")
_SHUT: Mapping[str, Any] = {"opened_content": None, "opened_by": None}


def _top(connection: Connection, source_id: int, file_id: bytes) -> Any:
    f = files.c
    return connection.execute(select(f.path).where(f.source_id == source_id, f.file_id == listed(file_id))).one()


def _row(run: Run, source: SourceRow, container: str, own: Any, top: Any, member: FoundMember) -> dict[str, Any]:
    id = member_id(own.file_id, member.name)
    return {
        "document_id": document_id(run.library.tenant, run.library.name, f"{source.kind}:{source.root}", id),
        "library_id": run.library.id,
        "source_id": source.id,
        "file_id": id,
        "name": storable(member_name(member.name)),
        "path": storable(member_path(top.path, id)),
        "size": member.size,
        # The bytes were hashed, so nothing can change behind it.
        "fingerprint": member.content_hash,
        "modified": own.modified,
        "acl_id": own.acl_id,
        "link": own.link,
        "state": FileState.PRESENT.value,
        "wanted": 1,
        "owed": True,
        "container": container,
    }


def _check_count(connection: Connection, source_id: int, file_id: bytes, more: int) -> None:
    first, end = all_inside(listed(file_id))
    inside = and_(files.c.source_id == source_id, files.c.file_id >= first, files.c.file_id < end)
    count = int(connection.execute(select(func.count()).select_from(files).where(inside)).scalar_one())
    if count + more > MOST:
        raise Unprocessable(Reason.BOMB, f"it, or the file around it, holds more than {MOST:,} files")


def _upsert(db: Database, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    statement = db.insert(files)
    values, _changed = renewed(statement.excluded, (*_FACTS, "container"))
    statement = statement.on_conflict_do_update(index_elements=["document_id"], set_=values)
    connection.execute(statement, rows)


def _take_over(db: Database, connection: Connection, old: str, new: str, has_text: bool) -> None:
    """The container was moved: each of its members takes the place of the one of the same name in the old place.

    They leave the old container, which is about to go, and stay published until the new ones are.
    """
    f, there = files.c, files.alias("there")
    places = select(f.document_id, f.file_id, f.state).where(f.document_id.in_((old, new)))
    ids = {row.document_id: row for row in connection.execute(places)}
    if old not in ids or ids[old].state != FileState.MOVING:
        return
    cut = len(ids[new].file_id) - len(ids[old].file_id)
    fresh = connection.execute(select(f.document_id, f.file_id, f.fingerprint).where(f.container == new, f.owed)).all()
    former = connection.execute(
        select(there.c.document_id, there.c.file_id, there.c.fingerprint).where(there.c.container == old)
    )
    by_place = {(row.file_id, row.fingerprint): row.document_id for row in former}
    pairs = []
    for row in fresh:
        place = ids[old].file_id + row.file_id[len(ids[old].file_id) + cut :]
        if (place, row.fingerprint) in by_place:
            pairs.append({"fresh": row.document_id, "former": by_place[place, row.fingerprint]})
    if pairs:
        joined = update(files).where(f.document_id == bindparam("fresh")).values(moved_from=bindparam("former"))
        connection.execute(joined, pairs)
        left = update(files).where(f.document_id == bindparam("former"))
        connection.execute(left.values(state=FileState.MOVING.value, container=None), [{"former": p["former"]} for p in pairs])
    if not has_text:  # nothing will be published in its place
        connection.execute(update(files).where(f.document_id == old).values(state=FileState.GONE))
        connection.execute(update(files).where(f.document_id == new).values(moved_from=None))
