"""What befalls a Drive, through the whole flow: what the run says, and what stays published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import SourceUnavailable
from tests.drive.place import ALICE, Place
from tests.flows.world import World
from tests.servers.drive import DriveServer
from tests.servers.googledrive.content import Checksums, Content
from tests.servers.googledrive.nodes import FOLDER


class Film(Content):
    """Three billion bytes that nobody should ask for."""

    size = 3_000_000_000
    checksums = Checksums("0" * 32, "0" * 40, "0" * 64)  # type: ignore[assignment]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A small Drive, and a token of Alice's."""
    with DriveServer(seed=7) as server:
        token = tmp_path / "token.json"
        token.write_text(json.dumps(server.credentials(ALICE) | {"account": ALICE}))
        token.chmod(0o600)
        monkeypatch.setenv("LEVADA_GOOGLE_TOKEN", str(token))
        monkeypatch.setenv("LEVADA_GOOGLE_API_URL", server.url)
        yield Place(server)


def address(folder: str) -> str:
    return f"https://drive.google.com/drive/folders/{folder}"


def paths(world: World) -> list[str]:
    """Of all that search can find."""
    return sorted({row[0] for row in world.index()})


def test_odd_names_twins_circles_and_a_film(world: World, place: Place) -> None:
    """One thing that is too large is named with its reason; nothing else is in anything's way."""
    drive = place.world
    for name in ("same.txt", "same.txt", "a/b.txt", "two\nlines.txt", "n" * 1000 + ".txt", ".."):
        drive.create_file(name, f"Words in {name[:20]!r}.", place.a)
    drive.create_file("in.txt", "Words deep below.", drive.create_folder("x/../y", place.a))
    drive.create_shortcut("up", place.a, place.a1, target_mime_type=FOLDER)
    film = drive.create_file("film.mp4", Film(), place.a, mime_type="video/mp4")
    report = world.ingest(source=address(place.a))
    assert (report.added, report.quarantined) == (9, 1)
    (failure,) = report.failures
    assert (failure.path, failure.reason) == ("A/film.mp4", "too_large") and failure.remedy
    assert not [record for record in place.server.requests.of("files.get_media") if record.file_id == film]
    found = paths(world)
    assert len(found) == 8, "two of one name"
    assert all("\n" not in path and "/../" not in path for path in found)
    again = world.ingest(source=address(place.a))
    assert (again.added, again.unchanged, again.failures) == (0, 9, [])


def test_sixty_percent_are_lost_at_once(world: World, place: Place) -> None:
    """They wait for another run, and the report says so (invariant I5)."""
    drive = place.world
    inner = drive.create_folder("inner", place.a)
    for number in range(60):
        drive.create_file(f"{number}.txt", "The same words.", inner)
    for number in range(38):
        drive.create_file(f"{number}.txt", "The same words.", place.a)
    assert world.ingest(source=address(place.a)).added == 100
    drive.trash(inner)
    report = world.ingest(source=address(place.a))
    assert (report.removed, report.awaiting_confirmation, report.complete) == (0, 60, False)
    assert len(paths(world)) == 100
    assert world.ingest(source=address(place.a)).removed == 60
    assert len(paths(world)) == 40


@pytest.mark.parametrize("endpoint", ["changes.list", "files.get_media"])
def test_credentials_are_lost_in_the_middle_of_a_run(world: World, place: Place, endpoint: str) -> None:
    """It says what to do, and what was published stays as it was (invariant I10)."""
    world.ingest(source=address(place.a))
    before = world.index()
    place.world.edit(place.in_a, "Edited words.")
    place.server.faults.add({"endpoint": endpoint, "nth": 1}, "token_revoked")
    state = world.run(source=address(place.a))
    assert state.is_failed()
    with pytest.raises(SourceUnavailable, match="levada drive login") as told:
        state.result()
    assert "\n" not in str(told.value)
    assert world.index() == before
    place.server.faults.clear()
    place.server.restore(ALICE)
    assert world.ingest(source=address(place.a)).updated == 1


@pytest.mark.parametrize("what", ["nothing", "a file"])
def test_a_scope_that_is_no_folder_fails_the_run(world: World, place: Place, what: str) -> None:
    id = "1" * 33 if what == "nothing" else place.in_a
    state = world.run(source=address(id))
    assert state.is_failed()
    assert id in str(state.message) and "\n" not in str(state.message)
    assert world.rows("SELECT count(*) FROM files") == [(0,)]
