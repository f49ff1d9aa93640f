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
SHAPES = {
    "name": str, "description": str, "version": str, "entrypoint": str, "slug": str, "work_queue_name": str,
    "tags": list, "schedules": list, "triggers": list, "sla": list,
    "parameters": dict, "work_pool": dict, "job_variables": dict,
}  # fmt: skip
_WORDS = {str: "text", list: "a list", dict: "a mapping"}

OURS = Path(__file__).resolve().parent.parent / "prefect.yaml"
SHELF = "definitions"
"""Our shelf of YAML anchors; Prefect ignores it."""
_MODULE_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


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
    named = [entry for entry in deployments if isinstance(entry, dict) and entry.get("name")]
    yield from (f"deployment {number}: has no name" for number, entry in enumerate(deployments, start=1) if entry not in named)
    for entry in named:
        yield from _deployment(str(entry["name"]), entry)
    names = Counter((str(entry.get("entrypoint")), str(entry["name"])) for entry in named)
    yield from (f"{name}: declared twice" for (_, name), count in names.items() if count > 1)


def _deployment(name: str, deployment: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(name, deployment, DEPLOYMENT_KEYS - {"schedule"})
    if misshapen := list(_misshapen(name, deployment)):
        yield from misshapen
        return
    if deployment.get("pull", []) != []:
        yield f"{name}: `pull` must be []"
    yield from _entrypoint(name, deployment)
    yield from _work_pool(name, deployment.get("work_pool"))
    yield from _concurrency(name, deployment.get("concurrency_limit"))
    schedules = deployment.get("schedules") or []
    for number, schedule in enumerate(schedules, start=1):
        yield from _schedule(f"{name}, schedule {number}", schedule)
    slugs = Counter(str(schedule.get("slug") or "") for schedule in schedules if isinstance(schedule, dict))
    yield from (f"{name}: two schedules have the slug {slug!r}" for slug, count in slugs.items() if slug and count > 1)


def _entrypoint(name: str, deployment: Mapping[str, Any]) -> Iterator[str]:
    from prefect import Flow

    entrypoint = deployment.get("entrypoint") or ""
    if not _MODULE_PATH.fullmatch(entrypoint):
        yield f"{name}: entrypoint {entrypoint!r} must be a module path, as flows.ingest.ingest: a file's path hides packages"
        return
    module, _, attribute = entrypoint.rpartition(".")
    try:
        flow = getattr(import_module(module), attribute)
    except (Exception, SystemExit) as exc:  # whatever a module does when it is imported
        yield f"{name}: entrypoint {entrypoint} cannot be imported: {' '.join(str(exc).split()) or type(exc).__name__}"
        return
    if not isinstance(flow, Flow):
        yield f"{name}: entrypoint {entrypoint} is not a flow"
        return
    parameters = deployment.get("parameters") or {}
    yield from _parameters(f"{name}, parameters", parameters, flow)
    for number, schedule in enumerate(deployment.get("schedules") or [], start=1):
        if isinstance(schedule, dict) and isinstance(own := schedule.get("parameters"), dict):
            yield from _parameters(f"{name}, schedule {number}, parameters", own, flow)


def _parameters(place: str, parameters: Mapping[str, Any], flow: Any) -> Iterator[str]:
    from prefect.utilities.callables import parameter_schema
    from prefect.utilities.schema_tools.validation import ValidationError, validate

    yield from _unknown(place, parameters, frozenset(inspect.signature(flow.fn).parameters))
    schema = parameter_schema(flow).model_dump()
    for key, value in parameters.items():
        try:
            validate({key: value}, schema, raise_on_error=True, ignore_required=True)
        except ValidationError as exc:
            yield f"{place}: {exc}"


def _work_pool(name: str, pool: Mapping[str, Any] | None) -> Iterator[str]:
    if pool is None:
        yield f"{name}: names no work pool"
        return
    yield from _unknown(f"{name}, work_pool", pool, WORK_POOL_KEYS)
    if misshapen := list(_misshapen(f"{name}, work_pool", pool)):
        yield from misshapen
    elif pool.get("name") not in POOLS:
        yield f"{name}: work pool {pool.get('name')!r} is not made by deployments.bootstrap (it makes: {', '.join(POOLS)})"


def _concurrency(name: str, limit: Any) -> Iterator[str]:
    from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
    from pydantic import ValidationError

    if limit is None:
        return
    options = limit if isinstance(limit, dict) else {"limit": limit}
    yield from _unknown(f"{name}, concurrency_limit", options, CONCURRENCY_KEYS)
    most = options.get("limit")
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        yield f"{name}: concurrency_limit must have a limit, a whole number of at least 1, not {most!r}"
    known = [strategy.value for strategy in ConcurrencyLimitStrategy]
    strategy = options.get("collision_strategy", known[0])
    if strategy not in known:
        yield f"{name}: collision_strategy must be one of {', '.join(known)}, not {strategy!r}"
        return
    try:
        ConcurrencyOptions(collision_strategy=strategy, grace_period_seconds=options.get("grace_period_seconds"))
    except ValidationError as exc:
        yield f"{name}: grace_period_seconds: {exc.errors()[0]['msg']}"


def _schedule(place: str, schedule: Any) -> Iterator[str]:
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule
    from pydantic import BaseModel, ValidationError

    if not isinstance(schedule, dict):
        yield f"{place}: is not a mapping"
        return
    yield from _unknown(place, schedule, SCHEDULE_KEYS)
    yield from _misshapen(place, schedule)
    if not schedule.get("slug"):
        yield f"{place}: has no slug, so deploying again would wake it when paused"
    models: dict[str, type[BaseModel]] = {"cron": CronSchedule, "interval": IntervalSchedule, "rrule": RRuleSchedule}
    rhythms = [rhythm for rhythm in models if rhythm in schedule]
    if len(rhythms) != 1:
        yield f"{place}: must have exactly one of {', '.join(models)}"
        return
    said = {key: schedule[key] for key in (rhythms[0], "timezone", "anchor_date") if schedule.get(key) is not None}
    try:
        models[rhythms[0]].model_validate(said)
    except ValidationError as exc:
        first = exc.errors()[0]
        yield f"{place}: {'.'.join(map(str, first['loc']))}: {first['msg']}"


def _misshapen(place: str, found: Mapping[str, Any]) -> Iterator[str]:
    for key, shape in SHAPES.items():
        if found.get(key) is not None and not isinstance(found[key], shape):
            yield f"{place}: `{key}` must be {_WORDS[shape]}, not {found[key]!r}"


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
