"""The world as one caller sees it, for the time of one request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tests.servers.googledrive.errors import drive_not_found, file_not_found, forbidden
from tests.servers.googledrive.nodes import Drive, Node, User
from tests.servers.googledrive.state import State

Made = TypeVar("Made")


class View:
    """`base_url` is where the emulator is reached; `keys` are the resource keys that the request carries, by file id."""

    def __init__(self, state: State, caller: User, base_url: str, keys: dict[str, str] | None = None) -> None:
        self.state = state
        self.caller = caller
        self.base_url = base_url
        self.keys = keys or {}
        self._made: dict[tuple[object, ...], Any] = {}

    def once(self, key: tuple[object, ...], make: Callable[[], Made], keep: object = None) -> Made:
        """What `make` gives, made once for each key: a thousand files of a page share most of what they show.

        `keep` is held on to: what the key names by its id().
        """
        if key not in self._made:
            self._made[key] = (make(), keep)
        found: Made = self._made[key][0]
        return found

    def reach(self, node: Node) -> tuple[int, bool]:
        """Rank of the caller's role and whether it covers metadata alone; (0, False) if the item does not exist for it."""
        return self.state.access.reach(self.caller.email, node)

    def sees(self, node: Node) -> bool:
        """True if the item exists for the caller."""
        return self.reach(node)[0] > 0

    def file(self, file_id: str, all_drives: bool) -> Node:
        """The item of that id or alias. Raises ApiError 404 for what the caller cannot see or did not ask for."""
        node = self.state.nodes.get(self.caller.root_id if file_id == "root" else file_id)
        if node is None or not self.sees(node) or (node.drive_id and not all_drives):
            raise file_not_found(file_id)
        if self.is_locked(node):
            raise file_not_found(file_id)
        return node

    def is_locked(self, node: Node) -> bool:
        """True if the item is known by its link alone, and the request does not name its resource key."""
        return bool(node.resource_key and self.keys.get(node.id) != node.resource_key and not self.found_in_drive(node))

    def found_in_drive(self, node: Node) -> bool:
        """True if the item is found in the caller's Drive or in one of its shared drives, rather than by its link alone."""
        return self.caller.email in self.state.access.audience(node)

    def drive(self, drive_id: str) -> Drive:
        """The shared drive. Raises ApiError: 404 if it does not exist, 403 if the caller is not a member."""
        if drive_id not in self.state.drives:
            raise drive_not_found(drive_id)
        if not self.state.access.is_member(self.caller, drive_id):
            raise forbidden("teamDriveMembershipRequired", "The attempted action requires shared drive membership.")
        return self.state.drives[drive_id]

    def in_user_log(self, node: Node, with_drives: bool) -> bool:
        """True if the item belongs to the caller's own log."""
        if not self.found_in_drive(node):
            return False
        if node.drive_id is None:
            return True
        member = self.state.access.is_member(self.caller, node.drive_id)
        return with_drives and (not member or self.state.knobs.drive_items_in_user_log)
