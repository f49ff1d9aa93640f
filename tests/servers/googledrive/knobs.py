"""What may be turned in a world: each knob is something real Drive does sometimes, or something nobody knows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Quota:
    """Units a minute, for the project and for each user; None is no limit."""

    per_min: int | None = None
    per_user: int | None = None
    burst: float = 1.0
    """How much of a minute's units a bucket holds."""
    new_style: bool = False
    """Refuse with the newer gateway's body, which has no errors[]."""
    clock: Literal["real", "virtual"] = "real"


@dataclass
class Interruption:
    """`op` happens just before the `nth` answer of `endpoint` from now: between pages, between chunks."""

    endpoint: str
    nth: int
    op: Callable[[], object]


@dataclass
class Knobs:
    """Default: a Drive on its best day. Lags in operations or seconds of the world's clock; probabilities from 0 to 1."""

    page_size_cap: int | None = None
    empty_page_with_next: float = 0.0
    duplicate_entries: float = 0.0
    coalesce: bool = True
    descendant_events: Literal["none", "trash_only", "all_delayed"] = "none"
    descendant_delay: float = 30.0
    outsider_events: bool = False
    """Who sees an item below a folder but not the folder gets an entry for it when the folder is moved, trashed or deleted."""
    delete_descendant_tombstones: bool = False
    rename_bumps_mtime: bool = False
    view_events: bool = True
    drive_items_in_user_log: bool = False
    expiry_emits_change: bool = False
    list_lag_events: int = 0
    list_lag_seconds: float = 0.0
    or_parents_bug: Literal["none", "empty", "partial"] = "none"
    unknown_parent: Literal["not_found", "empty"] = "not_found"
    """What files.list says to a query for children of what the caller cannot see."""
    incomplete_search: float = 0.0
    change_lag_events: int = 0
    change_lag_seconds: float = 0.0
    expire_list_tokens: bool = False
    invalidate_change_tokens: bool = False
    """Tokens given out so far are refused; the next start token works. Turns itself off when it has done so."""
    permissions_absent: float = 0.0
    permission_ids_absent: float = 0.0
    quota_units: Quota = field(default_factory=Quota)
    descend_acl_delay: float = 0.0
    notify_drop: float = 0.0
    notify_dup: float = 0.0
    notify_delay: float = 0.0
    export_bytes_unstable: bool = False
    export_limit: int = 10 * 1024 * 1024
    operations_pending: int = 0
    """How often operations.get says "not yet" for a files.download."""
    finished_operations_denied: bool = False
    """operations.get refuses a download that has been reported as done."""
    webhook_http_allowed: bool = False
    gzip: bool = False
    consent_denied: bool = False
    rotate_refresh_tokens: bool = False
    interruptions: list[Interruption] = field(default_factory=list)

    def mutate_during(self, endpoint: str, nth: int, op: Callable[[], object]) -> None:
        """Let `op` happen just before the `nth` answer of `endpoint` from now: ("changes.list", 2, lambda: world.trash(x))."""
        self.interruptions.append(Interruption(endpoint, nth, op))
