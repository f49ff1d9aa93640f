"""Push channels: watch, notifications, stop."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.servers.conftest import ALL, Client
from tests.servers.drive import DriveServer

ALICE, BOB = "alice@example.com", "bob@example.com"


class Receiver:
    """Takes notifications; answers with the statuses in `answers`, then with 204."""

    def __init__(self) -> None:
        self.got: list[dict[str, str]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                receiver.got.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?a=b"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def states(self) -> list[str]:
        return [headers["x-goog-resource-state"] for headers in self.got]


@pytest.fixture
def receiver(server: DriveServer) -> Iterator[Receiver]:
    receiver = Receiver()
    server.world.knobs.webhook_http_allowed = True
    yield receiver
    server.channels.open.clear()
    receiver.server.shutdown()
    receiver.server.server_close()


def watch(drive: Any, receiver: Receiver, name: str, **corpus: Any) -> dict[str, Any]:
    token = drive.changes().getStartPageToken(supportsAllDrives=True, **corpus).execute()["startPageToken"]
    body = {"id": name, "type": "web_hook", "address": receiver.url, "token": "secret"}
    options = {**ALL, **corpus} if corpus else {}
    found: dict[str, Any] = drive.changes().watch(pageToken=token, body=body, **options).execute()
    return found


def test_a_channel_syncs_tells_of_changes_and_stops(server: DriveServer, client: Client, home: str, receiver: Receiver) -> None:
    drive = client(ALICE)
    channel = watch(drive, receiver, "one")
    assert (channel["kind"], channel["id"], channel["token"]) == ("api#channel", "one", "secret")
    assert int(channel["expiration"]) == server.world.now + 3_600_000
    server.world.rename(home, "H")
    server.channels.drain()
    sync, change = receiver.got
    assert (sync["x-goog-resource-state"], sync["x-goog-message-number"]) == ("sync", "1")
    assert (change["x-goog-resource-state"], change["x-goog-channel-id"]) == ("change", "one")
    assert (change["x-goog-channel-token"], change["x-goog-resource-id"]) == ("secret", channel["resourceId"])
    assert int(change["x-goog-message-number"]) > 1
    with pytest.raises(HttpError, match="not found"):
        client(BOB).channels().stop(body={"id": "one", "resourceId": channel["resourceId"]}).execute()
    drive.channels().stop(body={"id": "one", "resourceId": channel["resourceId"]}).execute()
    server.world.rename(home, "I")
    server.channels.drain()
    assert len(receiver.got) == 2


def test_a_channel_hears_of_its_own_log_alone(server: DriveServer, client: Client, home: str, receiver: Receiver) -> None:
    team = server.world.create_drive("Team", {ALICE: "organizer"})
    watch(client(ALICE), receiver, "drive", driveId=team)
    server.world.rename(home, "H")
    server.world.create_file("a", b"1", team)
    server.channels.drain()
    assert receiver.states == ["sync", "change"]


def test_a_file_can_be_watched(server: DriveServer, client: Client, home: str, receiver: Receiver) -> None:
    body = {"id": "file", "type": "web_hook", "address": receiver.url}
    client(ALICE).files().watch(fileId=home, body=body).execute()
    server.world.rename(home, "H")
    server.world.create_folder("other", home)
    server.world.trash(home)
    server.world.untrash(home)
    server.world.delete(home)
    server.channels.drain()
    assert receiver.states == ["sync", "update", "trash", "untrash", "remove"]


def test_a_channel_ends_by_itself(server: DriveServer, client: Client, home: str, receiver: Receiver) -> None:
    watch(client(ALICE), receiver, "short")
    server.world.advance(3601)
    server.world.rename(home, "H")
    server.channels.drain()
    assert receiver.states == ["sync"]


def test_an_expiration_is_cut_to_a_week(server: DriveServer, client: Client, receiver: Receiver) -> None:
    changes = client(ALICE).changes()
    token = changes.getStartPageToken().execute()["startPageToken"]
    far = str(server.world.now + 30 * 86_400_000)
    body = {"id": "long", "type": "web_hook", "address": receiver.url, "expiration": far}
    assert int(changes.watch(pageToken=token, body=body).execute()["expiration"]) == server.world.now + 7 * 86_400_000


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"type": "web_hook", "address": "https://x"}, "entity.id"),
        ({"id": "a", "type": "web_hook"}, "entity.address"),
        ({"id": "a" * 65, "type": "web_hook", "address": "https://x"}, "Invalid Value"),
        ({"id": "taken", "type": "web_hook", "address": "https://x"}, "not unique"),
    ],
)
def test_a_channel_that_is_not_right_is_refused(
    server: DriveServer, client: Client, receiver: Receiver, body: dict[str, str], complaint: str
) -> None:
    watch(client(ALICE), receiver, "taken")
    token = client(ALICE).changes().getStartPageToken().execute()["startPageToken"]
    with pytest.raises(HttpError, match=complaint):
        client(ALICE).changes().watch(pageToken=token, body=body).execute()


def test_an_address_without_tls_needs_the_knob(server: DriveServer, client: Client, receiver: Receiver) -> None:
    server.world.knobs.webhook_http_allowed = False
    with pytest.raises(HttpError, match="must be HTTPS"):
        watch(client(ALICE), receiver, "plain")


def test_notifications_are_lost_doubled_and_late(server: DriveServer, client: Client, home: str, receiver: Receiver) -> None:
    watch(client(ALICE), receiver, "knobs")

    def heard() -> int:
        server.channels.drain()
        count = len(receiver.got)
        receiver.got.clear()
        return count

    assert heard() == 1
    for name, value, count in (("notify_drop", 1.0, 0), ("notify_dup", 1.0, 2), ("notify_delay", 30.0, 0)):
        setattr(server.world.knobs, name, value)
        server.world.star(home)
        assert (name, heard()) == (name, count)
        setattr(server.world.knobs, name, 0.0)
    server.world.advance(31)
    assert heard() == 1


def test_a_delivery_is_tried_again_after_a_server_error_only(
    server: DriveServer, client: Client, home: str, receiver: Receiver
) -> None:
    receiver.answers = [503, 500, 204]
    watch(client(ALICE), receiver, "again")
    server.channels.drain()
    assert receiver.states == ["sync"] * 3
    receiver.answers = [404]
    server.world.rename(home, "H")
    server.channels.drain()
    assert receiver.states[3:] == ["change"]
    assert [delivery.status for delivery in server.channels.deliveries][-2:] == [204, 404]
