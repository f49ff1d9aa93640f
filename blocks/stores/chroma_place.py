"""Where an embedded store and the things of its owner process lie.

Beside the store's directory, in `<directory>.host`, which only its user may enter: the lock of the one owner process, the
socket by which all others reach it, its log, the seal that it leaves when it ends as it should, the mark that something was
deleted and is not yet erased, and the collections that are doubted since a seal was found broken.
"""

from __future__ import annotations

import fcntl
import glob
import json
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.errors import StoreUnavailable, StoreUnreadable

DATABASE = "chroma.sqlite3"
MARKER = "levada-store.json"
"""In the store's directory: the stamps of its collections, readable when Chroma is not."""
_MAGIC = b"SQLite format 3\0"
_ADDRESS_LIMIT = 107
_LOG_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class StorePlace:
    """The paths of one embedded store. `directory` is a real path, so that two spellings mean one owner."""

    directory: Path

    @classmethod
    def of(cls, path: str | Path) -> StorePlace:
        return cls(Path(os.path.realpath(path)))

    @property
    def database(self) -> Path:
        return self.directory / DATABASE

    @property
    def room(self) -> Path:
        return self.directory.with_name(self.directory.name + ".host")

    @property
    def lock(self) -> Path:
        return self.room / "owner.lock"

    @property
    def wanted(self) -> Path:
        """There if somebody waits for the lock."""
        return self.room / "wanted"

    @property
    def unerased(self) -> Path:
        """There if records were deleted, and what Chroma keeps of them is not yet erased."""
        return self.room / "unerased"

    def mark_unerased(self) -> None:
        """To be called before anything is deleted. Raises StoreUnavailable."""
        try:
            self.unerased.touch(0o600)
        except OSError as exc:
            raise StoreUnavailable(f"cannot write to {self.room}: {exc.strerror}.") from exc

    @property
    def socket(self) -> Path:
        return self.room / "socket"

    @property
    def log(self) -> Path:
        return self.room / "host.log"

    def prepare(self) -> None:
        """Make the room, for this user alone. Raises StoreUnavailable if it cannot be, or is another user's."""
        try:
            self.room.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self.room.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                raise StoreUnavailable(f"{self.room} belongs to uid {found.st_uid}: work as that user, or choose another path.")
            if stat.S_IMODE(found.st_mode) != 0o700:
                self.room.chmod(0o700)
        except OSError as exc:
            raise StoreUnavailable(f"cannot use {self.room}: {exc.strerror}; make its parent writable.") from exc

    @contextmanager
    def address(self) -> Iterator[str]:
        """The socket's path, short enough for a Unix socket address (108 bytes) however deep the room lies."""
        if len(os.fsencode(self.socket)) <= _ADDRESS_LIMIT:
            yield str(self.socket)
            return
        room = os.open(self.room, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{room}/{self.socket.name}"
        finally:
            os.close(room)

    def try_lock(self) -> int | None:
        """Become the owner: a descriptor that holds the lock until it is closed, or None if somebody else has it.

        Whoever has it can see then that he is waited for.
        """
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            with suppress(OSError):
                self.wanted.touch(0o600)
            return None
        self.wanted.unlink(missing_ok=True)
        return descriptor

    def identity(self) -> tuple[int, int] | None:
        """Device and inode of the database; another value means that the directory was exchanged or emptied."""
        try:
            found = self.database.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def check_database(self) -> None:
        """Raises StoreUnreadable if the database file is no SQLite file, or shorter than it says.

        SQLite notices a cut file only when it reads a lost page, and answers from its cache until then.
        """
        try:
            with self.database.open("rb") as file:
                head = file.read(100)
                size = os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            return
        except OSError as exc:
            raise StoreUnavailable(f"cannot read {self.database}: {exc.strerror}.") from exc
        if not size:
            return
        # https://www.sqlite.org/fileformat2.html, section 1.3: page size at 16, change counter at 24, pages at 28, and
        # at 92 the change counter for which that number holds.
        page_size = int.from_bytes(head[16:18], "big")
        pages = int.from_bytes(head[28:32], "big") if head[24:28] == head[92:96] else 1
        if head[:16] != _MAGIC or size < pages * (65536 if page_size == 1 else page_size):
            raise StoreUnreadable(f"{self.database} is damaged: not a whole SQLite file.")

    def seal(self) -> None:
        """Note the state of all files, as they are after a clean end."""
        draft = self._seal.with_suffix(".new")
        draft.write_text(json.dumps(self._files()), "utf-8")
        draft.replace(self._seal)

    def break_seal(self) -> bool:
        """Take the note away; True if nothing has changed since the last owner ended cleanly."""
        try:
            sealed = json.loads(self._seal.read_text("utf-8"))
        except (OSError, ValueError):
            return False
        finally:
            self._seal.unlink(missing_ok=True)
        return bool(sealed == self._files())

    def doubts(self) -> set[str]:
        """Names of the collections that nobody has compared with a ledger since a seal was found broken."""
        try:
            return set(json.loads(self._doubts.read_text("utf-8")))
        except FileNotFoundError:
            return set()

    def write_doubts(self, names: set[str]) -> None:
        """Keep these names; no file is none."""
        if not names:
            self._doubts.unlink(missing_ok=True)
            return
        draft = self._doubts.with_suffix(".new")
        draft.write_text(json.dumps(sorted(names)), "utf-8")
        draft.replace(self._doubts)

    @property
    def _doubts(self) -> Path:
        return self.room / "doubted.json"

    @property
    def _seal(self) -> Path:
        return self.room / "sealed.json"

    def _files(self) -> dict[str, list[int]]:
        found = {str(path.relative_to(self.directory)): path.lstat() for path in self.directory.rglob("*") if not path.is_dir()}
        return {name: [entry.st_ino, entry.st_size, entry.st_mtime_ns] for name, entry in sorted(found.items())}

    def open_log(self) -> int:
        """A descriptor for the owner's standard error. What an earlier owner wrote is kept, up to a limit."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def last_words(self) -> str:
        """The last line of the log, for an error message."""
        try:
            lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1].strip()[:300] if lines else "no reason given"

    def asides(self) -> list[Path]:
        """What was moved aside and is still there."""
        return sorted(self.directory.parent.glob(f"{glob.escape(self.directory.name)}.aside-*"))

    @staticmethod
    def owners(directory: Path) -> set[tuple[str, str]]:
        """Tenant and library of every collection that the marker in a store's directory names; empty without one."""
        try:
            stamps = json.loads((directory / MARKER).read_text("utf-8"))
            return {(stamp["tenant"], stamp["library"]) for stamp in stamps.values()}
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return set()

    def move_aside(self) -> Path | None:
        """Rename the directory, with the lock held; None if there is none."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        for number in range(1000):
            target = self.directory.with_name(f"{self.directory.name}.aside-{stamp}" + (f"-{number}" if number else ""))
            if not target.exists():
                break
        try:
            self.directory.rename(target)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise StoreUnavailable(f"cannot move {self.directory} aside: {exc.strerror}.") from exc
        return target


def listen(place: StorePlace) -> socket.socket:
    """The owner's socket, in place of any that a killed owner left; to be called with the lock held."""
    place.socket.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with place.address() as address:
        listener.bind(address)
    place.socket.chmod(0o600)
    listener.listen(64)
    return listener


def connect(place: StorePlace, timeout: float) -> socket.socket:
    """Reach the owner. Raises FileNotFoundError or ConnectionRefusedError if there is none."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    try:
        with place.address() as address:
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection
