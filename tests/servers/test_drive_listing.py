"""files.list and drives.list: queries, order, pages, corpora, and the ways in which lists are wrong."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.servers.conftest import ALL, Client, ask, reason_of
from tests.servers.drive import DriveServer

ALICE, BOB, EVE = "alice@example.com", "bob@example.com", "eve@else.org"


def names(drive: Any, q: str, **options: Any) -> list[str]:
    """Names of what is found, over all pages."""
    found: list[str] = []
    token = None
    while True:
        request = {"q": q, "pageSize": 1000, "pageToken": token, "fields": "*", **options}
        answer = drive.files().list(**request).execute()
        found += [file["name"] for file in answer["files"]]
        token = answer.get("nextPageToken")
        if token is None:
            return found


@pytest.fixture
def shelf(server: DriveServer, home: str) -> dict[str, str]:
    """A few items to look for."""
    world = server.world
    made = {
        "it's a plan.txt": world.create_file("it's a plan.txt", b"the bridge", home, modified="2020-01-01T00:00:00Z"),
        "Plan 10": world.create_editor("document", "Plan 10", {"text/plain": "a dam"}, home),
        "Plan 9": world.create_file("Plan 9", b"123", home, "application/pdf"),
        "sub": world.create_folder("sub", home),
    }
    made["link"] = world.create_shortcut("link", made["Plan 9"], home)
    world.star(made["Plan 9"])
    world.trash(made["link"])
    world.describe(made["sub"], properties={"colour": "red"})
    return made


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("trashed = true", ["link"]),
        ("trashed != true", ["it's a plan.txt", "Plan 10", "Plan 9", "sub"]),
        (r"name = 'It\'s A Plan.txt'", ["it's a plan.txt"]),
        ("name contains 'pla'", ["it's a plan.txt", "Plan 10", "Plan 9"]),
        ("name contains 'lan'", []),
        ("name != 'sub' and not trashed = true", ["it's a plan.txt", "Plan 10", "Plan 9"]),
        ("mimeType = 'application/pdf'", ["Plan 9"]),
        ("mimeType contains 'application/vnd.google-apps.'", ["Plan 10", "sub", "link"]),
        ("mimeType='application/vnd.google-apps.folder' or starred=true", ["Plan 9", "sub"]),
        ("modifiedTime < '2021-01-01'", ["it's a plan.txt"]),
        ("modifiedTime >= '2021-01-01T00:00:00+01:00' and (starred = true)", ["Plan 9"]),
        ("fullText contains 'bridge'", ["it's a plan.txt"]),
        ("'alice@example.com' in owners and starred = true", ["Plan 9"]),
        ("'me' in writers and starred = true", ["Plan 9"]),
        ("'bob@example.com' in readers", []),
        ("sharedWithMe = true", []),
        ("visibility = 'limited' and starred = true", ["Plan 9"]),
        ("properties has { key='colour' and value='red' }", ["sub"]),
        ("properties has { key='colour' and value='blue' }", []),
        ("not (starred = true or trashed = true or name contains 'plan')", ["sub"]),
    ],
)
def test_a_query_finds(
    server: DriveServer, client: Client, home: str, shelf: dict[str, str], term: str, found: list[str]
) -> None:
    assert names(client(ALICE), f"'{home}' in parents and ({term})") == found


def test_a_query_finds_shortcuts_by_their_target(server: DriveServer, client: Client, home: str, shelf: dict[str, str]) -> None:
    assert names(client(ALICE), f"shortcutDetails.targetId = '{shelf['Plan 9']}'") == ["link"]


@pytest.mark.parametrize(
    "q",
    [
        "id = 'x'",
        "name = ",
        "name = 'x",
        "name = 'x' and",
        "(name = 'x'",
        "name = 'x')",
        "name < 'x'",
        "trashed = 'perhaps'",
        "modifiedTime > 'yesterday'",
        "name ! 'x'",
        "'x' in name",
        "(" * 5000,
        "not " * 5000 + "trashed = true",
    ],
)
def test_a_query_that_is_none_is_refused(server: DriveServer, client: Client, q: str) -> None:
    with pytest.raises(HttpError) as refused:
        client(ALICE).files().list(q=q).execute()
    assert refused.value.error_details == [
        {"message": "Invalid Value", "domain": "global", "reason": "invalid", "location": "q", "locationType": "parameter"}
    ]


def test_lists_are_ordered_as_asked(server: DriveServer, client: Client, home: str, shelf: dict[str, str]) -> None:
    here = f"'{home}' in parents and trashed=false"
    drive = client(ALICE)
    assert names(drive, here, orderBy="name desc") == ["sub", "Plan 9", "Plan 10", "it's a plan.txt"]
    assert names(drive, here, orderBy="name_natural") == ["it's a plan.txt", "Plan 9", "Plan 10", "sub"]
    assert names(drive, here, orderBy="folder,modifiedTime")[:2] == ["sub", "it's a plan.txt"]
    assert names(drive, here, orderBy="name desc", pageSize=1) == ["sub", "Plan 9", "Plan 10", "it's a plan.txt"]
    status, _, body = ask(server, "/drive/v3/files?orderBy=size", ALICE)
    assert (status, reason_of(body), b"orderBy" in body) == (400, "invalid", True)
    status, _, body = ask(server, "/drive/v3/files?orderBy=name&q=fullText%20contains%20'x'", ALICE)
    assert (status, reason_of(body)) == (400, "badRequest")


def test_pages_hold_through_changes_and_big_sizes_are_coerced(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    files = [world.create_file(f"{n}", b"", home) for n in range(6)]
    drive, q = client(ALICE), f"'{home}' in parents"
    first = drive.files().list(q=q, pageSize=2).execute()
    assert [file["id"] for file in first["files"]] == files[:2]
    world.delete(files[0])
    world.delete(files[3])
    second = drive.files().list(q=q, pageSize=5000, pageToken=first["nextPageToken"]).execute()
    assert [file["id"] for file in second["files"]] == [files[2], files[4], files[5]]
    assert "nextPageToken" not in second
    world.knobs.page_size_cap = 1
    assert names(drive, q) == ["1", "2", "4", "5"]
    for size in ("0", "-1", "many"):
        assert ask(server, f"/drive/v3/files?pageSize={size}", ALICE)[0] == 400


def test_list_tokens_belong_to_their_query_and_can_expire(server: DriveServer, client: Client, home: str) -> None:
    for name in "abc":
        server.world.create_file(name, b"", home)
    files, q = client(ALICE).files(), f"'{home}' in parents"
    token = files.list(q=q, pageSize=1).execute()["nextPageToken"]
    for wrong in ({"q": "trashed=false", "pageToken": token}, {"q": q, "pageToken": "x"}, {"q": q, "pageToken": "~!!~e30="}):
        with pytest.raises(HttpError, match="Invalid Value"):
            files.list(**wrong).execute()
    server.world.knobs.expire_list_tokens = True
    with pytest.raises(HttpError, match="Invalid Value"):
        files.list(q=q, pageToken=token).execute()


def test_pages_can_be_empty_and_entries_doubled(server: DriveServer, client: Client, home: str) -> None:
    server.world.create_file("a", b"", home)
    server.world.knobs.empty_page_with_next = 1.0
    server.world.knobs.duplicate_entries = 1.0
    assert names(client(ALICE), f"'{home}' in parents") == ["a", "a"]
    assert server.requests.count("files.list") == 2


def test_a_search_may_be_incomplete(server: DriveServer, client: Client, home: str) -> None:
    for name in "abcd":
        server.world.create_file(name, b"", home)
    answer = client(ALICE).files().list(q=f"'{home}' in parents").execute()
    assert (answer["incompleteSearch"], len(answer["files"])) == (False, 4)
    server.world.knobs.incomplete_search = 1.0
    answer = client(ALICE).files().list(q=f"'{home}' in parents").execute()
    assert (answer["incompleteSearch"], len(answer["files"])) == (True, 2)


def test_parents_joined_by_or_lose_results(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    one, two = world.create_folder("1", home), world.create_folder("2", home)
    world.create_file("a", b"", one)
    world.create_file("b", b"", two)
    q = f"('{one}' in parents or '{two}' in parents) and trashed=false"
    assert names(client(ALICE), q) == ["a", "b"]
    world.knobs.or_parents_bug = "partial"
    assert names(client(ALICE), q) == ["a"]
    world.knobs.or_parents_bug = "empty"
    assert names(client(ALICE), q) == []
    assert names(client(ALICE), f"'{one}' in parents") == ["a"]


def test_the_parent_that_is_not_there(server: DriveServer, client: Client, home: str) -> None:
    status, _, body = ask(server, "/drive/v3/files?q='nowhere'%20in%20parents", ALICE)
    assert (status, reason_of(body)) == (404, "notFound")
    server.world.knobs.unknown_parent = "empty"
    assert names(client(ALICE), "'nowhere' in parents") == []


@pytest.mark.parametrize("by_events", [True, False])
def test_lists_lag_behind_while_get_does_not(server: DriveServer, client: Client, home: str, by_events: bool) -> None:
    world, drive = server.world, client(ALICE)
    away = world.create_folder("away", home)
    old, gone, moved = (world.create_file(name, b"", home) for name in ("old", "gone", "moved"))
    world.advance(120)
    world.knobs.list_lag_events, world.knobs.list_lag_seconds = (5, 0) if by_events else (0, 60)
    new = world.create_file("new", b"", home)
    world.rename(old, "renamed")
    world.delete(gone)
    world.move(moved, away)
    assert names(drive, f"'{home}' in parents") == ["away", "old", "gone", "moved"]
    assert names(drive, f"'{away}' in parents") == []
    everything = drive.files().list(pageSize=1000, fields="files(id,name)").execute()["files"]
    shown = {file["id"]: file["name"] for file in everything if file["id"] in (old, gone, moved, new)}
    assert shown == {old: "old", gone: "gone", moved: "moved"}
    assert drive.files().get(fileId=old).execute()["name"] == "renamed"
    assert drive.files().get(fileId=new).execute()["name"] == "new"
    world.advance(61)
    for _ in range(5):
        world.star(home)
    assert names(drive, f"'{home}' in parents") == ["away", "renamed", "new"]
    assert names(drive, f"'{away}' in parents") == ["moved"]


def test_each_corpus_holds_what_belongs_to_it(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    team = world.create_drive("Team", {ALICE: "organizer"})
    inside = world.create_folder("inside", team)
    world.create_file("minutes", b"", inside)
    world.create_file("own", b"", home)
    world.share(inside, email=EVE)
    by_link = world.create_file("by link", b"", home)
    world.share(by_link, type="anyone")
    in_domain = world.create_file("in domain", b"", home)
    world.share(in_domain, type="domain", domain="else.org", allow_discovery=True)
    alice, eve = client(ALICE), client(EVE)
    assert not {"inside", "minutes"} & set(names(alice, "", **ALL))
    assert names(alice, "", corpora="drive", driveId=team, **ALL) == ["inside", "minutes"]
    assert {"inside", "minutes", "own"} <= set(names(alice, "", corpora="allDrives", **ALL))
    assert names(alice, f"'{inside}' in parents", **ALL) == ["minutes"]
    assert names(alice, f"'{inside}' in parents", corpora="drive", driveId=team, **ALL) == ["minutes"]
    assert names(eve, "", **ALL) == ["inside", "minutes"]
    assert names(eve, "") == []
    assert names(eve, f"'{inside}' in parents", **ALL) == ["minutes"]
    assert "in domain" in names(eve, "", corpora="domain")
    world.view(by_link, by=EVE)
    assert names(eve, "") == ["by link"]
    with pytest.raises(HttpError, match="requires shared drive membership"):
        names(eve, "", corpora="drive", driveId=team, **ALL)
    with pytest.raises(HttpError, match="Shared drive not found: 0Anone"):
        names(eve, "", corpora="drive", driveId="0Anone", **ALL)
    assert names(alice, "", spaces="appDataFolder") == []


def test_drives_come_ten_at_a_time(server: DriveServer, client: Client) -> None:
    world = server.world
    made = [world.create_drive(f"Drive {n}", {"ann@drives.org": "organizer"}) for n in range(12)]
    drives = client("ann@drives.org").drives()
    first = drives.list().execute()
    second = drives.list(pageToken=first["nextPageToken"]).execute()
    assert [drive["id"] for drive in first["drives"] + second["drives"]] == made
    assert (len(first["drives"]), "nextPageToken" in second) == (10, False)
    assert len(drives.list(pageSize=500).execute()["drives"]) == 12
    world.hide_drive(made[3], "ann@drives.org")
    assert [drive["id"] for drive in drives.list(q="hidden = true").execute()["drives"]] == [made[3]]
    assert drives.list(q="name contains 'drive' and memberCount > 1").execute()["drives"] == []
    assert len(drives.list(q="organizerCount = 1", pageSize=100).execute()["drives"]) == 12
    assert client("stranger@else.org").drives().list().execute()["drives"] == []
    assert ask(server, f"/drive/v3/drives/{made[0]}", "stranger@else.org")[0] == 404
    with pytest.raises(HttpError, match="Invalid Value"):
        drives.list(q="parents = 'x'").execute()
