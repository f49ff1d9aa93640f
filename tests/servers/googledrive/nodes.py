"""What a Drive is made of: people, groups, shared drives, files, grants."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.servers.googledrive.content import Content

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
EDITORS = "application/vnd.google-apps."
RANKS = {"reader": 1, "commenter": 2, "writer": 3, "fileOrganizer": 4, "organizer": 5, "owner": 6}
"""Roles of a grant, weakest first."""


@dataclass(slots=True, eq=False)
class User:
    """An account."""

    email: str
    permission_id: str
    root_id: str

    @property
    def domain(self) -> str:
        return self.email.partition("@")[2]


@dataclass(slots=True, eq=False)
class Group:
    """A mailing group; its members are e-mail addresses."""

    email: str
    permission_id: str
    members: set[str]


@dataclass(slots=True, eq=False)
class Drive:
    """A shared drive. Its members are the permissions of its root folder, whose id is the drive's."""

    id: str
    name: str
    created: int
    restrictions: dict[str, bool] = field(default_factory=dict)
    hidden_for: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Permission:
    """A grant that stands on one item. `expires` in ms of the clock."""

    id: str
    type: str
    role: str
    email: str | None = None
    domain: str | None = None
    discovery: bool = False
    expires: int | None = None
    deleted: bool = False


@dataclass(slots=True, eq=False)
class Revision:
    """One stored content of a file."""

    id: str
    content: Content
    mime_type: str
    modified: int
    modifier: str | None


@dataclass(slots=True, eq=False)
class Shortcut:
    """Where a shortcut leads; the target's type as it was when the shortcut was made."""

    target_id: str
    target_mime_type: str
    target_resource_key: str | None = None


@dataclass(slots=True, eq=False)
class Node:
    """A file, folder, Docs-editors file or shortcut. Times in ms; `serial` is its place in the order of creation."""

    id: str
    serial: int
    name: str
    mime_type: str
    parent: str | None
    drive_id: str | None
    owner: str | None
    created: int
    modified: int
    modifier: str | None = None
    version: int = 1
    trashed: bool = False
    trashed_at: int | None = None
    trashed_by: str | None = None
    permissions: dict[str, Permission] | None = None
    heir_permissions: dict[str, Permission] | None = None
    """What descendants still inherit while a change of `permissions` is on its way to them."""
    revisions: list[Revision] = field(default_factory=list)
    exports: dict[str, bytes] | None = None
    shortcut: Shortcut | None = None
    children: dict[str, None] | None = None
    limited: bool = False
    copy_requires_writer: bool = False
    download_restriction: tuple[bool, bool] = (False, False)
    """Restricted for readers, for writers."""
    abusive: bool = False
    resource_key: str | None = None
    description: str | None = None
    properties: dict[str, str] | None = None
    app_properties: dict[str, str] | None = None
    starred_by: set[str] | None = None
    viewed_by: dict[str, int] | None = None
    shared_at: dict[str, int] | None = None

    @property
    def is_folder(self) -> bool:
        return self.children is not None

    @property
    def is_editor(self) -> bool:
        """True for what has no binary content: Docs, Sheets, Slides and their like."""
        return self.exports is not None

    @property
    def head(self) -> Revision | None:
        return self.revisions[-1] if self.revisions else None
