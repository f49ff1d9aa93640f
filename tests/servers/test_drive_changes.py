"""Change logs: what each operation writes where, and what a reader of a log is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.servers.conftest import ALL, Client, ask, reason_of
from tests.servers.drive import DriveServer

ALICE, BOB, EVE = "alice@example.com", "bob@example.com", "eve@else.org"


class Reader:
    """Follows one log from now on."""

    def __init__(self, drive: Any, drive_id: str | None = None) -> None:
        self.drive = drive
        self.corpus = {"driveId": drive_id} if drive_id else {}
        answer = drive.changes().getStartPageToken(supportsAllDrives=True, **self.corpus).execute()
        self.token = answer["startPageToken"]
        self.pages = 0

    def raw(self, **options: Any) -> list[dict[str, Any]]:
        """What is new, over all pages."""
        found: list[dict[str, Any]] = []
        token: str | None = self.token
        self.pages = 0
        while token:
            request = {"pageToken": token, "pageSize": 1000, "fields": "*", **ALL, **self.corpus, **options}
            answer = self.drive.changes().list(**request).execute()
            self.pages += 1
            found += answer["changes"]
            self.token = answer.get("newStartPageToken", self.token)
            token = answer.get("nextPageToken")
        return found

    def news(self, **options: Any) -> list[tuple[str, bool]]:
        """(id of file or drive, removed) of what is new."""
        return [(change.get("fileId") or change["driveId"], change["removed"]) for change in self.raw(**options)]


def test_an_operation_is_one_entry_for_the_item_alone(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    folder, other = world.create_folder("F", home), world.create_folder("G", home)
    file = world.create_file("a.txt", b"1", folder)
    log = Reader(client(ALICE))
    for change in (
        lambda: world.rename(folder, "F2"),
        lambda: world.move(folder, other),
        lambda: world.trash(folder),
        lambda: world.untrash(folder),
        lambda: world.share(folder, email=BOB),
        lambda: world.limit_access(folder),
        lambda: world.star(folder),
        lambda: world.view(folder, by=ALICE),
        lambda: world.set_copy_requires_writer(folder),
    ):
        before = client(ALICE).files().get(fileId=folder, fields="version").execute()["version"]
        change()
        after = client(ALICE).files().get(fileId=folder, fields="version").execute()["version"]
        assert (log.news(), int(after) - int(before)) == ([(folder, False)], 1)
    world.delete(folder)
    assert log.news() == [(folder, True)]
    assert ask(server, f"/drive/v3/files/{file}", ALICE)[0] == 404


def test_only_an_edit_moves_modified_time(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    file = world.create_file("a.txt", b"1", home)

    def modified() -> str:
        return str(client(ALICE).files().get(fileId=file, fields="modifiedTime").execute()["modifiedTime"])

    first = modified()
    world.rename(file, "b.txt")
    world.trash(file)
    world.untrash(file)
    assert modified() == first
    world.edit(file, b"2")
    assert modified() > first
    world.edit(file, b"3", modified="2001-02-03T04:05:06Z")
    assert modified() == "2001-02-03T04:05:06.000Z"
    world.knobs.rename_bumps_mtime = True
    world.rename(file, "c.txt")
    assert modified() > first


def test_trash_of_a_folder_shows_below_it_only_when_asked(server: DriveServer, client: Client, home: str) -> None:
    file = server.world.create_file("a.txt", b"1", home)
    log = Reader(client(ALICE))
    server.world.trash(home)
    (change,) = log.raw()
    assert (change["file"]["trashed"], change["file"]["explicitlyTrashed"]) == (True, True)
    below = client(ALICE).files().get(fileId=file, fields="trashed,explicitlyTrashed").execute()
    assert below == {"trashed": True, "explicitlyTrashed": False}


def test_entries_coalesce_to_the_last_unless_the_knob_says_otherwise(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    one, two = world.create_file("1", b"1", home), world.create_file("2", b"2", home)
    log, other = Reader(client(ALICE)), Reader(client(ALICE))
    for file in (one, two, one):
        world.rename(file, "x")
    assert log.news() == [(two, False), (one, False)]
    world.knobs.coalesce = False
    assert other.news() == [(one, False), (two, False), (one, False)]


def test_pages_are_cut_and_the_last_alone_has_the_new_start_token(server: DriveServer, client: Client, home: str) -> None:
    log = Reader(client(ALICE))
    files = [server.world.create_file(str(n), b"", home) for n in range(5)]
    first = client(ALICE).changes().list(pageToken=log.token, pageSize=2).execute()
    assert "nextPageToken" in first
    assert "newStartPageToken" not in first
    server.world.knobs.page_size_cap = 2
    assert [file for file, _ in log.news()] == files
    assert log.pages == 3
    assert (log.news(), log.pages) == ([], 1)


def test_an_item_that_changes_while_pages_are_read_comes_again(server: DriveServer, client: Client, home: str) -> None:
    one, two = (server.world.create_file(name, b"", home) for name in "ab")
    log = Reader(client(ALICE))
    server.world.rename(one, "a2")
    server.world.rename(two, "b2")
    server.world.knobs.page_size_cap = 1
    server.world.knobs.mutate_during("changes.list", 2, lambda: server.world.rename(one, "a3"))
    assert [file for file, _ in log.news()] == [one, two, one]


def test_access_lost_gained_and_moved_between_logs(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    team = world.create_drive("Team", {ALICE: "organizer"})
    file = world.create_file("a.txt", b"1", home)
    alice, bob, drive = Reader(client(ALICE)), Reader(client(BOB)), Reader(client(ALICE), team)
    permission = world.share(file, email=BOB)
    assert (alice.news(), bob.news()) == ([(file, False)], [(file, False)])
    world.unshare(file, permission)
    assert (alice.news(), bob.news()) == ([(file, False)], [(file, True)])
    world.move(file, team)
    assert (alice.news(), drive.news()) == ([(file, True)], [(file, False)])
    world.move(file, home)
    assert (alice.news(), drive.news()) == ([(file, False)], [(file, True)])


def test_with_corpus_removals_what_is_still_visible_elsewhere_is_shown(server: DriveServer, client: Client, home: str) -> None:
    team = server.world.create_drive("Team", {ALICE: "organizer"})
    file = server.world.create_file("a.txt", b"1", home)
    log = Reader(client(ALICE))
    server.world.move(file, team)
    (change,) = log.raw(includeCorpusRemovals=True)
    assert (change["removed"], change["file"]["driveId"]) == (True, team)


def test_tombstones_can_be_left_out(server: DriveServer, client: Client, home: str) -> None:
    file = server.world.create_file("a.txt", b"1", home)
    log = Reader(client(ALICE))
    server.world.delete(file)
    assert log.raw(includeRemoved=False) == []


def test_restrict_to_my_drive_hides_what_was_shared(server: DriveServer, client: Client, home: str) -> None:
    bob, own = Reader(client(BOB)), server.world.create_folder("Own", server.world.user(BOB).root_id)
    server.world.share(home, email=BOB)
    start = bob.token
    assert bob.news() == [(own, False), (home, False)]
    bob.token = start
    assert bob.news(restrictToMyDrive=True) == [(own, False)]


def test_a_drive_is_told_of_by_entries_of_its_own(server: DriveServer, client: Client) -> None:
    world = server.world
    world.user(BOB)
    bob = Reader(client(BOB))
    team = world.create_drive("Team", {ALICE: "organizer"})
    world.create_file("a.txt", b"1", team)
    assert bob.news() == []
    world.set_member(team, BOB, "reader")
    (change,) = bob.raw()
    assert (change["changeType"], change["driveId"], change["drive"]["name"]) == ("drive", team, "Team")
    assert "fileId" not in change
    inside = Reader(client(BOB), team)
    operations: list[Callable[[], None]] = [
        lambda: world.rename_drive(team, "Crew"),
        lambda: world.set_member(team, BOB, "writer"),
        lambda: world.set_restrictions(team, copyRequiresWriterPermission=True),
    ]
    for operation in operations:
        operation()
        assert (bob.news(), inside.news()) == ([(team, False)], [(team, False)])
    world.remove_member(team, BOB)
    assert bob.news() == [(team, True)]
    status, _, body = ask(
        server,
        f"/drive/v3/changes?pageToken={inside.token}&driveId={team}&supportsAllDrives=true&includeItemsFromAllDrives=true",
        BOB,
    )
    assert (status, reason_of(body)) == (403, "teamDriveMembershipRequired")
    world.set_member(team, BOB, "reader")
    bob.news()
    world.delete_drive(team)
    assert bob.news() == [(team, True)]
    status, _, body = ask(
        server,
        f"/drive/v3/changes?pageToken={inside.token}&driveId={team}&supportsAllDrives=true&includeItemsFromAllDrives=true",
        BOB,
    )
    assert (status, f"Shared drive not found: {team}".encode() in body) == (404, True)


def test_drive_items_stand_in_the_drives_log_and_in_those_of_guests(server: DriveServer, client: Client) -> None:
    world = server.world
    team = world.create_drive("Team", {ALICE: "organizer"})
    file = world.create_file("a.txt", b"1", team)
    alice, eve, inside = Reader(client(ALICE)), Reader(client(EVE)), Reader(client(ALICE), team)
    world.share(file, email=EVE)
    assert (alice.news(), eve.news(), inside.news()) == ([], [(file, False)], [(file, False)])
    world.knobs.drive_items_in_user_log = True
    world.edit(file, b"2")
    assert (alice.news(), eve.news(), inside.news()) == ([(file, False)], [(file, False)], [(file, False)])


@pytest.mark.parametrize("token", ["", "abc", "-1", "1", "99999999999", "9" * 400, "٣"])
def test_a_token_that_never_was_is_refused(server: DriveServer, client: Client, token: str) -> None:
    with pytest.raises(HttpError) as refused:
        client(ALICE).changes().list(pageToken=token).execute()
    assert refused.value.error_details == [
        {
            "message": "Invalid Value",
            "domain": "global",
            "reason": "invalid",
            "location": "pageToken",
            "locationType": "parameter",
        }
    ]


def test_a_token_of_another_log_is_refused_and_a_missing_one_too(server: DriveServer, client: Client) -> None:
    bob = Reader(client(BOB))
    status, _, body = ask(server, f"/drive/v3/changes?pageToken={bob.token}", ALICE)
    assert (status, reason_of(body)) == (400, "invalid")
    status, _, body = ask(server, "/drive/v3/changes", ALICE)
    assert (status, reason_of(body), b"Required parameter: pageToken" in body) == (400, "required", True)


def test_tokens_can_be_invalidated_once(server: DriveServer, client: Client, home: str) -> None:
    log = Reader(client(ALICE))
    server.world.knobs.invalidate_change_tokens = True
    with pytest.raises(HttpError, match="Invalid Value"):
        log.news()
    after = Reader(client(ALICE))
    server.world.rename(home, "H")
    assert after.news() == [(home, False)]
    with pytest.raises(HttpError, match="Invalid Value"):
        log.news()


def test_descendants_get_entries_as_the_knob_says(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    folder = world.create_folder("F", home)
    file = world.create_file("a.txt", b"1", folder)
    log = Reader(client(ALICE))
    world.knobs.descendant_events = "trash_only"
    world.trash(folder)
    assert log.news() == [(folder, False), (file, False)]
    world.untrash(folder)
    log.news()
    world.share(folder, email=BOB)
    assert log.news() == [(folder, False)]
    world.knobs.descendant_events = "all_delayed"
    world.share(folder, email=EVE)
    assert log.news() == [(folder, False)]
    world.advance(world.knobs.descendant_delay)
    assert log.news() == [(file, False)]


def test_who_sees_not_the_folder_hears_of_what_lies_below_only_if_the_knob_says_so(
    server: DriveServer, client: Client, home: str
) -> None:
    world = server.world
    file = world.create_file("a.txt", b"1", home)
    world.share(file, email=BOB)
    alice, bob = Reader(client(ALICE)), Reader(client(BOB))
    world.trash(home)
    assert (alice.news(), bob.news()) == ([(home, False)], [])
    assert client(BOB).files().get(fileId=file, fields="trashed").execute() == {"trashed": True}
    world.knobs.outsider_events = True
    world.untrash(home)
    assert (alice.news(), bob.news()) == ([(home, False)], [(file, False)])
    world.delete(home)
    assert (alice.news(), bob.news()) == ([(home, True)], [(file, True)])


def test_deleting_a_folder_leaves_tombstones_below_only_if_the_knob_says_so(
    server: DriveServer, client: Client, home: str
) -> None:
    world = server.world
    log = Reader(client(ALICE))
    for wanted in (False, True):
        folder = world.create_folder("F", home)
        file = world.create_file("a.txt", b"1", folder)
        log.news()
        world.knobs.delete_descendant_tombstones = wanted
        world.delete(folder)
        assert log.news() == [(folder, True), *([(file, True)] if wanted else [])]


def test_entries_appear_late_but_the_token_does_not_pass_them(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    world.advance(61)
    log = Reader(client(ALICE))
    world.knobs.change_lag_seconds = 60
    world.rename(home, "H")
    assert log.news() == []
    assert Reader(client(ALICE)).token == log.token
    world.advance(61)
    assert log.news() == [(home, False)]
    world.knobs.change_lag_seconds, world.knobs.change_lag_events = 0, 2
    world.rename(home, "I")
    assert log.news() == []
    other = world.create_folder("O", home)
    world.rename(other, "P")
    assert log.news() == [(home, False)]


def test_pages_can_be_empty_and_entries_doubled(server: DriveServer, client: Client, home: str) -> None:
    log = Reader(client(ALICE))
    server.world.rename(home, "H")
    server.world.knobs.empty_page_with_next = 1.0
    server.world.knobs.duplicate_entries = 1.0
    assert log.news() == [(home, False), (home, False)]
    assert log.pages == 2


def test_views_may_leave_no_entry(server: DriveServer, client: Client, home: str) -> None:
    log = Reader(client(ALICE))
    server.world.knobs.view_events = False
    server.world.view(home, by=ALICE)
    assert log.news() == []


def test_an_expiry_is_silent_unless_the_knob_says_otherwise(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    bob = Reader(client(BOB))
    for told in (False, True):
        world.knobs.expiry_emits_change = told
        world.share(home, email=BOB, expires=world.now + 60_000)
        assert bob.news() == [(home, False)]
        world.advance(61)
        assert bob.news() == ([(home, True)] if told else [])
        assert ask(server, f"/drive/v3/files/{home}", BOB)[0] == 404


def test_the_default_fields_of_changes(server: DriveServer, client: Client, home: str) -> None:
    log = Reader(client(ALICE))
    server.world.rename(home, "H")
    answer = client(ALICE).changes().list(pageToken=log.token).execute()
    (change,) = answer["changes"]
    assert change.keys() == {"kind", "changeType", "type", "time", "removed", "fileId", "file"}
    assert change["file"].keys() == {"kind", "id", "name", "mimeType"}
