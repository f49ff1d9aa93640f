"""Precision int8: a space of its own, near enough to full precision to find the same passages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blocks.embedders.base import Vectors
from blocks.embedders.engines.calibration import calibration_texts
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
from tests.blocks.processes import ROOT, run

SCIFACT = ROOT / ".." / "shared" / "data" / "retrieval" / "scifact"
CLAIMS, ABSTRACTS = 16, 60


@pytest.fixture(scope="module")
def int8(models: Path) -> Iterator[SentenceTransformerEmbedder]:
    embedder = SentenceTransformerEmbedder(precision="int8", cache_dir=models)
    yield embedder
    embedder.close()


@pytest.fixture(scope="module")
def full(models: Path) -> Iterator[SentenceTransformerEmbedder]:
    embedder = SentenceTransformerEmbedder(backend="openvino", cache_dir=models)
    yield embedder
    embedder.close()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def scifact() -> tuple[list[str], list[str], list[set[int]]]:
    """Claims, abstracts, and for each claim the numbers of the abstracts that settle it."""
    if not SCIFACT.exists():
        pytest.skip(f"the retrieval set {SCIFACT} is not on this machine")
    judged = (line.split("\t") for line in (SCIFACT / "qrels" / "train.tsv").read_text().splitlines()[1:])
    relevant: dict[str, set[str]] = {}
    for claim, abstract, score in judged:
        if int(score) > 0:
            relevant.setdefault(claim, set()).add(abstract)
    claims = list(islice((line for line in _lines(SCIFACT / "queries.jsonl") if line["_id"] in relevant), CLAIMS))
    needed = set().union(*(relevant[claim["_id"]] for claim in claims))
    corpus = sorted(_lines(SCIFACT / "corpus.jsonl"), key=lambda line: line["_id"] not in needed)[:ABSTRACTS]
    number = {line["_id"]: row for row, line in enumerate(corpus)}
    answers = [{number[abstract] for abstract in relevant[claim["_id"]]} for claim in claims]
    return [claim["text"] for claim in claims], [f"{line['title']} {line['text']}"[:500] for line in corpus], answers


def ndcg_at_10(questions: Vectors, passages: Vectors, answers: list[set[int]]) -> float:
    """Mean over the questions of DCG / ideal DCG with binary gains and log2 discounts."""
    discounts = 1 / np.log2(np.arange(2, 12))
    found = []
    for scores, right in zip(questions @ passages.T, answers, strict=True):
        gains = np.array([float(row in right) for row in np.argsort(-scores)[:10]])
        found.append(float((gains * discounts).sum() / discounts[: len(right)].sum()))
    return float(np.mean(found))


def test_int8_finds_what_full_precision_finds(int8: SentenceTransformerEmbedder, full: SentenceTransformerEmbedder) -> None:
    claims, abstracts, answers = scifact()
    exact, rough = full.embed(claims + abstracts), int8.embed(claims + abstracts)
    assert float((exact * rough).sum(1).min()) >= 0.98
    assert not np.allclose(exact, rough, atol=1e-3), "int8 was not used"
    split = len(claims)
    reached = ndcg_at_10(rough[:split], rough[split:], answers)
    assert reached >= ndcg_at_10(exact[:split], exact[split:], answers) - 0.03


def test_int8_is_right_at_every_length(int8: SentenceTransformerEmbedder, full: SentenceTransformerEmbedder) -> None:
    text = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")[:2000]
    (spans,) = full.tokenizer().offsets([text])
    texts = [text[: spans[last][1]] for last in range(20, 70)]
    # One by one: in a batch the longest gives the width.
    rough = np.concatenate([int8.embed([text]) for text in texts])
    assert float((full.embed(texts) * rough).sum(1).min()) >= 0.98


def test_int8_is_a_space_of_its_own_with_the_same_rules(
    int8: SentenceTransformerEmbedder, full: SentenceTransformerEmbedder
) -> None:
    assert int8.space().key != full.space().key
    assert int8.space().precision.startswith("int8")
    texts = ["water", "the levada carries water " * 8, ""]
    together = int8.embed(texts)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-4)
    assert np.abs(together - np.concatenate([int8.embed([text]) for text in texts])).max() <= 1e-3


def test_calibration_texts_are_many_and_differ() -> None:
    texts = calibration_texts()
    assert len(set(texts)) == len(texts) >= 70
    assert texts == calibration_texts()


WITHOUT_NNCF = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "nncf":
            raise ImportError("not installed", name=name)

sys.meta_path.insert(0, Blocked())
from pathlib import Path
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
from core.errors import PermanentError
try:
    SentenceTransformerEmbedder(precision="int8", cache_dir=Path(sys.argv[1])).embed(["text"])
except PermanentError as exc:
    print(exc)
"""


def test_without_nncf_the_message_says_what_to_install(models: Path, tmp_path: Path) -> None:
    (full,) = models.glob("all-MiniLM-L6-v2/*-fp32")
    (tmp_path / "cache" / full.parent.name).mkdir(parents=True)
    (tmp_path / "cache" / full.parent.name / full.name).symlink_to(full)
    out, _ = run(WITHOUT_NNCF, tmp_path / "cache", home=tmp_path)
    assert out.strip() == "precision int8 needs nncf: pip install levada[int8]"
