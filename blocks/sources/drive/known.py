"""What the ledger's tree keeps of an item: enough to tell it anew, with another path or other readers, without asking Drive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from blocks.sources.drive.items import FOLDER, SHORTCUT, Resource, fingerprint, modified, size, version
from core.trees import Node


@dataclass(frozen=True, slots=True)
class Known:
    """An item in its place."""

    id: str
    parent: str
    """The folder it lies in; "" for a root."""
    corpus: str
    """Whose change log tells of it."""
    name: str
    media_type: str
    size: int
    """Bytes."""
    fingerprint: str
    modified: float | None
    """Seconds since the epoch."""
    link: str | None
    version: int
    """Grows with every change: of two descriptions the later is told by it."""
    grants: tuple[str, ...] | None
    """Principals that Drive names for the item itself, none if that is not known; None: whoever may see its folder."""
    target: str = ""
    """Of a shortcut."""

    @property
    def key(self) -> bytes:
        """The id in the ledger."""
        return self.id.encode()

    @property
    def is_folder(self) -> bool:
        """True if items can lie in it."""
        return self.media_type == FOLDER

    @property
    def is_shortcut(self) -> bool:
        """True if it only points at another item."""
        return self.media_type == SHORTCUT

    def node(self, pending: bool = False) -> Node:
        """As the ledger keeps it."""
        facts = (
            self.corpus, self.name, self.media_type, self.size, self.fingerprint, self.modified, self.link, self.version,
            self.grants, self.target,
        )  # fmt: skip
        text = json.dumps(facts, ensure_ascii=True, separators=(",", ":"))
        return Node(self.key, self.parent.encode(), text, self.is_folder, pending)

    def with_grants(self, grants: tuple[str, ...]) -> Known:
        """The same with other readers."""
        return replace(self, grants=grants)


def known(node: Node) -> Known:
    """As the ledger kept it."""
    corpus, name, media_type, size, fingerprint, modified, link, version, grants, target = json.loads(node.facts)
    id, parent = node.id.decode(), node.parent.decode()
    readers = None if grants is None else tuple(grants)
    return Known(id, parent, corpus, name, media_type, size, fingerprint, modified, link, version, readers, target)


def described(item: Resource, parent: str, corpus: str, grants: Sequence[str] | None) -> Known:
    """As Drive describes it."""
    return Known(
        id=item["id"],
        parent=parent,
        corpus=corpus,
        name=item.get("name", ""),
        media_type=item.get("mimeType", ""),
        size=size(item),
        fingerprint=fingerprint(item),
        modified=modified(item),
        link=item.get("webViewLink"),
        version=version(item),
        grants=None if grants is None else tuple(grants),
        target=item.get("shortcutDetails", {}).get("targetId", ""),
    )
