"""A file that the mirror may know already is named again: what that changes in its row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, not_, or_

from ledger.schema import FileState, files


def renewed(new: Any, facts: Sequence[str]) -> tuple[dict[str, Any], ColumnElement[bool]]:
    """(values of the mirrored row, whether it wants other content than before), `new` being the row that is inserted.

    A file is owed if its fingerprint is not the one whose bytes were read; "" is never that.
    """
    old = files.c
    unread = or_(new.fingerprint == "", old.read_fingerprint.is_distinct_from(new.fingerprint))
    # Said before, and owed since then: neither its back-off nor a revision on its way is disturbed.
    repeated = and_(new.fingerprint != "", old.fingerprint == new.fingerprint, old.owed)
    changed = and_(unread, not_(repeated))
    values = {
        **{name: new[name] for name in facts},
        "state": FileState.PRESENT.value,
        "owed": or_(old.owed, unread),
        "wanted": old.wanted + case((changed, 1), else_=0),
        "retry_at": case((changed, None), else_=old.retry_at),
        "missed_by": None,
    }
    return values, changed
