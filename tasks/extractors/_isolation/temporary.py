"""Directories in the system's place for temporary files, of which none stays for good: whoever makes one removes those whose
makers are gone, killed before they could do it themselves. They hold copies of people's documents.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tasks.extractors._isolation import proc

_PREFIX = "levada-"
_HELD = ".held"
"""A file that the maker keeps locked: the system lets go of the lock when the maker ends, however it ends."""


class TemporaryDirectory:
    """Made at once; `close` removes it."""

    def __init__(self, kind: str) -> None:
        """`kind`: a word that becomes part of the name. Raises OSError if there is no room."""
        remove_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-"))
        new = self.path / ".new"
        self._lock = os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        with suppress(OSError):  # a file system without locks: then nobody takes it for abandoned either
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        new.rename(self.path / _HELD)  # seen by others only now that it is locked

    def close(self) -> None:
        """Remove it with all that is in it; what cannot be removed stays."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


@contextmanager
def temporary_directory(kind: str) -> Iterator[Path]:
    """A directory for as long as the `with` statement lasts."""
    made = TemporaryDirectory(kind)
    try:
        yield made.path
    finally:
        made.close()


def remove_abandoned() -> None:
    """Remove those of this user whose makers are gone, and end the processes that were left at work in them."""
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                with suppress(OSError):  # gone meanwhile, not one of these, or held
                    _remove_if_abandoned(Path(entry.path))


def _remove_if_abandoned(directory: Path) -> None:
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        return
    lock = os.open(directory / _HELD, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        proc.end_marked(directory)
        shutil.rmtree(directory, ignore_errors=True)
    finally:
        os.close(lock)
