"""What a source remembers of its tree: staged with a listing's pages, promoted with its cursor (core/trees.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Table,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)

from core.files import ChangePage
from core.trees import Node
from ledger.database import Database, parts
from ledger.schema import listed_nodes, nodes

_PAGE = 1_000
_PARENT, _AFTER = (bindparam(name, type_=LargeBinary()) for name in ("parent", "after"))


class LedgerTree:
    """The tree as one listing sees it; see core.trees.Tree."""

    def __init__(self, db: Database, source_id: int, listing: int, position: str | None, from_scratch: bool) -> None:
        self.position = position
        self._db = db
        self._source_id = source_id
        self._listing = listing
        self._from_scratch = from_scratch

    def get(self, ids: Iterable[bytes]) -> dict[bytes, Node]:
        """See Tree."""
        found: dict[bytes, Node] = {}
        with self._db.read() as connection:
            for part in parts(list(dict.fromkeys(ids))):
                staged, kept = self._db.among(listed_nodes.c.id, part), self._db.among(nodes.c.id, part)
                found |= {node.id: node for node in _read(connection, self._seen(staged, kept))}
        return found

    def children(self, parent: bytes) -> Iterator[Node]:
        """See Tree."""
        yield from self._pages(self._children, parent=parent)

    def folders(self) -> Iterator[Node]:
        """See Tree."""
        yield from self._pages(self._folders)

    def pending(self, limit: int) -> list[Node]:
        """See Tree."""
        c = listed_nodes.c
        # As a range, so that SQLite takes the index of what is pending: its primary key would lead through all that is staged.
        of_listing = c.listing_id.between(self._listing, self._listing)
        statement = select(c.id, c.parent, c.facts, c.folder, c.pending).where(of_listing, c.pending)
        with self._db.read() as connection:
            return _read(connection, statement.order_by(c.listing_id, c.id).limit(limit))

    def missed(self) -> Iterator[Node]:
        """See Tree."""
        if self._from_scratch:
            yield from self._pages(_page_of(_kept(self._source_id, self._listing, nodes.c.id > _AFTER), "id"))

    def before(self, ids: Iterable[bytes]) -> dict[bytes, Node]:
        """See Tree."""
        found: dict[bytes, Node] = {}
        c = nodes.c
        with self._db.read() as connection:
            for part in parts(list(dict.fromkeys(ids))):
                of_source = and_(c.source_id == self._source_id, self._db.among(c.id, part))
                kept = select(c.id, c.parent, c.facts, c.folder, literal(False)).where(of_source)
                found |= {node.id: node for node in _read(connection, kept)}
        return found

    # Building a statement takes longer than asking it, and some are asked of each folder.

    @cached_property
    def _children(self) -> Select[tuple[object, ...]]:
        return _page_of(self._seen(_inside(listed_nodes), _inside(nodes)), "parent", "id")

    @cached_property
    def _folders(self) -> Select[tuple[object, ...]]:
        staged = and_(listed_nodes.c.folder, listed_nodes.c.id > _AFTER)
        return _page_of(self._seen(staged, and_(nodes.c.folder, nodes.c.id > _AFTER)), "id")

    def _seen(self, staged: ColumnElement[bool], kept: ColumnElement[bool]) -> Select[tuple[object, ...]]:
        """Staged nodes, and promoted ones of which the listing has said nothing."""
        news = _staged(self._listing, and_(staged, ~listed_nodes.c.dropped))
        if self._from_scratch:
            return news
        both = union_all(news, _kept(self._source_id, self._listing, kept)).subquery()
        return select(both)

    def _pages(self, statement: Select[tuple[object, ...]], **given: bytes) -> Iterator[Node]:
        after = b""
        while True:
            with self._db.read() as connection:
                page = _read(connection, statement, {**given, "after": after})
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].id


def stage(db: Database, connection: Connection, listing: int, page: ChangePage) -> None:
    """Add what a page says of the tree, within its transaction."""
    last = {node.id: node for node in page.nodes}
    gone = [id for id in dict.fromkeys(page.dropped) if id not in last]
    rows = [
        {"listing_id": listing, "id": n.id, "parent": n.parent, "folder": n.folder, "pending": n.pending, "facts": n.facts}
        | {"dropped": False}
        for n in last.values()
    ]
    rows += [
        {"listing_id": listing, "id": id, "parent": None, "folder": False, "pending": False, "facts": None, "dropped": True}
        for id in gone
    ]
    if rows:
        statement = db.insert(listed_nodes)
        names = ("parent", "folder", "pending", "facts", "dropped")
        overwrite = {name: statement.excluded[name] for name in names}
        connection.execute(statement.on_conflict_do_update(index_elements=["listing_id", "id"], set_=overwrite), rows)


def promote(db: Database, connection: Connection, source_id: int, listing: int, full: bool) -> None:
    """Make what is staged the tree, within the listing's promotion."""
    c = listed_nodes.c
    if full:
        staged = listed_nodes.alias("staged")
        gone = ~exists().where(staged.c.listing_id == listing, staged.c.id == nodes.c.id, ~staged.c.dropped)
    else:  # from what is staged to the tree: what changed must not cost a look at all that did not
        gone = nodes.c.id.in_(select(c.id).where(c.listing_id == listing, c.dropped))
    connection.execute(delete(nodes).where(nodes.c.source_id == source_id, gone))
    incoming = select(literal(source_id).label("source_id"), c.id, c.parent, c.folder, c.facts)
    incoming = incoming.where(c.listing_id == listing, ~c.dropped)
    statement = db.insert(nodes).from_select([column.name for column in incoming.selected_columns], incoming)
    new, old = statement.excluded, nodes.c
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["source_id", "id"],
            set_={name: new[name] for name in ("parent", "folder", "facts")},
            where=or_(old.parent != new.parent, old.folder != new.folder, old.facts != new.facts),
        )
    )
    connection.execute(delete(listed_nodes).where(c.listing_id == listing))


def forget_staged(connection: Connection, listings: Sequence[int]) -> None:
    """Drop what these listings have staged."""
    connection.execute(delete(listed_nodes).where(listed_nodes.c.listing_id.in_(listings)))


def forget(connection: Connection, source_id: int) -> None:
    """Drop the tree of a source."""
    connection.execute(delete(nodes).where(nodes.c.source_id == source_id))


def _staged(listing: int, condition: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    c = listed_nodes.c
    return select(c.id, c.parent, c.facts, c.folder, c.pending).where(c.listing_id == listing, condition)


def _kept(source_id: int, listing: int, condition: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    """Promoted nodes of which the listing has said nothing."""
    c, said = nodes.c, listed_nodes.alias("said")
    unsaid = ~exists().where(said.c.listing_id == listing, said.c.id == c.id)
    pending = cast(literal(False), Boolean).label("pending")
    return select(c.id, c.parent, c.facts, c.folder, pending).where(c.source_id == source_id, condition, unsaid)


def _inside(table: Table) -> ColumnElement[bool]:
    """The node lies in _PARENT, and comes after _AFTER: said so that only the index of parents serves.

    Were it `parent = ... AND id > ...`, SQLite would go through all nodes of the source by their primary key.
    """
    parent, id = table.c.parent, table.c.id
    return and_(parent <= _PARENT, tuple_(parent, id) > tuple_(_PARENT, _AFTER))


def _page_of(statement: Select[tuple[object, ...]], *order: str) -> Select[tuple[object, ...]]:
    return statement.order_by(*(statement.selected_columns[name] for name in order)).limit(_PAGE)


def _read(
    connection: Connection, statement: Select[tuple[object, ...]], given: Mapping[str, bytes] | None = None
) -> list[Node]:
    rows = connection.execute(statement, given or {}).all()
    return [Node(bytes(id), bytes(parent), facts, bool(folder), bool(pending)) for id, parent, facts, folder, pending in rows]
