"""Who may do what: effective grants of an item, direct and inherited, and what follows from them for one caller."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.servers.googledrive.nodes import RANKS, Node, Permission, User

if TYPE_CHECKING:
    from tests.servers.googledrive.state import State


@dataclass(frozen=True, slots=True)
class Detail:
    """One of the reasons of a grant. `kind` is "file" or "member"; `source` is where an inherited one stands."""

    kind: str
    role: str
    inherited: bool
    source: str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """What one principal may do with one item; `metadata` if it may only see that the item is there."""

    permission: Permission
    role: str
    details: tuple[Detail, ...]
    metadata: bool = False


Grants = dict[str, Grant]
"""By permission id."""


class Access:
    """Effective grants of a world's items, remembered until something that bears on access changes (`forget`)."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._of_item: dict[str, Grants] = {}
        self._for_children: dict[tuple[str, bool], Grants] = {}
        self._of_plain_child: dict[tuple[str, str | None], Grants] = {}
        self._audience: dict[int, tuple[Grants, frozenset[str]]] = {}
        self._roles: dict[tuple[int, str], tuple[Grants, tuple[int, bool]]] = {}

    def forget(self, node: Node | None = None) -> None:
        """Access to `node` and all below it changed; without it, to anything."""
        if node is not None and not node.is_folder:
            self._of_item.pop(node.id, None)
            return
        self._of_item.clear()
        self._for_children.clear()
        self._of_plain_child.clear()
        self._audience.clear()
        self._roles.clear()

    def grants(self, node: Node) -> Grants:
        """Effective grants of `node`. Items that say nothing themselves share one dict, so that big folders cost nothing."""
        node = self._state.nodes.get(node.id, node)
        if node.is_folder or node.permissions or node.limited or node.parent is None:
            if node.id not in self._of_item:
                self._of_item[node.id] = self._merge(node, node.permissions)
            return self._of_item[node.id]
        key = (node.parent, node.owner)
        if key not in self._of_plain_child:
            self._of_plain_child[key] = self._merge(node, None)
        return self._of_plain_child[key]

    def _merge(self, node: Node, own: dict[str, Permission] | None) -> Grants:
        parent = self._state.nodes.get(node.parent) if node.parent else None
        grants: Grants = dict(self._inheritable(parent)) if parent else {}
        if node.limited:
            grants = {pid: kept for pid, grant in grants.items() if (kept := _under_limit(node, grant))}
        kind = "member" if node.id in self._state.drives else "file"
        for permission in self._direct(node, own):
            detail = Detail(kind, permission.role, False, None)
            before = grants.get(permission.id)
            if before is None or before.metadata:
                grants[permission.id] = Grant(permission, permission.role, (detail,))
            elif permission.role == "owner":
                grants[permission.id] = Grant(permission, "owner", (detail,))
            else:
                role = max(before.role, permission.role, key=RANKS.__getitem__)
                grants[permission.id] = Grant(permission, role, (detail, *before.details))
        return grants

    def _direct(self, node: Node, own: dict[str, Permission] | None) -> list[Permission]:
        direct = [p for p in (own or {}).values() if p.expires is None or p.expires > self._state.clock.now]
        if node.owner:
            owner = self._state.user(node.owner)
            direct.insert(0, Permission(owner.permission_id, "user", "owner", owner.email))
        return direct

    def _inheritable(self, folder: Node) -> Grants:
        """What children of `folder` inherit. An owner's grant comes down as a writer's."""
        late = folder.heir_permissions is not None
        key = (folder.id, late)
        if key not in self._for_children:
            own = self._merge(folder, folder.heir_permissions) if late else self.grants(folder)
            self._for_children[key] = {pid: _handed_down(folder, grant) for pid, grant in own.items() if not grant.metadata}
        return self._for_children[key]

    def reach(self, email: str, node: Node) -> tuple[int, bool]:
        """Rank of what `email` may do with `node` (0: it is not there for them), and whether only to see that it exists."""
        grants = self.grants(node)
        key = (id(grants), email)
        known = self._roles.get(key)
        if known is None or known[0] is not grants:
            self._roles[key] = known = (grants, self._reach(email, grants))
        return known[1]

    def _reach(self, email: str, grants: Grants) -> tuple[int, bool]:
        state = self._state
        domain = email.partition("@")[2]
        full = metadata = 0
        for grant in grants.values():
            permission = grant.permission
            if permission.deleted:
                continue
            applies = (
                permission.email == email
                if permission.type == "user"
                else permission.type == "anyone"
                or (permission.type == "domain" and permission.domain == domain)
                or (permission.type == "group" and email in state.groups[permission.email or ""].members)
            )
            if applies and grant.metadata:
                metadata = RANKS["reader"]
            elif applies:
                full = max(full, RANKS[grant.role])
        return (full, False) if full else (metadata, bool(metadata))

    def audience(self, node: Node) -> frozenset[str]:
        """E-mail addresses of the users in whose Drive `node` is found: by name or group, or because they opened it."""
        grants = self.grants(node)
        known = self._audience.get(id(grants))
        if known is None or known[0] is not grants:
            self._audience[id(grants)] = known = (grants, self._named(grants))
        opened = frozenset(email for email in node.viewed_by or () if email not in known[1] and self.reach(email, node)[0])
        return known[1] | opened if opened else known[1]

    def _named(self, grants: Grants) -> frozenset[str]:
        found: set[str] = set()
        for grant in grants.values():
            permission = grant.permission
            if permission.deleted:
                continue
            if permission.type == "user" and permission.email:
                found.add(permission.email)
            elif permission.type == "group" and permission.email:
                found |= self._state.groups[permission.email].members
        return frozenset(found & self._state.users.keys())

    def corpora(self, node: Node) -> frozenset[str]:
        """The logs that `node` belongs to."""
        audience = self.audience(node)
        if node.drive_id is None:
            return frozenset(f"user:{email}" for email in audience)
        if not self._state.knobs.drive_items_in_user_log:
            audience -= self.members(node.drive_id)
        return frozenset({node.drive_id, *(f"user:{email}" for email in audience)})

    def members(self, drive_id: str) -> frozenset[str]:
        """E-mail addresses of the users who are members of a shared drive, themselves or through a group."""
        root = self._state.nodes.get(drive_id)
        return self._named(self.grants(root)) if root else frozenset()

    def is_member(self, user: User, drive_id: str) -> bool:
        """True if `user` is a member of the shared drive."""
        return user.email in self.members(drive_id)


def _handed_down(folder: Node, grant: Grant) -> Grant:
    role = "writer" if grant.role == "owner" else grant.role
    details = tuple(
        replace(
            detail, role="writer" if detail.role == "owner" else detail.role, inherited=True, source=detail.source or folder.id
        )
        for detail in grant.details
    )
    return Grant(grant.permission, role, details)


def _under_limit(node: Node, grant: Grant) -> Grant | None:
    """What is left of an inherited grant where inheritance is switched off."""
    if node.drive_id and grant.role == "organizer":
        return grant
    return replace(grant, metadata=True) if node.is_folder else None
