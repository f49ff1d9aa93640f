"""What we set for Prefect, wherever we start it: our own home, no telemetry, a quiet console."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

DEFAULTS = {
    # Telemetry: the client's, the server's heartbeat to Prefect's makers, what Cloud and OpenTelemetry would be sent.
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # Never a server of Prefect's own making: it outlives a killed run (design.md section 6).
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    # Warnings of our adapters belong to the run that they are given in; outside of one they are nobody's.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "ledger,blocks,tasks",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}
"""Set unless the user has set them."""

QUIET = {
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    # Its threads complain at length if the server goes away, at any level of their loggers; the failing run says it in a line.
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
}
"""For commands that report by themselves (apps/logs.py): Prefect's logs go to the API only."""


def set_defaults(env: MutableMapping[str, str], values: Mapping[str, str] = DEFAULTS) -> None:
    """Set what the user has not set."""
    for name, value in values.items():
        env.setdefault(name, value)


def prefect_home(home: Path, env: Mapping[str, str]) -> Path:
    """Where Prefect keeps its database for this LEVADA_HOME: the user's PREFECT_HOME if set, else our own."""
    return Path(env.get("PREFECT_HOME") or home / "prefect").expanduser().absolute()


def server_env(directory: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a server that keeps its database in `directory`: the user's, less what points at another API."""
    result = dict(os.environ if env is None else env)
    for name in ("PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_PROFILE"):
        result.pop(name, None)
    set_defaults(result)
    result["PREFECT_HOME"] = str(directory)
    return result
