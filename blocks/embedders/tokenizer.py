"""The model's own tokenizer, read from tokenizer.json; needs neither transformers nor torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks.embedders.model_files import ModelFiles
from core.errors import PermanentError
from core.spaces import Tokens

if TYPE_CHECKING:
    from tokenizers import Encoding
    from tokenizers import Tokenizer as FastTokenizer

FEW = 500
"""Characters below which one thread is done before the others are woken."""


def load_tokenizer(files: ModelFiles, truncate: bool) -> FastTokenizer:
    """The tokenizer, without padding; cut at the window if `truncate`, else never.

    tokenizer.json may carry limits of its own (this model's says 128 tokens, padded): they are a relic of how it was saved.
    """
    from tokenizers import Tokenizer as FastTokenizer
    from tokenizers.normalizers import Lowercase, Normalizer, Sequence

    path = files.transformer / "tokenizer.json"
    if not path.exists():
        raise PermanentError(
            f"{files.name} has no tokenizer.json; save one with AutoTokenizer.from_pretrained(…).save_pretrained(…)"
        )
    tokenizer = FastTokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if truncate:
        tokenizer.enable_truncation(files.window)
    if files.lowercase:
        given: list[Normalizer] = [] if tokenizer.normalizer is None else [tokenizer.normalizer]
        tokenizer.normalizer = Sequence([Lowercase(), *given])
    return tokenizer


def printable(text: str) -> str:
    """The text with lone surrogates, which no tokenizer accepts, replaced one for one."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


class ModelTokenizer:
    """core.spaces.Tokenizer for the chunker."""

    def __init__(self, files: ModelFiles, prefix: str = "") -> None:
        self._window = files.window
        self._tokenizer = load_tokenizer(files, truncate=False)
        # The prefix stands before every passage and takes its share of the window, as special tokens do.
        prefix_tokens = len(self._tokenizer.encode(prefix, add_special_tokens=False).ids)
        self._special_tokens = int(self._tokenizer.num_special_tokens_to_add(False)) + prefix_tokens
        self._additive = _adds_up_at_blanks(self._tokenizer)

    @property
    def window(self) -> int:
        """Tokens the model reads at once, special tokens included."""
        return self._window

    @property
    def special_tokens(self) -> int:
        """Tokens that every passage gets on top of its own: special ones and those of the prefix."""
        return self._special_tokens

    @property
    def additive(self) -> bool:
        """True if a text has as many tokens as its words have, parted at blanks: then the chunker may remember words."""
        return self._additive

    def offsets(self, texts: list[str]) -> list[list[tuple[int, int]]]:
        """Character span of every token of each text, special tokens left out, never truncated."""
        return [encoding.offsets for encoding in self._encodings(texts)]

    def tokens(self, texts: list[str]) -> list[Tokens]:
        """Spans and ids of every token of each text, special tokens left out, never truncated."""
        return [Tokens(encoding.offsets, encoding.ids) for encoding in self._encodings(texts)]

    def _encodings(self, texts: list[str]) -> list[Encoding]:
        known = [printable(text) for text in texts]
        if sum(map(len, known)) < FEW:
            return [self._tokenizer.encode(text, add_special_tokens=False) for text in known]
        return self._tokenizer.encode_batch(known, add_special_tokens=False)


def _adds_up_at_blanks(tokenizer: FastTokenizer) -> bool:
    """True for BERT's own way to part words; what else may be true of another tokenizer is not guessed."""
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    bert = isinstance(tokenizer.model, WordPiece) and isinstance(tokenizer.pre_tokenizer, BertPreTokenizer)
    added = tokenizer.get_added_tokens_decoder().values()
    # Such a token takes the blanks beside it along (MPNet's <mask>).
    greedy = any(token.lstrip or token.rstrip or len(token.content.split()) != 1 for token in added)
    return bert and isinstance(tokenizer.normalizer, BertNormalizer | None) and not greedy
