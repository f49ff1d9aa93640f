"""The structure chunker under the chunkers' contract, and what only it promises."""

from __future__ import annotations

import random
import tracemalloc
from array import array
from typing import ClassVar

import pytest
from hypothesis import given, settings

from core.documents import Document, Element, ElementKind
from core.errors import Unprocessable, UsageError
from core.spaces import Tokenizer
from tasks.chunkers import StructureChunker
from tasks.chunkers.base import Chunker
from tests.contracts.chunkers import ChunkerContract, check, count, document, documents
from tests.tasks.chunkers.tokenizers import Bytes, Characters, Crowded, Greedy, WithoutIds, WordPiece

PLAIN = WordPiece(additive=False)
ADDITIVE = WordPiece(additive=True)
WORDS = ("levada", "water", "stone", "channel", "gate", "field", "mountain", "farmer", "winter", "slope", "terrace", "valley")


def heading(text: str, level: int = 1, page: int | None = None) -> Element:
    return Element(ElementKind.HEADING, text, level=level, page=page)


def paragraph(text: str, page: int | None = None) -> Element:
    return Element(ElementKind.PARAGRAPH, text, page=page)


def sentences(number: int, seed: int = 0) -> str:
    """Different sentences of 8 to 25 words."""
    rng = random.Random(seed)
    return " ".join(
        " ".join(rng.choices(WORDS, k=rng.randint(8, 25))).capitalize() + f" {rng.randint(1, 9999)}." for _ in range(number)
    )


class TestStructureChunker(ChunkerContract):
    tokenizers: ClassVar[tuple[Tokenizer, ...]] = (PLAIN, ADDITIVE, Characters(), Bytes(), Crowded(), Greedy())

    def chunker(self) -> Chunker:
        return StructureChunker()


@settings(max_examples=50, deadline=None)
@given(documents())
def test_counting_by_words_and_by_whole_texts_agree(cut: Document) -> None:
    counts = [StructureChunker()._counter_for(tokenizer).count([cut.text]) for tokenizer in (ADDITIVE, PLAIN)]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("run", [".", "!?", ".)", " "])
@pytest.mark.parametrize("kind", [ElementKind.PARAGRAPH, ElementKind.CODE, ElementKind.TABLE])
def test_long_runs_of_marks_take_no_longer_than_text(kind: ElementKind, run: str) -> None:
    text = f"w{run * (200_000 // len(run))}w"
    cut = document([Element(kind, text)])
    check(cut, StructureChunker().chunk(cut, ADDITIVE), ADDITIVE)


def test_a_long_text_of_short_words_is_cut_in_bounded_room() -> None:
    cut = document([paragraph(" ".join(random.Random(0).choices(("a", "be", "sea", "tide"), k=80_000)))])
    tracemalloc.start()
    try:
        StructureChunker().chunk(cut, ADDITIVE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 45 * len(cut.text)


def test_a_section_that_fits_is_one_chunk() -> None:
    cut = document([heading("One"), paragraph(sentences(8)), heading("Two"), paragraph(sentences(9, 1)), paragraph("Short.")])
    chunks = StructureChunker().chunk(cut, ADDITIVE)
    assert [chunk.headings for chunk in chunks] == [("One",), ("Two",)]
    assert [chunk.text for chunk in chunks] == [chunk.body for chunk in chunks]


def test_a_document_of_just_the_window_is_one_chunk_and_of_one_token_more_two() -> None:
    exact = document([paragraph(" ".join(["water"] * 254))])
    above = document([paragraph(" ".join(["water"] * 255))])
    assert [count(ADDITIVE, [c.text]) for c in StructureChunker().chunk(exact, ADDITIVE)] == [[256]]
    assert len(StructureChunker().chunk(above, ADDITIVE)) == 2


def test_headings_without_a_body_stay_with_what_follows() -> None:
    cut = document([heading("Part"), heading("Chapter", 2), paragraph("Text."), heading("Next", 2), heading("Last", 2)])
    chunks = StructureChunker().chunk(cut, ADDITIVE)
    assert [chunk.body for chunk in chunks] == ["Part\n\nChapter\n\nText.", "Next\n\nLast"]
    assert [chunk.headings for chunk in chunks] == [("Part", "Chapter"), ("Part", "Last")]
    assert [chunk.text[: chunk.body_offset] for chunk in chunks] == ["", "Part\n"]


def test_the_trail_leaves_out_what_the_body_has() -> None:
    cut = document([heading("A"), paragraph("Intro."), heading("B", 2), heading("C", 3), paragraph(sentences(60))])
    chunks = StructureChunker().chunk(cut, ADDITIVE)
    assert chunks[1].text.startswith("A\nB\n\nC\n\n")
    assert len(chunks) > 3
    for chunk in chunks[2:]:
        assert chunk.text.startswith("A > B > C\n")
        assert chunk.headings == ("A", "B", "C")


def test_a_sibling_ends_the_trail_and_levels_may_skip() -> None:
    cut = document(
        [heading("A"), paragraph("a"), heading("B", 4), paragraph("b"), heading("C", 2), paragraph("c"), heading("D")]
    )
    assert [c.headings for c in StructureChunker().chunk(cut, ADDITIVE)] == [("A",), ("A", "B"), ("A", "C"), ("D",)]


def test_a_long_trail_loses_its_outer_headings_and_keeps_to_a_quarter() -> None:
    names = [f"Heading number {level} " + "of several words " * 4 for level in range(1, 10)]
    parts = [part for level, name in enumerate(names, 1) for part in (heading(name.strip(), level), paragraph("Body."))]
    last = StructureChunker().chunk(document([*parts, paragraph(sentences(40))]), ADDITIVE)[-1]
    context = last.text[: last.body_offset]
    assert names[-1].strip() in context and names[0].strip() not in context
    assert count(ADDITIVE, [context])[0] <= 2 + 254 // 4
    assert len(last.headings) == 9


def test_a_heading_of_ten_thousand_characters_is_cut_and_leaves_room_for_the_body() -> None:
    cut = document([heading("Endless title " * 715), paragraph(sentences(60))])
    chunks = StructureChunker().chunk(cut, ADDITIVE)
    check(cut, chunks, ADDITIVE)
    assert sum(chunk.start < len(cut.elements[0].text) for chunk in chunks) > 5
    for chunk in chunks[-3:]:
        assert chunk.text.startswith("Endless title Endless")
        assert count(ADDITIVE, [chunk.text[: chunk.body_offset]])[0] <= 2 + 254 // 4
        assert len(chunk.headings[0]) <= 256


def test_a_table_that_goes_on_carries_its_header() -> None:
    rows = [f"| {row} | {sentences(1, row)[:40]} |" for row in range(80)]
    table = Element(ElementKind.TABLE, "\n".join(["| Number | Text |", "| --- | --- |", *rows]), header_lines=2)
    cut = document([heading("List"), paragraph("Before."), table, paragraph("After.")])
    chunks = StructureChunker().chunk(cut, ADDITIVE)
    check(cut, chunks, ADDITIVE)
    assert "| Number | Text |" in chunks[0].body
    going_on = [chunk for chunk in chunks if chunk.body.startswith("|") and "---" not in chunk.body]
    assert len(going_on) > 3
    for chunk in going_on:
        assert chunk.text.startswith("List\n| Number | Text |\n| ")
        assert all(line.endswith("|") for line in chunk.body.split("\n\n")[0].split("\n")), "cut at rows"
    assert chunks[-1].body.endswith("After.")


def test_a_table_with_one_giant_cell() -> None:
    text = f"| A | B |\n| --- | --- |\n| small | {sentences(200)} |\n| last | row |"
    cut = document([Element(ElementKind.TABLE, text, header_lines=2)])
    for tokenizer in (PLAIN, ADDITIVE, Characters(), Crowded()):
        chunks = StructureChunker().chunk(cut, tokenizer)
        check(cut, chunks, tokenizer)
        assert chunks[-1].text.startswith("| A | B |\n")


def test_a_table_header_wider_than_the_window_is_shortened() -> None:
    header = "|" + "".join(f" Column {column} |" for column in range(300))
    rows = "\n".join("|" + f" {row} |" * 300 for row in range(3))
    cut = document([Element(ElementKind.TABLE, f"{header}\n{'| --- ' * 300}|\n{rows}", header_lines=2)])
    chunks = StructureChunker().chunk(cut, ADDITIVE)
    check(cut, chunks, ADDITIVE)
    assert chunks[-1].text.startswith("| Column 0 | Column 1 |")
    assert count(ADDITIVE, [chunks[-1].text[: chunks[-1].body_offset]])[0] <= 2 + 254 // 4


def test_pages_are_those_of_the_elements_touched() -> None:
    cut = document(
        [heading("H", page=1), paragraph(sentences(3), page=1), paragraph(sentences(3, 1), page=2), heading("I", page=4)]
    )
    assert [chunk.pages for chunk in StructureChunker().chunk(cut, ADDITIVE)] == [(1, 2), (4,)]


def test_cuts_fall_between_blocks_or_sentences_while_those_are_short() -> None:
    cut = document([paragraph(sentences(6, seed)) for seed in range(200)])
    text, chunks = cut.text, StructureChunker().chunk(cut, ADDITIVE)
    assert all(text[: chunk.start].rstrip().endswith(".") for chunk in chunks[1:])
    # One place in six is a paragraph's end.
    assert sum(text[: chunk.start].endswith("\n\n") for chunk in chunks[1:]) > len(chunks) / 4, "paragraph ends are preferred"


def test_chunks_of_a_long_section_are_well_filled() -> None:
    cut = document([paragraph(sentences(6, seed)) for seed in range(100)])
    counts = count(ADDITIVE, [chunk.text for chunk in StructureChunker().chunk(cut, ADDITIVE)])
    assert 0.6 < sum(counts) / len(counts) / 256 < 0.8
    assert sorted(counts)[len(counts) // 20] >= 64


@pytest.mark.parametrize("additive", [True, False])
def test_a_word_of_400_000_characters(additive: bool) -> None:
    tokenizer = WordPiece(additive)
    word = random.Random(7).randbytes(200_000).hex()
    cut = document([paragraph(f"Attached: {word} (end)")])
    chunks = StructureChunker().chunk(cut, tokenizer)
    check(cut, chunks, tokenizer)
    # The model takes a word of more than 100 characters for one token; no chunk grows without bound for that.
    assert max(len(chunk.text) for chunk in chunks) <= 256 * 4
    assert len(chunks) < 1200


def test_graphemes_stay_whole() -> None:
    family = "👩‍👩‍👧‍👦"
    cut = document([paragraph(family * 3000)])
    for chunk in StructureChunker().chunk(cut, Bytes(window=256)):
        assert chunk.body == family * (len(chunk.body) // len(family))


def test_sentences_of_scripts_without_blanks_are_seen() -> None:
    rng = random.Random(3)
    text = "".join("".join(chr(rng.randint(0x4E00, 0x8000)) for _ in range(rng.randint(10, 40))) + "。" for _ in range(60))
    chunks = StructureChunker().chunk(document([paragraph(text)]), ADDITIVE)
    assert len(chunks) > 5
    assert all(text[chunk.start - 1] == "。" for chunk in chunks[1:])


def test_the_limit_of_the_chunker_counts_beside_the_window() -> None:
    cut = document([paragraph(sentences(50))])
    small = StructureChunker(target=90, minimum=30, maximum=120).chunk(cut, ADDITIVE)
    assert max(count(ADDITIVE, [chunk.text for chunk in small])) <= 120
    wide = StructureChunker(target=400, minimum=100, maximum=600).chunk(cut, WordPiece(additive=True, window=512))
    assert 256 < max(count(ADDITIVE, [chunk.text for chunk in wide])) <= 512


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(UsageError, match="minimum <= target <= maximum"):
        StructureChunker(target=300, maximum=256)
    with pytest.raises(UsageError, match="too small"):
        StructureChunker().chunk(document([paragraph("text")]), Characters(window=20))


def test_a_character_that_fills_the_window_is_an_error_of_its_file() -> None:
    class Exploding(WithoutIds):
        window, special_tokens, additive = 64, 0, False

        def offsets(self, texts: list[str]) -> list[list[tuple[int, int]]]:
            return [[(0, 1)] * (100 if "\ufdfa" in text else 1) for text in texts]

    with pytest.raises(Unprocessable, match="more tokens than the model reads"):
        StructureChunker().chunk(document([paragraph("before \ufdfa after")]), Exploding())


def test_a_chunk_carries_the_ids_of_its_tokens() -> None:
    long = " ".join(f"Water no. {number} fl\u00f6ws, don't it? \u6c34 \u0301x {'v' * number}." for number in range(150))
    made = document([heading("Ca\u0301nals", 1), paragraph(long), paragraph("\x00\x01 \u200b")])
    chunks = StructureChunker().chunk(made, ADDITIVE)
    assert len(chunks) > 10
    for chunk in chunks:
        assert chunk.token_ids == array("i", ADDITIVE.tokens([chunk.text])[0].ids).tobytes()
    assert {chunk.token_ids for chunk in StructureChunker().chunk(made, PLAIN)} == {None}


def test_the_key_tells_the_parameters() -> None:
    assert StructureChunker().key == "structure/3/200-64-256"
    assert StructureChunker(100, 20, 128).key == "structure/3/100-20-128"
