"""A process that searches all the time, while others ingest, die and recover.

`python -m tests.crash.reader`: takes orders as lines of JSON on standard input. `start` names a library, `stop` a file for the
record. Between the two it asks in turns: for everything, as the owner of the library and as a principal who may see all of it;
for a few best passages; and, having let go of ledger and store, as a process that has just begun.
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import sys
import time
from pathlib import Path
from typing import Any

from blocks.library import Library, Passage, open_library
from core.principals import OWNER
from tests.statements import compile_once

EVERYTHING = 5_000
"""More than any library of these tests holds: every answer must be the complete index."""
FEW = 3
QUESTIONS = ("Who keeps the channel?", "water hour share", "a bridge over the valley", "Part 1")
REOPEN_EVERY = 12
PAUSE = 0.1
"""Seconds between two searches: so the runs that are watched get on."""


class Record:
    """All answers, each different one once, with the time of every search."""

    def __init__(self) -> None:
        self.answers: dict[str, list[list[Any]]] = {}
        self.searches: list[tuple[float, float, str, str]] = []
        self.failures: list[tuple[float, str, str]] = []

    def add(self, kind: str, began: float, passages: list[Passage]) -> None:
        """One search: its kind, when it began and ended, what it found."""
        answer = [[p.document_id, p.path, p.chunk_id, _digest(p.text)] for p in passages]
        if kind != "few":
            answer.sort()
        key = _digest(json.dumps(answer))
        self.answers.setdefault(key, answer)
        self.searches.append((began, time.monotonic(), kind, key))

    def fail(self, kind: str, began: float, exc: Exception) -> None:
        """A search that raised."""
        self.failures.append((began, kind, f"{type(exc).__name__}: {exc}"))

    def write(self, path: Path) -> None:
        """Keep it for the judge."""
        path.write_text(json.dumps({"answers": self.answers, "searches": self.searches, "failures": self.failures}))


class Reader:
    """Searches one library until told otherwise."""

    def __init__(self, library: str) -> None:
        self._name = library
        self._library: Library = open_library(library)
        self.record = Record()

    def ask(self, turn: int) -> None:
        """One search."""
        kind, k, principals = (
            ("all", EVERYTHING, None),
            ("few", FEW, None),
            ("permitted", EVERYTHING, [OWNER]),
        )[turn % 3]
        if turn % REOPEN_EVERY == 0:
            self.reopen()
        began = time.monotonic()
        try:
            found = self._library.search(QUESTIONS[turn % len(QUESTIONS)], k, principals)
        except Exception as exc:
            self.record.fail(kind, began, exc)
            time.sleep(0.02)
        else:
            self.record.add(kind, began, found)

    def reopen(self) -> None:
        """As a new process would come to it, but for the model, which stays loaded."""
        fresh = open_library(self._name)
        fresh._embedder = self._library.model
        self.let_go()
        self._library = fresh

    def let_go(self) -> None:
        """Close ledger and store; the model goes with the process."""
        self._library.vectors.close()
        if self._library._ledger is not None:
            self._library._ledger.close()


def main() -> int:
    """Serve until standard input ends."""
    reader: Reader | None = None
    turn = 0
    orders = ""
    compile_once()
    _say({"ready": os.getpid()})
    while True:
        if select.select([sys.stdin], [], [], 0.0 if reader else None)[0]:
            block = os.read(sys.stdin.fileno(), 65536).decode()
            if not block:
                return 0
            orders += block
            while "\n" in orders:
                line, _, orders = orders.partition("\n")
                reader = _obey(json.loads(line), reader)
        if reader is not None:
            reader.ask(turn)
            turn += 1
            time.sleep(PAUSE)


def _obey(order: dict[str, Any], reader: Reader | None) -> Reader | None:
    if order["do"] == "start":
        reader = Reader(order["library"])
        reader.ask(0)
        _say({"started": len(reader.record.searches)})
    elif reader is not None:
        if order["do"] == "stop":
            reader.let_go()
        reader.record.write(Path(order["record"]))
        reader.record = Record()
        _say({"kept": order["record"]})
        if order["do"] == "stop":
            return None
    return reader


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
