"""What a listing of changes asks of the ledger follows what changed, and not how much the source holds.

The plans of tests/ledger/test_query_plans.py tell an index from none; an index that gives all rows of one source is none the
better for it. So here the rows are counted that a listing touches in a source of few files, and of many.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from core.files import ChangePage, ListingEnd, SourceFile
from core.principals import OWNER
from core.trees import Node
from ledger import absences, listings, owed
from ledger.acls import acl_ids
from ledger.database import Database
from tests.ledger.world import World

FEW, MANY = 300, 3_000
CHANGED = 20
EVERY_STEP = 10

_BLOB = {"sqlite": "CAST({} AS BLOB)", "postgresql": "convert_to(({})::text, 'UTF8')"}


def fill(world: World, count: int) -> None:
    """Files of the source that were read and are in order, and a tree in which a hundred lie in each folder."""
    db = world.db
    source, library = world.row.id, world.library.id
    id, inside = (_BLOB[db.engine.dialect.name].format(value) for value in ("'f' || i", "'d' || (i / 100)"))
    fills = [
        "files (document_id, library_id, source_id, file_id, name, path, size, fingerprint, acl_id, state, wanted, owed,"
        f" read_fingerprint) SELECT '{source}-' || i, {library}, {source}, {id}, 'n', 'p', 1, 'v', 1, 0, 1, i < 0, 'v'",
        f"nodes (source_id, id, parent, folder, facts) SELECT {source}, {id}, {inside}, i < 0, '[]'",
    ]
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    with db.write() as connection:
        acl_ids(db, connection, {(OWNER,)})
        for into, rows in (filled.split(" SELECT ") for filled in fills):
            connection.execute(text(f"INSERT INTO {into} {numbers} SELECT {rows} FROM n"))
        if not db.is_sqlite:
            connection.execute(text("ANALYZE"))


@contextmanager
def counted(db: Database) -> Iterator[dict[str, int]]:
    """What each statement costs that runs inside: steps of SQLite's machine, or rows that PostgreSQL's scans looked at."""
    costs: dict[str, int] = {}
    watched: list[Any] = []

    def before(connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        costs.setdefault(statement, 0)
        if db.is_sqlite:

            def step() -> int:
                costs[statement] += EVERY_STEP
                return 0

            # Until the connection's next statement: most rows of a query are looked for when they are fetched.
            watched.append(connection.connection.driver_connection)
            watched[-1].set_progress_handler(step, EVERY_STEP)
        elif statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            cursor.execute("SAVEPOINT looked_at")
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters[0] if many else parameters)
            plan = cursor.fetchone()[0]
            costs[statement] += sum(_looked_at((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
            cursor.execute("ROLLBACK TO SAVEPOINT looked_at")

    event.listen(db.engine, "before_cursor_execute", before)
    try:
        yield costs
    finally:
        event.remove(db.engine, "before_cursor_execute", before)
        for connection in watched:
            connection.set_progress_handler(None, 0)


def _looked_at(plan: dict[str, Any]) -> Iterator[int]:
    if "Scan" in plan["Node Type"]:
        rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
        yield round(rows * plan["Actual Loops"])
    for inner in plan.get("Plans", ()):
        yield from _looked_at(inner)


def listing(world: World, changed: int) -> None:
    """A listing of changes, in which so many files are edited, as many gone, and as many missed."""
    db, source = world.db, world.row
    absences.wait_for_listing(db, source.id)
    listings.is_interrupted_from_scratch(db, source)
    begun = listings.begin(db, world.run, source, "cursor")
    ids = [[f"f{1 + number * 3 + kind}".encode() for number in range(changed)] for kind in range(3)]
    tree = begun.tree
    tree.get(ids[0])
    tree.pending(8)
    assert len(list(tree.children(b"d1"))) == 100
    nodes = tuple(Node(id, b"d0", "[1]") for id in ids[0])
    edited = tuple(SourceFile(id, "n", "p", 2, "w") for id in ids[0])
    page = ChangePage(edited, tuple(ids[1]), tuple(ids[2]), (), (), nodes, (*ids[1], *ids[2]), "position")
    listings.stage(db, world.run, source, begun.id, page)
    listings.promote(db, world.run, source, begun.id, ListingEnd("cursor", full=False, root="root"))
    owed.invalidate(db, world.run, source, world.pipeline)
    owed.due(db, source, world.now)
    listings.settle_moves(db, world.run, source)


def test_the_folders_that_are_left_are_found_without_a_look_at_all_that_is_staged(world: World) -> None:
    listing = listings.begin(world.db, world.run, world.row, None)
    costs = []
    for staged in range(2):
        for start in range(FEW + 9 * FEW * staged)[::FEW]:
            nodes = tuple(Node(f"{staged}-{start}-{number}".encode(), b"d", "[]") for number in range(FEW))
            last = Node(b"z", b"", "[]", folder=True, pending=True)
            listings.stage(world.db, world.run, world.row, listing.id, ChangePage(nodes=(*nodes, last), position="here"))
        if not world.db.is_sqlite:
            with world.db.write() as connection:
                connection.execute(text("ANALYZE"))
        with counted(world.db) as found:
            assert [node.id for node in listing.tree.pending(8)] == [b"z"]
        costs.append(sum(found.values()))
    assert costs[1] <= costs[0] + 20


@pytest.mark.parametrize("changed", [0, CHANGED])
def test_a_listing_of_changes_costs_as_much_in_a_large_source_as_in_a_small_one(db: Database, changed: int) -> None:
    costs = []
    for count in (FEW, MANY):
        world = World(db, f"library of {count}", f"/folder of {count}")
        fill(world, count)
        listing(world, 0)  # which notes what versions there are
        with counted(db) as found:
            listing(world, changed)
        costs.append(found)
    small, large = costs
    assert small.keys() == large.keys() and len(large) > 20
    grown = {what: (small[what], cost) for what, cost in large.items() if cost > 2 * small[what] + 100}
    assert grown == {}
