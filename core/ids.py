"""Identifiers: derived from content and origin, never from position or time."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable


def content_hash(data: bytes) -> str:
    """Hash of a file's bytes: 64 hex digits (SHA-256)."""
    return hashlib.sha256(data).hexdigest()


def text_hash(text: str) -> bytes:
    """Hash of an embedded text: 16 bytes (BLAKE2b-128). With the embedding space it names a vector."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def document_id(tenant: str, library: str, source: str, file_id: bytes) -> str:
    """UUID of the document that a source's file becomes; the same on every machine, so that a lost ledger can be adopted."""
    return _uuid("document", tenant, library, source, file_id)


def chunk_ids(document: str, texts: Iterable[str]) -> list[str]:
    """UUIDs of a document's chunks, one for each embedded text in order.

    An id depends on the document, the text and how often the text occurred before, so an edit elsewhere leaves it alone.
    """
    seen: Counter[str] = Counter()
    ids = []
    for text in texts:
        ids.append(_uuid("chunk", document, text, str(seen[text])))
        seen[text] += 1
    return ids


def _uuid(*parts: str | bytes) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        # The length in front keeps ("ab", "c") apart from ("a", "bc").
        digest.update(len(data).to_bytes(8, "big") + data)
    return str(uuid.UUID(bytes=digest.digest(), version=5))
