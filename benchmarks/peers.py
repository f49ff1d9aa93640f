"""The same corpus and model through LlamaIndex's IngestionPipeline and LangChain's index(), into an embedded Chroma.

Each splits with its own splitter at the same limit of tokens, no overlap, every text covered; each embeds with
sentence-transformers, as its users do. Starts are left out. Needs `pip install -e .[bench]`.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.corpus import sections
from benchmarks.prefect_runs import prefect_runs
from benchmarks.results import Row, has_bf16, report

FILES = int(os.environ.get("LEVADA_BENCH_FILES", "300"))
ROUNDS = 3
LIMIT = 254
"""Tokens in a chunk: the model's window of 256 less its two special tokens."""


def texts_of(folder: Path) -> list[str]:
    return [path.read_text() for path in sorted(folder.rglob("*.md"))]


def tokens_of(texts: list[str], tokenizer: Any) -> int:
    return sum(min(len(offsets) + 2, tokenizer.window) for offsets in tokenizer.offsets(texts))


def langchain(folder: Path, directory: Path, model: Any, tokenizer: Any) -> tuple[float, int]:
    """(seconds, model tokens) of LangChain."""
    from langchain_chroma import Chroma
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.indexing import InMemoryRecordManager, index
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    seen: list[str] = []

    class Model(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            seen.extend(texts)
            return [vector.tolist() for vector in model.encode(texts, show_progress_bar=False)]

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    store = Chroma("bench", Model(), persist_directory=str(directory), collection_metadata={"hnsw:space": "cosine"})
    manager = InMemoryRecordManager("bench")
    manager.create_schema()
    started = time.perf_counter()
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=LIMIT, chunk_overlap=0, length_function=lambda text: len(tokenizer.offsets([text])[0])
    )
    documents = [Document(text, metadata={"source": str(number)}) for number, text in enumerate(texts_of(folder))]
    index(
        splitter.split_documents(documents), manager, store, cleanup="incremental", source_id_key="source", key_encoder="sha256"
    )
    return time.perf_counter() - started, tokens_of(seen, tokenizer)


def llamaindex(folder: Path, directory: Path, model: Any, tokenizer: Any) -> tuple[float, int]:
    """(seconds, model tokens) of LlamaIndex."""
    import chromadb
    from llama_index.core import Document
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.schema import MetadataMode
    from llama_index.core.storage.docstore import SimpleDocumentStore
    from llama_index.vector_stores.chroma import ChromaVectorStore

    seen: list[str] = []

    class Model(BaseEmbedding):
        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            seen.extend(texts)
            return [vector.tolist() for vector in model.encode(texts, show_progress_bar=False)]

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

    collection = chromadb.PersistentClient(str(directory)).create_collection("bench", metadata={"hnsw:space": "cosine"})
    started = time.perf_counter()
    pipeline = IngestionPipeline(
        transformations=[
            SentenceSplitter(chunk_size=LIMIT, chunk_overlap=0, tokenizer=lambda text: tokenizer.offsets([text])[0]),
            Model(embed_batch_size=32),
        ],
        vector_store=ChromaVectorStore(chroma_collection=collection),
        docstore=SimpleDocumentStore(),
        docstore_strategy=DocstoreStrategy.UPSERTS,
    )
    documents = [Document(text=text, id_=str(number)) for number, text in enumerate(texts_of(folder))]
    nodes = pipeline.run(documents=documents)
    assert all(node.get_content(MetadataMode.NONE) for node in nodes)
    return time.perf_counter() - started, tokens_of(seen, tokenizer)


def levada(folder: Path, home: Path, tokenizer: Any) -> tuple[float, int]:
    """(seconds from first batch to last, model tokens) of the flow `ingest`."""
    from sqlalchemy import text

    from benchmarks.flow import through_prefect
    from blocks.library import open_library

    seconds, _other = through_prefect(home, folder)
    library = open_library("bench")
    with library.ledger.read() as connection:
        texts = [row[0] for row in connection.execute(text("SELECT text FROM texts"))]
    library.close()
    return seconds, tokens_of(texts, tokenizer)


def main() -> None:
    """In turns, each round into empty stores."""
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as name:
        base = Path(name)
        folder, models = base / "folder", base / "models"
        models.mkdir()
        sections(base, folder, FILES)
        with prefect_runs(base / "prefect-home"):
            rows = _measure(base, folder, models)
    report(rows)


def _measure(base: Path, folder: Path, models: Path) -> list[Row]:
    from sentence_transformers import SentenceTransformer

    from blocks.embedders.model_files import BUNDLED, locate
    from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder

    model = SentenceTransformer(str(locate(BUNDLED, models).directory), device="cpu")
    tokenizer = SentenceTransformerEmbedder(cache_dir=models).tokenizer()
    model.encode(["warm up"] * 32)
    homes = iter(range(1000))

    def ours() -> tuple[float, int]:
        home = base / f"home{next(homes)}"
        home.mkdir()
        (home / "models").symlink_to(models)
        return levada(folder, home, tokenizer)

    systems: dict[str, Callable[[], tuple[float, int]]] = {
        "levada": ours,
        "langchain": lambda: langchain(folder, base / f"lc{next(homes)}", model, tokenizer),
        "llamaindex": lambda: llamaindex(folder, base / f"li{next(homes)}", model, tokenizer),
    }
    ours()  # converts the model
    rates: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(ROUNDS):
        for name, run in systems.items():
            seconds, tokens = run()
            rates[name].append(tokens / seconds)
    rows = [Row(f"{name}, model tokens/s, {FILES} files", f"{statistics.median(rate):,.0f}") for name, rate in rates.items()]
    bar = 4.0 if has_bf16() else 2.5
    for peer in ("langchain", "llamaindex"):
        ratio = statistics.median(a / b for a, b in zip(rates["levada"], rates[peer], strict=True))
        rows.append(Row(f"levada against {peer}", f"{ratio:.2f} x", f">= {bar} x", ratio >= bar))
    return rows


if __name__ == "__main__":
    main()
