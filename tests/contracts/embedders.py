"""What every embedder must do. A test class inherits EmbedderContract and gives the fixture `embedder`."""

from __future__ import annotations

import copy
import pickle
import threading
from array import array

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocks.embedders.base import Embedder, Vectors

TEXTS = [
    "A levada is an irrigation channel of the island of Madeira.",
    "Uma levada é um canal de irrigação da ilha da Madeira.",
    "def carry(water: float) -> float:\n    return water * 0.98",
    "",
    " \n\t ",
    "?",
    "🎉🚰 água 日本語 Ωμέγα",
    "| channel | length |\n|---|---|\n| Levada do Norte | 51 km |",
    "a word and a lone surrogate \ud800 in the middle",
    "the water runs " * 100,
]
"""Of every sort, the last longer than any window of a small model."""


def least_cosine(left: Vectors, right: Vectors) -> float:
    """The smallest cosine between rows of the same number."""
    return float((left * right).sum(1).min())


class EmbedderContract:
    """Inherit, and give a fixture `embedder`; it may outlive a test."""

    def test_vectors_are_rows_of_unit_length(self, embedder: Embedder) -> None:
        vectors = embedder.embed(TEXTS)
        assert vectors.shape == (len(TEXTS), embedder.space().dimension)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)

    def test_no_text_no_rows(self, embedder: Embedder) -> None:
        assert embedder.embed([]).shape == (0, embedder.space().dimension)

    def test_a_vector_does_not_depend_on_what_else_is_in_the_call(self, embedder: Embedder) -> None:
        together = embedder.embed(TEXTS)
        alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
        backwards = embedder.embed(TEXTS[::-1] * 2)[: len(TEXTS)][::-1]
        assert np.abs(together - alone).max() <= 1e-3
        assert np.abs(together - backwards).max() <= 1e-3

    def test_meaning_is_near_meaning(self, embedder: Embedder) -> None:
        question = embedder.embed_query("What are irrigation channels on Madeira called?")
        assert question.shape == (embedder.space().dimension,)
        assert np.linalg.norm(question) == pytest.approx(1, abs=1e-4)
        assert int(np.argmax(embedder.embed(TEXTS) @ question)) == 0

    @given(st.lists(st.one_of(st.text(max_size=12), st.sampled_from(["[UNK]", "##a", "a\u0301", "\u00a0", "don't"]))))
    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    def test_counts_add_up_at_blanks_if_the_tokenizer_says_so(self, embedder: Embedder, words: list[str]) -> None:
        tokenizer = embedder.tokenizer()
        if tokenizer.additive:
            words = [part for word in words for part in word.split()]
            for blank in " \t\n\r":
                whole, *parts = tokenizer.offsets([blank.join(words), *words])
                assert len(whole) == sum(map(len, parts))

    def test_tokens_that_are_known_change_nothing(self, embedder: Embedder) -> None:
        tokenizer = embedder.tokenizer()
        if tokenizer.additive:
            ids = [array("i", tokens.ids).tobytes() for tokens in tokenizer.tokens(TEXTS)]
            assert len(ids[-1]) > 4 * tokenizer.window  # which is to be cut
            assert np.abs(embedder.embed_tokenized(TEXTS, ids) - embedder.embed(TEXTS)).max() <= 1e-3

    def test_texts_are_cut_at_the_window_that_the_tokenizer_names(self, embedder: Embedder) -> None:
        tokenizer, text = embedder.tokenizer(), TEXTS[-1]
        read = tokenizer.window - tokenizer.special_tokens
        spans = tokenizer.offsets([text])[0]
        assert len(spans) > read
        whole, exact, shorter = embedder.embed([text, text[: spans[read - 1][1]], text[: spans[read // 2][1]]])
        assert float(whole @ exact) > 0.9999
        assert float(whole @ shorter) < 0.9999

    def test_token_spans_lie_in_their_text_in_order(self, embedder: Embedder) -> None:
        for text, spans in zip(TEXTS, embedder.tokenizer().offsets(TEXTS), strict=True):
            assert all(0 <= start <= end <= len(text) for start, end in spans)
            assert [start for start, _ in spans] == sorted(start for start, _ in spans)
            assert bool(spans) == bool(text.strip())
            assert not text.isascii() or "".join(text[start:end] for start, end in spans) == "".join(text.split())

    def test_its_space_is_that_of_an_equal_embedder(self, embedder: Embedder) -> None:
        assert embedder.space() == type(embedder)(**embedder.model_dump()).space()
        assert embedder.space().window == embedder.tokenizer().window

    def test_several_threads_at_once(self, embedder: Embedder) -> None:
        expected = embedder.embed(TEXTS)
        found: dict[tuple[int, int], Vectors] = {}

        def work(worker: int) -> None:
            for turn in range(2):
                found[worker, turn] = embedder.embed(TEXTS[turn:])

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 6
        assert all(np.abs(vectors - expected[turn:]).max() <= 1e-3 for (_, turn), vectors in found.items())

    def test_works_again_after_close_and_is_not_closed_under_a_call(self, embedder: Embedder) -> None:
        expected = embedder.embed(TEXTS)
        results: list[Vectors] = []
        caller = threading.Thread(target=lambda: results.extend(embedder.embed(TEXTS) for _ in range(2)))
        caller.start()
        embedder.close()
        caller.join()
        assert len(results) == 2
        assert all(np.abs(vectors - expected).max() <= 1e-3 for vectors in results)
        embedder.close()
        embedder.close()

    def test_can_be_copied_and_sent_while_loaded(self, embedder: Embedder) -> None:
        expected = embedder.embed(TEXTS[:2])
        for other in (copy.deepcopy(embedder), pickle.loads(pickle.dumps(embedder))):
            assert other.space() == embedder.space()
        assert np.abs(embedder.embed(TEXTS[:2]) - expected).max() <= 1e-3
