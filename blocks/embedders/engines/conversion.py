"""From the published weights to an OpenVINO model with pooling and normalisation inside. Needs torch and transformers."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from blocks.embedders.engines.base import EngineUnavailable
from blocks.embedders.engines.openvino import import_openvino
from blocks.embedders.model_files import ModelFiles
from blocks.embedders.revision import verify

if TYPE_CHECKING:
    import torch

CONVERSION = 2
"""Raise it whenever the same weights may become another OpenVINO model: cached ones are then made anew."""

LEAST_COSINE = 0.9999

PLAIN_ATTENTION = frozenset({"bert", "camembert", "distilbert", "roberta", "xlm-roberta"})
"""Kinds of models (`model_type`) where every token attends to all that the mask leaves, and that take a mask ready made."""


def convert(files: ModelFiles, xml: Path) -> None:
    """Write `xml` and its .bin: token ids and attention mask in (batch, tokens), unit vectors out (batch, dimension).

    Raises PermanentError for damaged weights, EngineUnavailable for a model that OpenVINO cannot express.
    """
    if files.pooling not in ("mean", "cls"):
        raise EngineUnavailable(f"OpenVINO conversion knows mean and cls pooling, {files.name} has {files.pooling}")
    verify(files)
    ov = import_openvino()
    try:
        import torch
        from transformers import AutoModel
    except ImportError as exc:
        raise EngineUnavailable(f"conversion to OpenVINO needs torch and transformers: {exc}") from exc
    with quiet_transformers(), warnings.catch_warnings():
        # Tracing warns of every Python value that it takes for constant; the comparison below would find a wrong one.
        warnings.simplefilter("ignore")
        try:
            transformer = AutoModel.from_pretrained(files.transformer, local_files_only=True, dtype=torch.float32)
            original = _embedding_module(transformer, files.pooling)
            example = _example(transformer.config.vocab_size)
            ready = transformer.config.model_type in PLAIN_ATTENTION
            module = _embedding_module(transformer, files.pooling, ready_mask=True) if ready else original
            model = ov.convert_model(module, example_input=example)
            _compare(original, ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}), example)
        except (RuntimeError, ValueError, KeyError) as exc:
            raise EngineUnavailable(
                f"{files.name} cannot be converted to OpenVINO: {str(exc).strip().splitlines()[-1]}"
            ) from exc
    ov.save_model(model, xml, compress_to_fp16=False)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Loading a model shows a progress bar and remarks that mean nothing to our users."""
    from transformers.utils import logging as remarks

    verbosity, bar = remarks.get_verbosity(), remarks.is_progress_bar_enabled()
    remarks.set_verbosity(logging.ERROR)
    remarks.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        remarks.set_verbosity(verbosity)
        if bar:
            remarks.enable_progress_bar()  # type: ignore[no-untyped-call]


def _embedding_module(transformer: torch.nn.Module, pooling: str, ready_mask: bool = False) -> torch.nn.Module:
    """`ready_mask`: give the transformer its attention's mask as what is added to the scores, one row for all tokens.

    Left to itself it makes a truth value for every pair of tokens, and OpenVINO is 5 % slower (measured, 2026.4 with AMX).
    """
    import torch

    class Embedding(torch.nn.Module):
        """Transformer, pooling over the unmasked tokens, L2 normalisation."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            attended = attention_mask
            if ready_mask:
                attended = (1.0 - attention_mask[:, None, None, :].to(torch.float32)) * torch.finfo(torch.float32).min
            states = self.transformer(input_ids=input_ids, attention_mask=attended).last_hidden_state
            if pooling == "cls":
                pooled = states[:, 0]
            else:
                mask = attention_mask.unsqueeze(-1).to(states.dtype)
                pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(pooled, dim=1)

    return Embedding().eval()


def _example(vocabulary: int) -> dict[str, torch.Tensor]:
    """Two rows of unlike length, so that the mask is traced as a mask."""
    import torch

    ids = torch.arange(2 * 24).reshape(2, 24) * 97 % vocabulary
    mask = torch.ones_like(ids)
    mask[1, 11:] = 0
    return {"input_ids": ids, "attention_mask": mask}


def _compare(module: torch.nn.Module, compiled: Any, example: dict[str, torch.Tensor]) -> None:
    import torch

    # Another shape than the one traced: a length that became a constant shows.
    inputs = {name: torch.cat([value, value[:, 11:]], 1) for name, value in example.items()}
    with torch.inference_mode():
        wanted = module(**inputs).numpy()
    found = compiled([value.numpy() for value in inputs.values()])[0]
    cosine = float(np.min((wanted * found).sum(1)))
    if not cosine >= LEAST_COSINE:
        raise EngineUnavailable(f"the converted model's vectors differ from the original's: cosine {cosine:.6f}")
