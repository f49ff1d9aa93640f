"""What every source must pass. A family's test module subclasses SourceContract and gives a `place` fixture.

The place is where the source's files live, with the means to change it from outside as its users do.
"""

from __future__ import annotations

import stat
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path

import pytest

from blocks.sources import registry
from blocks.sources.base import Source
from core.errors import SourceUnavailable, Unprocessable
from core.files import ChangePage, ListingEnd, SourceFile
from core.ids import content_hash
from core.reasons import Reason


class Place(ABC):
    """Where files live, from the side of those who work there. Names may hold "/" for folders."""

    @abstractmethod
    def source(self) -> Source:
        """A source over this place, new each time."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Make a file, or replace its content."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Delete a file."""

    @abstractmethod
    def settle(self) -> None:
        """Wait until what was written is old enough to have trusted fingerprints."""

    @abstractmethod
    def take_away(self) -> None:
        """Make the whole place unreachable."""


def listing(source: Source, cursor: str | None = None) -> tuple[list[ChangePage], ListingEnd]:
    """All pages and the end of a listing, which has exactly one end, at its end."""
    *pages, end = source.changes(cursor)
    assert isinstance(end, ListingEnd)
    assert all(isinstance(page, ChangePage) for page in pages)
    return [page for page in pages if isinstance(page, ChangePage)], end


def files(source: Source) -> dict[bytes, SourceFile]:
    """{id: file} of everything present."""
    pages, end = listing(source)
    found = [file for page in pages for file in page.files]
    assert end.full
    assert len({file.id for file in found}) == len(found)
    return {file.id: file for file in found}


def present(source: Source, before: dict[bytes, SourceFile], cursor: str) -> dict[bytes, SourceFile]:
    """What is present now, by what changed since `cursor`."""
    pages, end = listing(source, cursor)
    now = {} if end.full else dict(before)
    for page in pages:
        now.update((file.id, file) for file in page.files)
        for removed in page.removed:
            now.pop(removed, None)
    return now


class SourceContract(ABC):
    """The contract."""

    @pytest.fixture
    @abstractmethod
    def place(self, tmp_path: Path) -> Place:
        """An empty place."""

    @pytest.fixture
    def snapshots(self, tmp_path: Path) -> Path:
        directory = tmp_path / "snapshots"
        directory.mkdir()
        return directory

    def test_an_empty_place_has_no_files_and_a_complete_listing(self, place: Place) -> None:
        assert files(place.source()) == {}

    def test_every_file_is_listed_once_with_its_size_and_name(self, place: Place) -> None:
        place.write("a.md", b"one")
        place.write("notes/b.txt", b"two!")
        place.write("notes/empty.txt", b"")
        found = files(place.source())
        assert {(file.name, file.size) for file in found.values()} == {("a.md", 3), ("b.txt", 4), ("empty.txt", 0)}
        assert len({file.path for file in found.values()}) == 3

    def test_what_is_told_can_be_shown_and_stored(self, place: Place) -> None:
        place.write("leitura/ação ñ 文.md", b"x")
        for file in files(place.source()).values():
            assert (file.name + file.path).isprintable()
            file.path.encode("utf-8")
            assert file.acl == tuple(sorted(set(file.acl))) != ()

    def test_listing_again_tells_the_same(self, place: Place) -> None:
        for number in range(5):
            place.write(f"{number}/x.md", b"x" * number)
        place.settle()
        first, _ = listing(place.source())
        second, _ = listing(place.source())
        # Where a listing stands may tell the time.
        assert [replace(page, position=None) for page in first] == [replace(page, position=None) for page in second]

    def test_fetch_gives_the_bytes_privately(self, place: Place, snapshots: Path) -> None:
        data = bytes(range(256)) * 5_000
        place.write("data.bin", data)
        source = place.source()
        (file_id,) = files(source)
        snapshot = source.fetch(file_id, snapshots)
        copy = Path(snapshot.path)
        assert copy.parent == snapshots
        assert copy.read_bytes() == data
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert (snapshot.size, snapshot.content_hash) == (len(data), content_hash(data))

    def test_an_empty_file_can_be_fetched(self, place: Place, snapshots: Path) -> None:
        place.write("empty.txt", b"")
        source = place.source()
        (file_id,) = files(source)
        snapshot = source.fetch(file_id, snapshots)
        assert (snapshot.size, snapshot.content_hash) == (0, content_hash(b""))
        assert Path(snapshot.path).read_bytes() == b""

    def test_two_snapshots_of_a_file_do_not_collide(self, place: Place, snapshots: Path) -> None:
        place.write("a.md", b"x")
        source = place.source()
        (file_id,) = files(source)
        assert source.fetch(file_id, snapshots).path != source.fetch(file_id, snapshots).path

    def test_a_file_that_is_gone_cannot_be_fetched(self, place: Place, snapshots: Path) -> None:
        place.write("a.md", b"x")
        source = place.source()
        (file_id,) = files(source)
        place.delete("a.md")
        with pytest.raises(FileNotFoundError):
            source.fetch(file_id, snapshots)
        assert list(snapshots.iterdir()) == []

    def test_a_file_above_the_limit_is_refused(self, place: Place, snapshots: Path) -> None:
        place.write("a.md", b"12345")
        source = place.source()
        (file_id,) = files(source)
        assert source.fetch(file_id, snapshots, max_bytes=5).size == 5
        with pytest.raises(Unprocessable) as caught:
            source.fetch(file_id, snapshots, max_bytes=4)
        assert caught.value.reason is Reason.TOO_LARGE
        assert len(list(snapshots.iterdir())) == 1

    def test_a_trusted_fingerprint_stays_with_its_content_and_goes_with_it(self, place: Place, snapshots: Path) -> None:
        place.write("a.md", b"one")
        place.settle()
        source = place.source()
        ((file_id, file),) = files(source).items()
        assert file.fingerprint != ""
        assert source.fetch(file_id, snapshots).fingerprint == file.fingerprint
        assert files(source)[file_id].fingerprint == file.fingerprint
        place.write("a.md", b"two")
        assert files(source)[file_id].fingerprint != file.fingerprint

    def test_changes_since_a_cursor_lead_to_what_is_present(self, place: Place) -> None:
        for name in ("kept.md", "edited.md", "deleted.md"):
            place.write(name, b"x")
        before = files(place.source())
        _, end = listing(place.source())
        place.write("edited.md", b"edited")
        place.write("added.md", b"added!!")
        place.delete("deleted.md")
        now = present(place.source(), before, end.cursor)
        assert {(file.name, file.size) for file in now.values()} == {("kept.md", 1), ("edited.md", 6), ("added.md", 7)}

    def test_pages_are_bounded(self, place: Place) -> None:
        for number in range(1_001):
            place.write(f"{number:04}.md", b"x")
        pages, _ = listing(place.source())
        assert max(len(page.files) for page in pages) <= 1_000
        assert sum(len(page.files) for page in pages) == 1_001

    def test_a_place_that_is_out_of_reach_is_not_an_empty_place(self, place: Place, snapshots: Path) -> None:
        place.write("a.md", b"x")
        source = place.source()
        (file_id,) = files(source)
        place.take_away()
        with pytest.raises(SourceUnavailable):
            list(place.source().changes(None))
        with pytest.raises(SourceUnavailable):
            source.fetch(file_id, snapshots)
        assert list(snapshots.iterdir()) == []

    def test_it_comes_back_from_the_ledger_as_it_was(self, place: Place) -> None:
        source = place.source()
        restored = registry.restore(source.kind, registry.configuration(source))
        assert (type(restored), restored.root) == (type(source), source.root)
        assert registry.configuration(restored) == registry.configuration(source)

    def test_the_root_keeps_its_identity(self, place: Place) -> None:
        place.write("a.md", b"x")
        _, first = listing(place.source())
        place.write("b.md", b"x")
        _, second = listing(place.source(), first.cursor)
        assert first.root == second.root
