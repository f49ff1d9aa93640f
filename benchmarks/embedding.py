"""Embedding alone: OpenVINO against sentence-transformers fp32 on the CPU, in one process, in alternating rounds.

`python -m benchmarks.embedding [--rounds N] [--chunks N] [--int8]`. The chunks are about 200 tokens of real abstracts
(`../shared/data/retrieval/scifact`). sentence-transformers runs as one would ordinarily use it, fp32 with torch's own number
of threads, once with its default batch of 32 and once with the batch size that is fastest here, found beforehand. Other
work on the machine shows in the column "others" (CPUs that other processes took meanwhile) and spoils wall times; rates per
CPU second suffer less.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.results import Row, has_bf16, report
from blocks.embedders.base import Vectors
from blocks.embedders.model_files import BUNDLED, locate
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
from core.spaces import Tokenizer

CORPUS = Path(__file__).resolve().parents[1] / ".." / "shared" / "data" / "retrieval" / "scifact" / "corpus.jsonl"
SHORTEST, LONGEST = 150, 250
BATCH_SIZES = (8, 16, 32, 64)
DEFAULT_BATCH_SIZE = 32
AUTO = "OpenVINO, precision auto"

Embed = Callable[[list[str]], Vectors]


@dataclass
class System:
    """One way to embed, and what its rounds measured."""

    name: str
    embed: Embed
    walls: list[float] = field(default_factory=list)
    """Chunks a second."""
    cpus: list[float] = field(default_factory=list)
    """Chunks a CPU second."""
    others: list[float] = field(default_factory=list)
    vectors: Vectors | None = None

    def round(self, chunks: list[str]) -> None:
        wall, cpu, machine = time.perf_counter(), time.process_time(), _busy_seconds()
        self.vectors = self.embed(chunks)
        seconds, own = time.perf_counter() - wall, time.process_time() - cpu
        self.walls.append(len(chunks) / seconds)
        self.cpus.append(len(chunks) / own)
        self.others.append(max(0.0, _busy_seconds() - machine - own) / seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chunks", type=int, default=512)
    parser.add_argument("--int8", action="store_true", help="also precision int8 (needs nncf; converts for a minute)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as models:
        fast = SentenceTransformerEmbedder(cache_dir=Path(models), backend="openvino")
        chunks = list(islice(passages(fast.tokenizer()), options.chunks))
        reference = _sentence_transformers(Path(models))
        best = _fastest_batch_size(reference, chunks[:64])
        systems = [System(f"sentence-transformers fp32, batch {DEFAULT_BATCH_SIZE}", reference(DEFAULT_BATCH_SIZE))]
        if best != DEFAULT_BATCH_SIZE:
            systems.append(System(f"sentence-transformers fp32, batch {best}", reference(best)))
        systems.append(System(AUTO, fast.embed))
        if options.int8:
            small = SentenceTransformerEmbedder(cache_dir=Path(models), backend="openvino", precision="int8")
            systems.append(System("OpenVINO, precision int8", small.embed))
        for system in systems:
            system.embed(chunks[:16])
        for _ in range(options.rounds):
            for system in systems:
                system.round(chunks)
        show(systems, fast.tokenizer(), chunks)
        report(rows(systems))


def passages(tokenizer: Tokenizer) -> Iterator[str]:
    """Consecutive pieces of the corpus of 150 to 250 tokens, the same at every run."""
    lengths = np.random.default_rng(1)
    with CORPUS.open(encoding="utf-8") as corpus:
        texts = [" ".join([record["title"], record["text"]]) for record in map(json.loads, islice(corpus, 2000))]
    for group in range(0, len(texts), 50):
        text = " ".join(texts[group : group + 50])
        (spans,) = tokenizer.offsets([text])
        start = 0
        while start + LONGEST < len(spans):
            end = start + int(lengths.integers(SHORTEST, LONGEST + 1))
            yield text[spans[start][0] : spans[end - 1][1]]
            start = end


def show(systems: list[System], tokenizer: Tokenizer, chunks: list[str]) -> None:
    """Print the table. Ratios are medians of each round's own ratio, because rounds alternate."""
    tokens = [len(spans) + tokenizer.special_tokens for spans in tokenizer.offsets(chunks)]
    print(f"{len(chunks)} chunks of {statistics.mean(tokens):.0f} tokens, {len(systems[0].walls)} rounds\n")
    print("| embedding | chunks/s median | best | per CPU second | ratio median | ratio of bests | cosine min | others' CPUs |")
    print("|---|---|---|---|---|---|---|---|")
    base = systems[0]
    for system in systems:
        print(
            f"| {system.name} | {statistics.median(system.walls):.1f} | {max(system.walls):.1f} | {max(system.cpus):.1f} "
            f"| {_ratio(system, base):.2f} | {max(system.walls) / max(base.walls):.2f} "
            f"| {_least_cosine(system, base):.6f} | {statistics.median(system.others):.2f} |"
        )
    print()


def rows(systems: list[System]) -> list[Row]:
    """The figures that have a bar, against sentence-transformers as it comes."""
    base, ours = systems[0], next(system for system in systems if system.name == AUTO)
    ratio, cosine = _ratio(ours, base), _least_cosine(ours, base)
    bar = 4.5 if has_bf16() else 2.5
    speeds = [Row(f"{system.name}, chunks/s", f"{statistics.median(system.walls):.1f}") for system in systems]
    return [
        *speeds,
        Row(
            f"OpenVINO against sentence-transformers, batch {DEFAULT_BATCH_SIZE}", f"{ratio:.2f} x", f">= {bar} x", ratio >= bar
        ),
        Row("least cosine to fp32", f"{cosine:.5f}", ">= 0.9999", cosine >= 0.9999),
    ]


def _ratio(system: System, base: System) -> float:
    return statistics.median(mine / its for mine, its in zip(system.walls, base.walls, strict=True))


def _least_cosine(system: System, base: System) -> float:
    assert system.vectors is not None and base.vectors is not None
    return float((system.vectors * base.vectors).sum(1).min())


def _sentence_transformers(models: Path) -> Callable[[int], Embed]:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(locate(BUNDLED, models).directory), device="cpu", local_files_only=True)

    def with_batch_size(batch_size: int) -> Embed:
        def embed(texts: list[str]) -> Vectors:
            vectors: Vectors = model.encode(texts, batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False)
            return vectors

        return embed

    return with_batch_size


def _fastest_batch_size(reference: Callable[[int], Embed], chunks: list[str]) -> int:
    """Best of three for each, because one reading on a shared machine says little."""
    seconds = dict.fromkeys(BATCH_SIZES, float("inf"))
    for _ in range(3):
        for batch_size in BATCH_SIZES:
            started = time.perf_counter()
            reference(batch_size)(chunks)
            seconds[batch_size] = min(seconds[batch_size], time.perf_counter() - started)
    return min(seconds, key=lambda size: seconds[size])


def _busy_seconds() -> float:
    """CPU seconds that all processes of the machine have used."""
    user, nice, system, *_ = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
