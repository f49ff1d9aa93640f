"""What an ingest would do, without doing any of it: files, bytes, chunks to embed, time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from blocks.library import Library
from blocks.sources.base import Source
from core.chunks import Chunk
from core.documents import Document
from core.errors import Unprocessable, UsageError
from core.files import ChangePage, SourceFile
from core.ids import document_id, text_hash
from core.members import DEEPEST, member_name
from core.spaces import Tokenizer
from ledger import mirror, vectors
from ledger.libraries import LibraryRow, active_generation
from ledger.owed import Pipeline
from tasks.chunkers import StructureChunker
from tasks.extractors._isolation.temporary import temporary_directory
from tasks.extractors.base import Reading
from tasks.extractors.registry import engine_keys, failure_keys, registry_key
from tasks.parsers import parser_pool
from tasks.progress import Progress, tell

SAMPLE = 200
"""So many changed files are really read and cut; what more there is, is reckoned from them by size."""
PORTION = 32
"""Files read at once, with all that lies in them."""
CALIBRATION = 32
"""Chunks embedded to learn the machine's speed, if no run has told it."""

Item: TypeAlias = tuple[str, str, str]
"""Key, path and original name of a file to read."""


@dataclass(slots=True)
class Plan:
    """What an ingest would do."""

    files: int = 0
    """Files listed."""
    changed: int = 0
    """Files that are new, changed or owed: they would be read."""
    vanished: int = 0
    bytes: int = 0
    """Bytes of the changed files."""
    chunks: int = 0
    """Chunks to embed."""
    unreadable: int = 0
    """Changed files that would go to quarantine."""
    seconds: float = 0.0
    """Estimated time."""
    estimated: bool = False
    """True if only a sample was read, so that the counts of chunks and unreadable files are reckoned."""


def make_plan(library: Library, adapters: list[Source]) -> Plan:
    """List the sources and read what changed. Writes nothing to ledger or store."""
    plan, started = Plan(), time.perf_counter()
    row = _row(library)
    changed: list[tuple[Source, SourceFile]] = []
    for adapter in adapters:
        changed += [(adapter, file) for file in _changed(library, row, adapter, plan)]
    plan.changed, plan.bytes = len(changed), sum(file.size for _adapter, file in changed)
    step = max(1, len(changed) // SAMPLE)
    sample = changed[::step]
    plan.estimated = len(sample) < len(changed)
    texts = _texts(library, row, sample, plan)
    scale = plan.bytes / max(1, sum(file.size for _adapter, file in sample)) if plan.estimated else 1.0
    plan.chunks, plan.unreadable = round(len(texts) * scale), round(plan.unreadable * len(changed) / max(1, len(sample)))
    reading = (time.perf_counter() - started) * scale
    plan.seconds = round(max(reading, plan.chunks / _rate(library, row, texts)) if texts else reading, 1)
    return plan


def _row(library: Library) -> LibraryRow | None:
    try:
        return library.row()
    except UsageError:
        return None


def _changed(library: Library, row: LibraryRow | None, adapter: Source, plan: Plan) -> list[SourceFile]:
    generation = active_generation(library.ledger, row) if row else None
    policy = library.settings.reading
    pipeline = Pipeline(
        engine_keys(policy),
        registry_key(policy),
        StructureChunker().key,
        generation.id if generation else 0,
        failure_keys(policy),
        library.settings.extract_limits,
    )
    unlisted: list[bytes] = []
    # A source may tell of a file more than once, as when what it lists changes meanwhile: the last word counts.
    listed: dict[str, bytes] = {}
    changed: dict[str, SourceFile] = {}
    root = f"{adapter.kind}:{adapter.root}"
    for page in adapter.changes(None):
        if not isinstance(page, ChangePage):
            continue
        ids = {document_id(library.tenant, library.name, root, file.id): file for file in page.files}
        fingerprints = {id: file.fingerprint for id, file in ids.items()}
        unsettled = mirror.unsettled(library.ledger, fingerprints, pipeline) if row else ids.keys()
        unlisted += page.unlisted
        for id, file in ids.items():
            listed[id] = file.id
            changed.pop(id, None)
            if id in unsettled:
                changed[id] = file
        for gone in (*page.removed, *page.missed):
            id = document_id(library.tenant, library.name, root, gone)
            listed.pop(id, None)
            changed.pop(id, None)
        tell(Progress(f"looking at {adapter.root}", files_done=plan.files + len(listed)))
    plan.files += len(listed)
    if row:
        # What nobody could look at has not vanished.
        known = mirror.known_count(library.ledger, row, adapter.kind, adapter.root, unlisted)
        seen = mirror.present(library.ledger, [id for id, file in listed.items() if not file.startswith(tuple(unlisted))])
        plan.vanished += max(0, known - seen)
    return [changed[id] for id in sorted(changed)]


def _texts(library: Library, row: LibraryRow | None, sample: list[tuple[Source, SourceFile]], plan: Plan) -> dict[bytes, str]:
    """The texts of the sample that the ledger holds no vector for, by hash."""
    tokenizer = library.model.tokenizer()
    settings, texts = library.settings, {}
    with temporary_directory("plan") as directory:
        reading = Reading(settings.reading, str(directory / "members"))
        with parser_pool(settings, directory, reading=reading) as pool:
            of, total = len(sample), sum(file.size for _adapter, file in sample)
            for start in range(0, of, PORTION):
                done = sum(file.size for _adapter, file in sample[:start])
                tell(Progress("reading what changed", start, of, done, total))
                items = list(_snapshots(sample[start : start + PORTION], directory, plan))
                for depth in range(DEEPEST + 1):
                    inside: list[Item] = []
                    for _key, outcome in pool.read_many(items):
                        members = () if isinstance(outcome, Unprocessable) else outcome.members
                        inside += [(member.path, member.path, member_name(member.name)) for member in members]
                        chunks = _chunks(outcome, tokenizer)
                        plan.unreadable += not (chunks or members) and depth == 0
                        texts.update({text_hash(chunk.text): chunk.text for chunk in chunks})
                    for _key, path, _name in items:
                        Path(path).unlink(missing_ok=True)
                    items = inside
    generation = active_generation(library.ledger, row) if row else None
    known = vectors.known(library.ledger, generation.space_id, list(texts)) if generation else {}
    return {hash: text for hash, text in texts.items() if hash not in known}


def _chunks(outcome: Document | Unprocessable, tokenizer: Tokenizer) -> list[Chunk]:
    try:
        return [] if isinstance(outcome, Unprocessable) else StructureChunker().chunk(outcome, tokenizer)
    except Unprocessable:
        return []


def _snapshots(sample: list[tuple[Source, SourceFile]], directory: Path, plan: Plan) -> Iterator[Item]:
    for number, (adapter, file) in enumerate(sample):
        try:
            yield str(number), adapter.fetch(file.id, directory).path, file.reading_name
        except (FileNotFoundError, Unprocessable):
            plan.unreadable += 1


def _rate(library: Library, row: LibraryRow | None, texts: dict[bytes, str]) -> float:
    """Chunks per second: as the last run measured, else measured now."""
    measured = mirror.embedding_rate(library.ledger, row) if row else None
    if measured is not None:
        return measured
    some = list(texts.values())[:CALIBRATION]
    library.model.embed(some[:1])  # loads the model
    started = time.perf_counter()
    library.model.embed(some)
    return len(some) / (time.perf_counter() - started)
