"""How the tests are shared out among processes (pytest -n): what shares something dear stays together, the longest first."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TOGETHER = ("crash", "flows", "apps", "deployments", "blocks/embedders")
"""Folders whose files share a Prefect server, a crash stage or a converted model."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give each test the group that one process works on."""
    item.add_marker(pytest.mark.xdist_group(_group(item)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long groups first."""
    items.sort(key=lambda item: TOGETHER.index(_group(item)) if _group(item) in TOGETHER else len(TOGETHER))


def _group(item: pytest.Item) -> str:
    path = item.path.relative_to(TESTS).as_posix()
    return next((folder for folder in TOGETHER if path.startswith(f"{folder}/")), path)
