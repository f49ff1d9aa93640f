"""Who may read what: as far as Drive tells us, and never wider, whatever the server calls a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from blocks.credentials.google_oauth import GoogleOAuth
from blocks.sources.google_drive import GoogleDriveSource
from core.errors import SourceUnavailable
from tests.blocks.sources.drive_place import Kept, credentials
from tests.drive.place import ALICE, BOB, CAROL, Place
from tests.servers.contrary import Contrary

Keep = Callable[..., Kept]


@pytest.fixture
def keep(place: Place) -> Iterator[Keep]:
    """What Alice's library would keep of a scope, listed once; `at`: through a server at another address."""
    made: list[GoogleDriveSource] = []

    def kept(at: str = "", **scope: object) -> Kept:
        login = credentials(place.server)
        if at:
            token = json.dumps(place.server.credentials(ALICE) | {"account": ALICE})
            login = GoogleOAuth(token=SecretStr(token), api_url=at)
        made.append(GoogleDriveSource(credentials=login, **({"lag": 0} | scope)))
        found = Kept(made[-1])
        found.sync()
        return found

    yield kept
    for source in made:
        source.close()


def _carol_reads(kept: Kept, file: str) -> bool:
    return f"user:{CAROL}" in (kept.sync()[file].acl or ())


@pytest.mark.parametrize("above", [False, True])
def test_a_file_that_we_may_share_in_a_folder_that_we_may_only_read(place: Place, keep: Keep, above: bool) -> None:
    """Of the folder we are not told who reads it, nor that it is somebody else now; of the file we are."""
    world = place.world
    top = world.create_folder("Top", place.bobs)
    world.move(place.b, top)
    (grant,) = world.nodes[place.b].permissions or {}
    world.set_role(place.b, grant, "reader")
    world.share(place.in_b1, email=ALICE, role="writer")
    folder = top if above else place.b
    granted = world.share(folder, email=CAROL)
    kept = keep(folders=[place.b])
    assert _carol_reads(kept, place.in_b1)
    world.unshare(folder, granted)
    assert not _carol_reads(kept, place.in_b1)
    world.share(folder, email=CAROL)
    assert _carol_reads(kept, place.in_b1)


def test_a_shared_drive_whose_id_is_no_files(place: Place, keep: Keep) -> None:
    """Its members are told by what lies in it, be it that all of that has readers of its own."""
    world = place.world
    with Contrary(place.server.url) as contrary:
        contrary.no_files.add(place.t)
        for id in (place.t1, place.in_t):
            world.share(id, email="dora@example.com")
        kept = keep(contrary.url, drives=[place.t])
        assert f"user:{BOB}" in kept.files[place.in_t1].acl
        world.set_member(place.t, CAROL, "reader")
        assert _carol_reads(kept, place.in_t1)
        assert "user:dora@example.com" in kept.files[place.in_t].acl
        world.remove_member(place.t, CAROL)
        assert not _carol_reads(kept, place.in_t1)
        asked = len(place.server.requests)
        kept.sync()
        assert len(place.server.requests) - asked == 2, "its log, and who its members are"
        world.move(place.in_t, place.mine)
        world.delete(place.t1)
        later = world.create_file("later.txt", "x", place.t)
        world.set_member(place.t, CAROL, "reader")
        assert _carol_reads(kept, later)


def test_what_told_of_a_shared_drives_members_is_closed_to_most_of_them(place: Place, keep: Keep) -> None:
    """From then on something else tells who they are."""
    world = place.world
    world.delete(place.in_t)
    with Contrary(place.server.url) as contrary:
        contrary.no_files.add(place.t)
        kept = keep(contrary.url, drives=[place.t], lag=10**6)
        other = world.create_file("other.txt", "x", place.t)
        kept.sync()
        world.limit_access(place.t1)
        kept.sync()
        assert f"user:{BOB}" in kept.files[other].acl


def test_a_shared_drive_of_which_nobody_may_tell(place: Place, keep: Keep) -> None:
    """We are its reader: what is on it is the library owner's, but for a file that we may share."""
    world = place.world
    world.set_member(place.t, BOB, "organizer")
    world.set_member(place.t, CAROL, "reader")
    world.share(place.in_t1, email=ALICE, role="writer")
    world.set_member(place.t, ALICE, "reader")
    with Contrary(place.server.url) as contrary:
        contrary.no_files.add(place.t)
        kept = keep(contrary.url, drives=[place.t])
        assert kept.files[place.in_t].acl == ("owner",)
        assert _carol_reads(kept, place.in_t1)
        world.remove_member(place.t, CAROL)
        assert not _carol_reads(kept, place.in_t1)


def test_a_folder_on_a_shared_drive_of_others_costs_little_to_ask_for(place: Place, keep: Keep) -> None:
    world = place.world
    drive = world.create_drive("Theirs", {BOB: "organizer"})
    folder = world.create_folder("For Alice", world.create_folder("Inner", drive))
    world.share(folder, email=ALICE, role="reader")
    file = world.create_file("one.txt", "one", folder)
    kept = keep(folders=[folder])
    asked = len(place.server.requests)
    kept.sync()
    assert len(place.server.requests) - asked <= 1 + 1 + 1
    world.group("all@example.com", [ALICE])
    world.set_member(drive, "all@example.com", "reader")
    kept.sync()
    world.edit(file, "edited")
    before = kept.files[file].fingerprint
    assert kept.sync()[file].fingerprint != before, "as a member she finds it in the drive's own log"


def test_a_folder_that_is_ours_by_link_alone_from_now_on(place: Place, keep: Keep) -> None:
    """No log tells of what is in it any more."""
    world = place.world
    (grant,) = world.nodes[place.b].permissions or {}
    world.share(place.b, type="anyone")
    kept = keep(folders=[place.b])
    world.unshare(place.b, grant)
    assert place.in_b1 in kept.sync()
    new = world.create_file("new.txt", "six", place.b1)
    assert new in kept.sync()


def test_a_folder_that_is_gone_is_named(place: Place, keep: Keep) -> None:
    kept = keep(folders=[place.a, place.o])
    place.world.trash(place.a)
    kept.sync()
    (warning,) = kept.warnings
    assert warning.startswith(f"'A' ({place.a}) is not there any more, in the trash, or not shared with {ALICE}")


def test_administrators_who_forbid_it_are_to_be_asked(place: Place, keep: Keep) -> None:
    kept = keep(folders=[place.a])
    place.server.faults.add({"endpoint": "changes.list"}, "status", reason="domainPolicy")
    with pytest.raises(SourceUnavailable, match="ask the domain's administrators to allow it"):
        kept.sync()
