"""Extracted texts: kept whole or not at all, and erased with their last document."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocks.text_cache import TextCache
from core.documents import Document, Element, ElementKind

CONTENT = "ab" + 62 * "0"


def document(text: str = "A levada carries water.") -> Document:
    return Document((Element(ElementKind.PARAGRAPH, text),), "text/markdown", "markdown/1")


@pytest.fixture
def cache(tmp_path: Path) -> TextCache:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return TextCache(tmp_path / "texts", scratch)


def entries(cache: TextCache) -> list[Path]:
    return [path for path in cache.directory.rglob("*") if path.is_file()]


@pytest.mark.parametrize("as_draft", [False, True])
def test_what_is_put_is_got(cache: TextCache, as_draft: bool) -> None:
    draft = cache.scratch / "snapshot"
    draft.write_text("the file's own bytes, longer than its text when that is compressed" * 20)
    cache.put(CONTENT, "a.md", document(), draft=str(draft) if as_draft else None)
    assert cache.get(CONTENT, "a.md", {"markdown/1"}) == document()
    assert draft.exists() is not as_draft
    assert [path.name for path in cache.scratch.iterdir()] == ([] if as_draft else ["snapshot"])


def test_a_text_of_another_engine_or_another_kind_of_name_is_missing(cache: TextCache) -> None:
    cache.put(CONTENT, "a.md", document())
    assert cache.get(CONTENT, "a.md", {"markdown/2"}) is None
    assert cache.get(CONTENT, "a.txt", {"markdown/1"}) is None
    assert cache.get(CONTENT, "b.MD", {"markdown/1"}) == document()


def test_a_later_reading_takes_the_place_of_an_earlier_one(cache: TextCache) -> None:
    cache.put(CONTENT, "a.md", document("earlier"))
    cache.put(CONTENT, "a.md", document("later"))
    assert cache.get(CONTENT, "a.md", {"markdown/1"}) == document("later")
    assert len(entries(cache)) == 1


@pytest.mark.parametrize("size", [0, 1, 20, -1])
def test_an_entry_that_is_cut_counts_as_missing(cache: TextCache, size: int) -> None:
    cache.put(CONTENT, "a.md", document())
    (entry,) = entries(cache)
    entry.write_bytes(entry.read_bytes()[:size])
    assert cache.get(CONTENT, "a.md", {"markdown/1"}) is None


def test_what_is_erased_is_gone_under_every_name(cache: TextCache) -> None:
    other = "ab" + 62 * "1"
    for content, name in ((CONTENT, "a.md"), (CONTENT, "a.txt"), (other, "a.md")):
        cache.put(content, name, document())
    cache.erase([CONTENT])
    assert [path.name for path in entries(cache)] == [f"{other}.md.z"]


def test_an_entry_that_cannot_be_read_counts_as_missing_and_is_replaced(cache: TextCache) -> None:
    cache.put(CONTENT, "a.md", document())
    (entry,) = entries(cache)
    entry.unlink()
    entry.symlink_to(entry.name)  # to read it fails, for root too
    assert cache.get(CONTENT, "a.md", {"markdown/1"}) is None
    cache.put(CONTENT, "a.md", document())
    assert cache.get(CONTENT, "a.md", {"markdown/1"}) == document()
