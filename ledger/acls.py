"""Access control lists, each distinct set of principals stored once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from core.principals import split
from ledger.database import Database, parts
from ledger.schema import acl_principals, acls


def acl_ids(db: Database, connection: Connection, wanted: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    """The ids of these ACLs, recorded if they are new. The order and repetition of principals do not matter."""
    digests = {acl: _digest(acl) for acl in wanted}
    principals = {digest: sorted(set(acl)) for acl, digest in digests.items()}
    known = _known(db, connection, list(principals))
    # Another library's run may record the same one just now: always in one order, lest the two wait for each other.
    new = sorted(principals.keys() - known.keys())
    if new:
        rows = [{"digest": digest, "principals": json.dumps(principals[digest], ensure_ascii=False)} for digest in new]
        connection.execute(db.insert(acls).on_conflict_do_nothing(), rows)
        known |= _known(db, connection, new)
        pairs = [pair for digest in new for pair in _pairs(known[digest], principals[digest])]
        if pairs:
            connection.execute(db.insert(acl_principals).on_conflict_do_nothing(), pairs)
    return {acl: known[digest] for acl, digest in digests.items()}


def _known(db: Database, connection: Connection, digests: Sequence[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for part in parts(digests):
        rows = connection.execute(select(acls.c.digest, acls.c.id).where(db.among(acls.c.digest, part)))
        found.update(row._tuple() for row in rows)
    return found


def _pairs(acl_id: int, principals: Sequence[str]) -> list[dict[str, object]]:
    """Who may see it, and until when; of several rights the one that lasts longest."""
    until: dict[str, float | None] = {}
    for who, end in map(split, principals):
        known = until.get(who, end)
        until[who] = None if end is None or known is None else max(end, known)
    return [{"principal": who, "acl_id": acl_id, "until": end} for who, end in until.items()]


def _digest(acl: tuple[str, ...]) -> bytes:
    # A list of principals may be longer than what an index of PostgreSQL takes.
    text = json.dumps(sorted(set(acl)))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
