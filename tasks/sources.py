"""Which sources a run works on, from what its caller named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from blocks.library import Library
from blocks.sources import registry
from blocks.sources.base import Source
from core.drive_names import DriveName, drive_name, undescribed
from core.errors import UsageError
from core.paths import folder_at, overlaps, real_path
from ledger import sources
from ledger.sources import SourceRow


def named(
    library: Library, name: str | None, include: list[str] | None = None, exclude: list[str] | None = None
) -> list[Source]:
    """The sources that `name` means: None for all of the library, else the root of a known one, a folder's path, or what
    core/drive_names.py knows.

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
    drive = drive_name(name) if name is not None else None
    if drive is not None:
        return [_drive(library, drive, include, exclude)]
    if include is not None or exclude is not None:
        raise UsageError("patterns of wanted and unwanted files belong to one folder: name its path")
    rows = sources.choose(_known(library), library.name, name)
    return [registry.restore(row.kind, row.config, row.root) for row in rows]


def _folder(library: Library, path: Path, include: list[str] | None, exclude: list[str] | None) -> Source:
    from blocks.sources.folder import FolderSource

    with _one_line():
        folder = FolderSource(path=path)
        known = [row.config for row in _known(library) if (row.kind, row.root) == (folder.kind, folder.root)]
        settings = registry.settings(known[0]) if known else {"path": _real(path)}
        settings |= {key: value for key, value in (("include", include), ("exclude", exclude)) if value is not None}
        folder = FolderSource(**settings)
    _refuse_home(library, folder)
    _refuse_overlap(library, folder)
    return folder


def _drive(library: Library, name: DriveName, include: list[str] | None, exclude: list[str] | None) -> Source:
    from blocks.sources.google_drive import GoogleDriveSource

    known = next((row for row in _known(library) if (row.kind, row.root) == (GoogleDriveSource.kind, name.root)), None)
    patterns = {key: value for key, value in (("include", include), ("exclude", exclude)) if value is not None}
    if patterns and not name.folder:
        raise UsageError("patterns belong to the source's block document; with the command, to a folder named by its address")
    with _one_line():
        if name.folder:
            kept = registry.settings(known.config) if known else {}
            keys = {"resource_keys": {name.folder: name.key}} if name.key else {}
            return GoogleDriveSource(**(kept | {"name": name.name, "folders": [name.folder]} | keys | patterns))
        described = GoogleDriveSource.named(name, library.settings)
        if described is None and known is not None:
            described = GoogleDriveSource.restored(registry.settings(known.config), known.root)
    if described is None:
        raise undescribed(name)
    return described


@contextmanager
def _one_line() -> Iterator[None]:
    """Settings that a block refuses, in a line."""
    try:
        yield
    except ValidationError as exc:
        raise UsageError("; ".join(str(error["msg"]).removeprefix("Value error, ") for error in exc.errors())) from exc


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
