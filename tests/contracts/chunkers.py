"""What every chunker must do. A test class inherits ChunkerContract and gives a method `chunker` and the tuple `tokenizers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.chunks import Chunk
from core.documents import Document, Element, ElementKind
from core.ids import chunk_ids
from core.spaces import Tokenizer
from tasks.chunkers.base import Chunker

# Letters, scripts without blanks, marks that combine, emoji that join, white space that only some tokenizers know, controls.
_PIECES = st.sampled_from(
    [
        *(
            "word ",
            "Sentence one. ",
            "Two! ",
            "e.g. this; ",
            "naïve ",
            "\n",
            "\n\n",
            "\t",
            "a",
            "1,234 ",
            "| cell ",
            "|---|\n",
            "): ",
        ),
        *(
            "語",
            "文。",
            "ไทย",
            "한국어 ",
            "שלום ",
            "é",
            "👩‍👩‍👧‍👦",
            "👍🏽",
            "\u3000",
            "\u00a0",
            "\x1c",
            "\x85",
            "\u200b",
            "\x01",
            "ﷺ",
        ),
        *("SGVsbG8gd29ybGQh", "https://example.org/a/b?c=d&e=f#g ", "snake_case_name ", "0", "==", "[MASK]", "##s"),
    ]
)
_RUNS = st.builds(lambda piece, times: piece * times, _PIECES, st.sampled_from([1, 1, 1, 2, 3, 10, 200, 700]))
_TEXTS = (
    st.lists(st.one_of(_PIECES, _PIECES, _RUNS, st.text(max_size=12)), min_size=1, max_size=30)
    .map(lambda pieces: "".join(pieces).strip())
    .filter(bool)
)


@st.composite
def elements(draw: st.DrawFn) -> Element:
    kind = draw(st.sampled_from([*ElementKind, ElementKind.HEADING, ElementKind.PARAGRAPH]))
    level = draw(st.integers(1, 9)) if kind is ElementKind.HEADING else None
    header_lines = draw(st.integers(0, 3)) if kind is ElementKind.TABLE else 0
    page = draw(st.one_of(st.none(), st.integers(1, 5)))
    return Element(kind, draw(_TEXTS), page=page, level=level, header_lines=header_lines)


def documents() -> st.SearchStrategy[Document]:
    return st.lists(elements(), min_size=1, max_size=12).map(document)


def document(parts: Sequence[Element]) -> Document:
    return Document(tuple(parts), media_type="text/plain", extractor="contract/1")


def count(tokenizer: Tokenizer, texts: list[str]) -> list[int]:
    """Tokens of each text as the model gets it."""
    return [len(spans) + tokenizer.special_tokens for spans in tokenizer.offsets(texts)]


def check(cut: Document, chunks: list[Chunk], tokenizer: Tokenizer) -> None:
    """All that core.chunks promises of a document's chunks."""
    text = cut.text
    assert [chunk.start for chunk in chunks] == [0, *(chunk.end for chunk in chunks[:-1])]
    assert chunks[-1].end == len(text)
    assert max(count(tokenizer, [chunk.text for chunk in chunks])) <= tokenizer.window
    for chunk in chunks:
        assert chunk.start < chunk.end
        assert chunk.body == text[chunk.start : chunk.end].strip() != ""
        assert chunk.body_offset == 0 or chunk.text[chunk.body_offset - 1] == "\n"
        assert chunk.body_offset != 1, "a context is not empty"
        assert chunk.pages == pages_touched(cut, chunk)
    ids = chunk_ids("document", (chunk.text for chunk in chunks))
    assert len(set(ids)) == len(chunks)


def pages_touched(cut: Document, chunk: Chunk) -> tuple[int, ...]:
    pages, start = set(), 0
    for element in cut.elements:
        end = start + len(element.text)
        if element.page is not None and start < chunk.end and chunk.start < end:
            pages.add(element.page)
        start = end + 2
    return tuple(sorted(pages))


class ChunkerContract:
    """Inherit, and say how to make the chunker and which tokenizers to cut for."""

    tokenizers: ClassVar[tuple[Tokenizer, ...]]

    def chunker(self) -> Chunker:
        raise NotImplementedError

    @given(cut=documents(), data=st.data())
    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors])
    def test_the_chunks_of_any_document_keep_their_promises(self, cut: Document, data: st.DataObject) -> None:
        tokenizer = data.draw(st.sampled_from(self.tokenizers))
        chunks = self.chunker().chunk(cut, tokenizer)
        check(cut, chunks, tokenizer)
        assert self.chunker().chunk(cut, tokenizer) == chunks

    def test_no_text_no_chunks(self) -> None:
        for tokenizer in self.tokenizers:
            assert self.chunker().chunk(document([]), tokenizer) == []

    def test_what_was_cut_before_does_not_matter(self) -> None:
        first = document([Element(ElementKind.PARAGRAPH, "Water runs downhill. " * 200 + "End.")])
        second = document(
            [Element(ElementKind.HEADING, "Title", level=1), Element(ElementKind.PARAGRAPH, "downhill ends " * 300 + "x")]
        )
        for tokenizer in self.tokenizers:
            used = self.chunker()
            used.chunk(first, tokenizer)
            assert used.chunk(second, tokenizer) == self.chunker().chunk(second, tokenizer)

    def test_the_key_names_strategy_and_version(self) -> None:
        chunker = self.chunker()
        assert chunker.key.startswith(f"{chunker.name}/{chunker.version}")

    @pytest.mark.parametrize("kind", list(ElementKind))
    def test_long_texts_of_every_sort_are_cut(self, kind: ElementKind) -> None:
        texts = [
            "語" * 3000,
            "👩‍👩‍👧‍👦" * 500,
            "x" * 5000,
            "word " * 2000 + "end",
            "| a |" * 900,
            "1\n" * 2000 + "2",
            "." * 5000,
        ]
        level = 1 if kind is ElementKind.HEADING else None
        for text in texts:
            cut = document([Element(kind, text, level=level)])
            for tokenizer in self.tokenizers:
                chunks = self.chunker().chunk(cut, tokenizer)
                check(cut, chunks, tokenizer)
                assert len(chunks) > 1
