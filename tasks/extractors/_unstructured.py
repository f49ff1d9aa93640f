"""Makes the `unstructured` package safe to import: offline, quick, and without torch.

Left alone it sends a telemetry request when it is imported, prints a notice, and, when a paragraph has to be told from a title,
downloads and installs a spaCy model at run time. spaCy itself takes a second to import and, through thinc, imports torch.

All it wants of spaCy is words, sentences and part-of-speech tags, to guess which texts are titles. Our extractors don't use
these guesses. So its tokenizer module is replaced, before anything imports it, by this one: the same names, what a blank
English pipeline would give (words and sentences, no tags), and nothing in it that could reach the network.
"""

from __future__ import annotations

import os
import re
import sys
from types import ModuleType

_TOKENIZER = "unstructured.nlp.tokenize"
_WORD = re.compile(r"\w+|[^\w\s]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def prepare() -> None:
    """Call before each import of unstructured; cheap when repeated."""
    for switch in ("DO_NOT_TRACK", "SCARF_NO_ANALYTICS", "UNSTRUCTURED_DISABLE_NOTICE"):
        os.environ[switch] = "1"
    if _TOKENIZER not in sys.modules:
        module = ModuleType(_TOKENIZER, __doc__)
        vars(module).update(word_tokenize=word_tokenize, sent_tokenize=sent_tokenize, pos_tag=pos_tag)
        sys.modules[_TOKENIZER] = module


def word_tokenize(text: str) -> list[str]:
    """Words and punctuation marks."""
    return _WORD.findall(text)


def sent_tokenize(text: str) -> list[str]:
    """Sentences, split after a full stop, question or exclamation mark."""
    return _SENTENCE.split(text.strip())


def pos_tag(text: str) -> list[tuple[str, str]]:
    """Words with an empty tag each, as a pipeline without a tagger gives them."""
    return [(word, "") for word in word_tokenize(text)]
