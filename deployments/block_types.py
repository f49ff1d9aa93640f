"""Block types: what the UI offers for configuration, and what a block document can be made of."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefect.blocks.core import Block
    from prefect.client.orchestration import SyncPrefectClient


def ours() -> list[type[Block]]:
    """Every block of the package `blocks` that can be configured, by slug; what they have in common (an ABC) cannot."""
    from prefect.blocks.core import Block

    import blocks

    named = [member for member in vars(blocks).values() if isinstance(member, type) and Block.is_block_class(member)]
    found = {block for block in named if block is not Block and ABC not in block.__bases__}
    return sorted(found, key=lambda block: block.get_block_type_slug())


def ensure(client: SyncPrefectClient) -> list[str]:
    """Register what the server does not know as it is here, and return the slugs that are new to it."""
    known = {block_type.slug for block_type in client.read_block_types()}
    for block in ours():
        block.register_type_and_schema()
    return [slug for slug in (block.get_block_type_slug() for block in ours()) if slug not in known]
