"""A model that loads and computes in a tenth of the time: what kills leave does not depend on what its vectors mean."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from blocks.embedders.model_files import BUNDLED, locate

SMALL = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


def small_model(directory: Path) -> Path:
    """The bundled model with one narrow layer of random weights: its own tokenizer and window, so the same chunks."""
    import torch
    from transformers import BertConfig, BertModel

    left_out = shutil.ignore_patterns("*.safetensors", "data_config.json")
    shutil.copytree(locate(BUNDLED, directory).directory, directory, ignore=left_out)
    _change(directory / "1_Pooling" / "config.json", word_embedding_dimension=SMALL["hidden_size"])
    config = BertConfig(**_change(directory / "config.json", **SMALL))
    torch.manual_seed(7)
    BertModel(config).save_pretrained(directory)
    return directory


def _change(path: Path, **values: int) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(path.read_text()) | values
    path.write_text(json.dumps(changed))
    return changed
