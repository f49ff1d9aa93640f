"""Opening the ledger, and its two kinds of transaction."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    bindparam,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.schema import Column, Table

from core.errors import PermanentError, UsageError
from ledger import versions
from ledger.failures import explained

T = TypeVar("T")

IN_LIST = 5_000
"""How many values one statement is given at most: below SQLite's and PostgreSQL's limits on parameters."""

_PATIENCE = 60.0
"""Seconds that SQLite waits for another writer."""

_POOL = {"pool_size": 5, "max_overflow": 25}
"""Connections: as many as threads at work, each of which needs one at a time, and one that holds the library's lock."""


class Database:
    """An open ledger. Threads may share it.

    Errors of the database that a person can mend leave `read` and `write` as one line: TransientError if the ledger is
    locked or does not answer, PermanentError if its disk is full or its file damaged.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def is_sqlite(self) -> bool:
        """True for SQLite, False for PostgreSQL."""
        return self.engine.dialect.name == "sqlite"

    @property
    def where(self) -> str:
        """The ledger's place in words, without its password."""
        url = self.engine.url
        return f"the ledger at {url.database if self.is_sqlite else url.render_as_string(hide_password=True)}"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot: REPEATABLE READ on PostgreSQL, a deferred transaction on SQLite."""
        with self.explaining(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction. Keep it short: no network, no parsing, no embedding inside.

        SQLite has one writer at a time. On PostgreSQL each statement sees what was committed before it began
        (READ COMMITTED): whoever decides by what it read must hold a lock on it first, as `runs.fence` does.
        """
        options: dict[str, Any] = {"levada_write": True} if self.is_sqlite else {"isolation_level": "READ COMMITTED"}
        with self.explaining(), self.engine.connect() as connection:
            connection = connection.execution_options(**options)
            with connection.begin():
                yield connection

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Say in one line what the database's errors mean."""
        try:
            yield
        except DBAPIError as exc:
            told = explained(exc, self.where)
            if told is None:
                raise
            raise told from exc

    def insert(self, table: Table) -> Any:
        """INSERT that knows ON CONFLICT, in the database's own dialect."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def among(self, column: Column[T], values: Iterable[T]) -> ColumnElement[bool]:
        """`column` is one of `values`, at most IN_LIST of them. One parameter however many: the statement stays the same."""
        if not self.is_sqlite:
            return column == func.any(_array(column, list(values)))
        if isinstance(column.type, LargeBinary):
            return column.in_(list(values))
        return column.in_(select(self.rows_of(column, cast(Iterable[str], values))))

    def rows_of(self, column: Column[Any], values: Iterable[str]) -> Any:
        """Strings as the rows of a query, of one column like `column`: many go in as one parameter."""
        if self.is_sqlite:
            return func.json_each(json.dumps(list(values))).table_valued("value").c.value
        return func.unnest(_array(column, list(values))).column_valued("value")

    def compact(self) -> bool:
        """Leave nothing of erased rows in the ledger's files (invariant I12); cheap if little was written since the last time.

        SQLite overwrites what is deleted (secure_delete), but the write-ahead log still holds the old pages: it is brought into
        the file and cut to nothing. False if a reader held that up for more than two seconds; the next run does it then.
        PostgreSQL's own vacuum reclaims dead rows in its own time.
        """
        if not self.is_sqlite:
            return True
        with self.explaining(), self.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            raw.execute("PRAGMA busy_timeout=2000")
            try:
                busy, _pages, _done = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.execute(f"PRAGMA busy_timeout={int(_PATIENCE * 1000)}")
        return not busy

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_ledger(url: str, create: bool = True) -> Database:
    """Open the ledger, bringing its schema up to date.

    With create=False a ledger that is not there raises UsageError, and nothing is made. Raises LedgerTooNew if a newer
    Levada wrote it, PermanentError if the file is damaged, TransientError if the server does not answer.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "postgresql":
        database = Database(_postgresql_engine(parsed))
        return _brought_up_to_date(database, create)
    path = Path(parsed.database or "").absolute()
    if not create and not (path.exists() and path.stat().st_size):
        raise _missing(f"at {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_private(path)
    except OSError as exc:
        raise PermanentError(f"no ledger can be kept at {path} ({exc.strerror}): mend that, or set LEVADA_HOME") from exc
    database = Database(_sqlite_engine(parsed.set(database=str(path))))
    # Of several processes that find no ledger, or an old one, one builds it; the others wait, then find it ready.
    with _alone_in(path.parent):
        return _brought_up_to_date(database, create)


def _parsed(url: str) -> URL:
    if url.startswith("sqlite:///"):  # the rest is a path, which may hold a "?" or a "%"
        url_or_path: URL | str = URL.create("sqlite", database=url.removeprefix("sqlite:///"))
    else:
        url_or_path = url
    try:
        parsed = make_url(url_or_path)
    except ArgumentError as exc:
        raise UsageError(
            "LEVADA_LEDGER_URL is not a database URL: write sqlite:////path or postgresql://user@host/name"
        ) from exc
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise UsageError(f"the ledger lives in SQLite or PostgreSQL, not in {kind}: mend LEVADA_LEDGER_URL")
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise UsageError("the ledger must be a file, other processes read it too: mend LEVADA_LEDGER_URL")
    if kind == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _missing(where: str) -> UsageError:
    return UsageError(f"there is no ledger {where} yet: run `levada ingest PATH` first")


def _brought_up_to_date(database: Database, create: bool) -> Database:
    try:
        with database.explaining():
            found = versions.current(database.engine)
            if found is None and not create:
                raise _missing(database.where.removeprefix("the ledger "))
            versions.upgrade(database.engine, found)
    except BaseException:
        database.close()
        raise
    return database


def _make_private(path: Path) -> None:
    """The file holds the documents' texts: nobody else on the machine may read it. Its log and index take its mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        # Not opened: closing any descriptor of the file would end SQLite's own locks in this process.
        if path.stat().st_mode & 0o077 and path.stat().st_uid == os.geteuid():
            path.chmod(0o600)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(url, pool_pre_ping=True, hide_parameters=True, isolation_level="REPEATABLE READ", **_POOL)


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _PATIENCE}, hide_parameters=True, **_POOL)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        # Transactions are begun below, so that a writer takes its lock at the start and never fails half-way as "locked".
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",  # invariant I12: what is deleted is overwritten
            "cache_size=-8000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("levada_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def unindexed(column: Column[int]) -> ColumnElement[int]:
    """The column in a condition that few rows of another index have to meet.

    SQLite keeps no statistics: it takes an index of the column for choosy, though nearly all rows may have the same value.
    Source: https://www.sqlite.org/optoverview.html, "Disqualifying WHERE Clause Terms Using Unary +".
    """
    return column + 0


def _array(column: Column[Any], values: list[Any]) -> Any:
    return bindparam(None, values, type_=postgresql.ARRAY(column.type), unique=True)


def parts(items: Sequence[T], size: int = IN_LIST) -> Iterator[list[T]]:
    """`items` in lists of at most `size`."""
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part
