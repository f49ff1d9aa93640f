"""Walking a directory tree: every wanted regular file once a path, in a fixed order, and what could not be looked at."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from blocks.sources.globs import Globs
from blocks.sources.local_files import fingerprint
from core.errors import SourceUnavailable
from core.files import ChangePage, SourceFile
from core.paths import printable

PAGE = 1_000
"""Files in a page."""
READS = 4
"""How often a directory is read while its entries change."""
ALIASES = 16
"""Under how many paths a directory is listed through links: links among n directories make up to n! paths without a cycle."""
WARNINGS = 20
"""How many warnings name their file; the rest are counted."""
UNLISTED = 100
"""How many unlisted prefixes are told one by one; with more of them nothing may be taken for vanished."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a walk takes and where it goes."""

    globs: Globs
    acl: tuple[str, ...]
    hidden: bool = False
    follow_symlinks: bool = True
    outside_links: bool = False
    home: bytes | None = None
    """Real path of Levada's own home, which is left out: to open and close its ledger here would drop SQLite's locks on it."""


@dataclass(frozen=True, slots=True)
class _Directory:
    prefix: bytes
    """Path below the root with "/" at its end; b"" for the root. The ids of all that is in it start so."""
    identity: tuple[int, int]
    """Device and inode."""
    parent: _Directory | None
    linked: bool
    """True if a symbolic link lies on its path."""

    def within(self, identity: tuple[int, int]) -> bool:
        """True if it is that directory or was reached through it."""
        directory: _Directory | None = self
        while directory is not None:
            if directory.identity == identity:
                return True
            directory = directory.parent
        return False


class Walk:
    """One walk. Depth first, names in order, a directory's files before what its subdirectories hold.

    A directory that does not rest is read until a reading finds nothing new, so that a file that is renamed in it meanwhile
    is not missed. What was seen but could not be looked into is told as unlisted.
    """

    def __init__(self, root: bytes, rules: Rules) -> None:
        """`root` is an absolute real path. Raises SourceUnavailable if it is no directory."""
        self._root = root
        self._rules = rules
        self._start = self._identity()
        self._home = _identity_at(rules.home) if rules.home is not None else None
        self._pending = [_Directory(b"", self._start, None, linked=False)]
        self._aliases: Counter[tuple[int, int]] = Counter()
        self._unlisted: list[bytes] = []
        self._unlisted_count = 0
        self._warnings: list[str] = []
        self._warning_count = 0

    @property
    def device(self) -> int:
        """The device number that the root lies on."""
        return self._start[0]

    def pages(self) -> Iterator[ChangePage]:
        """All of it. Raises SourceUnavailable if the root cannot be read, or is another directory at the end."""
        files = self._files()
        while page := tuple(islice(files, PAGE)):
            yield self._page(page)
        if self._identity() != self._start:
            raise SourceUnavailable(f"folder {printable(self._root)} was replaced or unmounted while it was listed; run again")
        if self._warning_count > WARNINGS:
            self._warnings.append(f"{self._warning_count - WARNINGS} more warnings of this kind")
        if self._unlisted or self._warnings:
            yield self._page(())

    def _page(self, files: tuple[SourceFile, ...]) -> ChangePage:
        page = ChangePage(files, unlisted=tuple(self._unlisted), warnings=tuple(self._warnings))
        self._unlisted, self._warnings = [], []
        return page

    def _identity(self) -> tuple[int, int]:
        try:
            info = Path(os.fsdecode(self._root)).stat()
        except OSError as exc:
            raise self._unavailable(exc) from exc
        if not stat.S_ISDIR(info.st_mode):
            raise SourceUnavailable(f"{printable(self._root)} is not a folder; name a folder")
        return info.st_dev, info.st_ino

    def _unavailable(self, exc: OSError) -> SourceUnavailable:
        path = printable(self._root)
        return SourceUnavailable(f"folder {path} cannot be listed ({exc.strerror}); check path, mount and permissions")

    def _files(self) -> Iterator[SourceFile]:
        while self._pending:
            directory = self._pending.pop()
            if directory.linked:
                self._aliases[directory.identity] += 1
                if self._aliases[directory.identity] > ALIASES:
                    self._warn(directory.prefix, f"left out: links lead to this folder under more than {ALIASES} paths")
                    continue
            try:
                yield from self._list(directory)
            except OSError as exc:
                if directory.parent is None:
                    raise self._unavailable(exc) from exc
                # Gone since its parent was read: deleted, or moved and its files with it. The next run will know.
                gone = exc.errno == errno.ENOENT
                self._leave(directory.prefix, "" if gone else f"cannot be listed ({exc.strerror}); what is known of it stays")

    def _list(self, directory: _Directory) -> Iterator[SourceFile]:
        """The files of one directory; its subdirectories become pending."""
        fd = os.open(self._root + b"/" + directory.prefix, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            info = os.fstat(fd)
            if (info.st_dev, info.st_ino) != directory.identity:
                self._leave(directory.prefix, "was replaced while it was listed; what is known of it stays until the next run")
                return
            subdirectories: list[_Directory] = []
            seen: set[str] = set()
            for _ in range(READS):
                before, now = os.fstat(fd).st_mtime_ns, time.time_ns()
                with os.scandir(fd) as scan:
                    entries = [entry for entry in scan if entry.name not in seen]
                entries.sort(key=_name, reverse=True)
                while entries:  # popped, so that a huge directory's stat results do not pile up
                    entry = entries.pop()
                    seen.add(entry.name)
                    found = self._look(directory, entry, now)
                    if isinstance(found, SourceFile):
                        yield found
                    elif found is not None:
                        subdirectories.append(found)
                if os.fstat(fd).st_mtime_ns == before:
                    break
            else:
                self._leave(directory.prefix, "kept changing while it was listed; what vanished from it waits for the next run")
            subdirectories.sort(key=_prefix, reverse=True)
            self._pending.extend(subdirectories)
        finally:
            os.close(fd)

    def _look(self, directory: _Directory, entry: os.DirEntry[str], now: int) -> SourceFile | _Directory | None:
        """What an entry is, if it is wanted."""
        name = os.fsencode(entry.name)
        if name.startswith(b".") and not self._rules.hidden:
            return None
        path = directory.prefix + name
        linked = entry.is_symlink()
        if linked and not self._rules.follow_symlinks:
            return None
        try:
            if not linked and not self._wanted(path, entry.is_dir(follow_symlinks=False)):
                return None
            info = entry.stat()
        except FileNotFoundError:
            if linked and self._rules.outside_links and not self._inside(path):
                self._leave(path, "is a link to a place that is not there (unmounted?); what is known of it stays")
            return None
        except OSError as exc:
            if exc.errno == errno.ELOOP:  # a link to itself, by whatever way: there is no file
                return None
            if not linked and exc.errno == errno.EACCES:  # no entry of this directory may be looked at
                raise
            self._leave(path, f"cannot be looked at ({exc.strerror}); what is known of it stays")
            return None
        if linked and not self._follow(path, info):
            return None
        if stat.S_ISREG(info.st_mode):
            return self._file(path, name, info, now)
        identity = (info.st_dev, info.st_ino)
        if stat.S_ISDIR(info.st_mode) and identity != self._home and not directory.within(identity):
            return _Directory(path + b"/", identity, directory, linked or directory.linked)
        return None

    def _wanted(self, path: bytes, is_directory: bool) -> bool:
        globs = self._rules.globs
        return not globs.excludes_folder(path) if is_directory else globs.takes(path)

    def _follow(self, path: bytes, info: os.stat_result) -> bool:
        """Whether to go where a link leads."""
        if not (stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode)):
            return False
        if not self._wanted(path, stat.S_ISDIR(info.st_mode)):
            return False
        if self._rules.home is not None and is_inside(os.path.realpath(self._root + b"/" + path), self._rules.home):
            return False
        if self._rules.outside_links or self._inside(path):
            return True
        self._warn(path, "not followed: the link leads out of the folder; exclude it, or allow outside links")
        return False

    def _inside(self, path: bytes) -> bool:
        return is_inside(os.path.realpath(self._root + b"/" + path), self._root)

    def _file(self, path: bytes, name: bytes, info: os.stat_result, now: int) -> SourceFile:
        return SourceFile(
            id=path,
            name=printable(name),
            path=printable(path),
            size=info.st_size,
            fingerprint=fingerprint(info, now),
            modified=info.st_mtime,
            acl=self._rules.acl,
        )

    def _leave(self, prefix: bytes, warning: str = "") -> None:
        self._unlisted_count += 1
        if self._unlisted_count <= UNLISTED:
            self._unlisted.append(prefix)
        elif self._unlisted_count == UNLISTED + 1:
            self._unlisted.append(b"")
        if warning:
            self._warn(prefix, warning)

    def _warn(self, path: bytes, warning: str) -> None:
        self._warning_count += 1
        if self._warning_count <= WARNINGS:
            self._warnings.append(f"{printable(path) or printable(self._root)}: {warning}")


def is_inside(path: bytes, root: bytes) -> bool:
    """True if the real path `path` is the real path `root` or lies below it."""
    return path == root or path.startswith(root.rstrip(b"/") + b"/")


def _identity_at(path: bytes) -> tuple[int, int] | None:
    try:
        info = Path(os.fsdecode(path)).stat()
    except OSError:
        return None
    return info.st_dev, info.st_ino


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _prefix(directory: _Directory) -> bytes:
    return directory.prefix
