"""Bytes that arrive for a private copy: written and hashed on the way, from the beginning again where that has to be."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from blocks.sources import copies
from core.errors import Unprocessable
from core.files import Snapshot
from core.reasons import Reason


class Received:
    """A new file in `directory`; left with an error, or without a Snapshot taken of it, it is deleted.

    `size`: bytes that are to come, 0 if that is not known. Raises as copies.create() does.
    """

    def __init__(self, directory: Path, size: int = 0, max_bytes: int | None = None) -> None:
        self._directory, self._size, self._max_bytes = directory, size, max_bytes
        self._target, self.path = copies.create(directory, size)
        self._kept = False
        self._begin()

    def __enter__(self) -> Received:
        return self

    def __exit__(self, _type: type[BaseException] | None, _exc: BaseException | None, _traceback: TracebackType | None) -> None:
        os.close(self._target)
        if not self._kept:
            Path(self.path).unlink(missing_ok=True)

    def _begin(self) -> None:
        self.position = 0
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)

    def restart(self) -> None:
        """Forget all that has arrived."""
        os.lseek(self._target, 0, os.SEEK_SET)
        self._begin()

    def write(self, block: bytes) -> None:
        """Take the next bytes. Raises as copies.write() does, and Unprocessable TOO_LARGE above `max_bytes`."""
        self.position += len(block)
        if self._max_bytes is not None and self.position > self._max_bytes:
            raise Unprocessable(Reason.TOO_LARGE, f"more than {self._max_bytes} bytes, which is the limit")
        copies.write(self._target, block, self._directory, max(self._size, self.position))
        self._sha256.update(block)
        self._md5.update(block)

    @property
    def sha256(self) -> str:
        """Of what has arrived."""
        return self._sha256.hexdigest()

    @property
    def md5(self) -> str:
        """Of what has arrived."""
        return self._md5.hexdigest()

    def ends(self) -> tuple[bytes, bytes]:
        """The first and the last bytes that have arrived: 8, and up to 1,024."""
        last = min(self.position, 1024)
        return os.pread(self._target, min(8, self.position), 0), os.pread(self._target, last, self.position - last)

    def keep(self, fingerprint: str, metadata: Mapping[str, str]) -> Snapshot:
        """What has arrived is all."""
        os.ftruncate(self._target, self.position)
        self._kept = True
        return Snapshot(self.path, self.sha256, self.position, fingerprint, metadata)
