"""A folder of this machine, or one that is mounted on it, as a source."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import Field, HttpUrl, field_validator

from blocks.sources.base import Source
from blocks.sources.globs import Globs
from blocks.sources.local_files import READS, copy, open_beneath
from blocks.sources.local_walk import Rules, Walk, is_inside
from core.errors import SourceUnavailable, TransientError, Unprocessable, UsageError
from core.files import ChangePage, ListingEnd, Snapshot
from core.paths import printable
from core.principals import OWNER
from core.reasons import Reason
from core.trees import Tree

_CURSOR = "walk"
"""A folder cannot tell what changed: every listing is a full one, and the cursor says nothing."""
_PAUSE = 0.05
"""Seconds before a file that changed is read again; grows with each try."""
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})
_DENIED = frozenset({errno.EACCES, errno.EPERM})
_BUSY = frozenset({errno.EWOULDBLOCK, errno.ESTALE, errno.ETXTBSY})
"""Leased or replaced by somebody else at this moment."""


class FolderSource(Source):
    """
    A folder with everything below it.

    A file's id is its path below the folder, in bytes. Only regular files count: pipes, sockets and devices are never
    opened. Symbolic links are followed to files and directories, and what is reached by several paths is several documents;
    a link back to a directory on the way is left out. A link that leads out of the folder is left out with a
    warning, because whoever may write into a shared folder could otherwise publish what only Levada's user may read; a link
    to nothing has no file. Levada's own home is never part of it.

    Example:
        Load a stored folder and look at what it holds:
        ```python
        from blocks.sources.folder import FolderSource

        folder = FolderSource.load("BLOCK_NAME")
        for page in folder.changes(None):
            print(page)
        ```
    """

    _block_type_name = "Levada Folder"
    _block_type_slug = "levada-folder"
    _description = "A folder of this machine, or one that is mounted on it, with everything below it."
    _documentation_url = HttpUrl("https://docs.prefect.io/v3/concepts/blocks")

    kind: ClassVar[str] = "folder"

    path: Path = Field(description="The folder; kept as an absolute path.")
    include: list[str] = Field(
        default_factory=list,
        description='Patterns of wanted files, read as in a .gitignore, such as "**/*.md"; none means all of them.',
    )
    exclude: list[str] = Field(
        default_factory=list, description='Patterns of unwanted files and folders, such as "drafts/"; they outdo include.'
    )
    hidden: bool = Field(default=False, description="Take files and folders whose name begins with a dot.")
    follow_symlinks: bool = Field(default=True, description="Follow symbolic links to files and folders.")
    outside_links: bool = Field(
        default=False, description="Follow links that lead out of the folder too; only where you trust all who may write there."
    )
    max_bytes: int | None = Field(
        default=1 << 30, gt=0, description="Files larger than this many bytes go to quarantine unread; 1 GiB if left out."
    )
    acl: list[str] = Field(
        default_factory=lambda: [OWNER], min_length=1, description="Principals that may see the files; by default the owner."
    )

    @field_validator("path", mode="before")
    @classmethod
    def _named(cls, path: object) -> object:
        if isinstance(path, str) and not path.strip():  # which Path would take for the current directory
            raise ValueError("name a folder")
        return path

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        # Made absolute here, once: a stored block is loaded by workers that stand elsewhere.
        try:
            absolute = path.expanduser().absolute()
            str(absolute).encode()
        except UnicodeEncodeError:
            raise ValueError("the folder's own path is not UTF-8; rename it, or name a symbolic link to it") from None
        except RuntimeError as exc:
            raise ValueError(f"{path} names no user's home") from exc
        if "\0" in str(path):
            raise ValueError("the folder's path has a zero byte in it")
        return absolute

    @field_validator("include", "exclude")
    @classmethod
    def _meaningful(cls, patterns: list[str]) -> list[str]:
        Globs(patterns)
        return patterns

    @property
    def root(self) -> str:
        """The folder's real path, printable."""
        return self._known_root or printable(self._real_root())

    def changes(self, cursor: str | None, tree: Tree | None = None) -> Iterator[ChangePage | ListingEnd]:
        """Walk the whole folder, whatever the cursor and the tree."""
        rules = Rules(
            globs=Globs(self.include, self.exclude),
            acl=tuple(sorted(set(self.acl))),
            hidden=self.hidden,
            follow_symlinks=self.follow_symlinks,
            outside_links=self.outside_links,
            home=os.path.realpath(os.fsencode(self._home)) if self._home is not None else None,
        )
        walk = Walk(self._real_root(), rules)
        yield from walk.pages()
        yield ListingEnd(cursor=_CURSOR, full=True, root=str(walk.device))

    def fetch(self, file_id: bytes, directory: Path, max_bytes: int | None = None) -> Snapshot:
        """Copy one file's bytes into `directory`, reading it again while it changes.

        Raises UsageError for an id that no file of a folder can have, SourceUnavailable if the folder itself is gone, and
        TransientError if the copy cannot be written.
        """
        parts = file_id.split(b"/")
        if b"\0" in file_id or any(part in (b"", b".", b"..") for part in parts):
            raise UsageError(f"{printable(file_id)!r} is not the id of a file in a folder")
        limit = min((limit for limit in (max_bytes, self.max_bytes) if limit is not None), default=None)
        for attempt in range(READS):
            if attempt:
                time.sleep(attempt * _PAUSE)
            try:
                snapshot = self._read(parts, directory, limit)
            except OSError as exc:
                if exc.errno not in _BUSY:
                    raise self._mapped(exc, file_id) from exc
                snapshot = None
            if snapshot is not None:
                return snapshot
        raise Unprocessable(Reason.CHANGING, f"changed each of the {READS} times it was read")

    def _read(self, parts: list[bytes], directory: Path, limit: int | None) -> Snapshot | None:
        fd = self._open(parts)
        try:
            return copy(fd, directory, limit)
        except TransientError as exc:
            raise TransientError(f"{printable(b'/'.join(parts))}: {exc}") from exc
        finally:
            os.close(fd)

    def _open(self, parts: list[bytes]) -> int:
        """Open a file where the folder's rules on links allow it; where they do not, it is gone."""
        root = self._real_root()
        try:
            return open_beneath(root, parts)
        except OSError as exc:
            if exc.errno != errno.ELOOP or not self.follow_symlinks:
                raise
        real = os.path.realpath(b"/".join((root, *parts)))
        if is_inside(real, root):
            return open_beneath(root, real[len(root) :].strip(b"/").split(b"/"))
        if self.outside_links:
            return open_beneath(b"/", real.strip(b"/").split(b"/"))
        raise FileNotFoundError(errno.ENOENT, "the link leads out of the folder")

    def _mapped(self, exc: OSError, file_id: bytes) -> Exception:
        """The error to raise for what the system said."""
        root = self._real_root()
        if not Path(os.fsdecode(root)).is_dir():
            return SourceUnavailable(f"folder {printable(root)} is not there any more; check path and mount")
        if exc.errno in _GONE or exc.errno == errno.ELOOP:
            return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), printable(file_id))
        if exc.errno in _DENIED:
            return Unprocessable(Reason.UNREADABLE, str(exc.strerror))
        return Unprocessable(Reason.FAILED, f"reading failed: {exc.strerror}")

    def _real_root(self) -> bytes:
        real = os.path.realpath(os.fsencode(self.path))
        if self._known_root is not None and printable(real) != self._known_root:
            here, there = self._known_root, printable(real)
            raise SourceUnavailable(
                f"folder {here} is a link to {there} now: put it back, "
                f"or `levada source remove {here}` and `levada ingest {there}`"
            )
        return real
