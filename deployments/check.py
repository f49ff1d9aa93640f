"""Is prefect.yaml what it seems to be? `python -m deployments.check [PREFECT_YAML]`.

Prefect ignores keys that it does not know, takes a missing `pull` for a wish to remember this machine's directory, and finds
out about a wrong entrypoint or work pool when a run is due. This finds out before.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from deployments.work_pools import POOLS

# The keys of Prefect 3.8's models of the file; a test compares them with Prefect's own.
FILE_KEYS = frozenset({"name", "prefect-version", "build", "push", "pull", "deployments"})
DEPLOYMENT_KEYS = frozenset(
    {"name", "version", "version_type", "tags", "description", "schedule", "schedules", "paused", "concurrency_limit"}
    | {
        "flow_name",
        "entrypoint",
        "parameters",
        "enforce_parameter_schema",
        "build",
        "push",
        "pull",
        "work_pool",
        "triggers",
        "sla",
    }
)
SCHEDULE_KEYS = frozenset(
    {"cron", "interval", "rrule", "timezone", "anchor_date", "active", "parameters", "slug", "replaces", "day_or"}
)
CONCURRENCY_KEYS = frozenset({"limit", "collision_strategy", "grace_period_seconds"})
WORK_POOL_KEYS = frozenset({"name", "work_queue_name", "job_variables"})

OURS = Path(__file__).resolve().parent.parent / "prefect.yaml"
SHELF = "definitions"
"""Our shelf of YAML anchors; Prefect ignores it."""
_MODULE_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_RHYTHMS = ("cron", "interval", "rrule")


def faults(path: Path) -> list[str]:
    """What is wrong with the file, each in a few words with its place; empty if nothing is."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        return [f"cannot be read: {' '.join(str(exc).split())}"]
    if not isinstance(content, dict):
        return ["is not a mapping"]
    return list(_file(content))


def _file(content: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown("the file", content, FILE_KEYS | {SHELF})
    if content.get("pull", None) != []:
        yield "the file: `pull` must be there and be [], or deployments depend on the directory they were made in"
    deployments = content.get("deployments")
    if not isinstance(deployments, list) or not deployments:
        yield "the file: `deployments` must be a list and not empty"
        return
    for number, deployment in enumerate(deployments, start=1):
        if not isinstance(deployment, dict) or not deployment.get("name"):
            yield f"deployment {number}: has no name"
        else:
            yield from _deployment(str(deployment["name"]), deployment)
    names = Counter((entry.get("entrypoint"), entry.get("name")) for entry in deployments if isinstance(entry, dict))
    yield from (f"{name}: declared twice" for (_, name), count in names.items() if count > 1)


def _deployment(name: str, deployment: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(name, deployment, DEPLOYMENT_KEYS - {"schedule"})
    if deployment.get("pull", []) != []:
        yield f"{name}: `pull` must be []"
    yield from _entrypoint(name, deployment)
    yield from _work_pool(name, deployment.get("work_pool"))
    yield from _concurrency(name, deployment.get("concurrency_limit"))
    schedules = deployment.get("schedules") or []
    for number, schedule in enumerate(schedules, start=1):
        yield from _schedule(f"{name}, schedule {number}", schedule)
    slugs = Counter(schedule.get("slug") for schedule in schedules if isinstance(schedule, dict))
    yield from (f"{name}: two schedules have the slug {slug!r}" for slug, count in slugs.items() if slug and count > 1)


def _entrypoint(name: str, deployment: Mapping[str, Any]) -> Iterator[str]:
    from prefect import Flow

    entrypoint = str(deployment.get("entrypoint", ""))
    if not _MODULE_PATH.fullmatch(entrypoint):
        yield f"{name}: entrypoint {entrypoint!r} must be a module path, as flows.ingest.ingest: a file's path hides packages"
        return
    module, _, attribute = entrypoint.rpartition(".")
    try:
        flow = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as exc:
        yield f"{name}: entrypoint {entrypoint} cannot be imported: {exc}"
        return
    if not isinstance(flow, Flow):
        yield f"{name}: entrypoint {entrypoint} is not a flow"
        return
    parameters = deployment.get("parameters") or {}
    yield from _unknown(f"{name}, parameters", parameters, frozenset(inspect.signature(flow.fn).parameters))


def _work_pool(name: str, pool: Any) -> Iterator[str]:
    if not isinstance(pool, dict):
        yield f"{name}: names no work pool"
        return
    yield from _unknown(f"{name}, work_pool", pool, WORK_POOL_KEYS)
    if pool.get("name") not in POOLS:
        yield f"{name}: work pool {pool.get('name')!r} is not made by deployments.bootstrap (it makes: {', '.join(POOLS)})"


def _concurrency(name: str, limit: Any) -> Iterator[str]:
    from prefect.client.schemas.objects import ConcurrencyLimitStrategy

    if not isinstance(limit, dict):
        return
    yield from _unknown(f"{name}, concurrency_limit", limit, CONCURRENCY_KEYS)
    known = [strategy.value for strategy in ConcurrencyLimitStrategy]
    if limit.get("collision_strategy", known[0]) not in known:
        yield f"{name}: collision_strategy must be one of {', '.join(known)}, not {limit['collision_strategy']!r}"


def _schedule(place: str, schedule: Any) -> Iterator[str]:
    from prefect.client.schemas.schedules import CronSchedule
    from pydantic import ValidationError

    if not isinstance(schedule, dict):
        yield f"{place}: is not a mapping"
        return
    yield from _unknown(place, schedule, SCHEDULE_KEYS)
    if not schedule.get("slug"):
        yield f"{place}: has no slug, so deploying again would wake it when paused"
    if sum(rhythm in schedule for rhythm in _RHYTHMS) != 1:
        yield f"{place}: must have exactly one of {', '.join(_RHYTHMS)}"
    elif "cron" in schedule:
        try:
            CronSchedule(cron=schedule["cron"], timezone=schedule.get("timezone"))
        except ValidationError as exc:
            yield f"{place}: {exc.errors()[0]['msg']}"


def _unknown(place: str, found: Mapping[str, Any], known: frozenset[str]) -> Iterator[str]:
    yield from (f"{place}: unknown key {key!r}" for key in found if key not in known)


def main() -> int:
    """Print the faults; 2 if there are any."""
    found = faults(Path(sys.argv[1]) if sys.argv[1:] else OURS)
    for fault in found:
        print(fault, file=sys.stderr)  # noqa: T201
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main())
