"""What the files of the crash tests hold: seeded text in sections of about a chunk each, and small notebooks, sound or not."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Mapping, Sequence

WORDS = """
water channel gate slope ridge valley terrace stone tunnel spring harvest vine banana sugar mill wheel keeper
rota hour share farm north south island cloud rain laurel fern moss path bridge cliff village chapel market
basket lamp winter summer repair survey ledger notice council deed border measure flow level basin overflow
intake sluice carry turn open close walk clear guard count owe lend promise divide follow descend gather store
spill freeze dry flood
""".split()  # noqa: SIM905


def sentence(rng: random.Random) -> str:
    """A sentence of its own: no other seed gives it again."""
    words = rng.choices(WORDS, k=rng.randint(9, 16))
    return f"{' '.join(words).capitalize()} {rng.randrange(10**9)}."


def section(rng: random.Random, title: str, sentences: int = 9) -> str:
    """A heading and a paragraph of about 150 words."""
    return f"## {title}\n\n{' '.join(sentence(rng) for _ in range(sentences))}\n\n"


def sections(rng: random.Random, count: int) -> list[str]:
    """That many sections, each of which the chunker keeps apart from the others."""
    return [section(rng, f"Part {number} {rng.choice(WORDS)}") for number in range(1, count + 1)]


def edited(parts: Sequence[str], rng: random.Random, at: int) -> list[str]:
    """One sentence put into the middle of one section: other chunks stay, those after it at another place."""
    head, _, tail = parts[at].partition(". ")
    return [*parts[:at], f"{head}. {sentence(rng)} {tail}", *parts[at + 1 :]]


def notebook(text: str) -> bytes:
    """A Jupyter notebook of one cell: what can break and costs nothing to read."""
    cell = {"cell_type": "markdown", "metadata": {}, "source": [text]}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode("ascii")


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """A zip with these files in it, the same bytes each time."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), content)
    return data.getvalue()


BROKEN = b'{"cells": [{"cell_type": '
"""A notebook that nobody can mend."""
