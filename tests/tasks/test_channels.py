"""Push channels against the emulator: one for each log, renewed in time, and none that nobody knows of."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

import tasks.channels
from blocks.library import Library, open_library
from blocks.sources.drive.client import DriveClient
from blocks.sources.drive.cursor import Cursor
from blocks.sources.google_drive import GoogleDriveSource
from core.settings import Settings
from ledger import channels, sources
from ledger.channels import Channel
from ledger.schema import channels as rows
from ledger.schema import sources as source_rows
from tasks.channels import Kept, keep_channels, total, watched
from tests.servers.drive import DriveServer
from tests.servers.googledrive.channels import Channel as OpenChannel
from tests.servers.googledrive.knobs import Knobs

ALICE, BOB = "alice@example.com", "bob@example.com"
NOBODY = "http://127.0.0.1:9/"
"""Nothing listens there: that nobody hears is all the same to a channel."""
DRIVE = "google-drive"


class Push:
    """A library with one Drive source, and what the emulator knows of its channels."""

    def __init__(self, server: DriveServer, library: Library) -> None:
        self.server, self.library = server, library
        row = library.row(create=True)
        self.source = sources.ensure(library.ledger, row, DRIVE, DRIVE, "{}")

    def follow(self, *drives: str, identity: str = ALICE) -> None:
        """The source has been listed: these are the logs that it follows from now on."""
        tokens = {corpus: str(self._log(corpus).head) for corpus in ("user", *drives)}
        cursor = Cursor(identity, "scope", 0.0, tokens).dumps()
        with self.library.ledger.write() as connection:
            connection.execute(update(source_rows).where(source_rows.c.id == self.source.id).values(cursor=cursor))

    def _log(self, corpus: str) -> Any:
        return self.server.world.logs.of(f"user:{ALICE}" if corpus == "user" else corpus)

    def keep(self, address: str = NOBODY) -> Kept:
        """What the flow does."""
        return total(keep_channels.fn(self.library, source, address) for source in watched(self.library))

    def known(self) -> dict[str, Channel]:
        """The ledger's, by id."""
        return {found.id: found for found in channels.of_library(self.library.ledger, self.library.row())}

    @property
    def open(self) -> dict[str, OpenChannel]:
        """Google's, by id."""
        return self.server.channels.open

    def age(self, left: float) -> None:
        """All channels are a week old, and have so many seconds left."""
        self.change(opened_at=time.time() - 7 * 86_400, expires_at=time.time() + left)

    def change(self, **values: float | str | None) -> None:
        """Change what the ledger knows of all channels."""
        with self.library.ledger.write() as connection:
            connection.execute(update(rows).values(**values))


@pytest.fixture(scope="module")
def running() -> Iterator[DriveServer]:
    with DriveServer() as server:
        server.world.advance(time.time() - server.world.now / 1000)
        server.world.user(ALICE)
        yield server


@pytest.fixture
def push(running: DriveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Push]:
    running.world.knobs = Knobs(webhook_http_allowed=True)
    running.faults.clear()
    running.channels.open.clear()
    running.requests.clear()
    running.restore(ALICE)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("LEVADA_HOME", str(tmp_path))
    monkeypatch.setenv("LEVADA_GOOGLE_API_URL", running.url)
    monkeypatch.setenv("LEVADA_GOOGLE_MY_DRIVE", "yes")
    log_in(tmp_path, running, ALICE)
    adapter = tasks.channels._adapter

    def hasty(*arguments: Any) -> GoogleDriveSource:
        made = adapter(*arguments)
        made._client = DriveClient(made._credentials(), sleep=lambda _seconds: None)
        return made

    monkeypatch.setattr("tasks.channels._adapter", hasty)
    library = open_library("default", Settings.from_env())
    yield Push(running, library)
    library.close()


def log_in(home: Path, server: DriveServer, email: str) -> None:
    token = home / "google" / "token.json"
    token.parent.mkdir(mode=0o700, exist_ok=True)
    token.write_text(json.dumps(server.credentials(email) | {"account": email}))
    token.chmod(0o600)


def test_each_log_has_one_channel_and_a_second_run_opens_none(push: Push) -> None:
    assert push.keep() == Kept()  # nothing is followed before the first listing
    team = push.server.world.create_drive("Team", {ALICE: "organizer"})
    push.follow(team)
    assert push.keep() == Kept(open=2, opened=2)
    assert {found.corpus for found in push.open.values()} == {f"user:{ALICE}", team}
    assert push.open.keys() == push.known().keys()
    for id, channel in push.known().items():
        there = push.open[id]
        assert (there.token, there.resource_id, there.address) == (channel.token, channel.resource_id, NOBODY)
        assert abs(there.expires / 1000 - channel.expires_at) < 1
        assert abs(channel.expires_at - channel.opened_at - 7 * 86_400) < 60
    assert len({channel.token for channel in push.known().values()}) == 2
    before = push.server.requests.count()
    assert push.keep() == Kept(open=2)
    assert push.server.requests.count() == before


def test_a_channel_gets_a_successor_before_it_ends(push: Push) -> None:
    push.follow()
    push.keep()
    (old,) = push.open
    push.server.requests.clear()
    push.age(3_600)
    assert push.keep() == Kept(open=1, opened=1, stopped=1)
    assert [record.endpoint for record in push.server.requests if "/token" not in record.path] == [
        "changes.watch",
        "channels.stop",
    ], "they overlap"
    assert push.open.keys() == push.known().keys()
    assert old not in push.open


def test_a_log_that_is_not_followed_any_more_is_not_watched(push: Push) -> None:
    team = push.server.world.create_drive("Team", {ALICE: "organizer"})
    push.follow(team)
    push.keep()
    push.follow()
    assert push.keep() == Kept(open=1, stopped=1)
    assert [found.corpus for found in push.open.values()] == [f"user:{ALICE}"]


def test_a_lost_drive_stops_no_other_log(push: Push) -> None:
    team = push.server.world.create_drive("Team", {ALICE: "organizer"})
    push.follow(team)
    push.server.faults.add(
        {"endpoint": "changes.watch", "nth": 2},
        {"name": "status", "code": 404, "reason": "notFound", "message": f"Shared drive not found: {team}"},
    )
    kept = push.keep()
    assert (kept.open, kept.problems) == (1, [])


def test_stopping_leaves_none_and_following_again_opens_them(push: Push) -> None:
    push.follow()
    push.keep()
    assert push.keep("") == Kept(stopped=1)
    assert (push.open, push.known()) == ({}, {})
    assert push.keep("") == Kept()
    assert push.keep().opened == 1


def test_the_channels_of_a_source_that_is_gone_are_stopped(push: Push) -> None:
    push.follow()
    push.keep()
    with push.library.ledger.write() as connection:
        connection.execute(source_rows.delete())
    assert push.keep() == Kept(stopped=1)
    assert (push.open, push.known()) == ({}, {})
    assert watched(push.library) == []


def test_a_new_address_gets_channels_of_its_own(push: Push) -> None:
    push.follow()
    push.keep()
    assert push.keep("http://127.0.0.1:9/elsewhere") == Kept(open=1, opened=1, stopped=1)
    assert [found.address for found in push.open.values()] == ["http://127.0.0.1:9/elsewhere"]


def test_a_run_that_died_before_the_answer_leaves_nothing_unknown(push: Push) -> None:
    """The channel is open, and the ledger knows it, but not its resource id."""
    push.follow()
    push.keep()
    push.change(resource_id=None)
    (orphan,) = push.open
    assert push.keep() == Kept(open=1, opened=1, stopped=1)
    assert orphan not in push.open
    assert push.open.keys() == push.known().keys()


def test_an_answer_that_was_lost_leaves_one_channel(push: Push) -> None:
    """It is asked for once more, and Google says that the id is taken."""
    push.follow()
    push.server.faults.add({"endpoint": "changes.watch"}, "truncate_with_length")
    assert push.keep() == Kept(open=1, opened=1, stopped=1)
    assert len(push.open) == 1
    assert push.open.keys() == push.known().keys()


def test_a_channel_that_google_has_ended_is_forgotten(push: Push) -> None:
    push.follow()
    push.keep()
    push.open.clear()
    push.age(60)
    assert push.keep() == Kept(open=1, opened=1, stopped=1)  # a stop that finds nothing is none the worse
    push.age(-1)
    assert push.keep("") == Kept()
    assert push.known() == {}


def test_an_address_that_google_will_not_call_is_said(push: Push) -> None:
    push.follow()
    push.server.world.knobs.webhook_http_allowed = False
    kept = push.keep()
    assert kept.open == 0
    assert "google-drive: no channel for user: Google refuses: WebHook callback must be HTTPS" in kept.problems[0]
    assert push.known() == {}


def test_an_address_of_a_stranger_is_no_lost_login(push: Push) -> None:
    """Google answers 401 for a domain that it wants to be verified."""
    push.follow()
    refusal = {
        "name": "status",
        "code": 401,
        "reason": "push.webhookUrlUnauthorized",
        "message": "Unauthorized WebHook callback",
    }
    push.server.faults.add({"endpoint": "changes.watch"}, refusal, times=9)
    (problem,) = push.keep().problems
    assert "no channel for user: Google refuses: Unauthorized WebHook callback (push.webhookUrlUnauthorized)" in problem
    assert push.known() == {}


def test_lost_credentials_leave_channels_as_they_were(push: Push) -> None:
    push.follow()
    push.keep()
    before = push.known()
    push.age(60)
    push.server.revoke(ALICE)
    kept = push.keep()
    assert "levada drive login" in kept.problems[0]
    assert push.known().keys() >= before.keys()
    push.server.restore(ALICE)
    assert push.keep().problems == []
    assert len(push.open) == 1
    assert push.open.keys() == push.known().keys()


def test_another_account_watches_its_own_logs(push: Push, tmp_path: Path) -> None:
    """Tokens of the first account mean nothing to the second; its channels only it could stop, so nobody heeds them."""
    push.follow()
    push.keep()
    push.server.world.user(BOB)
    log_in(tmp_path, push.server, BOB)
    assert push.keep() == Kept()
    assert push.known() == {}


def test_a_rejected_token_waits_for_the_next_ingest(push: Push) -> None:
    push.follow()
    push.server.world.knobs.invalidate_change_tokens = True
    push.server.world.create_file("a", b"1", push.server.world.user(ALICE).root_id)
    assert push.keep() == Kept()
    push.follow()
    assert push.keep().opened == 1
