"""Shortcuts: left out, or followed to what they point at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.blocks.sources.drive_place import ALICE, Kept, source
from tests.servers.drive import DriveServer


class Scene:
    """A scope "Docs" and, beside it, "Elsewhere" with a file and a folder that shortcuts may point at."""

    def __init__(self, server: DriveServer) -> None:
        self.server = server
        self.world = world = server.world
        top = world.create_folder("Top", world.user(ALICE).root_id)
        self.docs = world.create_folder("Docs", top)
        self.top = top
        self.elsewhere = world.create_folder("Elsewhere", top)
        self.file = world.create_file("one.txt", b"one", self.elsewhere)
        self.inner = world.create_folder("Inner", self.elsewhere)
        self.deep = world.create_file("two.txt", b"two", self.inner)
        self._kept: list[Kept] = []

    def kept(self, shortcuts: str = "follow") -> Kept:
        self._kept.append(Kept(source(self.server, self.docs, shortcuts=shortcuts)))
        return self._kept[-1]

    def close(self) -> None:
        for kept in self._kept:
            kept.source.close()


@pytest.fixture(scope="module")
def server() -> Iterator[DriveServer]:
    with DriveServer() as server:
        yield server


@pytest.fixture
def scene(server: DriveServer) -> Iterator[Scene]:
    scene = Scene(server)
    yield scene
    scene.close()


def test_they_are_left_out_by_default(scene: Scene) -> None:
    scene.world.create_shortcut("to a file", scene.file, scene.docs)
    kept = scene.kept("skip")
    assert kept.sync() == {}
    assert scene.file not in kept.files


def test_a_file_is_found_under_its_own_id_and_follows_its_own_changes(scene: Scene) -> None:
    first = scene.world.create_shortcut("to a file", scene.file, scene.docs)
    second = scene.world.create_shortcut("the same", scene.file, scene.docs)
    kept = scene.kept()
    before = kept.sync()[scene.file]
    assert kept.paths == ["one.txt"]
    scene.world.edit(scene.file, b"one, edited")
    assert kept.sync()[scene.file].fingerprint != before.fingerprint
    scene.world.trash(first)
    assert list(kept.sync()) == [scene.file]
    scene.world.trash(second)
    assert kept.sync() == {}


def test_a_folder_is_taken_in_whole_and_followed(scene: Scene) -> None:
    scene.world.create_shortcut("to a folder", scene.elsewhere, scene.docs)
    kept = scene.kept()
    kept.sync()
    assert kept.paths == ["Elsewhere/Inner/two.txt", "Elsewhere/one.txt"]
    scene.world.create_file("three.txt", b"three", scene.inner)
    scene.world.trash(scene.file)
    kept.sync()
    assert kept.paths == ["Elsewhere/Inner/three.txt", "Elsewhere/Inner/two.txt"]


def test_shortcuts_behind_shortcuts_and_circles_come_to_an_end(scene: Scene) -> None:
    scene.world.create_file("own.txt", b"own", scene.docs)
    scene.world.create_shortcut("to a folder", scene.inner, scene.docs)
    scene.world.create_shortcut("back", scene.docs, scene.inner)
    scene.world.create_shortcut("up", scene.elsewhere, scene.inner)
    kept = scene.kept()
    kept.sync()
    assert len(kept.paths) == len(set(kept.files)) == 3
    assert kept.sync() == scene.kept().sync()


def test_a_target_that_is_gone_takes_its_files_along_and_stops_nothing(scene: Scene) -> None:
    scene.world.create_file("own.txt", b"own", scene.docs)
    scene.world.create_shortcut("to a folder", scene.inner, scene.docs)
    kept = scene.kept()
    kept.sync()
    scene.world.delete(scene.inner)
    kept.sync()
    assert kept.paths == ["Docs/own.txt"]


def test_a_target_that_comes_to_lie_in_the_scope_is_listed_there(scene: Scene) -> None:
    scene.world.create_shortcut("to a folder", scene.inner, scene.docs)
    kept = scene.kept()
    kept.sync()
    scene.world.move(scene.inner, scene.docs)
    kept.sync()
    assert kept.paths == ["Docs/Inner/two.txt"]
    scene.world.move(scene.inner, scene.top)
    kept.sync()
    assert kept.paths == ["Inner/two.txt"]
    assert kept.files == scene.kept().sync()
