"""Which sources a run works on, from what its caller named."""

from __future__ import annotations

from pathlib import Path

from blocks.library import Library
from blocks.sources import registry
from blocks.sources.base import Source
from core.errors import UsageError
from core.paths import overlaps
from ledger import sources
from ledger.sources import SourceRow

DRIVE = "google-drive"


def named(library: Library, name: str | None) -> list[Source]:
    """The sources that `name` means: None for all of the library, else the root of a known one or a folder's path.

    Raises UsageError. Writes nothing, so that a request that cannot be met has no side effect.
    """
    if name is not None and name.split(":")[0] == DRIVE:
        if "google_drive" not in registry.kinds():
            raise UsageError(
                "Google Drive is not supported by this version of Levada yet: ingest a folder, with `levada ingest PATH`"
            )
        raise UsageError(f"name a Google Drive source of library {library.name!r} by its root")
    if name is not None and Path(name).expanduser().is_dir():
        from blocks.sources.folder import FolderSource

        folder = FolderSource(path=Path(name).expanduser())
        known = [row for row in _known(library) if (row.kind, row.root) == (folder.kind, folder.root)]
        return [registry.restore(known[0].kind, known[0].config)] if known else [folder]
    rows = sources.choose(_known(library), library.name, name)
    return [registry.restore(row.kind, row.config) for row in rows]


def register(library: Library, source: Source) -> SourceRow:
    """Make sure that the library knows the source. Raises UsageError if its root overlaps another folder's."""
    row = library.row()
    for other in sources.all_of(library.ledger, row):
        if other.kind == source.kind == "folder" and other.root != source.root and overlaps(other.root, source.root):
            raise UsageError(
                f"{source.root} overlaps {other.root}, which is a source of library {library.name!r} already: "
                f"`levada source remove {other.root}` first, or use another library"
            )
    return sources.ensure(library.ledger, row, source.kind, source.root, registry.configuration(source))


def _known(library: Library) -> list[SourceRow]:
    try:
        row = library.row()
    except UsageError:
        return []
    return sources.all_of(library.ledger, row)
