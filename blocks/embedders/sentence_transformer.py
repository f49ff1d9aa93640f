"""Embedder of sentence-transformers models: OpenVINO on CPUs, sentence-transformers itself on GPUs."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, HttpUrl, PrivateAttr

from blocks.embedders.base import Embedder, Vectors
from blocks.embedders.engines.base import Engine
from blocks.embedders.engines.choice import load_engine
from blocks.embedders.engines.loaded import Loaded
from blocks.embedders.model_files import BUNDLED, ModelFiles, locate
from blocks.embedders.revision import revision
from blocks.embedders.tokenizer import ModelTokenizer
from core.settings import Settings
from core.spaces import EmbeddingSpace, Tokenizer

INT8 = "int8.2"
"""The space of int8 vectors. Before the second, texts of just 32 tokens were embedded wrongly on some CPUs."""


class SentenceTransformerEmbedder(Embedder):
    """Embeds texts with a sentence-transformers model, on this machine.

    The default model's weights are installed with Levada, so nothing is downloaded. On a CPU the weights are converted to
    OpenVINO on first use, which takes seconds and is kept; a GPU is used through sentence-transformers.

    Example:
        Load a stored embedder and embed two texts:
        ```python
        from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder

        embedder = SentenceTransformerEmbedder.load("BLOCK_NAME")
        vectors = embedder.embed(["A levada carries water.", "Uma levada leva água."])
        ```
    """

    _block_type_name: ClassVar[str] = "Levada Sentence Transformer"
    _block_type_slug: ClassVar[str] = "levada-sentence-transformer"
    _documentation_url = HttpUrl("https://sbert.net")

    model: str = Field(
        default=BUNDLED,
        description="The bundled all-MiniLM-L6-v2, the path of a local model directory, or a hub model's name (downloaded).",
    )
    backend: Literal["auto", "openvino", "torch", "cuda"] = Field(
        default="auto",
        description="What computes: auto takes CUDA where there is a GPU, else OpenVINO, else torch on the CPU.",
    )
    precision: Literal["auto", "fp32", "bf16", "int8"] = Field(
        default="auto",
        description="Arithmetic: auto is bf16 where the CPU has it, else fp32; int8 is faster, less exact, a space of its own.",
    )
    cache_dir: Path | None = Field(
        default=None, description="Where converted and downloaded models are kept; by default the folder models of LEVADA_HOME."
    )
    threads: int | None = Field(
        default=None, gt=0, description="CPU threads to compute with; by default as many as the machine or container has cores."
    )
    passage_prefix: str = Field(
        default="", description="Text put before every passage, for models trained with one; part of the embedding space."
    )
    query_prefix: str = Field(default="", description="Text put before every question, for models trained with one.")

    _loaded: Loaded = PrivateAttr(default_factory=Loaded)

    def space(self) -> EmbeddingSpace:
        """The space of all its vectors. Reads the model's small files only."""
        files = self._files()
        return EmbeddingSpace(
            model=files.name,
            revision=revision(files, self._models()),
            pooling=files.pooling,
            prefix=self.passage_prefix,
            precision=INT8 if self.precision == "int8" else "float",
            dimension=files.dimension,
            window=files.window,
        )

    def tokenizer(self) -> Tokenizer:
        """The model's own tokenizer; the passage prefix counts as special tokens."""
        return ModelTokenizer(self._files(), self.passage_prefix)

    def embed(self, texts: list[str]) -> Vectors:
        """Vectors of passages, by as many threads as the machine has cores, whatever the number of texts.

        Loads the model first if need be. Calls from several threads share the cores: a second call fills the gap that the
        end of a first one leaves. Raises UsageError for settings that this machine cannot meet, PermanentError for a
        damaged model.
        """
        return self._embed(self.passage_prefix, texts)

    def embed_tokenized(self, texts: list[str], ids: list[bytes]) -> Vectors:
        """As `embed`, without tokenizing where the engine can do without."""
        if self.passage_prefix:
            return self.embed(texts)  # it stands before every text, and its tokens are not known
        with self._loaded.engine(self._load) as engine:
            return engine.embed(texts, ids)

    def embed_query(self, text: str) -> Vectors:
        """Vector of a question: shape (dimension,)."""
        row: Vectors = self._embed(self.query_prefix, [text])[0]
        return row

    def warm_up(self) -> None:
        """Load the model in the background, if it is not loaded."""
        self._loaded.warm_up(self._load)

    def close(self) -> None:
        """Wait for calls that are under way, then give back threads and memory; the next call loads again."""
        self._loaded.close()

    def _embed(self, prefix: str, texts: list[str]) -> Vectors:
        with self._loaded.engine(self._load) as engine:
            return engine.embed([prefix + text for text in texts] if prefix else texts)

    def _models(self) -> Path:
        return self.cache_dir or Settings.from_env().home / "models"

    def _files(self) -> ModelFiles:
        return locate(self.model, self._models())

    def _load(self) -> Engine:
        return load_engine(self._files(), self._models(), self.backend, self.precision, self.threads)
