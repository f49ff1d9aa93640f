"""Options that all tasks share, stated once."""

from __future__ import annotations

from typing import Any

from prefect.cache_policies import NO_CACHE

EFFECT: dict[str, Any] = {
    # The ledger is the incremental mechanism; Prefect's cache must never skip an effect.
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
"""For every task: all of them have effects."""
