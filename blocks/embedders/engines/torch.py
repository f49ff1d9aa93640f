"""sentence-transformers itself: the reference, the GPU path, and what remains where OpenVINO cannot be used."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from blocks.embedders.engines.base import EngineUnavailable, Vectors
from blocks.embedders.model_files import ModelFiles
from blocks.embedders.revision import verify
from blocks.embedders.tokenizer import printable
from core.errors import PermanentError, UsageError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH = {"cpu": 16, "cuda": 128}
"""Texts in a batch; on CPUs measured, on GPUs common."""
WINDOW = 2048
"""Texts handed over at once: sorted by length together, and little to hold in memory."""


def cuda_present() -> bool:
    """True if torch can use a GPU. Where no driver is there to be seen, torch is not imported to be asked."""
    if not any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg")):
        return False
    try:
        import torch
    except ImportError:
        return False
    return bool(torch.cuda.is_available())


class TorchEngine:
    """A SentenceTransformer on one device, in fp32 or with bf16 autocast."""

    def __init__(self, files: ModelFiles, device: str, precision: str = "auto", threads: int | None = None) -> None:
        """`device` is cpu or cuda; `precision` is auto (fp32), fp32 or bf16.

        Raises UsageError for what this engine does not have, EngineUnavailable if torch is missing, PermanentError for
        damaged weights.
        """
        if precision == "int8":
            raise UsageError("precision int8 needs backend openvino")
        if device == "cuda" and not cuda_present():
            raise UsageError("backend cuda: torch sees no CUDA device here; set backend to auto")
        verify(files)
        self._model = _load(files, device)
        self._device = device
        self._bf16 = precision == "bf16"
        self._threads = threads
        self._dimension = files.dimension
        # Its tokenizer keeps truncation and padding as state, which two threads would take from each other.
        self._one_at_a_time = threading.Lock()

    def embed(self, texts: list[str], ids: Sequence[bytes] | None = None) -> Vectors:
        """sentence-transformers' own encode, normalised; it tokenizes by itself."""
        vectors = np.empty((len(texts), self._dimension), np.float32)
        for start in range(0, len(texts), WINDOW):
            window = [printable(text) for text in texts[start : start + WINDOW]]
            with self._one_at_a_time:
                vectors[start : start + len(window)] = self._encode(window)
        return vectors

    def close(self) -> None:
        """Let go of the model."""
        with self._one_at_a_time:
            del self._model

    def _encode(self, texts: list[str]) -> Vectors:
        import torch

        if self._threads is not None:
            torch.set_num_threads(self._threads)
        try:
            with torch.autocast(self._device, torch.bfloat16, enabled=self._bf16):
                encoded: Vectors = self._model.encode(
                    texts,
                    prompt="",  # not the model's own default prompt: prefixes are ours to set
                    batch_size=BATCH[self._device],
                    normalize_embeddings=True,
                    convert_to_numpy=True,
                    show_progress_bar=False,
                )
        except RuntimeError as exc:
            raise PermanentError(f"sentence-transformers failed on {len(texts)} texts: {exc}") from exc
        return encoded


def _load(files: ModelFiles, device: str) -> SentenceTransformer:
    try:
        from sentence_transformers import SentenceTransformer

        from blocks.embedders.engines.conversion import quiet_transformers
    except ImportError as exc:
        raise EngineUnavailable(f"sentence-transformers cannot be imported: {exc}") from exc
    try:
        with quiet_transformers():
            return SentenceTransformer(str(files.directory), device=device, local_files_only=True)
    except (RuntimeError, ValueError, KeyError, OSError) as exc:
        raise PermanentError(f"sentence-transformers cannot load {files.directory}: {exc}") from exc
