"""Folders and files that are shared by link alone and open only for those who name their resource key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.drive_check import check
from core.drive_names import drive_name
from tests.blocks.sources.drive_place import ALICE, Kept, source
from tests.servers.drive import DriveServer

EVE = "eve@example.com"


class Scene:
    """Alice's folder, with a file in it that has a key of its own; Eve knows the folder's link."""

    def __init__(self, server: DriveServer) -> None:
        self.server, self.world = server, server.world
        self.folder = self.world.create_folder("By link", self.world.user(ALICE).root_id)
        self.file = self.world.create_file("one.txt", b"one", self.folder)
        self.world.share(self.folder, type="anyone")
        self.world.set_resource_key(self.folder, "0-folder")
        self.world.set_resource_key(self.file, "0-file")
        self.address = f"https://drive.google.com/drive/folders/{self.folder}?resourcekey=0-folder&usp=sharing"


@pytest.fixture(scope="module")
def server() -> Iterator[DriveServer]:
    with DriveServer() as running:
        yield running


def test_the_key_in_an_address_opens_the_folder_and_those_that_are_told_open_what_is_in_it(
    server: DriveServer, tmp_path: Path
) -> None:
    scene = Scene(server)
    kept = Kept(source(server, scene.address, email=EVE))
    assert kept.source.folders == [scene.folder]
    assert list(kept.sync()) == [scene.file]
    assert Path(kept.source.fetch(scene.file.encode(), tmp_path).path).read_bytes() == b"one"
    kept.source.close()
    again = Kept(source(server, scene.folder, email=EVE))
    again.cursor, again.tree = kept.cursor, kept.tree
    again.sync()
    assert again.warnings == [], "the cursor knows the key"
    again.source.close()


def test_a_shortcut_tells_the_key_of_what_it_points_at(server: DriveServer, tmp_path: Path) -> None:
    scene = Scene(server)
    own = scene.world.create_folder("Own", scene.world.user(EVE).root_id)
    scene.world.create_shortcut("Theirs", scene.file, own)
    kept = Kept(source(server, own, email=EVE, shortcuts="follow"))
    assert list(kept.sync()) == [scene.file]
    assert Path(kept.source.fetch(scene.file.encode(), tmp_path).path).read_bytes() == b"one"
    kept.source.close()
    again = Kept(source(server, own, email=EVE, shortcuts="follow"))
    again.cursor, again.tree, again.files = kept.cursor, kept.tree, kept.files
    assert list(again.sync()) == [scene.file], "the cursor knows the key"
    again.source.close()


def test_the_name_of_a_source_holds_the_key(server: DriveServer) -> None:
    name = drive_name("https://drive.google.com/drive/folders/1234567890abc?resourcekey=0-xyz")
    assert name is not None
    assert (name.folder, name.key) == ("1234567890abc", "0-xyz")


def test_a_check_names_the_key(server: DriveServer) -> None:
    scene = Scene(server)
    for address, files in ((scene.address, [1]), (scene.folder, [])):
        drive = source(server, address, email=EVE)
        found = check(drive.credentials, drive.scope)
        assert [place.files for place in found.folders] == files
