"""The sync report: what one ingest run did."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

FAILURES_SHOWN = 100
"""How many failures a report carries by name; the ledger has them all."""
INSIDE_SHOWN = 10
"""How many of them may lie in the same file: the members of one archive do not crowd others out."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that went to quarantine in this run."""

    path: str
    stage: str
    reason: str
    detail: str
    remedy: str = ""
    """What to do about it."""


@dataclass(slots=True)
class SyncReport:
    """Counts of files and chunks, and seconds by stage. Reports of several sources add up."""

    added: int = 0
    updated: int = 0
    moved: int = 0
    unchanged: int = 0
    removed: int = 0
    """Documents taken out: their files vanished, or hold nothing to read any more."""
    quarantined: int = 0
    chunks_embedded: int = 0
    chunks_reused: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    """Busy seconds by stage (stages overlap, so they may sum to more) and the wall time as "total"."""
    owed: int = 0
    """Files that still wait for work after the run."""
    awaiting_confirmation: int = 0
    """Vanished files whose removal waits (invariant I5)."""
    failures: list[Failure] = field(default_factory=list)
    """The newly quarantined, at most FAILURES_SHOWN of them; not those that have failed again in the same way."""
    unnamed: int = 0
    """How many more there are of these."""
    unlisted: int = 0
    """Parts of a source that could not be listed."""
    warnings: list[str] = field(default_factory=list)
    """What an operator may want to know, such as a link that was not followed."""

    error: str = ""
    """What the run failed for, in one line that says what to do; "" for one that did not."""

    @property
    def complete(self) -> bool:
        """True if nothing was left behind by this run."""
        return not (self.quarantined or self.owed or self.awaiting_confirmation or self.unlisted)

    def tell(self, failure: Failure, listed: str) -> None:
        """Name a newly quarantined file, or count it. `listed`: path of the outermost file around it, or its own."""
        beside = sum(other.path.startswith(f"{listed}/") for other in self.failures) if listed != failure.path else 0
        if len(self.failures) < FAILURES_SHOWN and beside < INSIDE_SHOWN:
            self.failures.append(failure)
        else:
            self.unnamed += 1

    def to_json(self) -> str:
        """One line, in ASCII. The issue's keys first; scripts may rely on them."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> SyncReport:
        """The report that to_json wrote."""
        data = json.loads(text)
        failures = [Failure(**failure) for failure in data.pop("failures", [])]
        return cls(**data, failures=failures)
