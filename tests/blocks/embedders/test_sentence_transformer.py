"""SentenceTransformerEmbedder: the contract on both engines, and what the block adds to it."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.embedders.base import Embedder
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
from core.errors import UsageError
from tests.blocks.processes import run
from tests.contracts.embedders import TEXTS, EmbedderContract
from tests.servers.conversion import Conversion


class TestOpenVino(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls, models: Path) -> Iterator[Embedder]:
        embedder = SentenceTransformerEmbedder(backend="openvino", cache_dir=models)
        yield embedder
        embedder.close()


class TestTorch(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls, models: Path) -> Iterator[Embedder]:
        embedder = SentenceTransformerEmbedder(backend="torch", cache_dir=models)
        yield embedder
        embedder.close()


class TestBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return SentenceTransformerEmbedder

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """Prefect's own test fetches the logo from the network; ours has none."""
        assert block._logo_url is None


def test_slug_never_changes() -> None:
    assert SentenceTransformerEmbedder.get_block_type_slug() == "levada-sentence-transformer"


def test_space_of_the_bundled_model(tmp_path: Path) -> None:
    space = SentenceTransformerEmbedder(cache_dir=tmp_path).space()
    assert (space.model, space.pooling, space.dimension, space.window) == ("all-MiniLM-L6-v2", "mean", 384, 256)
    assert space.precision == "float"


def test_what_changes_the_vectors_changes_the_space(tmp_path: Path) -> None:
    def key(**fields: Any) -> str:
        return SentenceTransformerEmbedder(cache_dir=tmp_path, **fields).space().key

    same = key()
    assert same == key(backend="torch") == key(precision="fp32") == key(precision="bf16") == key(threads=1)
    assert same == key(query_prefix="query: ")
    assert len({same, key(precision="int8"), key(passage_prefix="passage: ")}) == 3


def test_prefixes_stand_before_passages_and_questions(models: Path) -> None:
    plain = SentenceTransformerEmbedder(cache_dir=models)
    prefixed = SentenceTransformerEmbedder(cache_dir=models, passage_prefix="passage: ", query_prefix="query: ")
    assert np.allclose(prefixed.embed(["water"]), plain.embed(["passage: water"]), atol=1e-3)
    known = [array("i", tokens.ids).tobytes() for tokens in prefixed.tokenizer().tokens(["water"])]
    assert np.allclose(prefixed.embed_tokenized(["water"], known), plain.embed(["passage: water"]), atol=1e-3)
    assert np.allclose(prefixed.embed_query("water"), plain.embed_query("query: water"), atol=1e-3)
    assert prefixed.tokenizer().special_tokens == plain.tokenizer().special_tokens + 2
    plain.close()
    prefixed.close()


def test_two_processes_that_convert_at_once_both_succeed(conversion: Conversion) -> None:
    assert conversion.exit_codes == [0, 0], conversion.outputs
    left = [path.name for path in (conversion.models / "all-MiniLM-L6-v2").iterdir() if not path.name.endswith("-int8")]
    assert len(left) == 1, left
    assert left[0].endswith("-fp32")


FRESH = """
import json, sys
from pathlib import Path
from typing import Any
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
embedder = SentenceTransformerEmbedder(cache_dir=Path(sys.argv[1]))
embedder.space(), embedder.tokenizer().offsets(["cheap"])
cheap = sorted(name for name in ("torch", "transformers", "openvino") if name in sys.modules)
rows = embedder.embed(json.loads(sys.argv[2])).tolist()
heavy = [name for name in ("torch", "transformers", "sentence_transformers", "openvino_telemetry") if sys.modules.get(name)]
print(json.dumps({"cheap": cheap, "heavy": heavy, "rows": rows}))
"""


def test_a_converted_model_needs_neither_torch_nor_transformers(models: Path, tmp_path: Path) -> None:
    out, _ = run(FRESH, models, json.dumps(TEXTS[:3]), home=tmp_path)
    found = json.loads(out)
    assert found["cheap"] == []
    assert found["heavy"] == []
    here = SentenceTransformerEmbedder(cache_dir=models)
    assert np.allclose(here.embed(TEXTS[:3]), found["rows"], atol=1e-3)
    here.close()
    # OpenVINO's usage statistics would have left an identifier in the home.
    assert {path.name for path in tmp_path.iterdir()} <= {".prefect"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "/no/such/model"}, "does not exist"),
        ({"backend": "torch", "precision": "int8"}, "openvino"),
        ({"model": "not a/hub/name"}, "neither"),
    ],
)
def test_settings_that_cannot_be_met(fields: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        SentenceTransformerEmbedder(cache_dir=tmp_path, **fields).embed(["text"])


@pytest.mark.parametrize("fields", [{"backend": "gpu"}, {"precision": "fp8"}, {"threads": 0}])
def test_settings_that_do_not_exist(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SentenceTransformerEmbedder(**fields)
