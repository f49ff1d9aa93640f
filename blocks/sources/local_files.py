"""One local file: its fingerprint, and a private copy of its bytes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from pathlib import Path

from blocks.sources import copies
from core.errors import Unprocessable
from core.files import Snapshot
from core.reasons import Reason

SETTLED = 2_000_000_000
"""Nanoseconds after which a file's times are trusted: two writes within one tick of the clock (FAT: 2 s) look like one."""
BLOCK = 1 << 20
"""Bytes read at once."""
READS = 4
"""How often a file is read while it changes."""
_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
"""To pass through a folder, where the system can tell that from reading it: whoever may search it need not read it."""


def fingerprint(info: os.stat_result, now: int) -> str:
    """Size, mtime, ctime and inode, or "" if either time lies within 2 s of `now`, or the ctime after it.

    `now` is the time just before the stat, in nanoseconds since the epoch. An mtime further ahead was set by somebody, and
    says nothing of the last write: the ctime, which nobody can set, does. The device number is no part of it: it may change
    when a disk is mounted again, and no two files share inode and change time to the nanosecond.
    """
    if info.st_ctime_ns > now - SETTLED or abs(info.st_mtime_ns - now) < SETTLED:
        return ""
    return f"{info.st_size}:{info.st_mtime_ns}:{info.st_ctime_ns}:{info.st_ino}"


def open_beneath(root: bytes, parts: list[bytes]) -> int:
    """Open the regular file at `parts` below `root` for reading; a symbolic link anywhere in `parts` raises OSError ELOOP.

    Part by part, so that nobody can put a link in the way between a check and the opening. Never waits on a pipe and never
    touches a device: what is no regular file raises FileNotFoundError.
    """
    at = os.open(root, _PASS)
    try:
        for part in parts[:-1]:
            inner = _open_directory(part, at)
            os.close(at)
            at = inner
        mode = os.stat(parts[-1], dir_fd=at, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if not stat.S_ISREG(mode):
            raise FileNotFoundError(errno.ENOENT, "no longer a regular file")
        fd = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=at)
    finally:
        os.close(at)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise FileNotFoundError(errno.ENOENT, "no longer a regular file")
    return fd


def _open_directory(part: bytes, at: int) -> int:
    try:
        return os.open(part, _PASS | os.O_NOFOLLOW, dir_fd=at)
    except NotADirectoryError:
        # Linux says so of a symbolic link too.
        if stat.S_ISLNK(os.stat(part, dir_fd=at, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        raise


def copy(fd: int, directory: Path, max_bytes: int | None) -> Snapshot | None:
    """Copy an open file into `directory`, hashing on the way; None if it changed meanwhile.

    Raises OSError if it cannot be read, and TransientError if the copy cannot be written. A large file that finds no room is
    to blame for it, and stops no other: Unprocessable TOO_LARGE, or FAILED if the room was lost to others meanwhile.
    """
    now = time.time_ns()
    before = os.fstat(fd)
    if max_bytes is not None and before.st_size > max_bytes:
        raise Unprocessable(Reason.TOO_LARGE, f"{before.st_size} bytes, the limit is {max_bytes}")
    target, path = copies.create(directory, before.st_size)
    try:
        digest = _copy_bytes(fd, target, before, directory)
    except BaseException:
        Path(path).unlink()
        raise
    finally:
        os.close(target)
    if digest is None:
        Path(path).unlink()
        return None
    return Snapshot(path, digest, before.st_size, fingerprint(before, now))


def _copy_bytes(fd: int, target: int, before: os.stat_result, directory: Path) -> str | None:
    """SHA-256 of what was copied; None as soon as the file is seen to have changed since `before`."""
    digest = hashlib.sha256()
    copied = 0
    while copied < before.st_size:
        block = os.read(fd, min(BLOCK, before.st_size - copied))
        if not block:
            return None
        digest.update(block)
        copies.write(target, block, directory, before.st_size)
        copied += len(block)
        if _state(os.fstat(fd)) != _state(before):
            return None
    return digest.hexdigest()


def _state(info: os.stat_result) -> tuple[int, int, int, int]:
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino
