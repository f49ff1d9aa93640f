"""Files in files: attachments, and what lies in archives."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.String(length=36).with_variant(sa.String(length=36, collation="C"), "postgresql")


def upgrade() -> None:
    """Add what a container and its members need to know of each other."""
    op.add_column("files", sa.Column("container", ID, nullable=True))
    op.add_column("files", sa.Column("opened_content", sa.String(length=64), nullable=True))
    op.add_column("files", sa.Column("opened_by", sa.Text(), nullable=True))
    op.create_index(
        "ix_files_container",
        "files",
        ["container"],
        sqlite_where=sa.text("container IS NOT NULL"),
        postgresql_where=sa.text("container IS NOT NULL"),
    )
    op.create_index(
        "ix_files_opened",
        "files",
        ["source_id", "opened_by"],
        sqlite_where=sa.text("opened_by IS NOT NULL"),
        postgresql_where=sa.text("opened_by IS NOT NULL"),
    )
