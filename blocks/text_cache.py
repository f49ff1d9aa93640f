"""Extracted texts, kept by content: re-chunking and re-embedding never download or parse again."""

from __future__ import annotations

import os
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from core.document_json import dump, load
from core.documents import Document


class TextCache:
    """A directory of compressed documents, safe to use from several threads. What cannot be read counts as missing."""

    def __init__(self, directory: Path, scratch: Path) -> None:
        """`scratch`: a directory on the same disk for what is half written; its owner empties it after a crash."""
        self.directory = directory
        self.scratch = scratch

    def get(self, content_hash: str, name: str, engines: Collection[str]) -> Document | None:
        """The document that these bytes gave under such a name, if one of today's engines read it."""
        try:
            with open(self._path(content_hash, name), "rb", buffering=0) as file:  # noqa: PTH123
                document = load(zlib.decompress(file.readall()))
        except (OSError, zlib.error, ValueError):
            return None
        return document if document.extractor in engines else None

    def put(self, content_hash: str, name: str, document: Document, draft: str | None = None) -> None:
        """Keep a document; a crash leaves the whole entry or none.

        `draft`: a file in the scratch directory that nobody needs any more. It becomes the entry: to make a file and to
        delete another takes ext4 several times as long as all the rest of this, because it looks for an inode that was not
        just deleted.
        """
        path = self._path(content_hash, name)
        data = zlib.compress(dump(document), 1)
        if draft is None:
            # A name of its own: two files of the same content may be read at the same time.
            descriptor, draft = tempfile.mkstemp(prefix="text-", dir=self.scratch)
        else:
            descriptor = os.open(draft, os.O_WRONLY | os.O_TRUNC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        try:
            os.rename(draft, path)  # noqa: PTH104
        except FileNotFoundError:
            Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            Path(draft).rename(path)

    def erase(self, content_hashes: Iterable[str]) -> None:
        """Remove whatever is kept of these contents (invariant I12)."""
        by_folder: defaultdict[str, set[str]] = defaultdict(set)
        for content in content_hashes:
            by_folder[content[:2]].add(content)
        for folder, contents in by_folder.items():
            with suppress(FileNotFoundError), os.scandir(self.directory / folder) as entries:
                for entry in entries:
                    if entry.name.partition(".")[0] in contents:
                        Path(entry.path).unlink(missing_ok=True)

    def _path(self, content_hash: str, name: str) -> str:
        # A string: pathlib would take as long as reading a small entry.
        # The extension takes part in telling text formats apart, so the same bytes may be two documents.
        suffix = "".join(filter(str.isalnum, os.path.splitext(name)[1].lower()))[:16]  # noqa: PTH122
        return f"{self.directory}/{content_hash[:2]}/{content_hash}.{suffix or 'none'}.z"
