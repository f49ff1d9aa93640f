"""Private copies of files while they are written: room for them, and whose fault it is if there is none."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from core.errors import LevadaError, TransientError, Unprocessable
from core.reasons import Reason

LARGE = 64 << 20
"""Bytes above which a file is copied only if there is room for it, and room as much again left over."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def create(directory: Path, size: int) -> tuple[int, str]:
    """A new file that only its owner may read, with room for `size` bytes: its descriptor and its path.

    Raises as write() does. A large file that finds no room is to blame for it, and stops no other: Unprocessable TOO_LARGE.
    """
    if size > LARGE and size > (free := _free(directory)) - LARGE:
        room = f"{size} bytes, {free} are free in {directory}"
        raise Unprocessable(Reason.TOO_LARGE, f"{room}; make room, then `levada quarantine retry`")
    try:
        target, path = tempfile.mkstemp(prefix="snapshot-", dir=directory)
    except OSError as exc:
        raise _unwritable(directory, exc) from exc
    try:
        if size > LARGE:
            reserve(target, directory, size)
    except BaseException:
        os.close(target)
        Path(path).unlink()
        raise
    return target, path


def reserve(target: int, directory: Path, size: int) -> None:
    """Take the room for a whole copy at once, so that several at work do not all count on the same. Raises as write() does."""
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(target, 0, size)
    except OSError as exc:
        if exc.errno in _FULL or exc.errno == errno.EFBIG:
            raise _unwritable(directory, exc, size) from exc


def write(target: int, block: bytes, directory: Path, size: int) -> None:
    """Write a part of a copy that is to have `size` bytes.

    Raises TransientError if the disk does not take it; but if the copy itself is what fills it, Unprocessable FAILED, or
    TOO_LARGE if no file may be so large.
    """
    try:
        while block:
            block = block[os.write(target, block) :]
    except OSError as exc:
        raise _unwritable(directory, exc, size) from exc


def _free(directory: Path) -> int:
    try:
        return shutil.disk_usage(directory).free
    except OSError as exc:
        raise _unwritable(directory, exc) from exc


def _unwritable(directory: Path, exc: OSError, size: int = 0) -> LevadaError:
    said = f"a copy cannot be written to {directory} ({exc.strerror})"
    if exc.errno == errno.EFBIG:
        return Unprocessable(Reason.TOO_LARGE, f"{size} bytes: {said}")
    if exc.errno in _FULL and size > LARGE:
        return Unprocessable(Reason.FAILED, f"{size} bytes: {said}; free space there")
    return TransientError(f"{said}; free space there or mend its permissions")
