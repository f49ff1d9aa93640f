"""What a source was told: where in Drive to look, what to take in, and how often to look twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from blocks.sources.drive.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Scope:
    """What a source is told to look at."""

    folders: tuple[str, ...] = ()
    """Ids."""
    my_drive: bool = False
    drives: tuple[str, ...] = ()
    """Ids of shared drives."""
    all_drives: bool = False
    resource_keys: Mapping[str, str] = field(default_factory=dict)
    """{id: key} of folders that are shared by link."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a source was told."""

    scope: Scope
    wanted: Wanted
    digest: str
    """Of all of it: when it changes, everything is listed from scratch."""
    follow_shortcuts: bool
    lag: float
    """Seconds by which Drive's index may lag behind its change log."""
    whole_every: float
    """Seconds after which everything is listed from scratch, whatever the logs say."""
