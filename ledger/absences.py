"""What becomes of files that a listing misses (invariant I5): few are let go, many wait, all or another root need a flag."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from ledger.database import Database
from ledger.runs import Run
from ledger.schema import FileState, files

MANY_FILES, MANY_SHARE = 50, 0.2
"""Losing more files than both at once waits for a second listing."""

_AWAITING = (FileState.AWAITING_LISTING, FileState.AWAITING_FLAG)


def most_at_once(connection: Connection, source_id: int) -> float:
    """How many of the VANISHED may be let go at once, by what the mirror knows now; what lies in others is not counted.

    The mirror is counted only if so many have vanished that it matters: a listing without news must not read all of it.
    """
    if _counted(connection, source_id, FileState.VANISHED) <= MANY_FILES:
        return MANY_FILES
    listed = and_(files.c.source_id == source_id, files.c.container.is_(None))
    return max(MANY_FILES, MANY_SHARE * int(connection.execute(select(func.count()).where(listed)).scalar_one()))


def awaiting(connection: Connection, source_id: int) -> int:
    """How many vanished files of the source wait."""
    return _counted(connection, source_id, *_AWAITING)


def wait_for_listing(db: Database, source_id: int) -> bool:
    """True if vanished files wait for a listing that sees, or misses, them once more: only a whole one does."""
    with db.read() as connection:
        return _counted(connection, source_id, FileState.AWAITING_LISTING) > 0


def wait(db: Database, source_id: int) -> bool:
    """True if any vanished files wait."""
    with db.read() as connection:
        return awaiting(connection, source_id) > 0


def judge(
    connection: Connection,
    run: Run,
    source_id: int,
    vanished: ColumnElement[bool],
    most: float,
    everything: bool,
    moved_root: bool,
    confirm: bool,
) -> bool:
    """Let the VANISHED go, or make them wait; the same for those of an earlier listing that are among `vanished` again.

    `most` may be let go at once, and `everything` says whether the listing held none of what the mirror knew: of files under an
    unlisted prefix nobody knows. Returns whether the operator's flag is needed.
    """
    fresh = _counted(connection, source_id, FileState.VANISHED)
    if not fresh and not awaiting(connection, source_id):
        return False
    again = and_(vanished, _in(source_id, *_AWAITING))
    if confirm:
        _set(connection, or_(_in(source_id, FileState.VANISHED), again), FileState.GONE)
        return False
    if moved_root or everything:
        suspects = or_(_in(source_id, FileState.VANISHED), and_(vanished, _in(source_id, FileState.AWAITING_LISTING)))
        _set(connection, suspects, FileState.AWAITING_FLAG)
    else:
        # The second listing must be another run's: one that was merely tried again proves nothing.
        confirmed = and_(vanished, _in(source_id, FileState.AWAITING_LISTING), files.c.missed_by != run.id)
        _set(connection, confirmed, FileState.GONE)
        _let_go(connection, run, source_id, fresh, most)
    return _counted(connection, source_id, FileState.AWAITING_FLAG) > 0


def judge_orphaned(connection: Connection, run: Run, source_id: int) -> None:
    """Let the VANISHED go unless they are many: their absence is certain, but nothing has taken their place."""
    fresh = _counted(connection, source_id, FileState.VANISHED)
    _let_go(connection, run, source_id, fresh, most_at_once(connection, source_id))


def _let_go(connection: Connection, run: Run, source_id: int, fresh: int, most: float) -> None:
    vanished = _in(source_id, FileState.VANISHED)
    if fresh > most:
        connection.execute(update(files).where(vanished).values(state=FileState.AWAITING_LISTING.value, missed_by=run.id))
    else:
        _set(connection, vanished, FileState.GONE)


def _in(source_id: int, *states: FileState) -> ColumnElement[bool]:
    return and_(files.c.source_id == source_id, files.c.state.in_(states))


def _set(connection: Connection, where: ColumnElement[bool], state: FileState) -> None:
    connection.execute(update(files).where(where).values(state=state.value))


def _counted(connection: Connection, source_id: int, *states: FileState) -> int:
    return int(connection.execute(select(func.count()).select_from(files).where(_in(source_id, *states))).scalar_one())
