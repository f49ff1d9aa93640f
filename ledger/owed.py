"""What is owed: present files whose published state is not the wanted one. Level-triggered: events never matter."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from core.files import reading_name
from core.reasons import Reason
from ledger import runs
from ledger.database import Database, unindexed
from ledger.members import has_owed_members
from ledger.runs import Run
from ledger.schema import FileState, documents, files, quarantine, sources
from ledger.sources import SourceRow

_OF_ALL_ENGINES = frozenset({Reason.UNSUPPORTED_TYPE, Reason.NEEDS_TESSERACT, Reason.NEEDS_LIBREOFFICE})
"""Any engine or program that comes may help."""


class Which(Enum):
    """Owed files of one kind."""

    LISTED = "listed"
    """By their source."""
    INSIDE = "inside"
    """Other files."""
    HOLDING = "holding"
    """Listed, and others have to be read that lie in them."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The versions that wanted content depends on, besides the file's own bytes."""

    engines: frozenset[str]
    """Keys of the extractors at hand, e.g. {"pdf/1", "text/1"}."""
    registry: str
    """One key for all of them: when it changes, types that nobody could read are tried again."""
    chunker: str
    generation: int
    refusals: frozenset[str] = frozenset()
    """Keys of the extractors at hand as those that refuse a file."""
    limits: str = ""
    """Of the size of what is read: when they change, files that were too large are tried again."""

    @property
    def key(self) -> str:
        """All of it in one string."""
        failing = hashlib.blake2b("\n".join([*sorted(self.refusals), self.limits]).encode(), digest_size=8).hexdigest()
        return f"{self.registry}|{self.chunker}|{self.generation}|{failing}"

    def failure_key(self, reason: Reason, engine: str) -> str:
        """What a failure is remembered by, `engine` having refused the file, or "" if it is not known which."""
        key = engine if engine in self.refusals and reason not in _OF_ALL_ENGINES else self.registry
        return f"{key}|{self.limits}" if self.limits and reason is Reason.TOO_LARGE else key

    @property
    def failure_keys(self) -> frozenset[str]:
        """Those of failures that would happen again."""
        keys = self.refusals | {self.registry}
        return keys | {f"{key}|{self.limits}" for key in keys if self.limits}


@dataclass(frozen=True, slots=True)
class OwedFile:
    """A file that waits for work, with what is published of it."""

    document_id: str
    file_id: bytes
    name: str
    path: str
    size: int
    fingerprint: str
    wanted: int
    """Revision of the wanted state; publishing is refused if it has moved on."""
    content_hash: str | None
    """Of the bytes when they were last read."""
    read_fingerprint: str | None
    """The fingerprint for which `content_hash` was verified."""
    moved_from: str | None
    published_content: str | None
    published_extractor: str | None
    published_chunker: str | None
    published_generation: int | None
    failed_content: str | None
    """Content that went to quarantine for good, with these engines."""
    failed_engines: str | None
    failed_reason: str | None
    container: str | None
    """Of a member: the document id of the file that it lies in."""
    opened_content: str | None
    """Content whose members were mirrored."""
    opened_by: str | None
    """The extractor that found them."""
    wants_members: bool
    """A member of it has to be read, for which its own bytes are needed."""
    media_type: str | None
    """As the source declares it."""
    published_type: str | None
    """Media type that its content was read as."""

    @property
    def reading_name(self) -> str:
        """The name to read it by."""
        return reading_name(self.name, self.media_type)

    def is_current(self, content: str, pipeline: Pipeline) -> bool:
        """True if just this content is published, or its members are mirrored, by today's extractors and chunker."""
        # Members are mirrored before their container is published: of the two, a run that died has done one alone.
        if self.wants_members or self.opened_content not in (None, content):
            return False
        if self.published_content is None:
            # Seen to the end with nothing to publish: an archive. One with text may have been opened and no more.
            return self.is_open(content, pipeline) and self.content_hash == content and self.failed_reason is None
        return (
            content == self.published_content
            and self.published_extractor in pipeline.engines
            and self.published_chunker == pipeline.chunker
            and self.published_generation == pipeline.generation
        )

    def is_open(self, content: str, pipeline: Pipeline) -> bool:
        """True if just the members of this content are mirrored, found by today's extractors."""
        return content == self.opened_content and self.opened_by in pipeline.engines

    def is_hopeless(self, content: str, pipeline: Pipeline) -> bool:
        """True if just this content has failed for good with just these engines."""
        return (
            content == self.failed_content
            and self.failed_engines in pipeline.failure_keys
            and self.failed_reason is not None
            and not Reason(self.failed_reason).transient
        )


def invalidate(db: Database, run: Run, source: SourceRow, pipeline: Pipeline) -> None:
    """Owe again what was published, or given up, by other versions than today's; vanished files too, lest they come back."""
    with db.write() as connection:
        runs.fence(connection, run)
        seen = connection.execute(select(sources.c.pipeline).where(sources.c.id == source.id)).scalar_one()
        if seen == pipeline.key:
            return
        outdated = select(documents.c.document_id).where(documents.c.source_id == source.id, is_outdated(pipeline))
        given_up = select(quarantine.c.document_id).where(quarantine.c.source_id == source.id, is_given_up(pipeline))
        opened = select(files.c.document_id).where(files.c.source_id == source.id, is_opened_otherwise(pipeline))
        connection.execute(
            update(files)
            .where(files.c.document_id.in_(outdated.union(given_up, opened)))
            .values(owed=True, wanted=files.c.wanted + 1, retry_at=None)
        )
        connection.execute(update(sources).where(sources.c.id == source.id).values(pipeline=pipeline.key))


def is_outdated(pipeline: Pipeline) -> ColumnElement[bool]:
    """Of a document: published by other versions than today's."""
    d = documents.c
    return or_(
        d.generation_id != pipeline.generation, d.chunker != pipeline.chunker, d.extractor.not_in(sorted(pipeline.engines))
    )


def is_opened_otherwise(pipeline: Pipeline) -> ColumnElement[bool]:
    """Of a file: its members were found by other extractors than today's."""
    return and_(files.c.opened_by.is_not(None), files.c.opened_by.not_in(sorted(pipeline.engines)))


def is_given_up(pipeline: Pipeline) -> ColumnElement[bool]:
    """Of a file in quarantine: tried by other engines, or within other limits, than today's."""
    return quarantine.c.engines.not_in(sorted(pipeline.failure_keys))


def batch(
    db: Database,
    source: SourceRow,
    now: float,
    max_files: int,
    max_bytes: int,
    after: bytes = b"",
    among: Sequence[str] | None = None,
    which: Which | None = None,
) -> list[OwedFile]:
    """The next files to work on, by id: at most `max_files`, and at most `max_bytes` unless one file alone is larger.

    `among`: only these documents, not more than IN_LIST; `which`: only files of this kind.
    """
    f, d, q = files.c, documents.c, quarantine.c
    statement = (
        select(
            f.document_id, f.file_id, f.name, f.path, f.size, f.fingerprint, f.wanted, f.content_hash,
            f.read_fingerprint, f.moved_from,
            d.content_hash, d.extractor, d.chunker, d.generation_id,
            q.content_hash, q.engines, q.reason,
            f.container, f.opened_content, f.opened_by, has_owed_members(), f.media_type, d.media_type,
        )
        .outerjoin(documents, d.document_id == f.document_id)
        .outerjoin(quarantine, q.document_id == f.document_id)
        .where(_due(source, now), f.file_id > after)
        .order_by(f.file_id)
        .limit(max_files)
    )  # fmt: skip
    if among is not None:
        statement = statement.where(db.among(f.document_id, among))
    if which is not None:
        statement = statement.where(*_conditions(which))
    with db.read() as connection:
        rows = [OwedFile(*tuple(row)) for row in connection.execute(statement)]
    total = 0
    for position, row in enumerate(rows):
        total += row.size
        if total > max_bytes and position:
            return rows[:position]
    return rows


def _conditions(which: Which) -> tuple[ColumnElement[bool], ...]:
    inside = files.c.container
    if which is Which.INSIDE:
        return (inside.is_not(None),)
    return (inside.is_(None), has_owed_members()) if which is Which.HOLDING else (inside.is_(None),)


def due(db: Database, source: SourceRow, now: float) -> tuple[int, int]:
    """How many files, and how many bytes, could be worked on now."""
    statement = select(func.count(), func.coalesce(func.sum(files.c.size), 0)).where(_due(source, now))
    with db.read() as connection:
        count, size = connection.execute(statement).one()
    return int(count), int(size)


def _due(source: SourceRow, now: float) -> ColumnElement[bool]:
    f = files.c
    # By the index of what is owed: SQLite takes it for a range of file ids (none is empty), and would else look at all files.
    of_source = and_(f.source_id == source.id, f.file_id > b"", f.owed, unindexed(f.state) == FileState.PRESENT)
    return and_(of_source, or_(f.retry_at.is_(None), f.retry_at <= now))
