"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite numbers rows only for the type INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Ids are compared byte by byte on every database, whatever its language.
ID = sa.String(length=36).with_variant(sa.String(length=36, collation="C"), "postgresql")


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "acls",
        sa.Column("id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("principals", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acls"),
        sa.UniqueConstraint("digest", name="uq_acls_digest"),
    )
    op.create_table(
        "libraries",
        sa.Column("id", KEY, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("publish_counter", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("epoch", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_libraries"),
        sa.UniqueConstraint("tenant", "name", name="uq_libraries_tenant_name"),
    )
    op.create_table(
        "listed_files",
        sa.Column("listing_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document_id", ID, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("file_id", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("modified", sa.Float(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("acl_id", sa.BigInteger(), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("listing_id", "document_id", name="pk_listed_files"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "spaces",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_spaces"),
        sa.UniqueConstraint("key", name="uq_spaces_key"),
    )
    op.create_table(
        "text_garbage",
        sa.Column("text_hash", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("text_hash", name="pk_text_garbage"),
    )
    op.create_table(
        "texts",
        sa.Column("text_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("text_hash", name="pk_texts"),
    )
    op.create_table(
        "acl_principals",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("acl_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["acl_id"], ["acls.id"], name="fk_acl_principals_acl_id"),
        sa.PrimaryKeyConstraint("principal", "acl_id", name="pk_acl_principals"),
    )
    op.create_table(
        "content_garbage",
        sa.Column("library_id", KEY, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["library_id"], ["libraries.id"], name="fk_content_garbage_library_id"),
        sa.PrimaryKeyConstraint("library_id", "content_hash", name="pk_content_garbage"),
    )
    op.create_table(
        "generations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("library_id", KEY, nullable=False),
        sa.Column("space_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("rebuilding_collection", sa.Text(), nullable=True),
        sa.Column("rebuilding_store_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["library_id"], ["libraries.id"], name="fk_generations_library_id"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name="fk_generations_space_id"),
        sa.PrimaryKeyConstraint("id", name="pk_generations"),
        sa.UniqueConstraint("library_id", "number", name="uq_generations_library_id_number"),
    )
    op.create_index("ix_generations_library_id", "generations", ["library_id"])
    op.create_table(
        "runs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("library_id", KEY, nullable=False),
        sa.Column("flow_run_id", sa.Text(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["library_id"], ["libraries.id"], name="fk_runs_library_id"),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_library", "runs", ["library_id", "id"])
    op.create_table(
        "sources",
        sa.Column("id", KEY, nullable=False),
        sa.Column("library_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("root_identity", sa.Text(), nullable=True),
        sa.Column("pipeline", sa.Text(), nullable=True),
        sa.Column("listed_at", sa.Float(), nullable=True),
        sa.Column("added_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["library_id"], ["libraries.id"], name="fk_sources_library_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sa.UniqueConstraint("library_id", "kind", "root", name="uq_sources_library_id_kind_root"),
    )
    op.create_table(
        "vectors",
        sa.Column("text_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("space_id", KEY, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name="fk_vectors_space_id"),
        sa.PrimaryKeyConstraint("text_hash", "space_id", name="pk_vectors"),
    )
    op.create_table(
        "chunks",
        sa.Column("generation_id", KEY, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("document_id", ID, nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("body_offset", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Text(), nullable=False),
        sa.Column("headings", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["generation_id"], ["generations.id"], name="fk_chunks_generation_id"),
        sa.PrimaryKeyConstraint("generation_id", "id", name="pk_chunks"),
    )
    op.create_index("ix_chunks_document", "chunks", ["document_id", "generation_id", "state"])
    op.create_index("ix_chunks_state", "chunks", ["generation_id", "state", "id"])
    op.create_index("ix_chunks_text", "chunks", ["text_hash"])
    op.create_table(
        "documents",
        sa.Column("document_id", ID, nullable=False),
        sa.Column("library_id", KEY, nullable=False),
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("generation_id", KEY, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("extractor", sa.Text(), nullable=False),
        sa.Column("chunker", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("published_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_documents_source_id"),
        sa.ForeignKeyConstraint(["generation_id"], ["generations.id"], name="fk_documents_generation_id"),
        sa.ForeignKeyConstraint(["library_id"], ["libraries.id"], name="fk_documents_library_id"),
        sa.PrimaryKeyConstraint("document_id", name="pk_documents"),
    )
    op.create_index("ix_documents_content", "documents", ["content_hash"])
    op.create_index("ix_documents_library", "documents", ["library_id"])
    op.create_index("ix_documents_pipeline", "documents", ["source_id", "generation_id", "chunker", "extractor"])
    op.create_table(
        "files",
        sa.Column("document_id", ID, nullable=False),
        sa.Column("library_id", KEY, nullable=False),
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("file_id", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("modified", sa.Float(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("acl_id", KEY, nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.Column("retry_at", sa.Float(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("read_fingerprint", sa.Text(), nullable=True),
        sa.Column("moved_from", ID, nullable=True),
        sa.Column("missed_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_files_source_id"),
        sa.ForeignKeyConstraint(["library_id"], ["libraries.id"], name="fk_files_library_id"),
        sa.ForeignKeyConstraint(["acl_id"], ["acls.id"], name="fk_files_acl_id"),
        sa.PrimaryKeyConstraint("document_id", name="pk_files"),
        sa.UniqueConstraint("source_id", "file_id", name="uq_files_source_id_file_id"),
    )
    op.create_index("ix_files_acl", "files", ["library_id", "acl_id"])
    op.create_index(
        "ix_files_moved_from",
        "files",
        ["moved_from"],
        sqlite_where=sa.text("moved_from IS NOT NULL"),
        postgresql_where=sa.text("moved_from IS NOT NULL"),
    )
    op.create_index(
        "ix_files_owed", "files", ["source_id", "file_id"], sqlite_where=sa.text("owed = 1"), postgresql_where=sa.text("owed")
    )
    op.create_index("ix_files_state", "files", ["source_id", "state"])
    op.create_table(
        "listings",
        sa.Column("id", KEY, nullable=False),
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("unlisted", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_listings_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_listings"),
    )
    op.create_index("ix_listings_source_id", "listings", ["source_id"])
    op.create_table(
        "quarantine",
        sa.Column("document_id", ID, nullable=False),
        sa.Column("library_id", KEY, nullable=False),
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.Float(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("engines", sa.Text(), nullable=False),
        sa.Column("first_at", sa.Float(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_quarantine_source_id"),
        sa.ForeignKeyConstraint(["library_id"], ["libraries.id"], name="fk_quarantine_library_id"),
        sa.PrimaryKeyConstraint("document_id", name="pk_quarantine"),
    )
    op.create_index("ix_quarantine_library", "quarantine", ["library_id", "last_at"])
    op.create_index("ix_quarantine_source", "quarantine", ["source_id", "engines"])
