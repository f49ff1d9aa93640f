"""The engines against sentence-transformers itself, and which of them is taken when."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blocks.embedders.base import Vectors
from blocks.embedders.engines.openvino import cpu_quota
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
from core.errors import PermanentError
from tests.blocks.embedders import small_models
from tests.blocks.processes import ROOT, run
from tests.contracts.embedders import TEXTS, least_cosine


def sentence_transformers_vectors(directory: Path, texts: list[str]) -> Vectors:
    """The reference: fp32 on the CPU, as the library does it by itself."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(directory), device="cpu", local_files_only=True)
    vectors: Vectors = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    return vectors


def varied_texts() -> list[str]:
    """More than 200: code, English and Portuguese prose, tables, emoji, next to nothing, and longer than the window."""
    portuguese = "A água desce devagar pela levada, entre muros de pedra e sombra de loureiros, até aos campos da costa sul."
    texts = [text for text in TEXTS if text.isprintable() or text.isascii()]
    files = sorted([*ROOT.glob("core/*.py"), *ROOT.glob("blocks/embedders/*.py"), *ROOT.glob("docs/*.md"), ROOT / "README.md"])
    for path in files:
        texts += [part[:120] for part in path.read_text().split("\n\n") if part.strip()][:7]
    texts += [path.read_text()[:3000] for path in files[::18]]
    texts += [f"{portuguese[:cut]} 🎉{cut}" for cut in range(1, len(portuguese), 4)]
    return texts


def test_openvino_equals_sentence_transformers(models: Path) -> None:
    from blocks.embedders.model_files import locate

    texts = varied_texts()
    assert len(texts) >= 200
    embedder = SentenceTransformerEmbedder(backend="openvino", precision="fp32", cache_dir=models)
    vectors = embedder.embed(texts)
    embedder.close()
    assert least_cosine(vectors, sentence_transformers_vectors(locate("all-MiniLM-L6-v2", models).directory, texts)) >= 0.9999


def test_bf16_belongs_to_the_same_space(models: Path) -> None:
    full = SentenceTransformerEmbedder(backend="openvino", precision="fp32", cache_dir=models)
    half = SentenceTransformerEmbedder(backend="torch", precision="bf16", cache_dir=models)
    assert half.space() == full.space()
    assert least_cosine(half.embed(TEXTS), full.embed(TEXTS)) >= 0.9999
    full.close()
    half.close()


def _cls(directory: Path) -> Path:
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    return small_models.bert(directory, [small_models.POOLED], pooling, max_seq_length=16, do_lower_case=True)


def _mean(directory: Path) -> Path:
    return small_models.bert(directory, [small_models.POOLED], {"pooling_mode": "mean_sqrt_len_tokens"})


SMALL_TEXTS = ["water runs", "LEVADA", "", "the levada runs down slowly " * 12, "Water 🎉 runs down", "x " * 30]


@pytest.mark.parametrize("build", [_cls, _mean, small_models.roberta, small_models.mpnet])
@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_other_models_of_the_kind(build: Callable[[Path], Path], backend: Any, tmp_path: Path) -> None:
    directory = build(tmp_path / "model")
    embedder = SentenceTransformerEmbedder(model=str(directory), backend=backend, cache_dir=tmp_path / "cache")
    vectors = embedder.embed(SMALL_TEXTS)
    assert embedder.space().dimension == 32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert least_cosine(vectors, sentence_transformers_vectors(directory, SMALL_TEXTS)) >= 0.9999
    embedder.close()


def test_what_cannot_be_converted_is_left_to_torch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = small_models.dense(tmp_path / "model")
    embedder = SentenceTransformerEmbedder(model=str(directory), cache_dir=tmp_path / "cache")
    with caplog.at_level(logging.WARNING):
        vectors = embedder.embed(SMALL_TEXTS)
    assert vectors.shape == (len(SMALL_TEXTS), embedder.space().dimension) == (len(SMALL_TEXTS), 8)
    assert least_cosine(vectors, sentence_transformers_vectors(directory, SMALL_TEXTS)) >= 0.9999
    assert [record.message for record in caplog.records if "OpenVINO cannot be used" in record.message]
    with pytest.raises(PermanentError, match="pooling"):
        SentenceTransformerEmbedder(model=str(directory), backend="openvino", cache_dir=tmp_path / "cache").embed(["text"])


WITHOUT_OPENVINO = """
import json, logging, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "openvino":
            raise ImportError("no such library here", name=name)

sys.meta_path.insert(0, Blocked())
from pathlib import Path
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
from core.errors import PermanentError

records = []
class Keep(logging.Handler):
    def emit(self, record):
        records.append(record.getMessage())
logging.getLogger("blocks").addHandler(Keep())

model, models, texts = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
embedder = SentenceTransformerEmbedder(model=model, cache_dir=models)
rows = [embedder.embed(texts).tolist(), embedder.embed(texts).tolist()]
refused = []
for fields in ({"backend": "openvino"}, {"precision": "int8"}):
    try:
        SentenceTransformerEmbedder(model=model, cache_dir=models, **fields).embed(["text"])
    except PermanentError as exc:
        refused.append(str(exc))
print(json.dumps({"rows": rows, "log": records, "refused": refused, "space": embedder.space().key}))
"""


def test_without_openvino_torch_takes_over_and_says_so_once(tmp_path: Path) -> None:
    directory = _mean(tmp_path / "model")
    out, _ = run(WITHOUT_OPENVINO, directory, tmp_path / "cache", json.dumps(SMALL_TEXTS), home=tmp_path)
    found = json.loads(out)
    assert len(found["log"]) == 1
    assert "OpenVINO cannot be used" in found["log"][0]
    assert "no such library here" in found["log"][0]
    assert len(found["refused"]) == 2, "what was asked for outright is not replaced by something else"
    embedder = SentenceTransformerEmbedder(model=str(directory), cache_dir=tmp_path / "cache")
    assert found["space"] == embedder.space().key
    for rows in found["rows"]:
        assert least_cosine(np.array(rows, np.float32), embedder.embed(SMALL_TEXTS)) >= 0.9999
    embedder.close()


@pytest.mark.parametrize(("text", "cpus"), [("max 100000\n", None), ("150000 100000\n", 1), ("99900000 100000\n", None)])
def test_a_container_s_share_of_the_cpus(text: str, cpus: int | None, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text(text)
    # On a machine with one CPU a share of one is no limit.
    assert cpu_quota(tmp_path / "cpu.max") == (cpus if len(os.sched_getaffinity(0)) > 1 else None)
    assert cpu_quota(tmp_path / "none") is None


FIRST_TOGETHER = """
import os, sys, threading, time
sys.modules["openvino_telemetry"] = None
import openvino
from blocks.embedders.engines.openvino import import_openvino

assert len(os.listdir("/proc/self/task")) == 1
for _ in range(24):
    child = os.fork()
    if child == 0:
        import_openvino()
        together = threading.Barrier(3)
        threads = [threading.Thread(target=lambda: (together.wait(), openvino.Type.i64.to_dtype())) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os._exit(0)
    for _ in range(1000):
        if os.waitpid(child, os.WNOHANG)[0]:
            break
        time.sleep(0.01)
    else:
        os.kill(child, 9)
        sys.exit("threads that asked OpenVINO first, at the same time, wait for each other for ever")
"""


def test_first_inferences_at_the_same_time_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Each fork has asked nothing of OpenVINO yet; without what import_openvino does first, every third of them hangs."""
    run(FIRST_TOGETHER, home=tmp_path, OPENBLAS_NUM_THREADS="1")
