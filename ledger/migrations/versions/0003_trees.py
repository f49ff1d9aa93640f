"""What a source remembers of its tree, listings that can be gone on with, and rights that end."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _when(condition: str, postgresql: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(postgresql)}


def upgrade() -> None:
    """Add the two tables of nodes, and a column each to listings and principals."""
    op.add_column("acl_principals", sa.Column("until", sa.Float(), nullable=True))
    op.add_column("listings", sa.Column("cursor", sa.Text(), nullable=True))
    op.create_table(
        "nodes",
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("parent", sa.LargeBinary(), nullable=False),
        sa.Column("folder", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_nodes_source_id"),
        sa.PrimaryKeyConstraint("source_id", "id", name="pk_nodes"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_nodes_parent", "nodes", ["source_id", "parent", "id"])
    op.create_index("ix_nodes_folder", "nodes", ["source_id", "id"], **_when("folder = 1", "folder"))
    op.create_table(
        "listed_nodes",
        sa.Column("listing_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("parent", sa.LargeBinary(), nullable=True),
        sa.Column("folder", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("listing_id", "id", name="pk_listed_nodes"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_listed_nodes_parent", "listed_nodes", ["listing_id", "parent", "id"])
    op.create_index("ix_listed_nodes_folder", "listed_nodes", ["listing_id", "id"], **_when("folder = 1", "folder"))
    op.create_index("ix_listed_nodes_pending", "listed_nodes", ["listing_id", "id"], **_when("pending = 1", "pending"))
