"""Who sees what, who may do what, and how grants are shown."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.servers.conftest import Client, ask, reason_of
from tests.servers.drive import DriveServer

ALICE, BOB, EVE = "alice@example.com", "bob@example.com", "eve@else.org"


def get(drive: Any, file: str, fields: str = "*") -> dict[str, Any]:
    found: dict[str, Any] = drive.files().get(fileId=file, fields=fields, supportsAllDrives=True).execute()
    return found


def roles(drive: Any, file: str) -> dict[str, str]:
    """Role of each principal by permissions.list."""
    answer = drive.permissions().list(fileId=file, fields="*", supportsAllDrives=True).execute()
    return {grant.get("emailAddress") or grant.get("domain") or grant["id"]: grant["role"] for grant in answer["permissions"]}


def status(server: DriveServer, file: str, email: str) -> int:
    return ask(server, f"/drive/v3/files/{file}?supportsAllDrives=true", email)[0]


def test_a_file_that_the_caller_may_not_see_does_not_exist(server: DriveServer, client: Client, home: str) -> None:
    file = server.world.create_file("a", b"", home)
    code, _, body = ask(server, f"/drive/v3/files/{file}", BOB)
    assert (code, reason_of(body), f"File not found: {file}.".encode() in body) == (404, "notFound", True)
    for what in (f"{file}?alt=media", f"{file}/permissions", f"{file}/revisions", f"{file}/export?mimeType=text/plain"):
        assert ask(server, f"/drive/v3/files/{what}", BOB)[0] == 404


def test_a_drive_item_needs_supports_all_drives(server: DriveServer) -> None:
    team = server.world.create_drive("Team", {ALICE: "reader"})
    file = server.world.create_file("a", b"", team)
    assert ask(server, f"/drive/v3/files/{file}", ALICE)[0] == 404
    assert status(server, file, ALICE) == 200


def test_grants_come_down_from_folders_and_the_greater_role_holds(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    inner = world.create_folder("inner", home)
    file = world.create_file("a", b"", inner)
    upper = world.share(home, email=BOB, role="writer")
    world.share(file, email=BOB, role="reader")
    assert roles(client(ALICE), file) == {ALICE: "owner", BOB: "writer"}
    assert get(client(BOB), file, "parents,shared,ownedByMe") == {"parents": [inner], "shared": True, "ownedByMe": False}
    world.unshare(home, upper)
    assert roles(client(ALICE), file) == {ALICE: "owner", BOB: "reader"}
    assert "parents" not in get(client(BOB), file)
    assert "sharedWithMeTime" in get(client(BOB), file)


@pytest.mark.parametrize(
    ("role", "downloads", "shares", "revisions"),
    [("reader", True, False, False), ("commenter", True, False, False), ("writer", True, True, True)],
)
def test_capabilities_follow_the_role(
    server: DriveServer, client: Client, home: str, role: str, downloads: bool, shares: bool, revisions: bool
) -> None:
    file = server.world.create_file("a", b"", home)
    server.world.share(file, email=BOB, role=role)
    can = get(client(BOB), file)["capabilities"]
    assert (can["canDownload"], can["canShare"], can["canReadRevisions"]) == (downloads, shares, revisions)
    assert ("permissions" in get(client(BOB), file)) == shares
    assert ask(server, f"/drive/v3/files/{file}/permissions", BOB)[0] == (200 if shares else 403)
    assert ask(server, f"/drive/v3/files/{file}/revisions", BOB)[0] == (200 if revisions else 403)
    assert len(get(client(BOB), file)["permissionIds"]) == 2


def test_permissions_refused_are_insufficient_file_permissions(server: DriveServer, home: str) -> None:
    server.world.share(home, email=BOB)
    code, _, body = ask(server, f"/drive/v3/files/{home}/permissions", BOB)
    message = f"The user does not have sufficient permissions for file {home}."
    assert (code, reason_of(body), message.encode() in body) == (403, "insufficientFilePermissions", True)


def test_drive_items_show_each_reason_of_a_grant(server: DriveServer, client: Client) -> None:
    world = server.world
    world.group("crew@example.com", [BOB])
    team = world.create_drive("Team", {ALICE: "organizer", "crew@example.com": "reader"})
    folder = world.create_folder("F", team)
    file = world.create_file("a", b"", folder)
    world.share(folder, email=BOB, role="commenter")
    world.share(file, email=BOB, role="writer")
    assert get(client(ALICE), file)["hasAugmentedPermissions"] is True
    answer = client(ALICE).permissions().list(fileId=file, fields="*", supportsAllDrives=True).execute()["permissions"]
    found = {grant["emailAddress"]: grant for grant in answer}
    assert found[BOB]["role"] == "writer"
    assert found[BOB]["permissionDetails"] == [
        {"permissionType": "file", "role": "writer", "inherited": False},
        {"permissionType": "file", "role": "commenter", "inherited": True, "inheritedFrom": folder},
    ]
    assert found["crew@example.com"]["type"] == "group"
    assert found["crew@example.com"]["permissionDetails"] == [
        {"permissionType": "member", "role": "reader", "inherited": True, "inheritedFrom": team}
    ]
    plain = world.create_file("b", b"", team)
    assert get(client(ALICE), plain)["hasAugmentedPermissions"] is False
    assert get(client(BOB), plain)["capabilities"]["canShare"] is False


def test_writers_of_a_drive_share_its_files_but_not_its_folders(server: DriveServer, client: Client) -> None:
    team = server.world.create_drive("Team", {ALICE: "organizer", BOB: "writer"})
    folder = server.world.create_folder("F", team)
    file = server.world.create_file("a", b"", folder)
    assert get(client(BOB), file)["capabilities"]["canShare"] is True
    assert get(client(BOB), folder)["capabilities"]["canShare"] is False


def test_links_groups_and_domains(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    world.group("crew@example.com", [BOB])
    by_group, by_link, by_domain = (world.create_file(name, b"", home) for name in ("g", "l", "d"))
    world.share(by_group, type="group", email="crew@example.com")
    link = world.share(by_link, type="anyone")
    world.share(by_domain, type="domain", domain="else.org")
    assert [status(server, file, BOB) for file in (by_group, by_link, by_domain)] == [200, 200, 404]
    assert [status(server, file, EVE) for file in (by_group, by_link, by_domain)] == [404, 200, 200]
    listed = client(BOB).files().list(q="not name = 'My Drive'").execute()["files"]
    assert by_link not in [file["id"] for file in listed]
    assert by_group in [file["id"] for file in listed]
    grants = get(client(ALICE), by_domain)["permissions"]
    assert [g["allowFileDiscovery"] for g in grants if g["type"] == "domain"] == [False]
    assert link == "anyoneWithLink"
    assert world.share(by_link, type="anyone", allow_discovery=True) == "anyone"
    world.group("crew@example.com", [])
    assert status(server, by_group, BOB) == 404


def test_limited_access_stops_inheritance_and_leaves_the_folder_to_be_seen(
    server: DriveServer, client: Client, home: str
) -> None:
    world = server.world
    world.share(home, email=BOB, role="writer")
    folder = world.create_folder("secret", home)
    file = world.create_file("a", b"", folder)
    assert status(server, file, BOB) == 200
    world.limit_access(folder, True)
    seen = get(client(BOB), folder)
    assert (seen["inheritedPermissionsDisabled"], seen["capabilities"]["canListChildren"]) == (True, False)
    assert status(server, file, BOB) == 404
    assert client(BOB).files().list(q=f"'{folder}' in parents").execute()["files"] == []
    shown = {g["emailAddress"]: g for g in get(client(ALICE), folder)["permissions"]}
    assert (shown[BOB]["view"], shown[ALICE]["inheritedPermissionsDisabled"]) == ("metadata", True)
    assert "view" not in shown[ALICE]
    world.share(folder, email=BOB, role="reader")
    assert status(server, file, BOB) == 200
    world.limit_access(folder, False)
    assert roles(client(ALICE), file)[BOB] == "writer"


def test_limited_access_in_a_drive_leaves_its_organizers(server: DriveServer) -> None:
    world = server.world
    team = world.create_drive("Team", {ALICE: "organizer", BOB: "writer"})
    folder = world.create_folder("secret", team)
    file = world.create_file("a", b"", folder)
    world.limit_access(folder, True)
    assert [status(server, file, email) for email in (ALICE, BOB)] == [200, 404]


def test_the_owner_of_a_folder_writes_what_others_put_into_it(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    world.share(home, email=BOB, role="writer")
    file = world.create_file("bobs", b"", home, owner=BOB)
    assert roles(client(BOB), file) == {BOB: "owner", ALICE: "writer"}
    world.set_owner(file, ALICE)
    assert roles(client(ALICE), file) == {ALICE: "owner", BOB: "writer"}


def test_grants_reach_what_lies_below_late(server: DriveServer, home: str) -> None:
    world = server.world
    file = world.create_file("a", b"", home)
    world.knobs.descend_acl_delay = 30
    grant = world.share(home, email=BOB)
    assert [status(server, item, BOB) for item in (home, file)] == [200, 404]
    world.advance(31)
    assert status(server, file, BOB) == 200
    world.unshare(home, grant)
    assert [status(server, item, BOB) for item in (home, file)] == [404, 200]
    world.advance(31)
    assert status(server, file, BOB) == 404


def test_roles_change_and_grants_end(server: DriveServer, client: Client, home: str) -> None:
    world = server.world
    grant = world.share(home, email=BOB)
    world.set_role(home, grant, "writer")
    assert roles(client(BOB), home)[BOB] == "writer"
    world.share(home, email=EVE, expires=world.now + 1000)
    shown = [g for g in get(client(ALICE), home)["permissions"] if g["emailAddress"] == EVE]
    assert shown[0]["expirationTime"].endswith("Z")
    world.advance(2)
    assert EVE not in roles(client(ALICE), home)
    world.delete_account(BOB)
    kept = [g for g in get(client(ALICE), home)["permissions"] if g["emailAddress"] == BOB]
    assert kept[0]["deleted"] is True
    assert status(server, home, BOB) == 404


def test_permissions_may_be_absent(server: DriveServer, client: Client, home: str) -> None:
    server.world.knobs.permissions_absent = 1.0
    assert "permissions" not in get(client(ALICE), home)
    assert "permissionIds" in get(client(ALICE), home)
    server.world.knobs.permission_ids_absent = 1.0
    assert "permissionIds" not in get(client(ALICE), home)


def test_permissions_come_in_pages_and_singly(server: DriveServer, client: Client) -> None:
    world = server.world
    team = world.create_drive("Team", {ALICE: "organizer"} | {f"user{n}@example.com": "reader" for n in range(120)})
    file = world.create_file("a", b"", team)
    drive = client(ALICE)
    first = drive.permissions().list(fileId=file, supportsAllDrives=True).execute()
    second = drive.permissions().list(fileId=file, supportsAllDrives=True, pageToken=first["nextPageToken"]).execute()
    assert (len(first["permissions"]), len(second["permissions"])) == (100, 21)
    one = first["permissions"][0]
    assert one.keys() == {"id", "type", "kind", "role"}
    assert drive.permissions().get(fileId=file, permissionId=one["id"], supportsAllDrives=True).execute() == one
    with pytest.raises(HttpError, match="Permission not found: 1"):
        drive.permissions().get(fileId=file, permissionId="1", supportsAllDrives=True).execute()


def test_a_resource_key_is_needed_by_those_who_know_the_link_alone(server: DriveServer, home: str) -> None:
    file = server.world.create_file("a", b"", home)
    server.world.share(file, type="anyone")
    server.world.set_resource_key(file, "0-abc")
    path = f"/drive/v3/files/{file}"
    assert ask(server, path, EVE)[0] == 404
    assert ask(server, path, EVE, headers={"X-Goog-Drive-Resource-Keys": f"x/y,{file}/0-abc"})[0] == 200
    assert ask(server, path, ALICE)[0] == 200
