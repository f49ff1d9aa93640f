"""`levada quarantine list`: when each file is tried again."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert

from ledger import libraries, sources
from ledger.acls import acl_ids
from ledger.database import open_ledger
from ledger.schema import files, quarantine
from tests.apps.in_process import Levada


@pytest.mark.parametrize(
    ("reason", "next_try", "content", "words"),
    [
        ("timeout", -60.0, "hash", "at the next ingest"),
        ("timeout", 610.0, "hash", "in 10 min"),
        ("corrupt", None, "hash", "when it changes"),
        ("corrupt", None, None, "at the next ingest, or when it changes"),
        ("needs tesseract", None, "hash", "once it is installed"),
    ],
)
def test_when_a_file_is_tried_again(
    tmp_path: Path, reason: str, next_try: float | None, content: str | None, words: str
) -> None:
    now = time.time()
    with closing(open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")) as db:
        library = libraries.ensure(db, "default", "default")
        source = sources.ensure(db, library, "folder", "/documents", "{}")
        with db.write() as connection:
            [acl] = acl_ids(db, connection, [("owner",)]).values()
            of_both = {"document_id": "d", "library_id": library.id, "source_id": source.id, "content_hash": content}
            file = {
                "file_id": b"scan.pdf", "name": "scan.pdf", "path": "scan.pdf", "size": 1, "fingerprint": "", "acl_id": acl,
                "state": 0, "wanted": 1, "owed": next_try is not None,
            }  # fmt: skip
            failure = {
                "stage": "extract", "reason": reason, "detail": "its words", "attempts": 1, "engines": "", "first_at": now,
                "last_at": now, "next_try": next_try and now + next_try,
            }  # fmt: skip
            connection.execute(insert(files).values(of_both | file))
            connection.execute(insert(quarantine).values(of_both | failure))
    shown = Levada(LEVADA_HOME=tmp_path)("quarantine", "list").stdout
    assert f"  {words}  " in shown
