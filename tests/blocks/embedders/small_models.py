"""Whole models of a few kilobytes with random weights: what conversion must cope with, without a download."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

POOLED = {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}
VOCABULARY = ["water", "runs", "down", "the", "levada", "Water", "LEVADA", "slowly"]


def _tokenizer(specials: list[str]) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = {token: number for number, token in enumerate([*specials, *VOCABULARY])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token=specials[-1]))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    first, last = specials[0], specials[2]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(first, words[first]), (last, words[last])]
    )
    return tokenizer


def _save(directory: Path, transformer: Any, tokenizer: Any, pad: str, window: int) -> None:
    transformer.save_pretrained(directory)
    tokenizer.save(str(directory / "tokenizer.json"))
    names = {"pad_token": pad, "model_max_length": window, "tokenizer_class": "PreTrainedTokenizerFast"}
    (directory / "tokenizer_config.json").write_text(json.dumps(names))


def bert(directory: Path, modules: list[dict[str, Any]], pooling: dict[str, Any], **limits: Any) -> Path:
    """A BERT of two layers and 32 dimensions, with these sentence-transformers modules behind it."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=32,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=48,
    )
    _save(directory, BertModel(config), _tokenizer(["[CLS]", "[PAD]", "[SEP]", "[UNK]"]), "[PAD]", 40)
    first = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}
    (directory / "modules.json").write_text(json.dumps([first, *modules]))
    (directory / "sentence_bert_config.json").write_text(json.dumps(limits))
    (directory / "1_Pooling").mkdir()
    (directory / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 32, **pooling}))
    return directory


def roberta(directory: Path) -> Path:
    """A RoBERTa without modules.json: its positions are counted from the pad token's id, which is not 0."""
    from transformers import RobertaConfig, RobertaModel

    return _without_modules(directory, RobertaConfig, RobertaModel)


def mpnet(directory: Path) -> Path:
    """An MPNet without modules.json: its attention depends on the distance of two tokens, and it makes its mask by itself."""
    from transformers import MPNetConfig, MPNetModel

    return _without_modules(directory, MPNetConfig, MPNetModel)


def _without_modules(directory: Path, config: Any, model: Any) -> Path:
    import torch

    torch.manual_seed(7)
    settings = config(
        vocab_size=32,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=50,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    _save(directory, model(settings), _tokenizer(["<s>", "<pad>", "</s>", "<unk>"]), "<pad>", 40)
    return directory


def dense(directory: Path) -> Path:
    """A BERT with a dense layer behind the pooling, which OpenVINO conversion leaves to sentence-transformers."""
    import torch
    from safetensors.torch import save_file

    behind = {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}
    bert(directory, [POOLED, behind], {"pooling_mode_mean_tokens": True}, max_seq_length=40)
    (directory / "2_Dense").mkdir()
    settings = {"in_features": 32, "out_features": 8, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"}
    (directory / "2_Dense" / "config.json").write_text(json.dumps(settings))
    weights = {"linear.weight": torch.randn(8, 32), "linear.bias": torch.randn(8)}
    save_file(weights, directory / "2_Dense" / "model.safetensors")
    return directory
