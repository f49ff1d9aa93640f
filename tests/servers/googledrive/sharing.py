"""What people do to access: grants on items, limited access, groups, shared drives and their members."""

from __future__ import annotations

from typing import NamedTuple

from tests.servers.googledrive.clock import parse_time
from tests.servers.googledrive.nodes import FOLDER, Drive, Group, Node, Permission
from tests.servers.googledrive.operations import FileOperations


class SharingOperations(FileOperations):
    """Operations on grants. An entry for the item alone: those below change in silence."""

    def share(
        self,
        file_id: str,
        type: str = "user",
        role: str = "reader",
        email: str | None = None,
        domain: str | None = None,
        allow_discovery: bool = False,
        expires: int | str | None = None,
    ) -> str:
        """Grant a role to a `user`, `group`, `domain` or `anyone`; gives the permission id. `expires` in ms or RFC 3339."""
        with self.lock:
            node = self.node(file_id)
            if type == "user":
                self.user(email or "")
            elif type == "group":
                self.groups.setdefault(email or "", Group(email or "", self.ids.permission(), set()))
            until = parse_time(expires) if isinstance(expires, str) else expires
            permission = Permission("", type, role, email, domain, allow_discovery, until)
            permission.id = self.principal_id(permission)
            with self.changing(node, access=True, below=True):
                self._permit(node)[permission.id] = permission
                if type == "user" and email:
                    node.shared_at = {**(node.shared_at or {}), email: self.clock.now}
            if until is not None:
                self.clock.at(until, lambda: self._expired(node, permission))
            return permission.id

    def unshare(self, file_id: str, permission_id: str) -> None:
        """Take back a direct grant. Raises KeyError if the item has none such."""
        with self.lock:
            node = self.node(file_id)
            _ = (node.permissions or {})[permission_id]
            with self.changing(node, access=True, below=True):
                del self._permit(node)[permission_id]

    def set_role(self, file_id: str, permission_id: str, role: str) -> None:
        """Another role for a direct grant. Raises KeyError if the item has none such."""
        with self.lock:
            node = self.node(file_id)
            old = (node.permissions or {})[permission_id]
            with self.changing(node, access=True, below=True):
                self._permit(node)[permission_id] = Permission(
                    old.id, old.type, role, old.email, old.domain, old.discovery, old.expires
                )

    def set_owner(self, file_id: str, email: str) -> None:
        """Another owner; the former one stays as writer."""
        with self.lock:
            node = self.node(file_id)
            new = self.user(email)
            with self.changing(node, access=True, below=True):
                grants = self._permit(node)
                if node.owner:
                    old = self.user(node.owner)
                    grants[old.permission_id] = Permission(old.permission_id, "user", "writer", old.email)
                grants.pop(new.permission_id, None)
                node.owner = email

    def limit_access(self, file_id: str, limited: bool = True) -> None:
        """Switch inheritance of grants off or on."""
        node = self.node(file_id)
        with self.changing(node, access=True, below=True):
            node.limited = limited

    def delete_account(self, email: str) -> None:
        """The account is gone: its grants stay, marked as deleted. No entries."""
        with self.lock:
            for node in self.nodes.values():
                for permission in (node.permissions or {}).values():
                    if permission.email == email:
                        permission.deleted = True
            self.access.forget()

    def _permit(self, node: Node) -> dict[str, Permission]:
        """The direct grants of `node`, to be changed; what lies below goes on with the old ones for `descend_acl_delay`."""
        if node.permissions is None:
            node.permissions = {}
        if node.is_folder and self.knobs.descend_acl_delay:
            if node.heir_permissions is None:
                node.heir_permissions = dict(node.permissions)
            self.clock.at(self.clock.now + int(self.knobs.descend_acl_delay * 1000), lambda: self._arrived(node))
        return node.permissions

    def _arrived(self, node: Node) -> None:
        node.heir_permissions = None
        self.access.forget()

    def _expired(self, node: Node, permission: Permission) -> None:
        if node.id not in self.nodes or (node.permissions or {}).get(permission.id) is not permission:
            return
        if self.knobs.expiry_emits_change:
            with self.changing(node, access=True, below=True):
                self._permit(node).pop(permission.id)
        else:
            self._permit(node).pop(permission.id)
            self.access.forget(node)

    def group(self, email: str, members: list[str] | set[str] | tuple[str, ...] = ()) -> str:
        """A group with these members, made or changed; gives its address. Drives tell who joins or leaves, items do not."""
        with self.lock:
            self.mutations += 1
            self.clock.tick()
            before = {drive: self.access.members(drive) for drive in self.drives}
            for member in members:
                self.user(member)
            known = self.groups.setdefault(email, Group(email, self.ids.permission(), set()))
            known.members = set(members)
            self.access.forget()
            for drive, old in before.items():
                self._drive_entry(drive, old ^ self.access.members(drive), in_drive_log=False)
            return email

    def create_drive(self, name: str, members: dict[str, str] | None = None) -> str:
        """A shared drive with `members` (e-mail address of user or group: role); gives its id."""
        with self.lock:
            self.mutations += 1
            self.clock.tick()
            drive = Drive(self.ids.drive(), name, self.clock.now)
            self.drives[drive.id] = drive
            root = self.add_node(name, FOLDER, None, drive.id, None, node_id=drive.id)
            root.permissions = {}
            for email, role in (members or {}).items():
                self._enter(root, email, role)
            self.access.forget()
            self._drive_entry(drive.id, self.access.members(drive.id))
            return drive.id

    def _enter(self, root: Node, email: str, role: str) -> None:
        type = "group" if email in self.groups else "user"
        permission = Permission("", type, role, email)
        permission.id = self.principal_id(permission)
        self._permit(root)[permission.id] = permission

    def _drive_entry(self, drive_id: str, emails: frozenset[str], in_drive_log: bool = True) -> None:
        corpora = {f"user:{email}" for email in emails} | ({drive_id} if in_drive_log else set())
        self.log("drive", drive_id, frozenset(corpora))

    def set_member(self, drive_id: str, email: str, role: str) -> None:
        """Let a user or group in, or change its role. Who comes in gets one entry, for the drive, in the user's log."""
        with self.lock:
            self.mutations += 1
            self.clock.tick()
            before = self.access.members(drive_id)
            root = self.node(drive_id)
            known = any(permission.email == email for permission in (root.permissions or {}).values())
            self._enter(root, email, role)
            root.version += 1
            self.access.forget()
            after = self.access.members(drive_id)
            self._drive_entry(drive_id, before | after if known else after - before, in_drive_log=known)

    def remove_member(self, drive_id: str, email: str) -> None:
        """Take a user or group out. Raises KeyError for no member."""
        with self.lock:
            self.mutations += 1
            self.clock.tick()
            before = self.access.members(drive_id)
            root = self.node(drive_id)
            found = [pid for pid, permission in (root.permissions or {}).items() if permission.email == email]
            if not found:
                raise KeyError(email)
            del self._permit(root)[found[0]]
            root.version += 1
            self.access.forget()
            self._drive_entry(drive_id, before | self.access.members(drive_id))

    def rename_drive(self, drive_id: str, name: str) -> None:
        """Another name for a shared drive."""
        with self.lock:
            self._change_drive(drive_id)
            self.drives[drive_id].name = self.node(drive_id).name = name

    def set_restrictions(self, drive_id: str, **restrictions: bool) -> None:
        """Set restrictions of a shared drive, as `copyRequiresWriterPermission=True`."""
        with self.lock:
            self._change_drive(drive_id)
            self.drives[drive_id].restrictions.update(restrictions)

    def hide_drive(self, drive_id: str, email: str, hidden: bool = True) -> None:
        """Hide a shared drive from the default view of one user."""
        with self.lock:
            hiders = self.drives[drive_id].hidden_for
            (hiders.add if hidden else hiders.discard)(email)

    def _change_drive(self, drive_id: str) -> None:
        self.mutations += 1
        self.clock.tick()
        self.node(drive_id).version += 1
        self._drive_entry(drive_id, self.access.members(drive_id))

    def delete_drive(self, drive_id: str) -> None:
        """The shared drive and all that is in it, for ever; its members get one entry each."""
        with self.lock:
            self.mutations += 1
            self.clock.tick()
            members = self.access.members(drive_id)
            root = self.node(drive_id)
            for item in (*reversed(self.subtree(root)), root):
                self.forget_node(item)
            del self.drives[drive_id]
            self.access.forget()
            self._drive_entry(drive_id, members)


class Bulk(NamedTuple):
    """Ids of what a bulk operation made."""

    folders: list[str]
    files: list[str]
