"""What a library without a block document is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocks.embedders.model_files import BUNDLED
from blocks.library import open_library
from core.settings import Settings


@pytest.mark.parametrize(("named", "expected"), [({}, BUNDLED), ({"LEVADA_MODEL": "/models/mine"}, "/models/mine")])
def test_the_model_is_the_bundled_one_or_the_one_that_is_named(tmp_path: Path, named: dict[str, str], expected: str) -> None:
    settings = Settings.from_env({"LEVADA_HOME": str(tmp_path), **named})
    assert getattr(open_library("a", settings).model, "model", None) == expected
