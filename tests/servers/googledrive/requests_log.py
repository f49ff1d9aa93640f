"""What was asked of the emulator: for tests that count calls and units."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import Any


@dataclass
class Record:
    """One request. `endpoint` is as `files.list`, `files.get_media`, `token`; `fault` names what was done to the answer."""

    method: str
    path: str
    params: dict[str, str]
    identity: str | None
    endpoint: str
    status: int = 0
    units: int = 0
    size: int | None = None
    """Bytes of the answer's body, None if it was chunked."""
    reason: str = ""
    fault: str = ""
    file_id: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class RequestLog:
    """Records in the order in which requests came. Safe to use from many threads."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._lock = Lock()

    def add(self, record: Record) -> None:
        """Append one."""
        with self._lock:
            self._records.append(record)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._records.clear()

    def __iter__(self) -> Any:
        with self._lock:
            return iter(list(self._records))

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> Record:
        return self._records[index]

    def of(self, endpoint: str) -> list[Record]:
        """The requests of one endpoint."""
        return [record for record in self if record.endpoint == endpoint]

    def count(self, endpoint: str | None = None) -> int:
        """How many requests came, of one endpoint if it is given."""
        return len(self) if endpoint is None else len(self.of(endpoint))

    def counts(self) -> Counter[str]:
        """Requests by endpoint."""
        return Counter(record.endpoint for record in self)

    @property
    def units(self) -> int:
        """Quota units spent."""
        return sum(record.units for record in self)

    def as_json(self) -> list[dict[str, Any]]:
        """For the control plane."""
        return [asdict(record) for record in self]
