"""A parser's room on the disk: a directory for its temporary files, measured while it works and emptied after each file."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

_MOST_FILES = 100_000
"""More files than this count as a full room: to count them takes as long as to write them."""


def size(directory: str, enough: int) -> int:
    """Bytes on the disk below the directory; stops counting when there are more than `enough`, which is also the answer when
    there are more than 100,000 files. What vanishes meanwhile does not count.
    """
    total, files = 0, 0
    waiting = [directory]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                files += 1
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                if total > enough or files > _MOST_FILES:
                    return max(total, enough + 1)
    return total


def empty(directory: str) -> None:
    """Remove whatever is in it."""
    with suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with suppress(OSError):
                    Path(entry.path).unlink()
