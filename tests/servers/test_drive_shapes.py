"""Every field that the emulator returns exists in the discovery document that ships with the client, with that type."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.servers.conftest import ALL, Client, ask
from tests.servers.drive import DriveServer
from tests.servers.googledrive.clock import parse_time
from tests.servers.googledrive.schema import ANY, SCHEMAS


@lru_cache(maxsize=1)
def discovery() -> dict[str, Any]:
    spec = find_spec("googleapiclient")
    assert spec is not None
    assert spec.origin is not None
    found: dict[str, Any] = json.loads((Path(spec.origin).parent / "discovery_cache/documents/drive.v3.json").read_text())
    return found


def check(value: Any, schema: dict[str, Any], path: str) -> None:
    """`value` is of `schema`, field by field. Raises AssertionError with the path of what is not."""
    if "$ref" in schema:
        schema = discovery()["schemas"][schema["$ref"]]
    kind = schema.get("type")
    if kind == "object":
        assert isinstance(value, dict), path
        for name, inner in value.items():
            below = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            assert below is not None, f"{path}.{name} does not exist"
            check(inner, below, f"{path}.{name}")
    elif kind == "array":
        assert isinstance(value, list), path
        for index, inner in enumerate(value):
            check(inner, schema["items"], f"{path}[{index}]")
    elif kind == "boolean":
        assert isinstance(value, bool), path
    elif kind == "integer":
        assert isinstance(value, int) and not isinstance(value, bool), path
    elif kind == "string":
        assert isinstance(value, str), path
        if schema.get("format") == "int64":
            assert str(int(value)) == value, path
        elif schema.get("format") == "date-time":
            assert parse_time(value) and value.endswith("Z"), path
    else:
        assert kind == "any", f"{path}: {kind}"


@pytest.fixture
def rich(server: DriveServer) -> dict[str, str]:
    """A world in which every field has a value."""
    world = server.world
    alice = world.user("alice@example.com")
    world.group("team@example.com", ["bob@example.com"])
    outer = world.create_folder("Outer", alice.root_id)
    world.share(outer, email="bob@example.com")
    folder = world.create_folder("Docs", outer)
    file = world.create_file("archive.tar.gz", b"123", folder, "application/gzip")
    doc = world.create_editor("document", "Plan", {"text/markdown": b"# Plan"}, folder)
    world.set_resource_key(doc, "0-key")
    world.create_shortcut("Link", doc, folder)
    drive = world.create_drive("Team", {"alice@example.com": "organizer", "team@example.com": "reader"})
    shared = world.create_file("m.txt", b"1", world.create_folder("Inner", drive), owner="alice@example.com")
    world.share(file, email="bob@example.com", role="writer", expires="2027-01-01T00:00:00Z")
    world.share(file, type="group", email="team@example.com")
    world.share(file, type="domain", domain="example.com", allow_discovery=True)
    world.share(file, type="anyone")
    world.share(shared, email="eve@else.org")
    world.limit_access(folder, True)
    world.describe(file, "words", {"a": "b"})
    world.star(file)
    world.view(file)
    world.set_download_restriction(file)
    world.trash(shared, by="alice@example.com")
    return {"folder": folder, "file": file, "doc": doc, "drive": drive, "shared": shared}


def listed(drive: Any, file: str) -> Any:
    return drive.permissions().list(fileId=file, fields="*", supportsAllDrives=True).execute()


def test_every_answer_has_the_shape_of_the_discovery_document(
    server: DriveServer, client: Client, rich: dict[str, str]
) -> None:
    drive = client("alice@example.com")
    server.world.knobs.webhook_http_allowed = True
    start = drive.changes().getStartPageToken(driveId=rich["drive"], supportsAllDrives=True).execute()
    channel = {"id": "shape", "type": "web_hook", "address": "http://127.0.0.1:9/", "token": "t"}
    answers = [
        ("StartPageToken", start),
        ("ChangeList", drive.changes().list(pageToken="1000001000", pageSize=3, fields="*", **ALL).execute()),
        ("ChangeList", drive.changes().list(pageToken="1000001000", pageSize=1000, fields="*", **ALL).execute()),
        ("FileList", drive.files().list(pageSize=2, fields="*", corpora="allDrives", **ALL).execute()),
        ("FileList", drive.files().list(pageSize=1000, fields="*", corpora="allDrives", **ALL).execute()),
        ("About", drive.about().get(fields="*").execute()),
        ("DriveList", drive.drives().list(fields="*").execute()),
        ("Drive", drive.drives().get(driveId=rich["drive"], fields="*").execute()),
        ("RevisionList", drive.revisions().list(fileId=rich["file"], fields="*").execute()),
        ("Operation", drive.files().download(fileId=rich["doc"], mimeType="text/markdown").execute()),
        ("Operation", drive.files().download(fileId=rich["file"]).execute()),
        ("Channel", drive.files().watch(fileId=rich["file"], body=channel).execute()),
        *(("PermissionList", listed(drive, file)) for file in rich.values()),
        *(("File", drive.files().get(fileId=f, fields="*", supportsAllDrives=True).execute()) for f in rich.values()),
        *(("File", client("bob@example.com").files().get(fileId=rich[f], fields="*").execute()) for f in ("file", "folder")),
    ]  # fmt: skip
    for name, answer in answers:
        check(answer, discovery()["schemas"][name], name)
    shown = {field for name, answer in answers if name == "File" for field in answer}
    assert shown >= {
        "trashedTime",
        "exportLinks",
        "headRevisionId",
        "hasAugmentedPermissions",
        "resourceKey",
        "properties",
        "permissions",
    }


def test_a_wrong_shape_would_be_seen() -> None:
    for wrong in ({"size": 5}, {"nonsense": "1"}, {"createdTime": "yesterday"}, {"owners": [{"me": "yes"}]}):
        with pytest.raises((AssertionError, ValueError)):
            check(wrong, discovery()["schemas"]["File"], "File")


def test_masks_know_the_fields_of_the_discovery_document_and_no_others() -> None:
    schemas = discovery()["schemas"]
    for name, fields in SCHEMAS.items():
        outer, _, inner = name.partition(".")
        schema = schemas[outer]
        for step in inner.split(".") if inner else ():
            below = schema["properties"][step]
            schema = below.get("items", below)
        assert fields.keys() == schema["properties"].keys(), name
        for field, kind in fields.items():
            assert kind in (None, ANY) or kind in SCHEMAS, f"{name}.{field}"


def test_blobs_editors_folders_and_drive_items_show_what_belongs_to_them(
    server: DriveServer, client: Client, rich: dict[str, str]
) -> None:
    drive = client("alice@example.com")
    found = {name: drive.files().get(fileId=i, fields="*", supportsAllDrives=True).execute() for name, i in rich.items()}
    blob = {
        "md5Checksum",
        "sha1Checksum",
        "sha256Checksum",
        "headRevisionId",
        "webContentLink",
        "fileExtension",
        "originalFilename",
    }
    assert blob | {"size", "owners", "shared", "permissions"} <= found["file"].keys()
    assert not (blob | {"driveId"}) & found["doc"].keys()
    assert {"size", "exportLinks", "resourceKey"} <= found["doc"].keys()
    assert not (blob | {"size", "exportLinks"}) & found["folder"].keys()
    assert {"driveId", "hasAugmentedPermissions", "trashingUser", "permissionIds"} <= found["shared"].keys()
    assert not {"owners", "ownedByMe", "shared", "permissions", "writersCanShare"} & found["shared"].keys()
    assert found["doc"]["parents"] == [rich["folder"]]


def test_the_same_mask_gives_the_same_object_from_list_and_get(
    server: DriveServer, client: Client, rich: dict[str, str]
) -> None:
    mask = "id,parents,capabilities(canShare,canDownload),owners/emailAddress,permissions(id,role)"
    drive = client("alice@example.com")
    listed = drive.files().list(q=f"'{rich['folder']}' in parents", fields=f"files({mask})").execute()["files"]
    assert listed == [drive.files().get(fileId=file["id"], fields=mask).execute() for file in listed]
    assert listed[0]["capabilities"].keys() == {"canShare", "canDownload"}


@pytest.mark.parametrize(
    ("mask", "complaint"),
    [
        ("files(id,nonsense)", "nonsense"),
        ("nonsense", "nonsense"),
        ("files(id", "files(id"),
        ("files(id))", "files(id))"),
        ("files/size/more", "size/more"),
        ("files(id,)", "files(id,)"),
    ],
)
def test_a_mask_that_names_what_does_not_exist_is_refused(server: DriveServer, mask: str, complaint: str) -> None:
    status, _, body = ask(server, f"/drive/v3/files?fields={mask}", "alice@example.com")
    error = {"domain": "global", "reason": "invalidParameter", "location": "fields", "locationType": "parameter"}
    message = f"Invalid field selection {complaint}"
    assert (status, json.loads(body)) == (
        400,
        {"error": {"code": 400, "message": message, "errors": [{"message": message, **error}]}},
    )


def test_empty_fields_give_an_empty_object(server: DriveServer, home: str) -> None:
    assert ask(server, f"/drive/v3/files/{home}?fields=", "alice@example.com")[2] == b"{}"
