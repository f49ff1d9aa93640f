"""Converted models on disk: made once, shared by all processes, never half there."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core.errors import PermanentError

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
MODEL = "model.xml"
_ABANDONED_AFTER = 6 * 3600.0


def converted(models: Path, name: str, key: str, make: Callable[[Path], None]) -> Path:
    """Path of the model file of this key; `make(path)` writes it first if it is not there.

    It is written into a directory of its own and renamed when complete: of two processes that convert at once both
    succeed and one result stays; one that is killed leaves only a directory that a later conversion clears away.
    """
    home = models / _file_name(name)
    final = home / key
    if _complete(final):
        return final / MODEL
    try:
        home.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(home)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=home))
    except OSError as exc:
        raise PermanentError(f"converted models cannot be stored in {home}: {exc}") from exc
    try:
        logger.info("converting %s for this machine, this once", name)
        started = time.monotonic()
        make(draft / MODEL)
        _seal(draft)
        _publish(draft, final)
        logger.info("converted %s in %.0f s: %s", name, time.monotonic() - started, final)
    except OSError as exc:
        raise PermanentError(f"the converted model cannot be stored in {home}: {exc}") from exc
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final / MODEL


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "--", name).lstrip(".") or "model"


def _complete(directory: Path) -> bool:
    """True if every file has the size it was written with. Sizes, because a cut file would crash the process that maps it."""
    manifest = directory / MANIFEST
    if not manifest.exists():
        return False
    sizes: dict[str, int] = json.loads(manifest.read_text())
    return all((directory / file).exists() and (directory / file).stat().st_size == size for file, size in sizes.items())


def _seal(directory: Path) -> None:
    """Write the manifest, and everything through to the disk: a rename may outlive a power cut that the data did not."""
    sizes = {path.name: path.stat().st_size for path in sorted(directory.iterdir())}
    (directory / MANIFEST).write_text(json.dumps(sizes))
    for path in directory.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _publish(draft: Path, final: Path) -> None:
    while True:
        try:
            draft.rename(final)
            return
        except OSError:
            # A directory is replaced by no rename: another process was faster, or what lies there is damaged.
            if not final.exists():
                raise
        if _complete(final):
            return
        damaged = Path(tempfile.mkdtemp(prefix=".draft-", dir=final.parent))
        final.rename(damaged / "damaged")
        shutil.rmtree(damaged, ignore_errors=True)


def _clear_abandoned(home: Path) -> None:
    """Remove drafts that nobody has touched for hours: their process was killed."""
    for draft in home.glob(".draft-*"):
        if time.time() - draft.stat().st_mtime > _ABANDONED_AFTER:
            shutil.rmtree(draft, ignore_errors=True)
