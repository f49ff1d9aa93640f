"""Documents as bytes, between processes and on disk: JSON, so that reading them can run nothing."""

from __future__ import annotations

import json

from core.documents import Box, Document, Element, ElementKind, Member

_KINDS = {kind.value: kind for kind in ElementKind}


def dump(document: Document) -> bytes:
    """The document as compact UTF-8 JSON. Text may hold lone surrogates only outside the elements."""
    body = [
        document.media_type,
        document.extractor,
        document.title,
        dict(document.metadata),
        list(document.warnings),
        [[e.kind.value, e.text, e.page, e.level, e.label, e.header_lines, e.box] for e in document.elements],
        [[m.name, m.path, m.size] for m in document.members],
    ]
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), check_circular=False).encode("utf-8", "surrogatepass")


def load(data: bytes) -> Document:
    """What `dump` was given. Raises ValueError for anything else."""
    try:
        media_type, extractor, title, metadata, warnings, rows, members = json.loads(data.decode("utf-8", "surrogatepass"))
        elements = tuple(
            Element(_KINDS[kind], text, page, level, label, header_lines, _box(box))
            for kind, text, page, level, label, header_lines, box in rows
        )
        inside = tuple(Member(*member) for member in members)
    except (TypeError, KeyError) as exc:
        raise ValueError(f"not a document: {exc}") from exc
    return Document(elements, media_type, extractor, title, metadata, tuple(warnings), inside)


def _box(found: list[float] | None) -> Box | None:
    return None if found is None else (found[0], found[1], found[2], found[3])
