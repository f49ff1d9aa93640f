"""What the embedder tests share: one converted model, made by two processes that start at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.contracts.embedders")

from tests.blocks.processes import start  # noqa: E402

CONVERT = """
import sys
from pathlib import Path
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
print(SentenceTransformerEmbedder(backend="openvino", cache_dir=Path(sys.argv[1])).embed(["first use"]).shape)
"""


@dataclass(frozen=True)
class Conversion:
    """What became of two processes that converted the bundled model at once."""

    models: Path
    exit_codes: list[int]
    outputs: list[str]


@pytest.fixture(scope="session")
def conversion(tmp_path_factory: pytest.TempPathFactory) -> Conversion:
    home = tmp_path_factory.mktemp("embedders")
    processes = [start(CONVERT, home / "models", home=home) for _ in range(2)]
    outputs = ["\n".join(process.communicate(timeout=240)) for process in processes]
    return Conversion(home / "models", [process.returncode for process in processes], outputs)


@pytest.fixture(scope="session")
def models(conversion: Conversion) -> Path:
    """A cache_dir that holds the bundled model, converted."""
    assert conversion.exit_codes == [0, 0], conversion.outputs
    return conversion.models
