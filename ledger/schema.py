"""Tables of the ledger. One schema for SQLite and PostgreSQL; migrations/ builds it step by step.

Times are seconds since the epoch. Lists are JSON texts. A tenant owns libraries; an ACL is a set of principals, stored once.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class ChunkState(IntEnum):
    """Life of a chunk: staged -> live -> stale -> deleting -> forgotten (no row)."""

    STAGED = 0
    LIVE = 1
    STALE = 2
    DELETING = 3


class FileState(IntEnum):
    """A mirrored file. A vanished one is AWAITING (invariant I5) or MOVING (its new place is not published yet)."""

    PRESENT = 0
    AWAITING_LISTING = 1
    """Vanished with too many others: a later listing that misses it too confirms the removal."""
    AWAITING_FLAG = 2
    """Vanished with everything, or from a changed root: only the operator's flag confirms the removal."""
    MOVING = 3
    VANISHED = 4
    """Within promote's transaction only: not yet judged."""
    GONE = 5
    """Within one transaction only: on its way out."""


class Listed(IntEnum):
    """What a listing says of a file."""

    AS_MIRRORED = 0
    """It is there, and the mirror knows all of it: the row holds nothing but its id."""
    NEWS = 1
    """It is there, and is new, changed, or back."""
    REMOVED = 2
    """It is surely gone (a tombstone)."""
    MISSED = 3
    """It is gone by no word of its own: judged like one that a whole listing misses."""


class GenerationState(IntEnum):
    """A generation of a library."""

    BUILDING = 0
    ACTIVE = 1
    RETIRED = 2


# SQLite numbers rows only for the type INTEGER.
_Key = BigInteger().with_variant(Integer, "sqlite")
# Ids are compared byte by byte on every database, whatever its language.
_Id = String(36).with_variant(String(36, collation="C"), "postgresql")


def _when(sqlite: str, postgresql: str) -> dict[str, Any]:
    """The rows of a partial index. SQLite uses it only for a query with literally this condition."""
    return {"sqlite_where": text(sqlite), "postgresql_where": text(postgresql)}


libraries = Table(
    "libraries",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("publish_counter", BigInteger, nullable=False, server_default=text("0")),
    Column("epoch", BigInteger, nullable=False, server_default=text("0")),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("tenant", "name"),
)

spaces = Table(
    "spaces",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("dimension", Integer, nullable=False),
)

generations = Table(
    "generations",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("library_id", ForeignKey("libraries.id"), nullable=False, index=True),
    Column("space_id", ForeignKey("spaces.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("collection", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("rebuilding_collection", Text),
    Column("rebuilding_store_id", Text),
    UniqueConstraint("library_id", "number"),
)

sources = Table(
    "sources",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("library_id", ForeignKey("libraries.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("root", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("cursor", Text),
    Column("root_identity", Text),
    Column("pipeline", Text),
    Column("listed_at", Float),
    Column("added_at", Float, nullable=False),
    UniqueConstraint("library_id", "kind", "root"),
)

acls = Table(
    "acls",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("principals", Text, nullable=False),
)

acl_principals = Table(
    "acl_principals",
    metadata,
    Column("principal", Text, primary_key=True),
    Column("acl_id", ForeignKey("acls.id"), primary_key=True),
    Column("until", Float),
)
"""`until`: from then on the principal is none any more; core/principals.py writes it."""

listings = Table(
    "listings",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("source_id", ForeignKey("sources.id"), nullable=False, index=True),
    Column("cursor", Text),
    Column("position", Text),
    Column("unlisted", Text, nullable=False, server_default=text("'[]'")),
    Column("started_at", Float, nullable=False),
)
"""A listing on its way. `cursor`: what it began from, NULL from scratch; `position`: where one that was interrupted goes on."""

listed_files = Table(
    "listed_files",
    metadata,
    # No foreign keys: rows come and go by the ten thousand, and never outlive their listing.
    Column("listing_id", BigInteger, primary_key=True, autoincrement=False),
    Column("document_id", _Id, primary_key=True),
    Column("kind", SmallInteger, nullable=False),
    Column("file_id", LargeBinary),
    Column("name", Text),
    Column("path", Text),
    Column("size", BigInteger),
    Column("fingerprint", Text),
    Column("modified", Float),
    Column("media_type", Text),
    Column("acl_id", BigInteger),
    Column("link", Text),
    Column("content_hash", String(64)),
    sqlite_with_rowid=False,
)

nodes = Table(
    "nodes",
    metadata,
    Column("source_id", ForeignKey("sources.id"), primary_key=True),
    Column("id", LargeBinary, primary_key=True),
    Column("parent", LargeBinary, nullable=False),
    Column("folder", Boolean, nullable=False),
    Column("facts", Text, nullable=False),
    Index("ix_nodes_parent", "source_id", "parent", "id"),
    Index("ix_nodes_folder", "source_id", "id", **_when("folder = 1", "folder")),
    sqlite_with_rowid=False,
)
"""What a source remembers of its tree (core/trees.py)."""

listed_nodes = Table(
    "listed_nodes",
    metadata,
    Column("listing_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", LargeBinary, primary_key=True),
    Column("parent", LargeBinary),
    Column("folder", Boolean, nullable=False),
    Column("pending", Boolean, nullable=False),
    Column("facts", Text),
    Column("dropped", Boolean, nullable=False),
    Index("ix_listed_nodes_parent", "listing_id", "parent", "id"),
    Index("ix_listed_nodes_folder", "listing_id", "id", **_when("folder = 1", "folder")),
    Index("ix_listed_nodes_pending", "listing_id", "id", **_when("pending = 1", "pending")),
    sqlite_with_rowid=False,
)

files = Table(
    "files",
    metadata,
    Column("document_id", _Id, primary_key=True),
    Column("library_id", ForeignKey("libraries.id"), nullable=False),
    Column("source_id", ForeignKey("sources.id"), nullable=False),
    Column("file_id", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("modified", Float),
    Column("media_type", Text),
    Column("acl_id", ForeignKey("acls.id"), nullable=False),
    Column("link", Text),
    Column("state", SmallInteger, nullable=False),
    Column("wanted", BigInteger, nullable=False),
    Column("owed", Boolean, nullable=False),
    Column("retry_at", Float),
    Column("content_hash", String(64)),
    Column("read_fingerprint", Text),
    Column("moved_from", _Id),
    Column("missed_by", BigInteger),
    Column("container", _Id),
    Column("opened_content", String(64)),
    Column("opened_by", Text),
    UniqueConstraint("source_id", "file_id"),
    Index("ix_files_state", "source_id", "state"),
    Index("ix_files_acl", "library_id", "acl_id"),
    Index("ix_files_owed", "source_id", "file_id", **_when("owed = 1", "owed")),
    Index("ix_files_moved_from", "moved_from", **_when("moved_from IS NOT NULL", "moved_from IS NOT NULL")),
    Index("ix_files_container", "container", **_when("container IS NOT NULL", "container IS NOT NULL")),
    Index("ix_files_opened", "source_id", "opened_by", **_when("opened_by IS NOT NULL", "opened_by IS NOT NULL")),
)
"""The mirror. `wanted` counts the wanted states; `read_fingerprint` is the fingerprint for which `content_hash` was verified,
or for which the file failed for good; `missed_by` is the run that first missed an AWAITING file. A member, which lies in
another file, names that as its `container`; `opened_content` is the content whose members were mirrored last, `opened_by` the
extractor that found them."""

documents = Table(
    "documents",
    metadata,
    Column("document_id", _Id, primary_key=True),
    Column("library_id", ForeignKey("libraries.id"), nullable=False),
    Column("source_id", ForeignKey("sources.id"), nullable=False),
    Column("generation_id", ForeignKey("generations.id"), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("media_type", Text, nullable=False),
    Column("extractor", Text, nullable=False),
    Column("chunker", Text, nullable=False),
    Column("title", Text),
    Column("metadata", Text, nullable=False),
    Column("published_at", Float, nullable=False),
    Index("ix_documents_pipeline", "source_id", "generation_id", "chunker", "extractor"),
    Index("ix_documents_library", "library_id"),
    Index("ix_documents_content", "content_hash"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("generation_id", ForeignKey("generations.id"), primary_key=True),
    Column("id", _Id, primary_key=True),
    Column("document_id", _Id, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("text_hash", LargeBinary(16), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("body_offset", Integer, nullable=False),
    Column("pages", Text, nullable=False),
    Column("headings", Text, nullable=False),
    Index("ix_chunks_document", "document_id", "generation_id", "state"),
    Index("ix_chunks_state", "generation_id", "state", "id"),
    Index("ix_chunks_text", "text_hash"),
)

texts = Table(
    "texts",
    metadata,
    Column("text_hash", LargeBinary(16), primary_key=True),
    Column("text", Text, nullable=False),
)

vectors = Table(
    "vectors",
    metadata,
    Column("text_hash", LargeBinary(16), primary_key=True),
    Column("space_id", ForeignKey("spaces.id"), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

text_garbage = Table("text_garbage", metadata, Column("text_hash", LargeBinary(16), primary_key=True))
"""Texts that lost a user: erased with their vectors if it was the last one."""

content_garbage = Table(
    "content_garbage",
    metadata,
    Column("library_id", ForeignKey("libraries.id"), primary_key=True),
    Column("content_hash", String(64), primary_key=True),
)
"""Contents that lost a user: the extracted text, which each library keeps for itself, is erased if it was the last one."""

quarantine = Table(
    "quarantine",
    metadata,
    Column("document_id", _Id, primary_key=True),
    Column("library_id", ForeignKey("libraries.id"), nullable=False),
    Column("source_id", ForeignKey("sources.id"), nullable=False),
    Column("stage", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", Float),
    Column("content_hash", String(64)),
    Column("engines", Text, nullable=False),
    Column("first_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    Index("ix_quarantine_source", "source_id", "engines"),
    Index("ix_quarantine_library", "library_id", "last_at"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("library_id", ForeignKey("libraries.id"), nullable=False),
    Column("flow_run_id", Text),
    Column("epoch", BigInteger, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("state", Text, nullable=False),
    Column("report", Text),
    Index("ix_runs_library", "library_id", "id"),
)

channels = Table(
    "channels",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("library_id", ForeignKey("libraries.id"), nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("corpus", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("resource_id", Text),
    Column("opened_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
)
"""Push channels that are open, or may be (ledger/channels.py). `source` is a root, no key: a channel outlives its source until
it is stopped."""
