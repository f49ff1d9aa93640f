"""What the embedder tests share: the converted model."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.contracts.embedders")


@pytest.fixture(scope="session")
def models(converted_models: Path) -> Path:
    """A cache_dir that holds the bundled model, converted."""
    return converted_models
