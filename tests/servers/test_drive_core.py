"""The emulator's endpoints as the real client sees them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.servers.conftest import Client
from tests.servers.drive import DriveServer

ALL = {"supportsAllDrives": True, "includeItemsFromAllDrives": True}


@pytest.fixture
def home(server: DriveServer) -> str:
    """A new folder in Alice's Drive."""
    return server.world.create_folder("Home", server.world.user("alice@example.com").root_id)


def names(drive: Any, parent: str, **options: Any) -> list[str]:
    found = drive.files().list(q=f"'{parent}' in parents", fields="*", **options).execute()
    return [file["name"] for file in found["files"]]


def test_a_file_is_listed_described_and_read(server: DriveServer, client: Client, home: str) -> None:
    file = server.world.create_file("a.txt", b"hello", home)
    drive = client("alice@example.com")
    assert names(drive, home) == ["a.txt"]
    found = drive.files().get(fileId=file, fields="*").execute()
    assert (found["size"], found["md5Checksum"]) == ("5", hashlib.md5(b"hello").hexdigest())
    assert found["parents"] == [home]
    assert drive.files().get_media(fileId=file).execute() == b"hello"


def test_without_fields_a_file_shows_its_name_and_type_alone(server: DriveServer, client: Client, home: str) -> None:
    assert client("alice@example.com").files().get(fileId=home).execute().keys() == {"kind", "id", "name", "mimeType"}


def test_the_log_tells_what_changed_once_with_the_state_of_now(server: DriveServer, client: Client, home: str) -> None:
    drive = client("alice@example.com")
    token = drive.changes().getStartPageToken().execute()["startPageToken"]
    file = server.world.create_file("a.txt", b"1", home)
    server.world.rename(file, "b.txt")
    other = server.world.create_file("c.txt", b"1", home)
    server.world.delete(other)
    answer = drive.changes().list(pageToken=token, fields="*").execute()
    assert [(c["fileId"], c["removed"], c.get("file", {}).get("name")) for c in answer["changes"]] == [
        (file, False, "b.txt"),
        (other, True, None),
    ]
    assert drive.changes().list(pageToken=answer["newStartPageToken"]).execute()["changes"] == []
