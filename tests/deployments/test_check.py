"""Every fault that Prefect would swallow, or find out about at night, is found in a copy of our file that has it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.cli.deploy import _models as prefect_models
from pydantic import BaseModel

from deployments import check

Content = dict[str, Any]


def test_our_file_is_without_fault() -> None:
    assert check.faults(check.OURS) == []


@pytest.mark.parametrize(
    ("model", "keys"),
    [
        (prefect_models.PrefectYamlModel, check.FILE_KEYS),
        (prefect_models.DeploymentConfig, check.DEPLOYMENT_KEYS),
        (prefect_models.RawScheduleConfig, check.SCHEDULE_KEYS),
        (prefect_models.ConcurrencyLimitSpec, check.CONCURRENCY_KEYS),
        (prefect_models.WorkPoolConfig, check.WORK_POOL_KEYS),
    ],
)
def test_the_known_keys_are_prefects(model: type[BaseModel], keys: frozenset[str]) -> None:
    assert {field.alias or name for name, field in model.model_fields.items()} == keys


def folder(content: Content) -> Content:
    entry: Content = content["deployments"][0]
    assert entry["name"] == "folder"
    return entry


def rename(place: Callable[[Content], Content], old: str, new: str) -> Callable[[Content], None]:
    def mutate(content: Content) -> None:
        holder = place(content)
        holder[new] = holder.pop(old)

    return mutate


def put(place: Callable[[Content], Content], key: str, value: object) -> Callable[[Content], None]:
    def mutate(content: Content) -> None:
        place(content)[key] = value

    return mutate


def drop(place: Callable[[Content], Content], key: str) -> Callable[[Content], None]:
    def mutate(content: Content) -> None:
        del place(content)[key]

    return mutate


def whole(content: Content) -> Content:
    return content


def schedule(content: Content) -> Content:
    entry: Content = folder(content)["schedules"][0]
    return entry


def pool(content: Content) -> Content:
    entry: Content = folder(content)["work_pool"]
    return entry


def limit(content: Content) -> Content:
    entry: Content = folder(content)["concurrency_limit"]
    return entry


def twice(content: Content) -> None:
    content["deployments"].append(folder(content))


FAULTS: list[tuple[str, Callable[[Content], None], str]] = [
    ("key of the file", rename(whole, "build", "biuld"), "the file: unknown key 'biuld'"),
    ("key of a deployment", rename(folder, "concurrency_limit", "concurency_limit"), "folder: unknown key 'concurency_limit'"),
    ("legacy schedule", put(folder, "schedule", {"cron": "0 * * * *"}), "folder: unknown key 'schedule'"),
    ("key of a work pool", put(pool, "job_varables", {}), "folder, work_pool: unknown key 'job_varables'"),
    ("key of a schedule", rename(schedule, "timezone", "time_zone"), "folder, schedule 1: unknown key 'time_zone'"),
    (
        "key of a limit",
        put(limit, "colision_strategy", "ENQUEUE"),
        "folder, concurrency_limit: unknown key 'colision_strategy'",
    ),
    ("parameter", put(folder, "parameters", {"libary": "default"}), "folder, parameters: unknown key 'libary'"),
    ("strategy", put(limit, "collision_strategy", "WAIT"), "folder: collision_strategy must be one of"),
    ("work pool that nobody makes", put(pool, "name", "lavada"), "folder: work pool 'lavada' is not made by"),
    ("no work pool", drop(folder, "work_pool"), "folder: names no work pool"),
    (
        "module that is not there",
        put(folder, "entrypoint", "flows.injest.ingest"),
        "No module named 'flows.injest'",
    ),
    (
        "flow that is not there",
        put(folder, "entrypoint", "flows.ingest.injest"),
        "module 'flows.ingest' has no",
    ),
    ("not a flow", put(folder, "entrypoint", "core.ids.text_hash"), "folder: entrypoint core.ids.text_hash is not a flow"),
    ("file as entrypoint", put(folder, "entrypoint", "flows/ingest.py:ingest"), "must be a module path"),
    ("no entrypoint", drop(folder, "entrypoint"), "must be a module path"),
    ("no slug", drop(schedule, "slug"), "folder, schedule 1: has no slug"),
    ("no rhythm", drop(schedule, "cron"), "folder, schedule 1: must have exactly one of"),
    ("two rhythms", put(schedule, "interval", 60), "folder, schedule 1: must have exactly one of"),
    ("wrong cron", put(schedule, "cron", "61 * * * *"), "folder, schedule 1: "),
    ("no pull", drop(whole, "pull"), "the file: `pull` must be there and be []"),
    ("null pull", put(whole, "pull", None), "the file: `pull` must be there and be []"),
    (
        "pull of a deployment",
        put(folder, "pull", [{"prefect.deployments.steps.git_clone": {}}]),
        "folder: `pull` must be []",
    ),
    ("no name", drop(folder, "name"), "deployment 1: has no name"),
    ("no deployments", drop(whole, "deployments"), "the file: `deployments` must be a list and not empty"),
    ("entrypoint with a syntax error", put(folder, "entrypoint", "bad_syntax.flow"), "bad_syntax.flow cannot be imported: "),
    ("entrypoint that raises", put(folder, "entrypoint", "bad_start.flow"), "bad_start.flow cannot be imported: not today"),
    ("entrypoint that exits", put(folder, "entrypoint", "bad_exit.flow"), "bad_exit.flow cannot be imported: 3"),
    ("schedules that are a number", put(folder, "schedules", 5), "folder: `schedules` must be a list, not 5"),
    ("parameters that are a number", put(folder, "parameters", 3), "folder: `parameters` must be a mapping, not 3"),
    ("name that is a list", put(folder, "name", ["x"]), "`name` must be text, not ['x']"),
    ("entrypoint that is a list", put(folder, "entrypoint", ["x"]), "folder: `entrypoint` must be text"),
    ("work pool that is text", put(folder, "work_pool", "levada"), "folder: `work_pool` must be a mapping, not 'levada'"),
    ("work pool whose name is a list", put(pool, "name", ["x"]), "folder, work_pool: `name` must be text"),
    ("slug that is a list", put(schedule, "slug", ["a"]), "folder, schedule 1: `slug` must be text"),
    ("limit in words", put(folder, "concurrency_limit", "many"), "folder: concurrency_limit must have a limit"),
    ("limit of none", put(limit, "limit", 0), "a whole number of at least 1, not 0"),
    ("no limit", drop(limit, "limit"), "folder: concurrency_limit must have a limit"),
    ("short grace", put(limit, "grace_period_seconds", 1), "folder: grace_period_seconds: Input should be"),
    ("wrong interval", put(folder, "schedules", [{"slug": "a", "interval": "x"}]), "schedule 1: interval: Input should be"),
    ("no interval", put(folder, "schedules", [{"slug": "a", "interval": 0}]), "schedule 1: interval: "),
    ("wrong rrule", put(folder, "schedules", [{"slug": "a", "rrule": "x"}]), "schedule 1: rrule: "),
    ("cron that is a number", put(schedule, "cron", 5), "schedule 1: cron: Input should be"),
    ("wrong time zone", put(schedule, "timezone", "Mars"), "schedule 1: timezone: "),
    (
        "parameter of a wrong type",
        put(folder, "parameters", {"wait": "soon"}),
        "folder, parameters: Validation failed for field",
    ),
    ("parameter that is too small", put(folder, "parameters", {"batch_files": 0}), "0 is less than the minimum of 1"),
    ("parameter of a schedule", put(schedule, "parameters", {"wait": -1}), "folder, schedule 1, parameters: Validation failed"),
    ("the same twice", twice, "folder: declared twice"),
]


@pytest.fixture(autouse=True)
def bad_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that cannot be imported."""
    for name, text in {
        "syntax": "def (",
        "start": "raise RuntimeError('not today')",
        "exit": "raise SystemExit(3)",
    }.items():
        (tmp_path / f"bad_{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(("mutate", "words"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_fault_is_found(tmp_path: Path, mutate: Callable[[Content], None], words: str) -> None:
    content = yaml.safe_load(check.OURS.read_text())
    mutate(content)
    path = tmp_path / "prefect.yaml"
    path.write_text(yaml.safe_dump(content))
    found = check.faults(path)
    assert [fault for fault in found if words in fault], found


@pytest.mark.parametrize("text", [b"deployments: [", b"- a list", b"\xff\xfe\x00"], ids=["broken", "list", "binary"])
def test_what_is_not_even_a_mapping_is_a_fault(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_bytes(text)
    assert len(check.faults(path)) == 1


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    assert "cannot be read" in check.faults(tmp_path / "prefect.yaml")[0]


def test_the_command_prints_the_faults(tmp_path: Path) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text("pull: []\ndeployments: []\n")
    done = subprocess.run([sys.executable, "-m", "deployments.check", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "the file: `deployments` must be a list and not empty\n"
