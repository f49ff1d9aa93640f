"""Documents as bytes, between processes and on disk: JSON, so that reading them can run nothing."""

from __future__ import annotations

import json

from core.documents import Document, Element, ElementKind

_KINDS = {kind.value: kind for kind in ElementKind}


def dump(document: Document) -> bytes:
    """The document as compact UTF-8 JSON. Text may hold lone surrogates only outside the elements."""
    body = [
        document.media_type,
        document.extractor,
        document.title,
        dict(document.metadata),
        list(document.warnings),
        [[e.kind.value, e.text, e.page, e.level, e.label, e.header_lines] for e in document.elements],
    ]
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), check_circular=False).encode("utf-8", "surrogatepass")


def load(data: bytes) -> Document:
    """What `dump` was given. Raises ValueError for anything else."""
    try:
        media_type, extractor, title, metadata, warnings, rows = json.loads(data.decode("utf-8", "surrogatepass"))
        elements = tuple(Element(_KINDS[kind], *place) for kind, *place in rows)
    except (TypeError, KeyError) as exc:
        raise ValueError(f"not a document: {exc}") from exc
    return Document(elements, media_type, extractor, title, metadata, tuple(warnings))
