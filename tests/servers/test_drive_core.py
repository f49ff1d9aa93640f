"""The emulator as a whole: what everything else relies on."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.servers.conftest import Client, ask
from tests.servers.drive import DriveServer
from tests.servers.googledrive.world import World


def test_a_file_is_listed_described_and_read(server: DriveServer, client: Client, home: str) -> None:
    file = server.world.create_file("a.txt", b"hello", home)
    drive = client("alice@example.com")
    listed = drive.files().list(q=f"'{home}' in parents", fields="files(*)").execute()["files"]
    found = drive.files().get(fileId=file, fields="*").execute()
    assert listed == [found]
    assert (found["size"], found["md5Checksum"]) == ("5", hashlib.md5(b"hello").hexdigest())
    assert found["parents"] == [home]
    assert drive.files().get_media(fileId=file).execute() == b"hello"


def test_without_fields_a_file_shows_its_name_and_type_alone(server: DriveServer, client: Client, home: str) -> None:
    assert client("alice@example.com").files().get(fileId=home).execute().keys() == {"kind", "id", "name", "mimeType"}


def test_root_is_an_alias(server: DriveServer, client: Client) -> None:
    alice = server.world.user("alice@example.com")
    assert client("alice@example.com").files().get(fileId="root").execute()["id"] == alice.root_id


def test_each_request_is_recorded_with_caller_units_and_outcome(server: DriveServer, client: Client, home: str) -> None:
    drive = client("alice@example.com")
    drive.files().list(q="trashed=false").execute()
    ask(server, f"/drive/v3/files/{home}x?supportsAllDrives=true", "alice@example.com")
    listed, missed = server.requests
    assert listed.size is not None
    assert listed.size > 50
    assert (listed.endpoint, listed.identity, listed.units, listed.status) == ("files.list", "alice@example.com", 100, 200)
    assert listed.params["q"] == "trashed=false"
    assert (missed.endpoint, missed.status, missed.reason, missed.file_id) == ("files.get", 404, "notFound", f"{home}x")
    assert (server.requests.count(), server.requests.count("files.list"), server.requests.units) == (2, 1, 105)


def test_the_same_seed_and_operations_give_the_same_answers() -> None:
    def story() -> str:
        world = World(seed=11)
        email = world.sample()
        made = world.bulk(world.user(email).root_id, 3, 20)
        world.move(made.files[0], made.folders[2])
        first = world.nodes[made.files[0]].head
        assert first is not None
        return json.dumps([made.folders, made.files, world.user(email).permission_id, first.content.checksums, world.now])

    assert story() == story()
    assert World(seed=12).user("a@x.org").root_id != World(seed=11).user("a@x.org").root_id


def test_a_long_query_arrives_as_a_form(server: DriveServer, client: Client, home: str) -> None:
    """The client turns a GET of more than 2,048 letters into a POST with x-http-method-override."""
    server.world.create_file("a.txt", b"1", home)
    query = f"'{home}' in parents and " + " and ".join(["not name = '" + "x" * 100 + "'"] * 30)
    found = client("alice@example.com").files().list(q=query).execute()
    assert [file["name"] for file in found["files"]] == ["a.txt"]
    assert server.requests[-1].method == "GET"


def test_repeated_and_unknown_parameters_are_passed_over(server: DriveServer, home: str) -> None:
    path = f"/drive/v3/files/{home}?fields=name&fields=nonsense&unheardOf=1&prettyPrint=false"
    assert json.loads(ask(server, path, "alice@example.com")[2]) == {"name": "Home"}


def test_json_is_compressed_only_if_the_knob_says_so(server: DriveServer, client: Client, home: str) -> None:
    headers = {"Accept-Encoding": "gzip"}
    path = f"/drive/v3/files/{home}"
    assert "Content-Encoding" not in ask(server, path, "alice@example.com", headers=headers)[1]
    server.world.knobs.gzip = True
    assert ask(server, path, "alice@example.com", headers=headers)[1]["Content-Encoding"] == "gzip"
    assert client("alice@example.com").files().get(fileId=home).execute()["name"] == "Home"


def test_a_big_folder_does_not_slow_its_neighbour(server: DriveServer, client: Client, home: str) -> None:
    """Children come from an index: a list of one folder looks at its children and at no other item."""
    big = server.world.create_folder("Big", home)
    small = server.world.create_folder("Small", home)
    server.world.bulk(big, 0, 3000)
    one = server.world.create_file("one.txt", b"1", small)
    looked: list[str] = []
    trashed = server.world.trashed
    server.world.trashed = lambda node: looked.append(node.id) or trashed(node)  # type: ignore[method-assign,func-returns-value]
    try:
        client("alice@example.com").files().list(q=f"'{small}' in parents and trashed=false", fields="files(id)").execute()
    finally:
        del server.world.trashed
    assert looked == [one]


def test_about_needs_fields(server: DriveServer, client: Client, home: str) -> None:
    server.world.create_file("a.txt", b"12345", home)
    status, _, body = ask(server, "/drive/v3/about", "alice@example.com")
    assert (status, json.loads(body)["error"]["message"]) == (400, "The 'fields' parameter is required for this method.")
    found: dict[str, Any] = client("alice@example.com").about().get(fields="user(emailAddress),exportFormats").execute()
    assert found["user"] == {"emailAddress": "alice@example.com"}
    assert "text/markdown" in found["exportFormats"]["application/vnd.google-apps.document"]
