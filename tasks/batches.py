"""What the stages hand to each other. Plain classes: Prefect looks into dataclasses that are passed to tasks, for futures,
and that would cost more than the stage itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from core.documents import Document
from ledger import owed
from ledger.database import Database
from ledger.owed import OwedFile
from ledger.publishing import Reading, Revision
from ledger.quarantine import FailedFile
from ledger.sources import SourceRow

FIRST, GROWTH = 16, 4
"""Files in the first batch, and how much larger each next one may be: the model shall not wait long for its first texts."""
LARGEST, BATCHES = 256, 60
"""Files in a batch, unless told otherwise; a large sync gets larger batches rather than more: task runs cost the server."""


class Extracted:
    """A file whose bytes gave a document."""

    __slots__ = ("content_hash", "document", "file", "fingerprint")

    def __init__(self, file: OwedFile, content_hash: str, fingerprint: str, document: Document) -> None:
        self.file = file
        self.content_hash = content_hash
        self.fingerprint = fingerprint
        self.document = document


class Batch:
    """Some owed files on their way. Each stage takes the batch, adds its part and drops what nobody needs any more."""

    def __init__(self, number: int, files: Sequence[OwedFile]) -> None:
        self.number = number
        self.files = files
        self.extracted: list[Extracted] = []
        self.failed: list[FailedFile] = []
        self.current: list[Reading] = []
        """Read, and found published already."""
        self.hopeless: list[Reading] = []
        """Read, and found in quarantine for good."""
        self.vanished: list[OwedFile] = []
        self.revisions: list[Revision] = []
        self.texts: dict[bytes, str] = {}
        """Embedded texts of the added chunks, by hash."""
        self.vectors: dict[bytes, bytes] = {}
        """Vectors of the added chunks, by text hash: float32 bytes."""
        self.new_vectors: set[bytes] = set()
        """Those of them that the ledger does not hold yet."""

    def __repr__(self) -> str:
        return f"Batch({self.number}, {len(self.files)} files)"


def owed_batches(db: Database, source: SourceRow, total: int, most_files: int | None, most_bytes: int) -> Iterator[Batch]:
    """All that is owed now of a source, about `total` files, in batches; `most_files` is settled here if it is None."""
    limit = most_files or max(LARGEST, total // BATCHES)
    number, after, now = 0, b"", time.time()
    while files := owed.batch(db, source, now, min(limit, FIRST * GROWTH**number), most_bytes, after):
        number, after = number + 1, files[-1].file_id
        yield Batch(number, files)
