"""Random stories: what a reader of the logs is told explains every difference between two listings of the same corpus."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tests.servers.googledrive.feed import changes_list, start_page_token
from tests.servers.googledrive.listing import files_list
from tests.servers.googledrive.messages import Request, Response
from tests.servers.googledrive.view import View
from tests.servers.googledrive.world import World

ALICE, BOB = "alice@example.com", "bob@example.com"
BOTH = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}
Listing = dict[str, dict[str, Any]]


class Corpus:
    """One log with the listing that it belongs to, both read without HTTP."""

    def __init__(self, world: World, email: str, drive_id: str | None = None) -> None:
        self._view = View(world, world.user(email), "http://here")
        self._drive = {"driveId": drive_id} if drive_id else {}
        self._token = self._ask(start_page_token)["startPageToken"]
        self.listing = self.list()

    def _ask(self, endpoint: Callable[[View, Request], Response], **params: str) -> dict[str, Any]:
        view = View(self._view.state, self._view.caller, self._view.base_url)
        found: dict[str, Any] = json.loads(endpoint(view, Request("GET", "/", {**BOTH, **self._drive, **params}, {})).data())
        return found

    def list(self) -> Listing:
        found: Listing = {}
        token = None
        fields = "nextPageToken,files(id,name,parents,trashed,permissionIds)"
        while True:
            answer = self._ask(files_list, pageSize="7", fields=fields, **({"pageToken": token} if token else {}))
            found |= {file["id"]: file for file in answer["files"]}
            token = answer.get("nextPageToken")
            if token is None:
                return found

    def news(self) -> dict[str, bool]:
        """By id of a file: whether it was removed."""
        found: dict[str, bool] = {}
        token: str | None = self._token
        while token:
            answer = self._ask(changes_list, pageToken=token, pageSize="3")
            found |= {change["fileId"]: change["removed"] for change in answer["changes"] if change["changeType"] == "file"}
            token = answer.get("nextPageToken")
            self._token = answer.get("newStartPageToken", self._token)
        return found

    def catch_up(self) -> None:
        """Compare what is listed now with what was listed before and with what the log says."""
        news, before, now = self.news(), self.listing, self.list()
        for file, removed in news.items():
            assert removed != (file in now)
        for file in before.keys() | now.keys():
            if before.get(file) != now.get(file):
                assert news.keys() & (_path(before, file) | _path(now, file)), (before.get(file), now.get(file))
        self.listing = now


def _path(listing: Listing, file: str) -> set[str]:
    """The item and the folders above it."""
    found: set[str] = set()
    at: str | None = file
    while at is not None and at not in found:
        found.add(at)
        at = next(iter(listing.get(at, {}).get("parents", ())), None)
    return found


def happen(world: World, random: Random, roots: set[str]) -> None:
    """One operation on one item."""
    folder = random.choice([node.id for node in world.nodes.values() if node.is_folder])
    items = [file for file in world.nodes if file not in roots]
    item = random.choice(items or [""])
    grants = list(world.nodes[item].permissions or {}) if item else []
    operation = random.randrange(9) if item else 0
    if operation == 0:
        world.create_folder("folder", folder)
    elif operation == 1:
        world.create_file("file", b"", folder)
    elif operation == 2 and not world.within(folder, item):
        world.move(item, folder)
    elif operation == 3:
        random.choice([world.trash, world.untrash])(item)
    elif operation == 4:
        world.share(item, email=BOB)
    elif operation == 5:
        world.share(item, type="group", email="crew@example.com")
    elif operation == 6 and grants:
        world.unshare(item, random.choice(grants))
    elif operation == 7:
        world.limit_access(item, random.random() < 0.5)
    elif operation == 8 and random.random() < 0.3:
        world.delete(item)


@pytest.mark.parametrize("seed", range(20))
def test_every_difference_is_explained(seed: int) -> None:
    random, world = Random(seed), World(seed)
    world.knobs.outsider_events = True
    roots = {world.user(ALICE).root_id, world.user(BOB).root_id}
    world.group("crew@example.com", [BOB])
    team = world.create_drive("Team", {ALICE: "organizer"})
    corpora = [Corpus(world, ALICE), Corpus(world, BOB), Corpus(world, ALICE, team)]
    for _ in range(40):
        happen(world, random, roots | {team})
        if random.random() < 0.3:
            for corpus in corpora:
                corpus.catch_up()
