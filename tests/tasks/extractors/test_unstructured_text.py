"""The engine that ours are compared with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.extractors.media_type import media_type
from tasks.extractors.registry import engine_named
from tests.tasks.extractors import make


@pytest.mark.parametrize("kind", ["docx", "pptx"])
def test_it_reads_the_same_text(tmp_path: Path, kind: str) -> None:
    path: Path = getattr(make, kind)(tmp_path / f"a.{kind}")
    found = engine_named("unstructured").extract(str(path), media_type(str(path), path.name))
    expected = {"docx": "Clean the channel twice a year.", "pptx": "Channels and paths"}[kind]
    assert expected in found.text
