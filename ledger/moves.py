"""Files that vanished from one place and stand in another: told by their content, published in one transaction."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, select, update

from ledger.schema import FileState, documents, files, listed_files

_MISSED = (FileState.VANISHED, FileState.AWAITING_LISTING, FileState.AWAITING_FLAG)


def pair_moves(connection: Connection, source_id: int, listing: int) -> int:
    """Join each vanished file that was published, or whose members were, with one new file of the same content; how many.

    The new files were read while listing.
    """
    f, listed = files.c, listed_files.c
    news = (
        select(f.document_id, f.content_hash, _nth(f.content_hash, f.file_id))
        .join(listed_files, and_(listed.listing_id == listing, listed.document_id == f.document_id))
        .where(
            f.source_id == source_id,
            listed.content_hash.is_not(None),
            f.moved_from.is_(None),
            ~exists().where(documents.c.document_id == f.document_id),
        )
        .subquery()
    )
    # An archive is no document itself, but its members are.
    held = func.coalesce(documents.c.content_hash, f.opened_content)
    olds = (
        select(f.document_id, held.label("content_hash"), _nth(held, f.file_id))
        .outerjoin(documents, documents.c.document_id == f.document_id)
        .where(f.source_id == source_id, f.state.in_(_MISSED), f.container.is_(None), held.is_not(None))
        .subquery()
    )
    same = and_(news.c.content_hash == olds.c.content_hash, news.c.nth == olds.c.nth)
    pairs = connection.execute(select(news.c.document_id, olds.c.document_id).join(olds, same)).all()
    if not pairs:
        return 0
    rows = [{"new": new, "old": old} for new, old in pairs]
    connection.execute(update(files).where(f.document_id == bindparam("new")).values(moved_from=bindparam("old")), rows)
    left = update(files).where(f.document_id == bindparam("old")).values(state=FileState.MOVING.value, missed_by=None)
    connection.execute(left, [{"old": old} for _new, old in pairs])
    return len(pairs)


def _nth(content: ColumnElement[str | None], order: ColumnElement[bytes]) -> ColumnElement[int]:
    return func.row_number().over(partition_by=content, order_by=order).label("nth")
