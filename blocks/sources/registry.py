"""Sources by kind: a new one is a new file in this folder, and nothing else."""

from __future__ import annotations

import json
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import blocks.sources
from blocks.sources.base import Source
from core.errors import UsageError


def kinds() -> dict[str, type[Source]]:
    """{kind: class} of every source at hand."""
    names = [module.name for module in iter_modules(blocks.sources.__path__) if module.name not in ("base", "registry")]
    modules = [import_module(f"{blocks.sources.__name__}.{name}") for name in names]
    members = [member for module in modules for member in vars(module).values() if isinstance(member, type)]
    return {cls.kind: cls for cls in members if issubclass(cls, Source) and cls is not Source}


def restore(kind: str, config: str, root: str | None = None) -> Source:
    """The source that a ledger row describes: of that root, and unavailable while another one is found in its place.

    Raises UsageError for a kind that this version does not have.
    """
    found = kinds().get(kind)
    if found is None:
        raise UsageError(f"this version of Levada has no source of kind {kind!r} (it has: {', '.join(sorted(kinds()))})")
    source = found.restored(settings(config), root)
    if root is not None:
        source.known_as(root)
    return source


def settings(config: str) -> dict[str, Any]:
    """What `configuration` kept."""
    kept: dict[str, Any] = json.loads(config)
    # Given the slug, Prefect looks the class up once more, and for that imports every collection there is, and so docker.
    kept.pop("block_type_slug", None)
    return kept


def configuration(source: Source) -> str:
    """What the ledger keeps of a source: its settings as JSON. Secrets live in block documents, never here."""
    kept = source.model_dump(mode="json", exclude_unset=True, exclude=set(source.not_kept))
    kept.pop("block_type_slug", None)
    return json.dumps(kept, sort_keys=True)
