"""A Drive through all stages, with the real model and the real store: in the end what a fresh library would hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.drive.place import ALICE, CAROL, Place
from tests.flows.stages import ingest_in_stages
from tests.flows.world import World
from tests.servers.drive import DriveServer

RIVER = "The river rose by two metres in one night, and the lower fields were under water until Easter.\n"
BRIDGE = "The bridge was built of granite from the quarry above the village, and opened in the spring of 1834.\n"
Chapter = Callable[[Place], None]


def _content(place: Place) -> None:
    place.world.edit(place.in_a, RIVER + "\n" + BRIDGE, modified="2001-01-01T00:00:00Z")
    place.world.create_editor("document", "Plan", {"text/markdown": "# Plan\n\n" + BRIDGE}, place.a1)


def _places(place: Place) -> None:
    place.world.move(place.p, place.a1)
    place.world.rename(place.a1, "Renamed")


def _readers(place: Place) -> None:
    place.world.share(place.a, email=CAROL)


def _departures(place: Place) -> None:
    place.world.trash(place.p)
    place.world.delete(place.in_a)


def test_a_drive_is_followed_through_all_stages(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with DriveServer(seed=7) as server:
        place = Place(server)
        for file, text in ((place.in_a, RIVER), (place.in_a1, BRIDGE), (place.in_p, RIVER + BRIDGE)):
            place.world.edit(file, text)
        address = _follow(server, place, tmp_path, monkeypatch)
        library = world.library()
        ingest_in_stages(library, address)
        for chapter in (_content, _places, _readers, _departures):
            chapter(place)
            server.requests.clear()
            report = ingest_in_stages(library, address)
            if chapter is _readers:
                assert (report.chunks_embedded, server.requests.count("files.get_media")) == (0, 0)
        assert world.index() == _fresh(world, tmp_path / "fresh", address)
        assert sorted(world.store_ids()) == sorted(row[2] for row in world.index())
        assert {row[0] for row in world.index()} == {"A/Renamed/in-a1.txt", "A/Renamed/Plan"}


def test_a_text_gets_the_name_of_another_format(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes are read anew, as what the name says now; what is written alike in both is not embedded again."""
    with DriveServer(seed=7) as server:
        place = Place(server)
        place.world.edit(place.in_a, f"# River\n\n{RIVER}\n# Bridge\n\n{BRIDGE}")
        address = _follow(server, place, tmp_path, monkeypatch)
        library = world.library()
        for name in ("in-a.md", "in-a.txt", "in-a.log"):
            ingest_in_stages(library, address)
            place.world.rename(place.in_a, name)
            ingest_in_stages(library, address)
            assert world.index() == _fresh(world, tmp_path / f"fresh {name}", address)
        engines = dict(world.rows("SELECT f.name, d.extractor FROM documents d JOIN files f ON f.document_id = d.document_id"))
        assert engines["in-a.log"].startswith("text/")


def _follow(server: DriveServer, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Log in; the address of folder A."""
    token = tmp_path / "token.json"
    token.write_text(json.dumps(server.credentials(ALICE) | {"account": ALICE}))
    token.chmod(0o600)
    monkeypatch.setenv("LEVADA_GOOGLE_TOKEN", str(token))
    monkeypatch.setenv("LEVADA_GOOGLE_API_URL", server.url)
    return f"https://drive.google.com/drive/folders/{place.a}"


def _fresh(world: World, home: Path, address: str) -> list[Any]:
    other = World(home.parent, world.models, empty_ledger=world.empty_ledger)
    other.prepare(home)
    try:
        ingest_in_stages(other.library(), address)
        return other.index()
    finally:
        other.close()
