"""Reading one file in a parser process, within the usual limits: no library, no ledger, no Prefect, no model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from core.documents import Document, Element
from core.errors import LevadaError, Unprocessable, UsageError
from core.reasons import Reason
from core.settings import Settings
from tasks.extractors import comparing, drawing
from tasks.extractors._isolation.temporary import temporary_directory
from tasks.extractors.base import Reading
from tasks.extractors.registry import engines_for
from tasks.parsers import parser_pool

READER = "tasks.extractors.read:read_document"

Comparison = list[tuple[str, Document | Unprocessable]]
"""By an engine's name, what it made of the file."""


def read_file(file: Path, settings: Settings, reading: Reading) -> Document:
    """The document; its members' bytes are gone already. Raises Unprocessable."""
    with temporary_directory("extract") as members:
        return _read(file, settings, replace(reading, members=str(members)), READER)


def compare(file: Path, settings: Settings, reading: Reading) -> Comparison:
    """What each engine that can read the file makes of it, the usual engine first, with its seconds in the metadata.

    Raises Unprocessable if there is none.
    """
    found = _read(file, settings, reading, comparing.IDENTIFIER).media_type
    engines = engines_for(found)
    if not engines:
        raise Unprocessable(Reason.UNSUPPORTED_TYPE, found)
    outcomes: Comparison = []
    for engine in engines:
        outcome: Document | Unprocessable
        try:
            outcome = _read(file, settings, replace(reading, engine=engine.name), comparing.TIMED_READER)
        except Unprocessable as refusal:
            outcome = refusal
        outcomes.append((engine.name, outcome))
    return outcomes


def draw(file: Path, document: Document, page: int | None, target: Path, settings: Settings) -> tuple[list[Path], list[str]]:
    """Paint the elements' boxes over that page, or over all; the first picture is `target`, the others OUT-2.png, OUT-3.png ...

    Returns the files written, and in words what could not be drawn. Raises UsageError for files without pages to be shown,
    LevadaError if not even the first could be drawn.
    """
    if not drawing.can_draw(document.media_type):
        raise UsageError(f"only PDFs and pictures can be drawn, not {document.media_type}")
    numbered = list(enumerate(document.elements, 1))
    with (
        temporary_directory("draw") as directory,
        parser_pool(settings, reader=drawing.DRAWER) as pool,
    ):

        def outcomes(pages: Sequence[int]) -> Iterator[tuple[int, Document | Unprocessable]]:
            orders = []
            for number in pages:
                marks = [
                    drawing.Mark(place, element.kind, element.box)
                    for place, element in numbered
                    if element.box is not None and (element.page or 1) == number
                ]
                order = directory / f"{number}.json"
                drawing.write_order(order, str(file), document.media_type, number, marks, order.with_suffix(".png"))
                orders.append((number, str(order), order.name))
            return pool.read_many(orders)

        first = page or 1
        ((_, drawn),) = outcomes([first])
        if isinstance(drawn, Unprocessable):
            raise LevadaError(f"page {first} cannot be drawn: {drawn.detail or drawn.reason.value}")
        shutil.move(drawn.members[0].path, target)
        written, failed = {first: target}, {}
        rest = range(2, int(drawn.metadata[drawing.PAGES]) + 1) if page is None else range(0)
        for number, outcome in outcomes(rest):
            if isinstance(outcome, Unprocessable):
                failed[number] = f"page {number} cannot be drawn: {outcome.detail or outcome.reason.value}"
            else:
                written[number] = target.with_name(f"{target.stem}-{number}{target.suffix}")
                shutil.move(outcome.members[0].path, written[number])
    return [written[number] for number in sorted(written)], [failed[number] for number in sorted(failed)]


def headings_of(elements: Sequence[Element]) -> list[tuple[str, ...]]:
    """For each element the headings above it, outermost first."""
    trails: list[tuple[str, ...]] = []
    above: list[Element] = []
    for element in elements:
        if element.level is not None:
            above = [outer for outer in above if (outer.level or 1) < element.level]
        trails.append(tuple(outer.text for outer in above))
        if element.level is not None:
            above.append(element)
    return trails


def _read(file: Path, settings: Settings, reading: Reading, reader: str) -> Document:
    with parser_pool(settings, reading=reading, reader=reader, workers=1) as pool:
        ((_, outcome),) = pool.read_many([(file, str(file), file.name)])
    if isinstance(outcome, Unprocessable):
        raise outcome
    return outcome
