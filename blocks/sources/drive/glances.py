"""A glance at a root that was found before: is it there, where it was, and who reads it, in one or two questions.

Each listing asks that of each root. Only where something has changed is the root looked for as if it were new: roots.py.
"""

from __future__ import annotations

from dataclasses import replace

from blocks.sources.drive.account import USER, Account
from blocks.sources.drive.known import described
from blocks.sources.drive.readers import UNKNOWN, principals
from blocks.sources.drive.roots import NAMED, Found, Root, find_folder, find_root, named
from blocks.sources.drive.scope_mirror import ScopeMirror


class Glances:
    """The glances of one listing."""

    def __init__(self, account: Account, mirror: ScopeMirror) -> None:
        self._account = account
        self._mirror = mirror
        self._members_of: dict[str, bool] = {}
        """{shared drive: we are a member of it}, as far as that was asked."""

    def folder(self, root: Root, ask: bool) -> Found:
        """A folder, with one question; `ask`: on a shared drive, another for its readers, since no log need tell who joins."""
        item, before = self._account.item(root.id, NAMED), self._mirror.at(root.id)
        if item is None or item.get("trashed"):
            return replace(root, lost=True), None
        drive, parents = item.get("driveId"), item.get("parents") or []
        whose = named(item)
        if whose and root.named and whose != root.named:
            self.doubt(root)
        root = replace(root, named=whose or root.named)
        if drive is None and root.corpus == USER:
            return replace(root, drive=""), described(item, "", root.corpus, self._account.grants(item))
        same_way = drive == (root.drive or root.corpus) and tuple(parents[:1]) == root.above[:1]
        if before is None or not same_way or self._has_joined(root):
            return find_folder(self._account, root.id, root)
        return root, described(item, "", root.corpus, self._account.grants(item) if ask or root.drive else before.grants)

    def drive(self, root: Root) -> Found:
        """A shared drive with its readers of today: that they have changed, its own log need not tell."""
        before = self._mirror.at(root.id)
        if before is None:
            return find_root(self._account, root)
        witness = self._mirror.at(root.witness) if root.witness else None
        if witness is not None and witness.parent != root.id:
            witness = None
        readers, told_by = self._members(root.id, root.id if root.witness and witness is None else root.witness)
        if witness is not None and witness.grants is not None and readers != before.grants:
            # It has readers of its own, so it may be closed to most members by now: something else must tell.
            readers, told_by = self._members(root.id, root.id)
        return replace(root, witness=told_by), before.with_grants(readers)

    def doubt(self, root: Root) -> None:
        """Its readers, whom we are not told, may be others now; so may those whom we are told of what lies in it."""
        known_now = self._mirror.at(root.id)
        if known_now is not None and known_now.grants == UNKNOWN:
            self._mirror.telling.due[root.id] = True

    def _members(self, drive: str, witness: str) -> tuple[tuple[str, ...], str]:
        listed, told_by = self._account.members(drive, witness)
        return UNKNOWN if listed is None else principals(listed), told_by

    def _has_joined(self, root: Root) -> bool:
        """True if we have become a member of the shared drive that the root lies on."""
        if root.drive and root.drive not in self._members_of:
            self._members_of[root.drive] = self._account.is_member(root.drive)
        return self._members_of.get(root.drive, False)
