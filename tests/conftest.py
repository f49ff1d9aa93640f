"""How the tests are shared out among processes (pytest -n): what shares something dear stays together, the longest first.

And what they all share: the converted model.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

TOGETHER = ("crash", "flows", "apps", "deployments", "blocks/embedders")
"""Folders whose files share a Prefect server, a crash stage or a converted model."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long groups first."""
    items.sort(key=lambda item: TOGETHER.index(_group(item.nodeid)) if _group(item.nodeid) in TOGETHER else len(TOGETHER))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are not a test's name: some hold the time, and all processes must find the same tests."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process more than there are cores: many tests wait, for a clock that has to move on or for a process to end."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """One process for each group. (The marker xdist_group of pytest-xdist 3.8 does nothing with pytest 9.2.)"""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

    config.option.loadscopereorder = False
    return ByGroup(config, log)


@pytest.fixture(scope="session")
def converted_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the converted model is kept for the homes of all tests, whatever their process: to convert it takes ten seconds."""
    from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder

    base = tmp_path_factory.getbasetemp()
    models = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "converted-models"
    embedder = SentenceTransformerEmbedder(cache_dir=models)
    with (models.parent / "converting.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        embedder.embed(["to have it converted"])
    embedder.close()
    return models


def _group(nodeid: str) -> str:
    path = nodeid.partition("::")[0].removeprefix("tests/")
    return next((folder for folder in TOGETHER if path.startswith(f"{folder}/")), path)
