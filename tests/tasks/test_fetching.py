"""The bytes of a batch's files: in turn, several at a time where the source says so, and nothing left behind."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar

import pytest

from blocks.sources.folder import FolderSource
from core.errors import SourceUnavailable
from core.files import Snapshot
from tasks.fetching import AHEAD, Fetching


class FourAtOnce(FolderSource):
    """A folder that is read by four; `begun` are the files in the order in which they were asked for."""

    _block_type_slug = "levada-test-four-at-once"
    fetches_at_once: ClassVar[int] = 4
    begun: ClassVar[list[bytes]] = []
    together: ClassVar[threading.Barrier | None] = None
    down_at: ClassVar[bytes] = b""

    def fetch(self, file_id: bytes, directory: Path, max_bytes: int | None = None) -> Snapshot:
        self.begun.append(file_id)
        if self.together is not None:
            self.together.wait(10)
        if file_id == self.down_at:
            raise SourceUnavailable("down")
        return super().fetch(file_id, directory, max_bytes)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(FourAtOnce, "begun", [])
    made = tmp_path / "folder"
    made.mkdir()
    for number in range(40):
        (made / f"{number:02}").write_text(f"file {number}")
    return made


@pytest.fixture
def snapshots(tmp_path: Path) -> Path:
    made = tmp_path / "snapshots"
    made.mkdir()
    return made


IDS = [f"{number:02}".encode() for number in range(40)]


def test_files_come_in_their_turn_and_several_at_a_time(folder: Path, snapshots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FourAtOnce, "together", threading.Barrier(4))  # none is done until four are at work
    read = []
    with Fetching[bytes](FourAtOnce(path=folder), snapshots) as fetching:
        for id, fetch in fetching.in_turn(IDS, lambda id: id):
            assert fetch is not None
            read.append((id, Path(fetch().path).read_text()))
    assert read == [(id, f"file {int(id)}") for id in IDS]
    assert len(list(snapshots.iterdir())) == len(IDS)


def test_what_needs_no_bytes_is_not_fetched_and_keeps_its_turn(folder: Path, snapshots: Path) -> None:
    with Fetching[bytes](FourAtOnce(path=folder), snapshots) as fetching:
        turns = [(id, fetch is not None) for id, fetch in fetching.in_turn(IDS, lambda id: id if int(id) % 2 else None)]
    assert turns == [(id, bool(int(id) % 2)) for id in IDS]
    assert set(FourAtOnce.begun) <= set(IDS[1::2])


def test_one_at_a_time_begins_nothing_before_its_turn(folder: Path, snapshots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FourAtOnce, "fetches_at_once", 1)
    with Fetching[bytes](FourAtOnce(path=folder), snapshots) as fetching:
        for id, fetch in fetching.in_turn(IDS, lambda id: id):
            assert id not in FourAtOnce.begun
            assert fetch is not None
            fetch()
            assert FourAtOnce.begun[-1] == id


def test_an_error_comes_in_its_turn_and_what_was_fetched_ahead_is_deleted(
    folder: Path, snapshots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FourAtOnce, "down_at", IDS[5])
    taken = []
    with Fetching[bytes](FourAtOnce(path=folder), snapshots) as fetching:
        turns = fetching.in_turn(IDS, lambda id: id)
        with pytest.raises(SourceUnavailable):
            for _id, fetch in turns:
                assert fetch is not None
                taken.append(fetch().path)
    assert len(taken) == 5
    assert sorted(map(str, snapshots.iterdir())) == sorted(taken)
    assert len(FourAtOnce.begun) <= 5 + AHEAD * FourAtOnce.fetches_at_once
