"""SQL that is compiled once for a process, not once for each ledger that it opens: a test opens several, all of one schema."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

_COMPILED: LRUCache[Any, Any] = LRUCache(5_000)


def compile_once() -> None:
    """From now on the SQLite engines of this process share what they have compiled."""
    engines: Any = Engine
    engines._compiled_cache = property(_cache_of, _keep_cache)
    # A statement is kept with the dialect it was compiled for: all of SQLite's here are the same.
    dialect: Any = SQLiteDialect_pysqlite
    dialect.__hash__ = lambda _self: hash(SQLiteDialect_pysqlite)
    dialect.__eq__ = lambda _self, other: type(other) is SQLiteDialect_pysqlite


def _cache_of(engine: Engine) -> Any:
    return _COMPILED if type(engine.dialect) is SQLiteDialect_pysqlite else vars(engine)["_compiled_cache"]


def _keep_cache(engine: Engine, cache: Any) -> None:
    vars(engine)["_compiled_cache"] = cache
