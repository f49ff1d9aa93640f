"""The roots of a scope: where they are found, whose change log tells of them, and whether they are still there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from blocks.sources.drive.account import USER, Account
from blocks.sources.drive.items import FOLDER, SHORTCUT, Resource, drive_fingerprint
from blocks.sources.drive.known import Known, described
from blocks.sources.drive.readers import UNKNOWN, principals
from blocks.sources.drive.rules import Scope
from core.errors import UsageError

NAMED = ",permissionIds"
"""What is asked of a root besides the usual fields."""
_DEEPEST = 110


@dataclass(frozen=True, slots=True)
class Root:
    """A root as it was last found."""

    id: str
    corpus: str
    """Whose change log tells of it."""
    whole: bool
    """It is all of its corpus: My Drive, or a shared drive."""
    above: tuple[str, ...] = ()
    """On a shared drive: the folders around it, whose readers are its own too."""
    lost: bool = False
    by_shortcut: bool = False
    """Only a shortcut brings it into the scope; it may be a file."""
    by_link: bool = False
    """Nobody shared it with us by name: no log tells of what is in it."""
    drive: str = ""
    """The shared drive that it lies on, if we are no member and the user's log tells of it."""
    witness: str = ""
    """Of a shared drive: what tells who its members are, if the drive itself does not."""
    powers: str = ""
    """Of a folder on a shared drive that we are a member of: what we may do there, and how it is restricted."""
    named: str = ""
    """Of a folder: a digest of whom Drive names for it, be it without saying who they are."""

    def facts(self) -> dict[str, Any]:
        """As the cursor keeps it."""
        kept = asdict(self) | {"above": list(self.above)}
        del kept["id"]
        return kept

    @classmethod
    def of(cls, id: str, facts: dict[str, Any]) -> Root:
        """As the cursor kept it, be it of another version, which knew more of it or less."""
        kept = {field.name: facts[field.name] for field in fields(cls) if field.name in facts}
        return cls(id, **kept | {"above": tuple(facts["above"])})


Found = tuple[Root, Known | None]
"""A root, and what is at its place: None if it is lost."""


def find_all(account: Account, scope: Scope) -> Iterator[Found]:
    """Every root of the scope. Raises UsageError for an id that is no folder's."""
    if scope.my_drive:
        yield find_my_drive(account)
    for id in scope.folders:
        yield find_folder(account, id)
    for id in drive_ids(account, scope):
        yield find_drive(account, id)


def drive_ids(account: Account, scope: Scope) -> list[str]:
    """Ids of the shared drives in the scope."""
    every = [drive["id"] for drive in account.client.drives()] if scope.all_drives else []
    return list(dict.fromkeys([*scope.drives, *every]))


def find_my_drive(account: Account) -> Found:
    """The root folder of the user's own Drive."""
    item = account.item("root")
    if item is None:
        raise UsageError("this account has no My Drive: name folders or shared drives instead")
    return Root(item["id"], USER, whole=True), described(item, "", USER, account.grants(item))


def find_drive(account: Account, id: str) -> Found:
    """A shared drive; lost if it is deleted, or we are no member any more."""
    drive = account.drive(id)
    if drive is None:
        return Root(id, id, whole=True, lost=True), None
    members, witness = account.members(id)
    readers = UNKNOWN if members is None else principals(members)
    item = {"id": id, "name": drive.get("name", id), "mimeType": FOLDER}
    known = replace(described(item, "", id, readers), fingerprint=drive_fingerprint(drive))
    return Root(id, id, whole=True, witness=witness), known


def find_folder(account: Account, id: str, before: Root | None = None) -> Found:
    """A folder; lost if it is deleted, in the trash, or not shared with us any more. Raises UsageError if it is no folder."""
    item = account.item(id, f",ownedByMe,sharedWithMeTime{NAMED}")
    if item is None and before is None and (drive := find_drive(account, id))[1] is not None:
        return drive  # its address looks like a folder's
    if item is None or item.get("trashed"):
        corpus, above = (before.corpus, before.above) if before is not None else (USER, ())
        return Root(id, corpus, whole=False, above=above, lost=True), None
    _check(item)
    root, found = _found(account, item)
    once_shared = "sharedWithMeTime" in item and not (before is not None and before.by_link)  # a share may be taken back
    by_name = root.corpus != USER or item.get("ownedByMe") or once_shared
    return replace(root, by_link=not (by_name or account.is_listed(item)), named=named(item)), found


def find_root(account: Account, root: Root) -> Found:
    """One that was found before, or is lost."""
    if root.whole:
        return find_my_drive(account) if root.corpus == USER else find_drive(account, root.id)
    return find_folder(account, root.id, root)


def named(item: Resource) -> str:
    """A digest of whom Drive names for the item; "" if it does not."""
    ids = "".join(f"{id} " for id in sorted(item.get("permissionIds") or ()))
    return ids and hashlib.blake2b(ids.encode(), digest_size=8).hexdigest()


def target(account: Account, item: Resource) -> Found:
    """What a shortcut points at, a folder or a file, as a root. It is looked for at each listing, so little is asked."""
    drive = item.get("driveId")
    if drive == item["id"]:
        root, found = find_drive(account, drive)
        return replace(root, by_shortcut=True), found
    corpus = USER if drive is None else _corpus(account, drive)
    return Root(item["id"], corpus, whole=False, by_shortcut=True), described(item, "", corpus, account.grants(item))


def _found(account: Account, item: Resource) -> Found:
    id, drive = item["id"], item.get("driveId")
    if drive == item["id"]:  # its address looks like a folder's
        return find_drive(account, drive)
    if drive is None:
        return Root(id, USER, whole=False), described(item, "", USER, account.grants(item))
    corpus = _corpus(account, drive)
    above = _above(account, item)
    if corpus == USER:
        root = Root(id, corpus, whole=False, above=above, drive=drive)
    else:
        root = Root(id, corpus, whole=False, above=above, powers=drive_fingerprint(account.drive(drive) or {}))
    return root, described(item, "", corpus, account.grants(item))


def _check(item: Resource) -> None:
    name, kind = item.get("name", item["id"]), item.get("mimeType")
    if kind == SHORTCUT:
        target = item.get("shortcutDetails", {}).get("targetId", "")
        raise UsageError(f"{name!r} ({item['id']}) is a shortcut: name the folder it points at, {target}")
    if kind != FOLDER:
        raise UsageError(f"{name!r} ({item['id']}) is a file, not a folder: name the folder it lies in")


def _corpus(account: Account, drive: str) -> str:
    """A member reads the drive's own log; whoever is only given some of its folders finds those in the log of the user."""
    return drive if account.is_member(drive) else USER


def _above(account: Account, item: Resource) -> tuple[str, ...]:
    found: list[str] = []
    parents = item.get("parents") or []
    while parents and len(found) < _DEEPEST:
        found.append(parents[0])
        above = account.item(parents[0])
        parents = (above.get("parents") or []) if above is not None else []
    return tuple(found)
