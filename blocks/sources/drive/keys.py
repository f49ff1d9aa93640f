"""Resource keys: what is shared by link alone, since before September 2021, opens only for those who name its key.

Source: https://developers.google.com/workspace/drive/api/guides/resource-keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

HEADER = "x-goog-drive-resource-keys"
_MOST = 100_000
"""Keys that are remembered; few items have one."""


class ResourceKeys:
    """Keys by id, as they were told. For many threads."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}

    def learn(self, keys: Mapping[str, str]) -> None:
        """Remember these."""
        if len(self._keys) < _MOST:
            self._keys.update(keys)

    def heed(self, item: Any) -> None:
        """Remember the keys that a file resource names: its own, and that of what it points at."""
        if not isinstance(item, dict):
            return
        if item.get("resourceKey") and "id" in item:
            self.learn({item["id"]: item["resourceKey"]})
        points = item.get("shortcutDetails")
        if isinstance(points, dict) and points.get("targetResourceKey") and "targetId" in points:
            self.learn({points["targetId"]: points["targetResourceKey"]})

    def of(self, ids: Iterable[str]) -> dict[str, str]:
        """Those of these ids that have one."""
        return {id: self._keys[id] for id in ids if id in self._keys}

    def header(self, *ids: str) -> dict[str, str]:
        """What a request that concerns these items carries."""
        known = self.of(ids)
        return {HEADER: ",".join(f"{id}/{key}" for id, key in known.items())} if known else {}
