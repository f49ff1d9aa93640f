"""What a caller may do with an item, by rank of role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.googledrive.nodes import RANKS, Node

if TYPE_CHECKING:
    from tests.servers.googledrive.state import State

READER, COMMENTER, WRITER, MANAGER, ORGANIZER, OWNER = (RANKS[r] for r in RANKS)
FileCapabilities = dict[str, bool]


def copy_requires_writer(state: State, node: Node) -> bool:
    """The item's own flag, or its shared drive's."""
    drive = state.drives.get(node.drive_id) if node.drive_id else None
    return node.copy_requires_writer or bool(drive and drive.restrictions.get("copyRequiresWriterPermission"))


def can_download(state: State, node: Node, rank: int, metadata: bool = False) -> bool:
    """False where readers may not copy, or where a restriction names the caller's role."""
    readers, writers = node.download_restriction
    if metadata or (rank < WRITER and (readers or copy_requires_writer(state, node))):
        return False
    return not (writers and rank >= WRITER)


def can_share(node: Node, rank: int) -> bool:
    """Writers share files; folders of shared drives are shared by managers only."""
    return rank >= (MANAGER if node.drive_id and node.is_folder else WRITER)


def of_file(state: State, node: Node, rank: int, metadata: bool) -> FileCapabilities:
    """capabilities of a file resource."""
    full = rank if not metadata else 0
    edit = full >= WRITER
    manage = full >= (MANAGER if node.drive_id else OWNER)
    folder = node.is_folder
    downloads = can_download(state, node, rank, metadata)
    found = {
        "canAcceptOwnership": False,
        "canAddChildren": folder and edit,
        "canAddMyDriveParent": False,
        "canChangeCopyRequiresWriterPermission": manage,
        "canChangeViewersCanCopyContent": manage,
        "canComment": full >= COMMENTER,
        "canCopy": downloads and not folder,
        "canDelete": full >= (ORGANIZER if node.drive_id else OWNER),
        "canDisableInheritedPermissions": manage and not node.limited,
        "canDownload": downloads,
        "canEdit": edit,
        "canEnableInheritedPermissions": manage and node.limited,
        "canListChildren": folder and full >= READER,
        "canModifyContent": edit,
        "canMoveItemWithinDrive": edit,
        "canReadRevisions": edit and not folder,
        "canRemoveChildren": folder and edit,
        "canRename": edit,
        "canShare": can_share(node, full),
        "canTrash": manage,
        "canUntrash": manage,
    }
    if node.drive_id:
        found |= {
            "canReadDrive": full >= READER,
            "canMoveItemOutOfDrive": full >= MANAGER,
            "canTrashChildren": folder and manage,
        }
    return found


def of_drive(rank: int) -> dict[str, bool]:
    """capabilities of a drive resource."""
    return {
        "canAddChildren": rank >= WRITER,
        "canComment": rank >= COMMENTER,
        "canCopy": rank >= READER,
        "canDeleteDrive": rank >= ORGANIZER,
        "canDownload": rank >= READER,
        "canEdit": rank >= WRITER,
        "canListChildren": rank >= READER,
        "canManageMembers": rank >= ORGANIZER,
        "canReadRevisions": rank >= WRITER,
        "canRename": rank >= WRITER,
        "canRenameDrive": rank >= ORGANIZER,
        "canShare": rank >= WRITER,
        "canTrashChildren": rank >= MANAGER,
    }
