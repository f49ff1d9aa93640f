"""What the judge takes for a move: there is always exactly one of the two documents."""

from __future__ import annotations

from tests.crash.index import Index, Published
from tests.crash.judge import moves


def holding(places: list[str], **documents: tuple[str, str]) -> Index:
    """An index of {id: (path, content)}; `places` are files that only hold others."""
    published = {
        id: Published(path, path.rpartition("/")[2], "", content, "", "", "", None, "", ())
        for id, (path, content) in documents.items()
    }
    return Index(published, {}, frozenset([*places, *(path for path, _content in documents.values())]))


def test_a_file_or_an_archive_that_is_elsewhere_has_moved() -> None:
    before = holding(["old/box.zip"], a=("old/a.md", "one"), b=("old/box.zip/b.md", "two"))
    after = holding(["new/box.zip"], c=("new/a.md", "one"), d=("new/box.zip/b.md", "two"))
    assert sorted(moves(before, after)) == [("a", "c"), ("b", "d")]


def test_files_that_exchange_their_contents_have_not_moved_nor_has_what_lies_in_them() -> None:
    before = holding(["box.zip"], a=("a.md", "text"), b=("box.zip/b.md", "two"))
    after = holding(["a.md"], c=("box.zip", "text"), d=("a.md/b.md", "two"))
    assert moves(before, after) == []
    before = holding(["box.zip", "case.zip"], a=("box.zip/b.md", "two"))
    after = holding(["box.zip", "case.zip"], c=("case.zip/b.md", "two"))
    assert moves(before, after) == []
