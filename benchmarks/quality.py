"""Answer quality: SciFact train claims, nDCG@10 by the best chunk of each document, through `ingest` and search, against
one vector a document and exact search, in the same run.

nDCG as BEIR computes it: gains as judged, discount log2(rank + 1), ideal order of the judged documents
(Thakur et al., 2021, https://arxiv.org/abs/2104.08663).
"""

from __future__ import annotations

import json
import math
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.corpus import DATA, require
from benchmarks.prefect_runs import prefect_runs
from benchmarks.results import Row, report

K = 10
CHUNKS = 50


def load(name: str, split: str) -> tuple[dict[str, str], dict[str, str], dict[str, dict[str, float]]]:
    """(documents as Markdown, questions, judgements) of a set in BEIR's layout."""
    folder = require(DATA / "retrieval" / name)
    corpus = {}
    for line in (folder / "corpus.jsonl").read_text().splitlines():
        row = json.loads(line)
        corpus[row["_id"]] = f"{row['title']}\n\n{row['text']}" if row.get("title") else row["text"]
    judged: dict[str, dict[str, float]] = defaultdict(dict)
    for line in (folder / "qrels" / f"{split}.tsv").read_text().splitlines()[1:]:
        question, document, score = line.split("\t")
        judged[question][document] = float(score)
    questions = {row["_id"]: row["text"] for row in map(json.loads, (folder / "queries.jsonl").read_text().splitlines())}
    return corpus, {id: questions[id] for id in judged}, judged


def ndcg(ranking: list[str], judged: dict[str, float]) -> float:
    """nDCG@K of one question."""

    def gain(scores: list[float]) -> float:
        return sum(score / math.log2(rank + 2) for rank, score in enumerate(scores[:K]))

    return gain([judged.get(document, 0.0) for document in ranking]) / gain(sorted(judged.values(), reverse=True))


def main() -> None:
    """Both ways over the same documents and questions."""
    corpus, questions, judged = load("scifact", "train")
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as name:
        base = Path(name)
        folder = base / "folder"
        folder.mkdir()
        for id, text in corpus.items():
            (folder / f"{id}.txt").write_text(text)
        with prefect_runs(base / "home"):
            by_chunk, by_document = _measure(folder, corpus, questions, judged)
    lead = by_chunk - by_document
    report(
        [
            Row("SciFact train, nDCG@10, one vector a document, exact", f"{by_document:.4f}"),
            Row("SciFact train, nDCG@10, best chunk, through ingest and search", f"{by_chunk:.4f}"),
            Row("the second less the first", f"{lead:+.4f}", ">= -0.01", lead >= -0.01),
        ]
    )


def _measure(folder: Path, corpus: dict[str, str], questions: dict[str, str], judged: dict[str, Any]) -> tuple[float, float]:
    from blocks.library import open_library
    from flows.ingest import ingest

    state: Any = ingest(library="scifact", source=str(folder), return_state=True)
    assert state.result().added == len(corpus), state.result()
    library = open_library("scifact")
    ids = list(corpus)
    matrix = library.model.embed([corpus[id] for id in ids])
    by_chunk, by_document = [], []
    for question, text in questions.items():
        ranking: list[str] = []
        for passage in library.search(text, CHUNKS):
            document = Path(passage.path).stem
            if document not in ranking:
                ranking.append(document)
        by_chunk.append(ndcg(ranking, judged[question]))
        scores = matrix @ library.model.embed_query(text)
        best = np.argsort(-scores)[:K]
        by_document.append(ndcg([ids[index] for index in best], judged[question]))
    library.close()
    return float(np.mean(by_chunk)), float(np.mean(by_document))


if __name__ == "__main__":
    main()
