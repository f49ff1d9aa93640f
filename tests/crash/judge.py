"""Has a reader ever seen invariant I3 broken? Every answer is held against the states that the library went through."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.index import Index, Published
from tests.crash.reader import FEW

Revision = frozenset[tuple[str, str]]
"""A document as a reader sees it: chunk ids, each with a digest of the passage. Empty: it is not there."""
ABSENT: Revision = frozenset()
State = Mapping[str, set[Revision]]
"""What each document may be, by id; one that is not named must be absent."""


@dataclass
class Verdict:
    """What a reader has seen in one test."""

    searches: int = 0
    answers: int = 0
    failures: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def states(indexes: Sequence[Index]) -> list[State]:
    """What readers may see while a library goes through these states. Who fails in one keeps what was published before."""
    seen: list[dict[str, set[Revision]]] = []
    for index in indexes:
        now = {id: {revision(document)} for id, document in index.documents.items()}
        for id in index.waiting:
            earlier = [state.get(id, {ABSENT}) for state in seen] or [{ABSENT}]
            now[id] = now.get(id, set()).union(*earlier)
        seen.append(now)
    return list(seen)


def revision(document: Published) -> Revision:
    """How a reader sees this document."""
    return frozenset((chunk.id, _digest(chunk.text[chunk.body_offset :])) for chunk in document.chunks)


def moves(before: Index, after: Index) -> list[tuple[str, str]]:
    """(document before, document after) of each file that is only somewhere else now: exactly one of them is there, always."""
    # A file that was there already, or still is, and merely failed, has not moved: its content was exchanged.
    gone = before.documents.keys() - after.documents.keys() - after.failing.keys()
    new = after.documents.keys() - before.documents.keys() - before.failing.keys()

    def by_content(index: Index, ids: set[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for id in ids:
            found.setdefault(index.documents[id].content_hash, []).append(id)
        return found

    olds, news = by_content(before, gone), by_content(after, new)
    pairs = [(olds[content][0], ids[0]) for content, ids in news.items() if len(ids) == len(olds.get(content, ())) == 1]
    # A file that was there before, or still is, has not moved, nor has what lies in it: its content was exchanged.
    return [
        (old, new)
        for old, new in pairs
        if not _around(before.documents[old]) & after.places and not _around(after.documents[new]) & before.places
    ]


def _around(document: Published) -> set[str]:
    """Its place, and those of all that it may lie in."""
    parts = document.path.split("/")
    return {"/".join(parts[:depth]) for depth in range(1, len(parts) + 1)}


def judge(record: Path, passed: Sequence[State], moved: Sequence[tuple[str, str]] = (), unborn: bool = False) -> Verdict:
    """Read a reader's record. `passed`: the states in the order in which the library went through them.

    `unborn`: there was no library to begin with, and a search may say so until there is one.
    """
    told: dict[str, Any] = json.loads(record.read_text())
    answers = told["answers"]
    born = min((began for began, *_rest in told["searches"]), default=math.inf) if unborn else 0.0
    failures = [f"{kind}: {error}" for at, kind, error in told["failures"] if at >= born or not error.startswith("UsageError")]
    verdict = Verdict(len(told["searches"]), len(answers), failures)
    bystanders: dict[str, list[str]] = {}
    reached: dict[str, int] = {}
    for began, _ended, kind, key in told["searches"]:
        if key not in bystanders:
            bystanders[key] = list(_faults_of(answers[key], kind, passed, moved))
        faults = list(bystanders[key])
        if kind != "few":
            faults += _backwards(_documents(answers[key]), passed, reached)
        verdict.violations += [f"at {began:.3f}, {kind}: {fault}" for fault in faults]
    return verdict


def _faults_of(answer: list[list[str]], kind: str, passed: Sequence[State], moved: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What no moment of the library's life can have been."""
    ids = [chunk for _document, _path, chunk, _text in answer]
    if len(ids) != len(set(ids)):
        yield "a chunk twice"
    found = _documents(answer)
    if kind == "few":
        for id, seen in found.items():
            if not any(seen <= whole for state in passed for whole in state.get(id, ())):
                yield f"{_path_of(answer, id)}: passages of no one revision"
        if len(answer) < min(FEW, _always(passed)):
            yield f"{len(answer)} passages only"
        return
    known = {id for state in passed for id in state} | found.keys()
    for id in known:
        seen = found.get(id, ABSENT)
        if not any(seen in state.get(id, {ABSENT}) for state in passed):
            yield f"{_path_of(answer, id)}: {_in_words(seen, id, passed)}"
    for old, new in moved:
        if (old in found) == (new in found):
            yield f"a moved document is there {'twice' if old in found else 'not at all'} ({_path_of(answer, old)})"


def _always(passed: Sequence[State]) -> int:
    """At least so many passages are there at every moment."""
    stay = set.intersection(*(set(state) for state in passed))
    return sum(min(len(whole) for state in passed for whole in state[id]) for id in stay)


def _backwards(found: dict[str, Revision], passed: Sequence[State], reached: dict[str, int]) -> Iterator[str]:
    """A document that has reached a state never goes back to an earlier one."""
    for id in {id for state in passed for id in state}:
        seen, least = found.get(id, ABSENT), reached.get(id, 0)
        now = next((n for n in range(least, len(passed)) if seen in passed[n].get(id, {ABSENT})), None)
        if now is None:
            if any(seen in state.get(id, {ABSENT}) for state in passed):
                yield f"{id} went back to an earlier revision"
        else:
            reached[id] = now


def _documents(answer: list[list[str]]) -> dict[str, Revision]:
    found: dict[str, set[tuple[str, str]]] = {}
    for document, _path, chunk, text in answer:
        found.setdefault(document, set()).add((chunk, text))
    return {id: frozenset(chunks) for id, chunks in found.items()}


def _in_words(seen: Revision, id: str, passed: Sequence[State]) -> str:
    if not seen:
        return f"document {id} is missing"
    if not any(id in state for state in passed):
        return "a document that never was"
    nearest = max((whole for state in passed for whole in state.get(id, ())), key=lambda whole: len(whole & seen))
    return f"{len(seen)} chunks, of which {len(nearest & seen)} of a revision of {len(nearest)}"


def _path_of(answer: list[list[str]], id: str) -> str:
    return next((path for document, path, _chunk, _text in answer if document == id), "?")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
