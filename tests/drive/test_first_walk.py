"""How a listing goes through a scope that is a part of a corpus: which way it takes, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.sources.drive import staging
from blocks.sources.google_drive import GoogleDriveSource
from core.files import ChangePage
from ledger.database import Database
from tests.blocks.sources.drive_place import credentials
from tests.drive.carrier import Carrier
from tests.drive.place import Place


@pytest.fixture
def walked(place: Place, ledger: Database, tmp_path: Path) -> Iterator[Carrier]:
    """An empty library over ten chains of ten folders, with two files in each."""
    root = place.world.create_folder("Tree", place.mine)
    for _branch in range(10):
        folder = root
        for level in range(10):
            folder = place.world.create_folder(f"Level {level}", folder)
            place.world.bulk(folder, 0, 2)
    made = Carrier(place, ledger, tmp_path, {"folders": [root]})
    place.server.requests.clear()
    yield made
    made.close()


def _lists(place: Place) -> list[tuple[str, str]]:
    return [
        (record.params.get("q", ""), record.params.get("pageToken", "")) for record in place.server.requests.of("files.list")
    ]


def test_many_folders_of_which_few_are_known_at_a_time_are_listed_with_the_corpus(place: Place, walked: Carrier) -> None:
    walked.sync()
    assert len(_lists(place)) <= 15  # of 101 folders


def test_what_lies_in_a_folder_that_no_log_told_of_is_listed_with_the_corpus(place: Place, walked: Carrier) -> None:
    """The folder alone is asked for, since it is new in one that was known when everything is listed from scratch."""
    walked.sync()
    deep = next(node.id for node in place.nodes() if node.name == "Level 9")
    inner = place.world.create_folder("Inner", place.world.create_folder("Between", place.world.create_folder("New", deep)))
    file = place.world.create_file("in.txt", "six", inner)
    place.server.requests.clear()
    walked.sync(full=True)
    assert file in walked.paths()
    assert len(_lists(place)) <= 15


def test_a_plan_asks_for_no_single_item(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was known before, be there more than is kept at hand."""
    monkeypatch.setattr(staging, "_MOST", 20)
    monkeypatch.setattr(staging, "FULL", 10)
    place.world.knobs.page_size_cap = 20
    root = place.world.create_folder("Tree", place.mine)
    place.world.bulk(root, 10, 200)
    for scope in ({"my_drive": True}, {"folders": [root]}):
        place.server.requests.clear()
        source = GoogleDriveSource(credentials=credentials(place.server), **scope)
        files = [file for page in source.changes(None) if isinstance(page, ChangePage) for file in page.files]
        source.close()
        assert len(files) >= 200
        assert place.server.requests.count("files.get") <= 3


def test_a_walk_lists_no_folder_twice(place: Place, walked: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blocks.sources.drive.cheaper.PAGE", 1)  # so that a corpus's list seems long
    walked.sync()
    asked = [query for query in _lists(place) if "in parents" in query[0]]
    assert len(asked) == len(set(asked)) == 101


def test_a_root_that_holds_only_folders_says_nothing_of_how_full_they_are(
    place: Place, ledger: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blocks.sources.drive.cheaper.PAGE", 60)
    root, beside = (place.world.create_folder(name, place.mine) for name in ("Scope", "Beside"))
    for above, folders in ((root, 40), (beside, 200)):
        for number in range(folders):
            place.world.bulk(place.world.create_folder(f"{number}", above), 0, 10)
    made = Carrier(place, ledger, tmp_path, {"folders": [root]})
    place.server.requests.clear()
    made.sync()
    # The list of all files has 40 pages of 60, and 37 folders are left when that is weighed.
    assert len([query for query, _page in _lists(place) if "in parents" in query]) == 41
    made.close()


def test_readers_of_what_lies_outside_the_scope_are_not_asked_for(place: Place, ledger: Database, tmp_path: Path) -> None:
    made = Carrier(place, ledger, tmp_path, {"folders": [place.t1]})
    made.sync()
    for file in (place.in_t, place.in_t1):
        place.world.share(file, email="carol@example.com")
    place.server.requests.clear()
    made.sync()
    asked = [request.path.split("/")[-2] for request in place.server.requests.of("permissions.list")]
    assert sorted(asked) == sorted([place.t1, place.in_t1])
    assert "user:carol@example.com" in made.index()[place.in_t1]["acl"]
    made.close()
