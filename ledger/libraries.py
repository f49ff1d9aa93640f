"""Libraries and their generations."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select, update

from core.errors import Fenced, UsageError
from core.names import checked
from core.spaces import EmbeddingSpace
from ledger.database import Database
from ledger.schema import GenerationState, generations, libraries, spaces

COLLECTION_PREFIX = "levada-"


@dataclass(frozen=True, slots=True)
class LibraryRow:
    """A library as the ledger knows it."""

    id: int
    tenant: str
    name: str


@dataclass(frozen=True, slots=True)
class Generation:
    """An embedding space of a library, and the store collection that holds it."""

    id: int
    library_id: int
    number: int
    space_id: int
    space: str
    """EmbeddingSpace.key."""
    dimension: int
    collection: str
    store_id: str
    rebuilding_collection: str | None
    rebuilding_store_id: str | None


def find(db: Database, tenant: str, name: str) -> LibraryRow:
    """The library of that name. Raises UsageError, naming those that exist."""
    checked("library", name)
    with db.read() as connection:
        row = connection.execute(select(libraries.c.id).where(libraries.c.tenant == tenant, libraries.c.name == name)).scalar()
        if row is not None:
            return LibraryRow(row, tenant, name)
        known = connection.execute(
            select(libraries.c.name).where(libraries.c.tenant == tenant).order_by("name").limit(20)
        ).scalars()
        names = ", ".join(known) or "none yet"
    raise UsageError(f"unknown library {name!r} (there is: {names}); `levada ingest PATH --library {name}` makes it")


def ensure(db: Database, tenant: str, name: str) -> LibraryRow:
    """The library of that name, made if it is new. Raises UsageError for what cannot be a name."""
    row = {"tenant": checked("tenant", tenant), "name": checked("library", name), "created_at": time.time()}
    with db.write() as connection:
        connection.execute(db.insert(libraries).values(row).on_conflict_do_nothing())
    return find(db, tenant, name)


def active_generation(db: Database, library: LibraryRow) -> Generation | None:
    """The generation that search uses; None before the first ingest."""
    with db.read() as connection:
        return active(connection, library.id)


def active(connection: Connection, library_id: int) -> Generation | None:
    """The active generation, within a transaction of the caller."""
    g, s = generations.c, spaces.c
    names = ("id", "library_id", "number", "space_id", "collection", "store_id", "rebuilding_collection", "rebuilding_store_id")
    columns = [g[name] for name in names]
    of_library = (g.library_id == library_id) & (g.state == GenerationState.ACTIVE)
    found = select(*columns, s.key.label("space"), s.dimension).join(spaces, s.id == g.space_id).where(of_library)
    row = connection.execute(found).mappings().one_or_none()
    return Generation(**row) if row else None


def ensure_generation(db: Database, library: LibraryRow, space: EmbeddingSpace) -> Generation:
    """The active generation, made for `space` if the library has none yet.

    Its store id is random and not yet known to any store. One of another space is returned as it is: the caller judges.
    """
    with db.write() as connection:
        hold(connection, library.id)  # of two that find none, one makes it
        found = active(connection, library.id)
        if found is not None:
            return found
        space_id = space_row(db, connection, space)
        number = 1 + (
            connection.execute(select(func.max(generations.c.number)).where(generations.c.library_id == library.id)).scalar()
            or 0
        )
        store_id = str(uuid.uuid4())
        row = {
            "library_id": library.id,
            "space_id": space_id,
            "number": number,
            "state": GenerationState.ACTIVE,
            "collection": collection_name(library, number, store_id),
            "store_id": store_id,
        }
        connection.execute(db.insert(generations).values(row))
        made = active(connection, library.id)
        assert made is not None
        return made


def space_row(db: Database, connection: Connection, space: EmbeddingSpace) -> int:
    """The id of an embedding space, recorded if it is new."""
    connection.execute(db.insert(spaces).values(key=space.key, dimension=space.dimension).on_conflict_do_nothing())
    return int(connection.execute(select(spaces.c.id).where(spaces.c.key == space.key)).scalar_one())


def collection_name(library: LibraryRow, number: int, store_id: str) -> str:
    """A name that every store accepts (lower-case letters, digits and dashes, at most 63), and that is nobody else's."""
    digest = uuid.uuid5(uuid.NAMESPACE_OID, f"{library.tenant}\n{library.name}").hex[:16]
    return f"{COLLECTION_PREFIX}{digest}-g{number}-{store_id[:8]}"


def begin_rebuild(db: Database, generation: Generation, collection: str, store_id: str, epoch: int | None = None) -> None:
    """Note which collection is being filled, so that a later run knows it as ours after a crash.

    With the epoch of the run at work, raises Fenced if a later one has begun.
    """
    with db.write() as connection:
        if epoch is not None:
            fence(connection, generation.library_id, epoch)
        connection.execute(
            update(generations)
            .where(generations.c.id == generation.id)
            .values(rebuilding_collection=collection, rebuilding_store_id=store_id)
        )


def end_rebuild(db: Database, generation: Generation, epoch: int | None = None) -> Generation:
    """From now on the rebuilt collection is the generation's store. With the epoch of the run at work, as begin_rebuild."""
    with db.write() as connection:
        if epoch is not None:
            fence(connection, generation.library_id, epoch)
        g = generations.c
        connection.execute(
            update(generations)
            .where(g.id == generation.id, g.rebuilding_store_id.is_not(None))
            .values(
                collection=g.rebuilding_collection,
                store_id=g.rebuilding_store_id,
                rebuilding_collection=None,
                rebuilding_store_id=None,
            )
        )
        now = active(connection, generation.library_id)
        assert now is not None
        return now


def any_known(db: Database, store_ids: Sequence[str]) -> bool:
    """True if a generation of any library of this ledger keeps its collection under one of these store ids."""
    g = generations.c
    with db.read() as connection:
        found = select(g.id).where(or_(g.store_id.in_(store_ids), g.rebuilding_store_id.in_(store_ids))).limit(1)
        return connection.execute(found).first() is not None


def hold(connection: Connection, library_id: int) -> int:
    """Lock the library's row until the transaction ends; returns its epoch, the number of its latest run."""
    held = select(libraries.c.epoch).where(libraries.c.id == library_id).with_for_update(key_share=True)
    return int(connection.execute(held).scalar_one())


def fence(connection: Connection, library_id: int, epoch: int) -> None:
    """Refuse a late writer: raises Fenced if a later run than the one of that epoch has begun. Holds the library's row."""
    if hold(connection, library_id) != epoch:
        raise Fenced("a later run took this library over; this one stops")
