"""/_ctl/*: the control object over HTTP, for tests whose parts run in several processes. JSON in, JSON out, no token."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from tests.servers.googledrive.accounts import SCOPE
from tests.servers.googledrive.knobs import Quota
from tests.servers.googledrive.messages import Request, Response, json_response

if TYPE_CHECKING:
    from tests.servers.googledrive.service import Service


def answer(service: Service, request: Request) -> Response:
    """400 with the error's words for what cannot be done."""
    name = request.path.rstrip("/").rpartition("/")[2]
    handler = _HANDLERS.get(name)
    if handler is None:
        return json_response({"error": f"no such control: {name}; there are {', '.join(sorted(_HANDLERS))}"}, 404)
    try:
        with service.world.lock:
            return json_response(handler(service, request.json() | request.params))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        return json_response({"error": f"{type(error).__name__}: {error}"}, 400)


def _call(service: Service, given: dict[str, Any]) -> Any:
    """{"op": "rename", "args": {...}}: any public operation of the world; bytes as {"base64": ...}."""
    op = given["op"]
    if op.startswith("_") or not callable(getattr(service.world, op)):
        raise ValueError(f"no such operation: {op}")
    result = getattr(service.world, op)(**{name: _value(value) for name, value in given.get("args", {}).items()})
    return {"result": asdict(result) if is_dataclass(result) and not isinstance(result, type) else result}


def _value(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"base64"}:
        return b64decode(value["base64"])
    return {name: _value(inner) for name, inner in value.items()} if isinstance(value, dict) else value


def _knobs(service: Service, given: dict[str, Any]) -> Any:
    """{"page_size_cap": 3, "quota_units": {"per_min": 1000}}: set some; answers with all."""
    knobs = service.world.knobs
    for name, value in given.items():
        if name not in {knob.name for knob in fields(knobs)} or name == "interruptions":
            raise ValueError(f"no such knob: {name}")
        if name == "quota_units":
            for inner, number in value.items():
                setattr(knobs.quota_units, inner, number)
        else:
            setattr(knobs, name, value)
    return {
        knob.name: asdict(v) if isinstance(v := getattr(knobs, knob.name), Quota) else v
        for knob in fields(knobs)
        if knob.name != "interruptions"
    }


def _mutate_during(service: Service, given: dict[str, Any]) -> Any:
    """{"endpoint": ..., "nth": ..., "op": ..., "args": {...}}."""
    service.world.knobs.mutate_during(given["endpoint"], int(given["nth"]), lambda: _call(service, given))
    return {}


def _fault(service: Service, given: dict[str, Any]) -> Any:
    """{"match": {...}, "action": ..., "times": n}."""
    service.faults.add(given.get("match"), given["action"], given.get("times", 1))
    return {}


def _faults_clear(service: Service, given: dict[str, Any]) -> Any:
    service.faults.clear()
    return {}


def _requests(service: Service, given: dict[str, Any]) -> Any:
    return {"requests": service.requests.as_json(), **_counts(service, given)}


def _counts(service: Service, given: dict[str, Any]) -> Any:
    return {"counts": service.requests.counts(), "units": service.requests.units}


def _requests_clear(service: Service, given: dict[str, Any]) -> Any:
    service.requests.clear()
    return {}


def _advance(service: Service, given: dict[str, Any]) -> Any:
    service.world.advance(float(given["seconds"]))
    return {"now": service.world.now}


def _credentials(service: Service, given: dict[str, Any]) -> Any:
    return service.accounts.credentials(given["email"], (SCOPE,), service.url)


def _expire(service: Service, given: dict[str, Any]) -> Any:
    service.accounts.expire(given["email"])
    return {}


def _revoke(service: Service, given: dict[str, Any]) -> Any:
    service.accounts.revoke(given["email"])
    return {}


def _restore(service: Service, given: dict[str, Any]) -> Any:
    service.accounts.restore(given["email"])
    return {}


_HANDLERS: dict[str, Callable[[Service, dict[str, Any]], Any]] = {
    "call": _call,
    "knobs": _knobs,
    "mutate_during": _mutate_during,
    "faults": _fault,
    "faults_clear": _faults_clear,
    "requests": _requests,
    "counts": _counts,
    "requests_clear": _requests_clear,
    "advance": _advance,
    "credentials": _credentials,
    "expire": _expire,
    "revoke": _revoke,
    "restore": _restore,
}
