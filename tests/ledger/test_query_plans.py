"""The hot path asks for what an index gives it, in as many statements however many rows there are.

A library of a few hundred files stands in a ledger beside one of many thousands. Whatever the small one's runs, searches and
counts ask is recorded, and each statement is explained: none may read a large table from end to end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text

from core.files import ChangePage, ListingEnd
from core.reasons import Reason
from core.trees import Node
from ledger import absences, deletion, libraries, listings, lookup, mirror, owed, quarantine, runs, sources, statistics, vectors
from ledger.database import Database
from ledger.quarantine import FailedFile
from ledger.schema import metadata
from tests.ledger.world import CORRUPT, EMPTY, LOCKED, SPACE, World

MANY = 20_000

LARGE = {"files", "documents", "chunks", "texts", "vectors", "quarantine", "runs", "acls", "acl_principals"} | {
    "listed_files",
    "nodes",
    "listed_nodes",
    "text_garbage",
    "content_garbage",
}

_BLOB = {"sqlite": "CAST({} AS BLOB)", "postgresql": "convert_to(({})::text, 'UTF8')"}

_CROWD = """
files (document_id, library_id, source_id, file_id, name, path, size, fingerprint, acl_id, state, wanted, owed)
    SELECT 'crowd-' || i, :library, :source, {i}, 'n' || i, 'p' || i, i % 9000, 'v' || i, 1 + i % :many,
    CASE WHEN i % 50 = 0 THEN 1 ELSE 0 END, 1, i % 4 = 0
documents (document_id, library_id, source_id, generation_id, content_hash, media_type, extractor, chunker, metadata,
    published_at) SELECT 'crowd-' || i, :library, :source, :generation, 'content-' || i, 't', 'text/1', 'chunker/1', '{{}}', i
chunks (generation_id, id, document_id, state, text_hash, ordinal, start, "end", body_offset, pages, headings)
    SELECT :generation, 'chunk-' || i, 'crowd-' || i, CASE WHEN i % 10 = 0 THEN i / 10 % 4 ELSE 1 END, {i},
    0, 0, 9, 0, '[]', '[]'
texts (text_hash, text) SELECT {i}, 'text ' || i
vectors (text_hash, space_id, vector) SELECT {i}, :space, {i}
quarantine (document_id, library_id, source_id, stage, reason, detail, attempts, engines, first_at, last_at)
    SELECT 'crowd-' || i, :library, :source, 'extract', 'corrupt', '', 1, 'registry/1', i, i
listed_files (listing_id, document_id, kind) SELECT 1000000, 'crowd-' || i, i % 3
nodes (source_id, id, parent, folder, facts) SELECT :source, {i}, {i}, i % 50 = 0, '[]'
listed_nodes (listing_id, id, parent, folder, pending, facts, dropped)
    SELECT 1000000, {i}, {i}, i % 50 = 0, i % 500 = 0, '[]', i % 7 = 0
text_garbage (text_hash) SELECT {i}
content_garbage (library_id, content_hash) SELECT :library, 'content-' || i
runs (library_id, epoch, started_at, finished_at, state) SELECT :library, i, i, i, 'completed'
acl_principals (principal, acl_id) SELECT 'person ' || i, i
"""


def crowd(db: Database) -> None:
    """Fill the ledger with another library of many thousand files."""
    library = libraries.ensure(db, "tenant", "crowd")
    generation = libraries.ensure_generation(db, library, SPACE)
    source = sources.ensure(db, library, "folder", "/crowd", "{}")
    values = {
        "library": library.id,
        "generation": generation.id,
        "source": source.id,
        "space": generation.space_id,
        "many": MANY,
    }
    blob = _BLOB[db.engine.dialect.name]
    number = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY})"
    fills = [f"acls (id, digest, principals) SELECT i, {blob.format('i')}, '[]'"]
    fills += re.split(r"\n(?=\w)", _CROWD.strip().format(i=blob.format("i")))
    with db.write() as connection:
        if not db.is_sqlite:  # plans follow what ANALYZE sees below, not what a busy machine's autovacuum sees in between
            for table in metadata.tables:
                connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
        for fill in fills:
            into, select = re.split(r"\s+(?=SELECT)", fill, maxsplit=1)
            used = {name: value for name, value in values.items() if f":{name}" in select}
            connection.execute(text(f"INSERT INTO {into} {number} {select} FROM n"), used)
        if not db.is_sqlite:
            connection.execute(text(f"SELECT setval('acls_id_seq', {MANY})"))
            connection.execute(text("ANALYZE"))


@contextmanager
def recorded(db: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements run inside, each with the parameters of its first row."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        statements.append((statement, parameters[0] if many else parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def full_scans(db: Database, statement: str, parameters: Any) -> list[str]:
    """What of a statement's plan reads a large table, or its index, from end to end."""
    if re.fullmatch(r"SELECT (\w+)\.\w+ \nFROM \1 ORDER BY [\w.]+ *\n *LIMIT .*", statement):
        return []  # the first so many of an index
    with db.write() as connection:
        cursor: Any = connection.connection.cursor()
        if db.is_sqlite:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            lines = [row[3] for row in cursor.fetchall()]
            return [line for line in lines if _reads_all(line, statement)]
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        plan = cursor.fetchone()[0]
        nodes = _nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
        return [
            f"{node['Node Type']} on {node['Relation Name']}"
            for node in nodes
            if node.get("Relation Name") in LARGE
            and (node["Node Type"] == "Seq Scan" or ("Index" in node["Node Type"] and "Index Cond" not in node))
        ]


def _reads_all(line: str, statement: str) -> bool:
    scanned = re.match(r"SCAN (\w+)", line)
    if scanned is None:
        return "AUTOMATIC" in line and not re.search(r"SEARCH anon_\d+ ", line)
    aliases = dict(re.findall(r"(?:FROM|JOIN|,) (\w+) AS (\w+)", statement))
    of_alias = {alias: table for table, alias in aliases.items()}
    return of_alias.get(scanned[1], scanned[1]) in LARGE


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def everything(world: World) -> None:
    """All that runs, searches and commands do on the hot path, on files in every state."""
    db, source = world.db, world.source
    for number in range(60):
        source.write(f"{number:03}", f"shared|text of {number}|more of {number}")
        source.acls[f"{number:03}".encode()] = (f"person {number % 7}",)
    world.sync()
    for number in range(10):
        source.write(f"{number:03}", f"shared|new text of {number}")
        source.rename(f"{10 + number:03}", f"moved {number}")
        source.remove(f"{20 + number:03}")
        source.write(f"{30 + number:03}", (EMPTY, CORRUPT, LOCKED)[number % 3])
    for step in world.steps(portion=20):
        if step == "upserted":
            break
    world.sync()
    found = list(world.store)
    lookup.live(db, world.generation, found, None)
    lookup.live(db, world.generation, found, ["person 1", "person 2"])
    lookup.permitted_documents(db, world.library.id, ["person 1", "person 2"], 1000)
    lookup.publish_counter(db, world.library.id)
    vectors.live_count(db, world.generation)
    vectors.live_ids(db, world.generation, found)
    assert sum(len(page) for page in vectors.live_chunks(db, world.generation, page=10)) == len(found)
    with db.read() as connection:
        assert sum(len(page) for page in vectors.live_vectors(connection, world.generation)) == len(found)
    statistics.collect(db, world.library)
    statistics.collect(db, world.library, world.row.id)
    mirror.unsettled(db, {world.id(f"{number:03}"): "v1" for number in range(20)}, world.pipeline)
    mirror.present(db, [world.id(f"{number:03}") for number in range(20)])
    mirror.known_count(db, world.library, "folder", "/folder")
    mirror.embedding_rate(db, world.library)
    quarantine.rows(db, world.library)
    quarantine.count(db, world.library)
    quarantine.retry(db, world.library, "031", "/root/031")
    quarantine.retry(db, world.library)
    owed.due(db, world.row, world.now)
    file = world.owed()[0]
    quarantine.record(db, world.run, [FailedFile(file.document_id, file.wanted, "fetch", Reason.TIMEOUT, "")], "registry/1")
    deletion.pending(db, world.run)
    runs.last(db, world.library)
    libraries.find(db, "tenant", "library")
    trees(world)
    source.files.clear()
    world.begin()
    world.listing()
    world.begin()
    world.listing(confirm=True)
    listings.settle_moves(db, world.run, world.row)
    world.begin()
    sources.remove(db, world.run, world.row)


def trees(world: World) -> None:
    """What a source does that remembers its tree."""
    db = world.db
    nodes = [Node(f"n{number}".encode(), f"n{number // 10 - 1}".encode(), "[]", number < 10) for number in range(100)]
    for cursor, full in ((None, True), ("cursor", False), (None, True)):
        world.begin()
        listings.is_interrupted_from_scratch(db, world.row)
        listing = listings.begin(db, world.run, world.row, cursor)
        staged = nodes[::2] if cursor else nodes
        pages = (ChangePage(nodes=tuple(staged), position="here"), ChangePage(dropped=(b"n7", b"n8"), missed=(b"031",)))
        for page in pages:
            listings.stage(db, world.run, world.row, listing.id, page)
        tree = listing.tree
        tree.get([b"n1", b"n2"])
        tree.before([b"n1", b"n2"])
        tree.pending(8)
        for nodes_of in (tree.children(b"n1"), tree.folders(), tree.missed()):
            list(nodes_of)
        listings.promote(db, world.run, world.row, listing.id, ListingEnd("cursor", full), confirm=False)
    absences.wait_for_listing(db, world.row.id)


def test_no_statement_of_the_hot_path_reads_a_large_table_from_end_to_end(db: Database) -> None:
    crowd(db)
    world = World(db)
    with recorded(db) as statements:
        everything(world)
    distinct = {
        statement: parameters
        for statement, parameters in statements
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)", statement)
    }
    assert len(distinct) > 80
    found = {statement: scans for statement, parameters in distinct.items() if (scans := full_scans(db, statement, parameters))}
    assert found == {}


def test_a_plan_that_reads_a_large_table_is_found(db: Database) -> None:
    crowd(db)
    assert full_scans(db, "SELECT count(*) FROM files AS f WHERE f.path = 'p1'", {} if not db.is_sqlite else ())
    assert full_scans(db, "UPDATE chunks SET state = 1 WHERE ordinal = 7", {} if not db.is_sqlite else ())
    assert not full_scans(db, "SELECT path FROM files WHERE document_id = 'crowd-1'", {} if not db.is_sqlite else ())


def statements_of_a_run(world: World, files: int) -> int:
    """How many statements a run takes that publishes so many new files."""
    for number in range(files):
        world.source.write(f"{world.source.clock}", f"text {number}|of {world.source.clock}")
    with recorded(world.db) as statements:
        world.sync()
    return len(statements)


def test_a_larger_batch_takes_no_more_statements(world: World) -> None:
    statements_of_a_run(world, 3)
    assert statements_of_a_run(world, 10) == statements_of_a_run(world, 300)


def test_status_takes_few_statements(world: World) -> None:
    for number in range(5):
        world.source.write(str(number), "text")
    world.sync()
    with recorded(world.db) as statements:
        library = libraries.find(world.db, "tenant", "library")
        statistics.collect(world.db, library)
        runs.last(world.db, library)
    assert len([statement for statement, _parameters in statements if "BEGIN" not in statement]) <= 12
