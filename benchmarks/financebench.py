"""Annual and quarterly reports (`../shared/data/financebench`) with passages that people marked as evidence, and their pages.

Is every passage found on its page in what is published? Is the page found by its question? The second through a real ingest and
search; and through the same ingest with pypdf as the engine, as far as both differ.

Islam et al., FinanceBench (2023), https://arxiv.org/abs/2311.11944. Page numbers there count from 0.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.corpus import DATA, require
from benchmarks.prefect_runs import prefect_runs
from benchmarks.results import Row, report
from core.documents import Document
from core.errors import Unprocessable
from core.settings import Settings
from tasks.extractors.base import Reading
from tasks.extractors.parser_pool import ParserPool
from tasks.parsers import parser_pool

FOLDER = DATA / "financebench"
RECALL = 0.9
"""Share of a passage's tokens that its page must hold."""
K = 5
PASSAGES = 60
"""Enough to touch K pages."""
_TOKEN = re.compile(r"\w+")


def pdfs() -> list[Path]:
    """The reports that are here."""
    return sorted(require(FOLDER / "pdfs").glob("*.pdf"))


def evidence(names: set[str]) -> list[tuple[str, int, str]]:
    """(report, page from 1, passage), each once."""
    rows = map(json.loads, (FOLDER / "questions.jsonl").read_text("utf-8").splitlines())
    found = (passage for row in rows for passage in row["evidence"])
    return sorted(
        {
            (passage["doc_name"], passage["evidence_page_num"] + 1, passage["evidence_text"])
            for passage in found
            if passage["doc_name"] in names
        }
    )


def questions(names: set[str]) -> dict[str, tuple[str, set[tuple[str, int]]]]:
    """By id: the question, and its (report, page from 1); those whose reports are all here."""
    texts = {row["_id"]: row["text"] for row in map(json.loads, (FOLDER / "queries.jsonl").read_text("utf-8").splitlines())}
    judged: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for split in sorted((FOLDER / "qrels").glob("*.tsv")):
        for line in split.read_text("utf-8").splitlines()[1:]:
            id, place, score = line.split("\t")
            name, _, page = place.rpartition("#")
            if int(score) > 0:
                judged[id].add((name, int(page) + 1))
    return {id: (texts[id], places) for id, places in judged.items() if {name for name, _page in places} <= names}


def token_recall(wanted: str, held: str) -> float:
    """Share of the wanted tokens that are held, counted as often as they occur."""
    tokens, present = (Counter(_TOKEN.findall(text.lower())) for text in (wanted, held))
    return (tokens & present).total() / max(1, tokens.total())


def main() -> None:
    """Evidence first, then questions, by our engine and by pypdf."""
    # What is read is measured here, not how long it takes: a busy machine shall leave no report out.
    os.environ.setdefault("LEVADA_EXTRACT_TIMEOUT", "600")
    names = {path.stem for path in pdfs()}
    documents: dict[str, Document] = {}
    with parser_pool(Settings.from_env()) as pool:
        for name, outcome in pool.read_many((path.stem, str(path), path.name) for path in pdfs()):
            assert not isinstance(outcome, Unprocessable), f"{name}: {outcome}"
            documents[name] = outcome
    recalls = []
    for name, page, passage in evidence(names):
        held = " ".join(element.text for element in documents[name].elements if element.page == page)
        recalls.append(token_recall(passage, held))
        if recalls[-1] < RECALL:
            print(f"{recalls[-1]:.3f} of the passage on page {page} of {name}")
    found = sum(recall >= RECALL for recall in recalls)
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as base:
        folder = Path(base) / "folder"
        folder.mkdir()
        for path in pdfs():
            shutil.copy(path, folder)
        with prefect_runs(Path(base) / "home"):
            asked = questions(names)
            ours, theirs = (_page_recall(folder, engine, asked) for engine in ("", "pypdf"))
    report(
        [
            Row("evidence passages found on their page", f"{found} of {len(recalls)}", "all", found == len(recalls)),
            Row("least share of a passage's tokens on its page", f"{min(recalls):.3f}"),
            Row(f"page recall@{K} of {len(asked)} questions, pypdf's plain text", f"{theirs:.3f}"),
            Row(f"page recall@{K} of {len(asked)} questions, ours", f"{ours:.3f}", "> pypdf's", ours > theirs),
        ]
    )


def _page_recall(folder: Path, engine: str, asked: dict[str, tuple[str, set[tuple[str, int]]]]) -> float:
    """Mean share of a question's pages among the first K distinct pages that its passages touch."""
    from blocks.library import open_library
    from flows.ingest import ingest
    from tasks import session

    def pool_of_engine(settings: Settings, directory: Path, *, reading: Reading) -> ParserPool:
        return parser_pool(settings, directory, reading=replace(reading, engine=engine))

    usual: Any = session.parser_pool
    session.parser_pool = pool_of_engine  # type: ignore[assignment]
    name = f"by-{engine or 'ours'}"
    try:
        state: Any = ingest(library=name, source=str(folder), return_state=True)
    finally:
        session.parser_pool = usual
    assert not state.result().quarantined, state.result()
    library = open_library(name)
    recalls = []
    for text, places in asked.values():
        pages: list[tuple[str, int]] = []
        for passage in library.search(text, PASSAGES):
            pages += [(Path(passage.path).stem, page) for page in passage.pages]
        first = list(dict.fromkeys(pages))[:K]
        recalls.append(len(places.intersection(first)) / len(places))
    library.close()
    return sum(recalls) / len(recalls)


if __name__ == "__main__":
    main()
