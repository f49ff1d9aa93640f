"""Which sources a run works on, from what its caller named."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from blocks.library import Library
from blocks.sources import registry
from blocks.sources.base import Source
from core.errors import UsageError
from core.paths import folder_at, overlaps, real_path
from ledger import sources
from ledger.sources import SourceRow


def named(
    library: Library, name: str | None, include: list[str] | None = None, exclude: list[str] | None = None
) -> list[Source]:
    """The sources that `name` means: None for all of the library, else the root of a known one or a folder's path.

    `include` and `exclude`: patterns for a folder, kept with it from now on; None leaves them as they are. Raises UsageError.
    Writes nothing, so that a request that cannot be met has no side effect.
    """
    found = _named(library, name, include, exclude)
    for source in found:
        source.keep_out_of(library.settings.home)
    return found


def _named(library: Library, name: str | None, include: list[str] | None, exclude: list[str] | None) -> list[Source]:
    if name is not None and (path := folder_at(name)) is not None:
        return [_folder(library, path, include, exclude)]
    if include is not None or exclude is not None:
        raise UsageError("patterns of wanted and unwanted files belong to one folder: name its path")
    rows = sources.choose(_known(library), library.name, name)
    return [registry.restore(row.kind, row.config, row.root) for row in rows]


def _folder(library: Library, path: Path, include: list[str] | None, exclude: list[str] | None) -> Source:
    from blocks.sources.folder import FolderSource

    try:
        folder = FolderSource(path=path)
        known = [row.config for row in _known(library) if (row.kind, row.root) == (folder.kind, folder.root)]
        settings = registry.settings(known[0]) if known else {"path": _real(path)}
        settings |= {key: value for key, value in (("include", include), ("exclude", exclude)) if value is not None}
        folder = FolderSource(**settings)
    except ValidationError as exc:
        raise UsageError("; ".join(str(error["msg"]).removeprefix("Value error, ") for error in exc.errors())) from exc
    _refuse_home(library, folder)
    _refuse_overlap(library, folder)
    return folder


def _real(path: Path) -> Path:
    """The folder itself: a link that leads elsewhere one day names another source. A name that is not UTF-8 needs its link."""
    real = os.path.realpath(path)
    try:
        real.encode()
    except UnicodeEncodeError:
        return path
    return Path(real)


def register(library: Library, source: Source) -> SourceRow:
    """Make sure that the library knows the source. Raises UsageError if its root overlaps another folder's."""
    _refuse_overlap(library, source)  # once more: another run may have added a source while this one waited
    return sources.ensure(library.ledger, library.row(), source.kind, source.root, registry.configuration(source))


def _refuse_home(library: Library, folder: Source) -> None:
    home = real_path(str(library.settings.home))
    if folder.root == home or folder.root.startswith(f"{home}/"):
        raise UsageError(f"{folder.root} lies in Levada's own home, {home}: keep documents elsewhere, or move LEVADA_HOME")


def _refuse_overlap(library: Library, source: Source) -> None:
    for other in _known(library):
        if other.kind == source.kind == "folder" and other.root != source.root and overlaps(other.root, source.root):
            raise UsageError(
                f"{source.root} overlaps {other.root}, which is a source of library {library.name!r} already: "
                f"`levada source remove {other.root}` first, or use another library"
            )


def _known(library: Library) -> list[SourceRow]:
    try:
        row = library.row()
    except UsageError:
        return []
    return sources.all_of(library.ledger, row)
