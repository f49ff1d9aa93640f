"""How many texts a run embeds at once."""

from __future__ import annotations

import pytest

from blocks.embedders.base import Vectors
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
from tests.flows.stages import ingest_in_stages
from tests.flows.world import World


def test_a_batch_begins_with_portions_by_the_pace_of_the_one_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        world.write(f"{number:02}.txt", f"The boat with the number {number}.")
    seen: list[int] = []
    embed = SentenceTransformerEmbedder.embed_tokenized

    def noted(embedder: SentenceTransformerEmbedder, texts: list[str], ids: list[bytes]) -> Vectors:
        seen.append(len(texts))
        return embed(embedder, texts, ids)

    monkeypatch.setattr(SentenceTransformerEmbedder, "embed_tokenized", noted)
    # Whatever the pace is: of the first batch it is not known yet.
    monkeypatch.setattr("tasks.embed.LEAST", 5)
    monkeypatch.setattr("tasks.embed.MOST", 5)
    assert ingest_in_stages(world.library(), str(world.folder), batch_files=10).added == 20
    assert seen == [10, 5, 5]
