"""How the tests are shared out among processes (pytest -n): what shares something dear stays together, the longest first.

And what they all share: the converted model, and Prefect's database.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.once import made_once
from tests.servers.conversion import Conversion, convert
from tests.servers.prefect_home import PrefectDatabase, make_database
from tests.statements import compile_once

TOGETHER = ("crash", "flows", "apps", "deployments", "blocks/embedders")
"""Folders whose files share a Prefect server, a crash stage or a converted model."""


def pytest_configure(config: pytest.Config) -> None:
    """Leave out what is dear and shows nothing here."""
    # A million objects that Prefect has loaded are no garbage.
    gc.set_threshold(20_000, 10, 10)
    compile_once()
    # An example that waits for a busy machine has not failed.
    settings.register_profile("suite", deadline=None)
    settings.load_profile("suite")
    # All servers are on the loopback, without TLS: each client of one would read 150 certificates for nothing.
    os.environ["SSL_CERT_FILE"] = str(Path(__file__).parent / "servers" / "nobody.pem")


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
def conversion(tmp_path_factory: pytest.TempPathFactory) -> Conversion:
    """The bundled model, converted by two processes that began at the same time: to convert it takes ten seconds."""
    return Conversion(made_once(tmp_path_factory, "conversion", convert))


@pytest.fixture(scope="session")
def converted_models(conversion: Conversion) -> Path:
    """Where the converted model is kept, for the homes of all tests."""
    assert conversion.exit_codes == [0, 0], conversion.outputs
    return conversion.models


@pytest.fixture(scope="session")
def prefect_database(tmp_path_factory: pytest.TempPathFactory) -> PrefectDatabase:
    """A migrated, empty database for Prefect servers of any home: to migrate it takes ten seconds."""
    return PrefectDatabase(made_once(tmp_path_factory, "prefect-database", make_database))


def _group(nodeid: str) -> str:
    path = nodeid.partition("::")[0].removeprefix("tests/")
    return next((folder for folder in TOGETHER if path.startswith(f"{folder}/")), path)
