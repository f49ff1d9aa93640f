"""`python -m deployments.bootstrap` makes what is missing, once, and leaves alone what is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from apps.prefect_up import POOL
from core.errors import UsageError
from deployments import block_types, check, work_pools
from deployments.bootstrap import bootstrap
from tests.servers.prefect_home import without_prefect


def command(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "deployments.bootstrap", *arguments]
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False)


def here(env: dict[str, str], path: Path = check.OURS) -> dict[str, list[str]]:
    """The same in this process, which has imported Prefect already."""
    with temporary_settings({PREFECT_API_URL: env["PREFECT_API_URL"], PREFECT_API_AUTH_STRING: env["PREFECT_API_AUTH_STRING"]}):
        return bootstrap(path)


def client_of(env: dict[str, str]) -> SyncPrefectClient:
    return SyncPrefectClient(env["PREFECT_API_URL"], auth_string=env["PREFECT_API_AUTH_STRING"])


def everything(env: dict[str, str]) -> dict[str, Any]:
    """All that bootstrap could touch, with ids and times of change."""
    places = {
        "work pools": "/work_pools/filter",
        "queues": "/work_queues/filter",
        "types": "/block_types/filter",
        "schemas": "/block_schemas/filter",
        "documents": "/block_documents/filter",
        "limits": "/v2/concurrency_limits/filter",
        "automations": "/automations/filter",
        "variables": "/variables/filter",
    }
    with client_of(env) as client:
        return {name: client.request("POST", cast(Any, path), json={}).json() for name, path in places.items()}


def test_it_makes_what_is_missing_and_nothing_twice(api_env: dict[str, str]) -> None:
    first = command(api_env)
    assert first.returncode == 0, first.stderr
    made = everything(api_env)
    assert [(found["name"], found["type"]) for found in made["work pools"]] == list(work_pools.POOLS.items())
    slugs = {block.get_block_type_slug() for block in block_types.ours()}
    assert {found["slug"] for found in made["types"]} >= slugs
    assert all(slug in first.stdout for slug in slugs)
    second = command(api_env)
    assert (second.returncode, second.stdout, second.stderr) == (0, "nothing to do\n", "")
    assert everything(api_env) == made


def test_what_an_operator_changed_stays(api_env: dict[str, str]) -> None:
    here(api_env)
    with client_of(api_env) as client:
        client.update_work_pool(POOL, WorkPoolUpdate(is_paused=True, concurrency_limit=3, description="mine"))
        before = everything(api_env)
        assert here(api_env) == {"work pools": [], "block types": []}
        assert everything(api_env) == before
        client.update_work_pool(POOL, WorkPoolUpdate(is_paused=False))


def test_the_worker_serves_a_pool_that_is_made() -> None:
    assert work_pools.POOLS[POOL] == "process"


def test_a_fault_in_the_file_stops_it_first(api_env: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text("deployments: []\n")
    before = everything(api_env)
    with pytest.raises(UsageError, match=r"^prefect.yaml: the file: `pull` must be there"):
        here(api_env, path)
    assert everything(api_env) == before


def test_a_pool_of_another_type_is_refused(api_env: dict[str, str]) -> None:
    here(api_env)
    with client_of(api_env) as client:
        client.delete_work_pool(POOL)
        client.create_work_pool(WorkPoolCreate(name=POOL, type="docker"))
        with pytest.raises(UsageError, match="is of type 'docker', not 'process': rename or delete it"):
            here(api_env)
        client.delete_work_pool(POOL)


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [("", 2, "set PREFECT_API_URL"), ("http://127.0.0.1:9/api", 1, "Prefect's server does not answer")],
)
def test_without_a_server_it_says_what_to_do(url: str, code: int, words: str) -> None:
    done = command({**without_prefect(), "PREFECT_API_URL": url, "PREFECT_CLIENT_MAX_RETRIES": "0"})
    assert done.returncode == code
    assert done.stderr.startswith(words)
    assert done.stderr.count("\n") == 1
