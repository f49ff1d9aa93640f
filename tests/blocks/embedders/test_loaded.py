"""Loading beforehand: once, without waiting, and closed whoever comes last."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blocks.embedders.engines import loaded
from blocks.embedders.engines.base import Vectors
from blocks.embedders.engines.loaded import Loaded
from blocks.embedders.model_files import BUNDLED, locate
from blocks.embedders.tokenizer import ModelTokenizer, load_tokenizer


class Slow:
    """Loads when told to, and knows whether it was closed."""

    def __init__(self) -> None:
        self.loads = 0
        self.may_load = threading.Event()
        self.closed = threading.Event()

    def load(self) -> Slow:
        self.loads += 1
        assert self.may_load.wait(60)
        return self

    def embed(self, texts: list[str], ids: Sequence[bytes] | None = None) -> Vectors:
        return np.zeros((len(texts), 1), np.float32)

    def close(self) -> None:
        self.closed.set()


def test_who_warms_up_never_waits_and_the_model_is_loaded_once() -> None:
    engine, holder = Slow(), Loaded()
    for _ in range(3):
        holder.warm_up(engine.load)  # would never return if it waited
    engine.may_load.set()
    with holder.engine(engine.load) as found:
        assert found is engine
    assert engine.loads == 1
    holder.close()
    assert engine.closed.is_set()


def test_closing_does_not_wait_for_a_load_that_nobody_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaded, "PATIENCE", 0.01)
    engine, holder = Slow(), Loaded()
    holder.warm_up(engine.load)
    holder.close()  # would never return if it waited
    engine.may_load.set()
    assert engine.closed.wait(60), "what was loaded for nobody closes itself"


def test_a_tokenizer_whose_tokens_take_blanks_along_does_not_add_up(tmp_path: Path) -> None:
    from tokenizers import AddedToken

    files = locate(BUNDLED, tmp_path)
    assert ModelTokenizer(files).additive
    tokenizer = load_tokenizer(files, truncate=False)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert not ModelTokenizer(replace(files, transformer=tmp_path)).additive
