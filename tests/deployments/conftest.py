"""One private Prefect server for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.prefect_api import PRIVATE, connect
from apps.processes import read_state, wait_gone
from tests.servers.prefect_home import PrefectDatabase, without_prefect


@pytest.fixture(scope="package")
def api_env(prefect_database: PrefectDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a process that uses the server."""
    home = tmp_path_factory.mktemp("deployments") / "home"
    prefect_database.give(home)
    env = without_prefect()
    with connect(home, env) as api:
        api.wait()
        yield env
    assert wait_gone(read_state(home / "prefect" / PRIVATE), 30)
