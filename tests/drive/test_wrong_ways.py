"""Ways to follow a Drive that are nearly right: each is made here and seen to fail, so that the tests are known to bite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.sources.drive.client import DriveClient
from blocks.sources.drive.listing import _Run
from blocks.sources.drive.looks import SecondLooks
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.scope_roots import ScopeRoots
from core.files import ChangePage
from ledger.database import Database
from ledger.listings import Promotion
from ledger.schema import sources
from tests.drive.carrier import Carrier, Crash, Fuse
from tests.drive.place import Place
from tests.drive.seeded import Teller, tell
from tests.drive.story import Story
from tests.drive.test_hard_cases import assert_settled

Patch = pytest.MonkeyPatch


def token_after_the_walk(patch: Patch) -> None:
    """Start tokens are taken when everything has been listed."""
    right = _Run.all

    def wrong(self: Any) -> Iterator[Any]:
        if not self._full:
            yield from right(self)
            return
        with pytest.MonkeyPatch.context() as deaf:
            deaf.setattr("blocks.sources.drive.logs.read", lambda account, tokens: iter(()))
            for page in right(self):
                if not isinstance(page, ChangePage):
                    for corpus in self._cursor.tokens:
                        self._cursor.tokens[corpus] = self._account.client.start_token(None)
                    page = type(page)(self._cursor.dumps(), page.full, page.root)
                yield page

    patch.setattr(_Run, "all", wrong)


def while_it_is_walked(place: Place, carrier: Carrier) -> None:
    """A file is edited and another moved when their folders have been listed, and before the walk is over."""
    world = place.world
    world.knobs.mutate_during("files.list", 2, lambda: (world.move(place.in_a, place.o), world.rename(place.a1, "B1")))
    carrier.sync(full=True)


def no_subtree_drop(patch: Patch) -> None:
    """A folder that leaves the scope leaves behind what lies in it."""

    def wrong(self: ScopeMirror, id: str, explicit: bool) -> Iterator[ChangePage]:
        self.staging.drop(id.encode())
        self.staging.remove(id.encode())
        yield from ()

    patch.setattr(ScopeMirror, "drop", wrong)


def a_folder_leaves(place: Place, carrier: Carrier) -> None:
    """It moves out; its children are not mentioned."""
    place.world.move(place.a1, place.o)


def no_walk(patch: Patch) -> None:
    """Folders that enter the scope are not listed."""
    right = ScopeMirror._put_folder

    def wrong(self: ScopeMirror, now: Any, before: Any, pending: bool, walk: bool = True) -> None:
        right(self, now, before, pending, walk)
        node = self.staging.node(now.key)
        if node is not None and now.parent:
            self.staging.put(type(node)(node.id, node.parent, node.facts, node.folder, False))

    patch.setattr(ScopeMirror, "_put_folder", wrong)


def a_folder_enters(place: Place, carrier: Carrier) -> None:
    """It moves in; its children are not mentioned."""
    place.world.move(place.p, place.a1)


def roots_are_not_polled(patch: Patch) -> None:
    """The logs are believed to tell all."""
    patch.setattr(ScopeRoots, "poll", lambda self: iter(()))


def rights_change_above(place: Place, carrier: Carrier) -> None:
    """The root's own folder is shared."""
    place.world.share(place.mine, email="carol@example.com")


def token_before_its_effects(patch: Patch) -> None:
    """The cursor is saved when the log has been read, before anything of it counts."""
    right, sync = DriveClient.changes, Carrier.sync

    def remembering(self: Carrier, **how: Any) -> Promotion:
        _at_work.append(self)
        return sync(self, **how)

    def wrong(self: DriveClient, token: str, drive: str | None, fields: str) -> dict[str, Any]:
        answer = right(self, token, drive, fields)
        carrier = _at_work[-1]
        with carrier.db.write() as connection:
            row = connection.execute(sources.select().where(sources.c.id == carrier.row.id)).one()
            moved = (row.cursor or "").replace(
                f'"{token}"', f'"{answer.get("nextPageToken", answer.get("newStartPageToken"))}"'
            )
            connection.execute(sources.update().where(sources.c.id == carrier.row.id).values(cursor=moved))
        return answer

    patch.setattr(Carrier, "sync", remembering)
    patch.setattr(DriveClient, "changes", wrong)


def a_run_dies(place: Place, carrier: Carrier) -> None:
    """After the log was read, before it is carried over."""
    place.world.edit(place.in_a, "changed")
    with pytest.raises(Crash):
        carrier.sync(fuse=Fuse(1, "page found"))


def no_second_look(patch: Patch) -> None:
    """What a list shows is believed, whenever it was asked for."""
    patch.setattr(SecondLooks, "take", lambda *_: iter(()))


def a_list_lags(place: Place, carrier: Carrier) -> None:
    """A folder enters whose list does not show yet what came into it just before."""
    place.world.knobs.list_lag_seconds = 600.0
    place.world.create_file("late.txt", "six", place.p)
    carrier.sync()
    place.world.move(place.p, place.a)
    carrier.sync()
    place.world.advance(901)


WAYS = [
    (token_after_the_walk, while_it_is_walked),
    (no_subtree_drop, a_folder_leaves),
    (no_walk, a_folder_enters),
    (roots_are_not_polled, rights_change_above),
    (token_before_its_effects, a_run_dies),
    (no_second_look, a_list_lags),
]
_at_work: list[Carrier] = []


@pytest.mark.parametrize("wrong", [True, False])
@pytest.mark.parametrize(("way", "scenario"), WAYS)
def test_a_wrong_way_fails(
    place: Place,
    ledger: Database,
    tmp_path: Path,
    way: Callable[[Patch], None],
    scenario: Callable[[Place, Carrier], None],
    wrong: bool,
) -> None:
    carrier = Carrier(place, ledger, tmp_path, {"folders": [place.a]})
    carrier.sync()
    with pytest.MonkeyPatch.context() as patch:
        if wrong:
            way(patch)
        scenario(place, carrier)
        carrier.sync()
    try:
        if wrong:
            with pytest.raises(AssertionError):
                assert_settled(carrier)
        else:
            assert_settled(carrier)
    finally:
        carrier.close()


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("way", [way for way, _scenario in WAYS])
def test_seeded_stories_find_it(ledger: Database, tmp_path: Path, way: Callable[[Patch], None]) -> None:
    """Nobody has to know what to look for: some of a few hundred stories end badly."""
    with pytest.MonkeyPatch.context() as patch:
        way(patch)
        for seed in range(300):
            teller, story = Teller(seed), Story()
            story.ledger, story.directory = ledger, tmp_path
            try:
                tell(story, teller.scope, teller.steps(12), teller.begins_full)
            except AssertionError:
                return
    pytest.fail("300 stories went well")
