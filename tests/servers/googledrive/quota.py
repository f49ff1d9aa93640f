"""Token buckets in quota units: one for the project, one for each user."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.servers.googledrive.state import State


@dataclass
class _Bucket:
    level: float
    at: float
    per_min: int
    burst: float


class Quotas:
    """Refuses when a bucket is empty. Called under the world's lock."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._knob = state.knobs.quota_units
        self._buckets: dict[str, _Bucket] = {}

    def take(self, identity: str, units: int) -> bool:
        """Spend `units`; False, and nothing spent, if the project or the user has not as many left."""
        knob = self._state.knobs.quota_units
        if knob is not self._knob:
            self._knob = knob
            self._buckets.clear()
        now = time.monotonic() if knob.clock == "real" else self._state.now / 1000
        wanted = {key: limit for key, limit in (("", knob.per_min), (identity, knob.per_user)) if limit is not None}
        buckets = [self._bucket(key, limit, knob.burst, now) for key, limit in wanted.items()]
        if any(bucket.level < units for bucket in buckets):
            return False
        for bucket in buckets:
            bucket.level -= units
        return True

    def _bucket(self, key: str, per_min: int, burst: float, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None or (bucket.per_min, bucket.burst) != (per_min, burst):
            bucket = self._buckets[key] = _Bucket(per_min * burst, now, per_min, burst)
        bucket.level = min(per_min * burst, bucket.level + (now - bucket.at) * per_min / 60)
        bucket.at = now
        return bucket
