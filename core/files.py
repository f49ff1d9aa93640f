"""What a source says about its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.principals import OWNER
from core.trees import Node


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file as its source describes it. Cheap to get: no content is read for it."""

    id: bytes
    """Stable within the source: a Drive id, or a folder file's relative path in bytes."""
    name: str
    path: str
    """For people: printable, unique enough to find the file again."""
    size: int
    """Bytes."""
    fingerprint: str
    """Changes whenever the content may have changed; "" if it cannot be trusted yet (modified just now)."""
    modified: float | None = None
    """Seconds since the epoch."""
    media_type: str | None = None
    """As the source declares it; extraction goes by content."""
    acl: tuple[str, ...] = (OWNER,)
    """Principals that may see it (core/principals.py), sorted."""
    link: str | None = None

    @property
    def reading_name(self) -> str:
        """The name to read it by."""
        return reading_name(self.name, self.media_type)


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A part of the answer to "what changed since this cursor?"."""

    files: tuple[SourceFile, ...] = ()
    removed: tuple[bytes, ...] = ()
    """Explicit tombstones: ids that are surely gone."""
    unlisted: tuple[bytes, ...] = ()
    """Id prefixes that could not be listed: nothing under them may be taken for vanished."""
    warnings: tuple[str, ...] = ()
    missed: tuple[bytes, ...] = ()
    """Ids that are gone by no word of their own, such as what lay in a folder that is gone (invariant I5). Of a listing that is
    not full."""
    nodes: tuple[Node, ...] = ()
    """What the source wants to remember of its tree; each replaces what it was."""
    dropped: tuple[bytes, ...] = ()
    """Nodes to forget; what lies in them is to be named, too. In one page, `nodes` has the last word."""
    position: str | None = None
    """Where the listing stands after this page: one that is interrupted goes on from here. None: it begins anew."""


@dataclass(frozen=True, slots=True)
class ListingEnd:
    """The last thing changes() yields: reached only if the listing is complete."""

    cursor: str
    """Opaque; given back to the next changes()."""
    full: bool
    """True if every present file was listed, so that an absent one has vanished."""
    root: str = ""
    """Identity of the root, e.g. its device number; a change makes any removal wait for a flag (invariant I5)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A private copy of one file's bytes: what was hashed is what is parsed (invariant I9)."""

    path: str
    """Where the private copy lies; its owner deletes it."""
    content_hash: str
    size: int
    fingerprint: str
    """The fingerprint of just these bytes; "" if the file was modified too recently to trust it."""
    metadata: Mapping[str, str] = field(default_factory=dict)


_EXPORTED = {"application/vnd.google-apps.document": ".md"}


def reading_name(name: str, media_type: str | None) -> str:
    """The name by which a file's content is understood: its own, or with the extension of what its source exports it to.

    Only text needs it: all other formats are known by their first bytes.
    """
    return name + _EXPORTED.get(media_type or "", "")
