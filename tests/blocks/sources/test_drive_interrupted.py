"""Listings that are cut short, or meet what vanishes meanwhile: they go on, come to an end, and believe nothing unasked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from blocks.sources.google_drive import GoogleDriveSource
from core.drive_names import drive_name
from core.errors import CursorRejected, SourceUnavailable
from core.files import ListingEnd
from tests.blocks.sources.drive_place import ALICE, Kept, credentials, source
from tests.servers.drive import DriveServer
from tests.servers.googledrive.knobs import Knobs

BOB = "bob@example.com"
MANY = 1_200
"""Files in a folder: more than a page of what is found holds."""


@pytest.fixture(scope="module")
def running() -> Iterator[DriveServer]:
    with DriveServer() as server:
        yield server


class Scene:
    """A folder "Docs" of Alice's, and listings of it."""

    def __init__(self, server: DriveServer) -> None:
        self.server, self.world = server, server.world
        self.docs = self.world.create_folder("Docs", self.world.user(ALICE).root_id)
        self._kept: list[Kept] = []

    def kept(self, *folders: str, email: str = ALICE, **settings: Any) -> Kept:
        if settings.keys() & {"drives", "all_drives"}:
            made = GoogleDriveSource(credentials=credentials(self.server, email), **settings)
        else:
            made = source(self.server, *(folders or (self.docs,)), email=email, **settings)
        self._kept.append(Kept(made))
        return self._kept[-1]

    def drive(self, files: int = 1) -> tuple[str, str]:
        """A shared drive of Alice's and Bob's with a folder of files; (drive, folder)."""
        drive = self.world.create_drive("Team", {ALICE: "organizer", BOB: "reader"})
        folder = self.world.create_folder("Folder", drive)
        self.fill(folder, files)
        return drive, folder

    def fill(self, folder: str, files: int) -> None:
        for number in range(files):
            self.world.create_file(f"{number:04}.txt", b"x", folder)

    def close(self) -> None:
        for kept in self._kept:
            kept.source.close()


@pytest.fixture
def scene(running: DriveServer) -> Iterator[Scene]:
    running.world.knobs = Knobs()
    running.faults.clear()
    scene = Scene(running)
    yield scene
    scene.close()


def cut_short(kept: Kept, pages: int) -> None:
    """A sync that dies after so many pages, all of which are kept, with the place where it stood."""
    told = kept.source.changes(kept.cursor, kept.tree)
    for number, page in enumerate(told, 1):
        assert not isinstance(page, ListingEnd), "it was not cut short"
        kept.keep(page)
        if number == pages:
            break
    told.close()  # type: ignore[attr-defined]


def just_before(scene: Scene, endpoint: str, nth: int, op: Callable[[], object]) -> None:
    """Let something happen between two calls of a listing."""
    scene.world.knobs.mutate_during(endpoint, nth, op)


def test_a_folder_that_vanishes_before_it_is_listed_ends_no_run_in_a_circle(scene: Scene) -> None:
    kept = scene.kept()
    kept.sync()
    folder = scene.world.create_folder("Short-lived", scene.docs)
    scene.world.create_file("a.txt", b"x", folder)
    just_before(scene, "files.list", 1, lambda: scene.world.delete(folder))
    scene.server.requests.clear()
    assert kept.sync() == {}
    assert len(scene.server.requests) < 20


def test_a_folder_that_vanishes_between_two_pages_of_its_list(scene: Scene) -> None:
    folder = scene.world.create_folder("Short-lived", scene.docs)
    scene.fill(folder, 5)
    scene.world.knobs.page_size_cap = 2
    just_before(scene, "files.list", 3, lambda: scene.world.delete(folder))
    assert scene.kept().sync() == {}


def test_a_drive_that_is_lost_while_a_first_listing_rests_is_told_of(scene: Scene) -> None:
    lost, _folder = scene.drive()
    other, _folder = scene.drive()
    kept = scene.kept(drives=[lost, other])
    cut_short(kept, 1)
    scene.world.remove_member(lost, ALICE)
    with pytest.raises(CursorRejected):
        kept.sync()


def test_cursor_and_position_of_an_earlier_version(scene: Scene) -> None:
    """What was not kept then is found out."""

    def earlier(cursor: str) -> str:
        facts = json.loads(cursor)
        for root in facts["roots"].values():
            for later in ("drive", "witness", "powers", "named"):
                del root[later]
        return json.dumps(facts)

    drive, folder = scene.drive()
    kept = scene.kept(drive, folder, scene.docs)
    cut_short(kept, 1)
    position = json.loads(kept.tree.position or "")
    del position["looking"], position["strays"]
    kept.tree.position = json.dumps(position | {"cursor": earlier(position["cursor"])})
    (file,) = kept.sync()
    kept.cursor = earlier(kept.cursor or "")
    scene.world.rename(file, "new.txt")
    assert kept.sync()[file].name == "new.txt"


@pytest.mark.parametrize("gone", ["folder", "drive"])
def test_what_is_let_go_is_let_go_whole_though_the_run_dies_in_the_middle(scene: Scene, gone: str) -> None:
    drive, folder = scene.drive(MANY)
    kept = scene.kept(drives=[drive])
    assert len(kept.sync()) == MANY
    if gone == "folder":
        scene.world.trash(folder)
    else:
        scene.world.remove_member(drive, ALICE)
    cut_short(kept, 1)
    assert kept.files
    assert kept.sync() == {}


def test_readers_are_told_to_all_though_the_run_dies_in_the_middle(scene: Scene) -> None:
    drive, _folder = scene.drive(MANY)
    kept = scene.kept(drives=[drive])
    assert all(f"user:{BOB}" in file.acl for file in kept.sync().values())
    scene.world.remove_member(drive, BOB)
    cut_short(kept, 1)
    assert not any(f"user:{BOB}" in file.acl for file in kept.sync().values())
    assert kept.files == scene.kept(drives=[drive]).sync()


def test_paths_are_told_to_all_though_the_run_dies_in_the_middle(scene: Scene) -> None:
    folder = scene.world.create_folder("Before", scene.docs)
    scene.fill(folder, MANY)
    kept = scene.kept()
    kept.sync()
    scene.world.rename(folder, "After")
    cut_short(kept, 1)
    assert all(file.path.startswith("Docs/After/") for file in kept.sync().values())


def test_what_is_shared_by_link_alone_is_in_no_list_and_is_walked(scene: Scene) -> None:
    for number in range(40):
        scene.fill(scene.world.create_folder(f"{number}", scene.docs), 1)
    scene.world.share(scene.docs, type="anyone", role="reader")
    assert len(scene.kept(email="stranger@example.com").sync()) == 40


def test_absences_are_asked_for_however_many(scene: Scene) -> None:
    scene.world.knobs.list_lag_events = 10 * MANY  # the lists know nothing of today
    kept = scene.kept()
    kept.sync()
    scene.fill(scene.docs, MANY)
    assert len(kept.sync()) == MANY
    kept.source._now = lambda: time.time() + 1_000  # time to look again
    assert len(kept.sync()) == MANY


def test_who_is_a_member_is_asked_after_the_token(scene: Scene) -> None:
    drive, _folder = scene.drive()
    just_before(scene, "changes.getStartPageToken", 1, lambda: scene.world.remove_member(drive, BOB))
    (file,) = scene.kept(drives=[drive]).sync().values()
    assert f"user:{BOB}" not in file.acl


def test_a_new_member_of_a_drive_gets_in(scene: Scene) -> None:
    drive, _folder = scene.drive()
    kept = scene.kept(drives=[drive])
    kept.sync()
    scene.world.set_member(drive, "carol@example.com", "reader")
    assert all("user:carol@example.com" in file.acl for file in kept.sync().values())


def test_a_first_listing_takes_its_word_back(scene: Scene) -> None:
    file = scene.world.create_file("a.txt", b"x", scene.docs)
    kept = scene.kept(exclude=["*.tmp"])
    just_before(scene, "changes.list", 1, lambda: scene.world.rename(file, "a.tmp"))
    assert kept.sync() == {}


def test_a_folder_that_may_not_be_looked_into_any_more(scene: Scene) -> None:
    inner = scene.world.create_folder("Inner", scene.docs)
    scene.fill(inner, 2)
    scene.world.share(scene.docs, type="user", role="reader", email=BOB)
    kept = scene.kept(email=BOB)
    assert len(kept.sync()) == 2
    scene.world.limit_access(inner)
    assert kept.sync() == scene.kept(email=BOB).sync() == {}


def test_a_drive_that_goes_while_all_are_looked_for_stops_nothing(scene: Scene) -> None:
    kept_drive, _folder = scene.drive()
    gone, _folder = scene.drive()
    just_before(scene, "drives.get", 1, lambda: scene.world.delete_drive(gone))
    kept = scene.kept(all_drives=True)
    kept.sync()
    assert "Team/Folder/0000.txt" in kept.paths
    assert kept_drive != gone


def test_a_file_that_a_list_shows_as_it_was_has_its_folders_readers(scene: Scene) -> None:
    drive, folder = scene.drive()
    kept = scene.kept(drives=[drive])
    kept.sync()
    (file,) = kept.files
    scene.world.knobs.list_lag_events = 100
    scene.world.edit(file, b"edited")
    scene.world.share(folder, type="user", role="reader", email="carol@example.com")
    assert "user:carol@example.com" in kept.sync()[file].acl


def test_the_address_of_my_drive() -> None:
    for address in ("https://drive.google.com/drive/my-drive", "https://drive.google.com/drive/u/0/my-drive"):
        name = drive_name(address)
        assert name is not None
        assert name.folder == "root"


def test_a_folder_that_nobody_shared_is_named_in_the_error(scene: Scene) -> None:
    with pytest.raises(SourceUnavailable, match=f"{scene.docs} is not there, in the trash, or not shared with"):
        scene.kept(email="stranger2@example.com").sync()


def test_a_root_that_never_was_there_does_not_keep_the_others_waiting(scene: Scene) -> None:
    scene.fill(scene.docs, 2)
    hidden = scene.world.create_folder("Hidden", scene.world.user(BOB).root_id)
    scene.world.create_file("late.txt", b"x", hidden)
    kept = scene.kept(scene.docs, hidden, "mistyped-and-never-there")
    assert len(kept.sync()) == 2
    assert [warning.partition(" is not there, in the trash")[0] for warning in kept.warnings] == [
        f"folder {hidden}", "folder mistyped-and-never-there",
    ]  # fmt: skip
    kept.warnings.clear()
    scene.world.delete(next(iter(kept.files)))
    assert len(kept.sync()) == 1
    assert len(kept.warnings) == 2, "it is told at each listing, for as long as it is so"
    assert kept.identity == ALICE, "it held nothing: no removal waits for it"
    scene.world.share(hidden, email=ALICE)
    assert "Hidden/late.txt" in (kept.sync(), kept.paths)[1]
    scene.world.edit(next(id for id, file in kept.files.items() if file.path == "Hidden/late.txt"), b"edited")
    before = {file.fingerprint for file in kept.files.values()}
    assert {file.fingerprint for file in kept.sync().values()} != before, "its changes are followed from then on"


def test_what_is_shared_by_link_alone_is_listed_each_time(scene: Scene) -> None:
    inner = scene.world.create_folder("Inner", scene.docs)
    scene.fill(inner, 2)
    scene.world.share(scene.docs, type="anyone")
    kept = scene.kept(email="stranger3@example.com")
    first, second = sorted(kept.sync())
    scene.world.edit(first, b"edited")
    scene.world.delete(second)
    scene.world.create_file("new.txt", b"x", inner)
    before = kept.files[first].fingerprint
    kept.sync()
    assert kept.files[first].fingerprint != before
    assert kept.paths == ["Docs/Inner/0000.txt", "Docs/Inner/new.txt"] or kept.paths == [
        "Docs/Inner/0001.txt",
        "Docs/Inner/new.txt",
    ]


def test_a_folder_in_one_that_is_shared_by_name_is_followed_by_the_log(scene: Scene) -> None:
    inner = scene.world.create_folder("It's \\ inner", scene.docs)
    scene.fill(inner, 1)
    scene.world.share(scene.docs, email=BOB)
    kept = scene.kept(inner, email=BOB, lag=1e9)
    (file,) = kept.sync()
    scene.server.requests.clear()
    scene.world.edit(file, b"edited")
    kept.sync()
    assert scene.server.requests.count("files.list") == 0


def test_a_server_for_which_a_shared_drive_is_no_file(scene: Scene) -> None:
    drive, folder = scene.drive()
    scene.world.share(folder, email="carol@example.com")
    plain = scene.world.create_file("plain.txt", b"x", drive)
    scene.server.faults.add({"path_regex": f"/files/{drive}(/|$)"}, times=None, code=404, reason="notFound")
    for kept in (scene.kept(drives=[drive]), scene.kept(drive)):
        files = kept.sync()
        assert set(files[plain].acl) == {f"user:{ALICE}", f"user:{BOB}"}
        (inside,) = files.keys() - {plain}
        assert set(files[inside].acl) == {f"user:{ALICE}", f"user:{BOB}", "user:carol@example.com"}


def test_what_the_users_list_shows_of_a_shared_drive_is_its_own_logs(scene: Scene) -> None:
    drive, folder = scene.drive()
    opened = scene.world.create_file("opened.txt", b"x", folder)
    scene.world.view(opened, ALICE)
    kept = scene.kept(drives=[drive], my_drive=True)
    assert opened in kept.sync()
    kept.source._now = lambda: time.time() + 1_000
    kept.sync()  # lists are looked at once more, the user's last
    scene.world.delete(opened)
    assert opened not in kept.sync()


@pytest.mark.parametrize("reason", ["insufficientFilePermissions", "PERMISSION_DENIED"])
def test_a_membership_that_ends_with_another_refusal(scene: Scene, reason: str) -> None:
    drive, _folder = scene.drive()
    scene.fill(scene.docs, 1)
    made = GoogleDriveSource(credentials=credentials(scene.server), folders=[scene.docs], drives=[drive])
    kept = Kept(made)
    assert len(kept.sync()) == 2
    message = "The caller does not have permission"
    for endpoint in ("drives.get", "changes.list"):
        match = {"endpoint": endpoint} | ({"nth": 1} if endpoint == "changes.list" else {})
        scene.server.faults.add(match, times=None, code=403, reason=reason, message=message)
    scene.world.create_file("more.txt", b"x", scene.docs)
    kept.sync()
    assert sorted(kept.paths) == ["Docs/0000.txt", "Docs/more.txt"], "what the drive held is missed, the rest goes on"
    assert f"without {drive}" in kept.identity, "so that it waits for confirmation"
    made.close()
