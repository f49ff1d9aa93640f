"""What people do to files and folders. Each operation is one entry in the logs that the item was in or is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.servers.googledrive.clock import parse_time
from tests.servers.googledrive.content import Content, Given
from tests.servers.googledrive.nodes import EDITORS, FOLDER, SHORTCUT, Node, Revision, Shortcut
from tests.servers.googledrive.state import State

Exports = Mapping[str, bytes | str]
"""What a Docs-editors file exports to, by media type."""


class FileOperations(State):
    """Create, edit, rename, move, trash, delete, open. `by` is the e-mail address of who does it; the owner if None."""

    @contextmanager
    def changing(self, node: Node, event: str = "update", access: bool = False, below: bool = False) -> Iterator[None]:
        """One operation on `node`: time passes, the version rises, an entry goes to its logs of before and after.

        `access` if it bears on who may see the item; `below` if it reaches what lies below a folder, of which knobs may tell.
        """
        with self.lock:
            self.mutations += 1
            self.clock.tick()
            self.remember(node.id, node)
            before = self.access.corpora(node)
            beneath = self._beneath(node, event) if below else []
            outside = self._outside(node, before) if below and self.knobs.outsider_events else []
            yield
            node.version += 1
            if access:
                self.access.forget(node)
            after = self.access.corpora(node) if node.id in self.nodes else frozenset()
            self.log("file", node.id, before | after, event)
            self._tell_of(beneath, event)
            for child, corpora in outside:
                self.log("file", child.id, corpora, event)

    def _outside(self, node: Node, corpora: frozenset[str]) -> list[tuple[Node, frozenset[str]]]:
        return [(child, others) for child in self.subtree(node) if (others := self.access.corpora(child) - corpora)]

    def _beneath(self, node: Node, event: str) -> list[tuple[Node, frozenset[str]]]:
        policy = self.knobs.descendant_events
        wanted = policy == "all_delayed" or (policy == "trash_only" and event in ("trash", "untrash"))
        if event == "remove":
            wanted = self.knobs.delete_descendant_tombstones
        return [(child, self.access.corpora(child)) for child in self.subtree(node)] if wanted else []

    def _tell_of(self, beneath: list[tuple[Node, frozenset[str]]], event: str) -> None:
        def tell() -> None:
            for child, before in beneath:
                after = self.access.corpora(child) if child.id in self.nodes else frozenset()
                self.log("file", child.id, before | after, event)

        if beneath and self.knobs.descendant_events == "all_delayed" and event != "remove":
            self.clock.at(self.clock.now + int(self.knobs.descendant_delay * 1000), tell)
        else:
            tell()

    def _created(self, name: str, mime_type: str, parent: str, owner: str | None) -> Node:
        self.mutations += 1
        self.clock.tick()
        above = self.nodes[parent]
        node = self.add_node(name, mime_type, parent, above.drive_id, None if above.drive_id else owner or above.owner)
        self.remember(node.id, None)
        if above.drive_id and owner:
            node.modifier = owner
        return node

    def _logged(self, node: Node) -> str:
        self.log("file", node.id, self.access.corpora(node), "add")
        return node.id

    def create_folder(self, name: str, parent: str, owner: str | None = None) -> str:
        """A new folder; gives its id."""
        with self.lock:
            return self._logged(self._created(name, FOLDER, parent, owner))

    def create_file(
        self,
        name: str,
        data: bytes | str | Content,
        parent: str,
        mime_type: str = "text/plain",
        owner: str | None = None,
        modified: int | str | None = None,
    ) -> str:
        """A file with binary content; gives its id. `modified` (ms or RFC 3339) may lie in the past."""
        with self.lock:
            node = self._created(name, mime_type, parent, owner)
            node.modified = _moment(modified, node.modified)
            node.revisions.append(Revision(self.ids.revision(), _content(data), mime_type, node.modified, node.modifier))
            return self._logged(node)

    def create_editor(self, kind: str, name: str, exports: Exports, parent: str, owner: str | None = None) -> str:
        """A Docs-editors file (`document`, `spreadsheet`, ...) that exports to `exports`; gives its id."""
        with self.lock:
            node = self._created(name, EDITORS + kind, parent, owner)
            node.exports = _exports(exports)
            return self._logged(node)

    def create_shortcut(
        self, name: str, target: str, parent: str, owner: str | None = None, target_mime_type: str | None = None
    ) -> str:
        """A shortcut to `target`, which need not exist if `target_mime_type` is given; gives its id."""
        with self.lock:
            aim = self.nodes.get(target)
            node = self._created(name, SHORTCUT, parent, owner)
            mime_type = target_mime_type or (aim.mime_type if aim else "application/octet-stream")
            node.shortcut = Shortcut(target, mime_type, aim.resource_key if aim else None)
            return self._logged(node)

    def edit(
        self, file_id: str, data: bytes | str | Content | Exports, modified: int | str | None = None, by: str | None = None
    ) -> None:
        """New content: bytes for a file, exports by media type for a Docs-editors file. `modified` may lie in the past."""
        node = self.node(file_id)
        with self.changing(node):
            node.modified = _moment(modified, self.clock.now)
            node.modifier = by or node.modifier
            if isinstance(data, Mapping):
                node.exports = _exports(data)
            else:
                node.revisions.append(
                    Revision(self.ids.revision(), _content(data), node.mime_type, node.modified, node.modifier)
                )

    def set_mime_type(self, file_id: str, mime_type: str) -> None:
        """Another media type for the same bytes."""
        node = self.node(file_id)
        with self.changing(node):
            node.mime_type = mime_type

    def touch(self, file_id: str, modified: int | str) -> None:
        """Set modifiedTime alone, as clients may."""
        node = self.node(file_id)
        with self.changing(node):
            node.modified = _moment(modified, node.modified)

    def rename(self, file_id: str, name: str) -> None:
        """Another name; modifiedTime stays unless the knob `rename_bumps_mtime` says otherwise."""
        node = self.node(file_id)
        with self.changing(node):
            node.name = name
            if self.knobs.rename_bumps_mtime:
                node.modified = self.clock.now

    def move(self, file_id: str, new_parent: str, owner: str | None = None) -> None:
        """Into another folder, of the same or another corpus; what lies below moves along in silence.

        Raises ValueError for a move of a folder into itself.
        """
        with self.lock:
            node, target = self.node(file_id), self.node(new_parent)
            if self.within(new_parent, file_id):
                raise ValueError(f"{file_id} cannot be moved into itself")
            place = self.folder(new_parent)
            with self.changing(node, access=True, below=True):
                if node.parent is not None:
                    self.folder(node.parent).pop(node.id, None)
                place[node.id] = None
                node.parent = new_parent
                if node.drive_id != target.drive_id:
                    for item in (node, *self.subtree(node)):
                        item.drive_id = target.drive_id
                        item.owner = None if target.drive_id else owner or target.owner

    def trash(self, file_id: str, by: str | None = None) -> None:
        """Put in the trash; what lies below a folder is trashed with it, but not explicitly."""
        node = self.node(file_id)
        with self.changing(node, "trash", below=True):
            node.trashed, node.trashed_at, node.trashed_by = True, self.clock.now, by or node.owner

    def untrash(self, file_id: str) -> None:
        """Take out of the trash."""
        node = self.node(file_id)
        with self.changing(node, "untrash", below=True):
            node.trashed, node.trashed_at, node.trashed_by = False, None, None

    def delete(self, file_id: str) -> None:
        """For ever, with all that lies below; the tombstone is the item's alone unless `delete_descendant_tombstones`."""
        node = self.node(file_id)
        with self.changing(node, "remove", access=True, below=True):
            for item in (*reversed(self.subtree(node)), node):
                self.forget_node(item)

    def empty_trash(self, email: str) -> None:
        """Delete what `email` has put in the trash of My Drive."""
        with self.lock:
            for node in [n for n in self.order if n is not None and n.trashed and n.owner == email]:
                if node.id in self.nodes:
                    self.delete(node.id)

    def forget_node(self, node: Node) -> None:
        """Take an item out of every index."""
        self.remember(node.id, node)
        del self.nodes[node.id]
        self.order[node.serial] = None
        if node.parent in self.nodes:
            self.folder(node.parent).pop(node.id, None)

    def view(self, file_id: str, by: str | None = None) -> None:
        """Open it: a change entry that means nothing, and a place in the Drive of who opened it by a link."""
        node = self.node(file_id)
        reader = by or node.owner or min(self.users)
        if not self.knobs.view_events:
            with self.lock:
                node.viewed_by = {**(node.viewed_by or {}), reader: self.clock.now}
            return
        with self.changing(node):
            node.viewed_by = {**(node.viewed_by or {}), reader: self.clock.now}

    def star(self, file_id: str, by: str | None = None, starred: bool = True) -> None:
        """Star or unstar it."""
        node = self.node(file_id)
        with self.changing(node):
            others = (node.starred_by or set()) - {by or node.owner or min(self.users)}
            node.starred_by = others | {by or node.owner or min(self.users)} if starred else others

    def describe(self, file_id: str, description: str | None = None, properties: dict[str, str] | None = None) -> None:
        """Set the description and the properties."""
        node = self.node(file_id)
        with self.changing(node):
            node.description, node.properties = description, properties

    def set_copy_requires_writer(self, file_id: str, on: bool = True) -> None:
        """Readers and commenters may no longer download, print or copy."""
        node = self.node(file_id)
        with self.changing(node):
            node.copy_requires_writer = on

    def set_download_restriction(self, file_id: str, readers: bool = True, writers: bool = False) -> None:
        """Downloads restricted by rule or by the owner."""
        node = self.node(file_id)
        with self.changing(node):
            node.download_restriction = (readers, writers)

    def set_abusive(self, file_id: str, on: bool = True) -> None:
        """Take it for malware."""
        node = self.node(file_id)
        with self.changing(node):
            node.abusive = on

    def set_resource_key(self, file_id: str, key: str | None) -> None:
        """Links to it need a resource key: without it the item does not exist for those who know it by link alone."""
        node = self.node(file_id)
        with self.changing(node):
            node.resource_key = key


def _moment(given: int | str | None, otherwise: int) -> int:
    if given is None:
        return otherwise
    return parse_time(given) if isinstance(given, str) else given


def _content(data: bytes | str | Content) -> Content:
    if isinstance(data, Content):
        return data
    return Given(data.encode() if isinstance(data, str) else data)


def _exports(exports: Exports) -> dict[str, bytes]:
    return {mime_type: data.encode() if isinstance(data, str) else data for mime_type, data in exports.items()}
