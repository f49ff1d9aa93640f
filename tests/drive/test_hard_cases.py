"""What sources of Google Drive get wrong, one by one: each against a fresh library over the same scope."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from blocks.sources.drive import staging
from blocks.sources.drive.cursor import Cursor
from core.errors import CredentialsLost, Fenced, SourceUnavailable, UsageError
from ledger.database import Database
from tests.drive.carrier import Carrier, Crash, Fuse
from tests.drive.place import ALICE, BOB, CAROL, Place
from tests.drive.story import assert_equal
from tests.servers.googledrive.nodes import FOLDER

Make = Callable[..., Carrier]


@pytest.fixture
def carry(place: Place, ledger: Database, tmp_path: Path) -> Any:
    """`carry(folders=[...])`: a library over that scope, filled once if it is not to be `empty`."""
    made: list[Carrier] = []

    def make(empty: bool = False, **scope: Any) -> Carrier:
        carrier = Carrier(place, ledger, tmp_path, scope)
        made.append(carrier)
        carrier.portion = 100
        if not empty:
            carrier.sync()
        return carrier

    yield make
    for carrier in made:
        carrier.close()


def assert_settled(carrier: Carrier) -> None:
    """I2: it holds what a fresh library would hold."""
    fresh = carrier.fresh()
    try:
        fresh.sync()
        assert_equal(carrier.index(), fresh.index())
    finally:
        fresh.close()


def assert_settled_later(carrier: Carrier) -> None:
    """The same when lists have caught up."""
    carrier.place.world.advance(901)
    carrier.sync()
    assert_settled(carrier)


def work(carrier: Carrier) -> tuple[int, int, int]:
    """Downloads, embeddings and store writes so far."""
    return carrier.downloads, carrier.embedded, carrier.writes


# -- places in the tree -----------------------------------------------------------------------------------------------


def test_a_file_enters_before_its_folder(place: Place, carry: Make) -> None:
    carrier = carry(folders=[place.a])
    place.world.move(place.in_o, place.p)
    place.world.move(place.p, place.a1)
    carrier.sync()
    assert {place.in_o, place.in_p} <= carrier.paths().keys()
    assert_settled(carrier)


def test_two_folders_change_places_one_in_the_other(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.a]), place.world
    inner = world.create_folder("inner", place.a1)
    deep = world.create_file("deep.txt", "six", inner)
    carrier.sync()
    world.move(inner, place.a)
    world.move(place.a1, inner)
    carrier.sync()
    assert carrier.paths()[deep] == "A/inner/deep.txt"
    assert carrier.paths()[place.in_a1] == "A/inner/A1/in-a1.txt"
    assert_settled(carrier)


def test_folders_change_places_across_the_border(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.a]), place.world
    world.move(place.a1, place.o)
    world.move(place.p, place.a)
    carrier.sync()
    assert carrier.paths().keys() == {place.in_a, place.in_p}
    assert_settled(carrier)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_cycle_appears_while_the_log_is_read(place: Place, carry: Make, nth: int) -> None:
    """Page by page, each folder seems to lie in the other."""
    carrier, world = carry(folders=[place.a]), place.world
    one, two = world.create_folder("one", place.a), world.create_folder("two", place.a)
    files = [world.create_file("in.txt", "six", folder) for folder in (one, two)]
    carrier.sync()
    world.knobs.page_size_cap = 1
    world.move(one, two)

    def turn_over() -> None:
        world.move(one, place.a)
        world.move(two, one)

    world.rename(place.in_a, "other.txt")
    world.knobs.mutate_during("changes.list", nth, turn_over)
    carrier.sync()
    carrier.sync()
    assert {carrier.paths()[file] for file in files} == {"A/one/in.txt", "A/one/two/in.txt"}
    assert_settled(carrier)


def test_a_folder_is_renamed_without_a_download(place: Place, carry: Make) -> None:
    carrier = carry(folders=[place.a])
    before = work(carrier)
    place.world.rename(place.a1, "Reports")
    place.world.rename(place.a, "Top")
    carrier.sync()
    assert carrier.paths()[place.in_a1] == "Top/Reports/in-a1.txt"
    assert work(carrier) == before
    assert_settled(carrier)


@pytest.mark.parametrize("events", ["none", "trash_only", "all_delayed"])
def test_a_folder_leaves_with_all_that_is_in_it(place: Place, carry: Make, events: str) -> None:
    carrier, world = carry(folders=[place.a]), place.world
    world.knobs.descendant_events = events
    for leave in (lambda: world.move(place.a1, place.o), lambda: world.trash(place.a1), lambda: world.delete(place.a1)):
        leave()
        carrier.sync()
        assert carrier.paths().keys() == {place.in_a}
        if place.a1 in world.nodes:
            world.untrash(place.a1)
            world.move(place.a1, place.a)
            carrier.sync()
            assert carrier.paths().keys() == {place.in_a, place.in_a1}
        assert_settled(carrier)


def test_names_that_are_twice_or_odd(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.a]), place.world
    names = ["same.txt", "same.txt", "a/b.txt", "two\nlines.txt", "n" * 1000, "", " ", "..", "tab\t.txt"]
    files = [world.create_file(name, "one", place.a) for name in names]
    odd = world.create_folder("x/../y", place.a)
    inside = world.create_file("in.txt", "two", odd)
    carrier.sync()
    assert {*files, inside} <= carrier.paths().keys()
    assert all("\n" not in path and "/../" not in path for path in carrier.paths().values())
    assert_settled(carrier)


# -- corpora ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("roots", [("a", "t1"), ("t1", "a")])
def test_items_move_between_corpora_in_both_orders_of_the_logs(place: Place, carry: Make, roots: tuple[str, str]) -> None:
    carrier, world = carry(folders=[getattr(place, root) for root in roots]), place.world
    everything = {place.in_a, place.in_a1, place.in_t1}
    for moves in ([(place.in_a, place.t1)], [(place.in_a, place.a), (place.in_t1, place.a1)], [(place.a1, place.t1)]):
        for item, target in moves:
            world.move(item, target)
        carrier.sync()
        assert carrier.paths().keys() == everything
        assert_settled(carrier)


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("there", [True, False])
def test_an_item_moves_between_two_drains(place: Place, carry: Make, nth: int, there: bool) -> None:
    carrier, world = carry(folders=[place.a, place.t1]), place.world
    item, target = (place.a1, place.t1) if there else (place.in_t1, place.a)
    world.rename(place.in_a, "other.txt")
    world.rename(place.in_t1, "another.txt")
    world.knobs.mutate_during("changes.list", nth, lambda: world.move(item, target))
    carrier.sync()
    assert carrier.paths().keys() == {place.in_a, place.in_a1, place.in_t1}
    carrier.sync()
    assert_settled(carrier)


def test_drives_come_and_go(place: Place, carry: Make) -> None:
    carrier, world = carry(all_drives=True), place.world
    new = world.create_drive("New", {ALICE: "organizer"})
    file = world.create_file("in.txt", "six", world.create_folder("N", new))
    carrier.sync()
    assert carrier.paths()[file] == "New/N/in.txt"
    world.rename_drive(new, "Newer")
    carrier.sync()
    assert carrier.paths()[file] == "Newer/N/in.txt"
    world.delete_drive(new)
    carrier.sync()
    carrier.sync(confirm=True)
    assert carrier.paths().keys() == {place.in_t, place.in_t1}
    assert_settled(carrier)


def test_membership_is_lost_and_regained(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.a], drives=[place.t]), place.world
    world.remove_member(place.t, ALICE)
    promotion = carrier.sync()
    assert promotion.needs_flag and promotion.awaiting == 2
    assert carrier.paths().keys() == {place.in_a, place.in_a1, place.in_t, place.in_t1}
    world.edit(place.in_t, "later")
    world.set_member(place.t, ALICE, "organizer")
    carrier.sync()
    assert_settled(carrier)
    world.remove_member(place.t, ALICE)
    carrier.sync()
    carrier.sync(confirm=True)
    assert carrier.paths().keys() == {place.in_a, place.in_a1}


# -- roots ------------------------------------------------------------------------------------------------------------


def _trash_root(place: Place) -> None:
    place.world.trash(place.a)


def _trash_above(place: Place) -> None:
    place.world.trash(place.above)  # type: ignore[attr-defined]


def _delete_root(place: Place) -> None:
    place.world.delete(place.a)


@pytest.mark.parametrize("lose", [_trash_root, _trash_above, _delete_root])
def test_a_lost_root_waits_for_the_flag(place: Place, carry: Make, lose: Callable[[Place], None]) -> None:
    world = place.world
    place.above = world.create_folder("Above", place.mine)  # type: ignore[attr-defined]
    world.move(place.a, place.above)  # type: ignore[attr-defined]
    carrier = carry(folders=[place.a])
    everything = {place.in_a, place.in_a1}
    lose(place)
    for _run in range(2):
        promotion = carrier.sync()
        assert promotion.needs_flag and carrier.paths().keys() == everything
        world.advance(901)
    if place.a in world.nodes:
        world.untrash(place.a)
        world.untrash(place.above)  # type: ignore[attr-defined]
        assert carrier.sync().awaiting == 0
        assert_settled(carrier)
        lose(place)
        carrier.sync()
    carrier.sync(confirm=True)
    assert carrier.paths() == {}


def test_a_shared_root_is_taken_back_and_given_again(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.b]), place.world
    (grant,) = world.nodes[place.b].permissions or {}
    world.unshare(place.b, grant)
    assert carrier.sync().needs_flag
    assert carrier.paths().keys() == {place.in_b1}
    world.create_file("later.txt", "six", place.b1)
    world.share(place.b, email=ALICE, role="reader")
    carrier.sync()
    assert len(carrier.paths()) == 2
    assert_settled(carrier)


def test_a_root_moves_with_what_is_in_it(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.a]), place.world
    world.move(place.a, place.p)
    carrier.sync()
    assert_settled(carrier)
    world.move(place.a, place.t1)
    world.edit(place.in_a, "on a shared drive")
    carrier.sync()
    assert carrier.paths().keys() == {place.in_a, place.in_a1}
    assert_settled(carrier)
    world.edit(place.in_a, "and later")
    world.create_file("new.txt", "six", place.a1)
    carrier.sync()
    assert_settled(carrier)


def test_rights_above_a_root_change(place: Place, carry: Make) -> None:
    """No log tells of the root, nor of what is in it."""
    carrier, world = carry(folders=[place.p]), place.world
    world.share(place.o, email=CAROL)
    before = work(carrier)
    carrier.sync()
    assert f"user:{CAROL}" in carrier.index()[place.in_p]["acl"]
    assert work(carrier) == before
    assert_settled(carrier)


def test_rights_above_a_root_on_a_shared_drive_change(place: Place, carry: Make) -> None:
    world = place.world
    inner = world.create_folder("inner", place.t1)
    file = world.create_file("in.txt", "six", inner)
    carrier = carry(folders=[inner])
    world.share(place.t1, email=CAROL)
    carrier.sync()
    assert f"user:{CAROL}" in carrier.index()[file]["acl"]
    world.remove_member(place.t, BOB)
    carrier.sync()
    assert f"user:{BOB}" not in carrier.index()[file]["acl"]
    assert_settled(carrier)


@pytest.mark.parametrize("what", ["in_a", "nobody", "shortcut"])
def test_a_scope_that_is_no_folder(place: Place, carry: Make, what: str) -> None:
    shortcut = place.world.create_shortcut("Way", place.a, place.mine)
    id = {"in_a": place.in_a, "nobody": "1" * 33, "shortcut": shortcut}[what]
    carrier = carry(empty=True, folders=[id])
    with pytest.raises((UsageError, SourceUnavailable), match=id) as told:
        carrier.sync()
    assert "\n" not in str(told.value)


# -- lists that lag ---------------------------------------------------------------------------------------------------


def test_a_folder_enters_while_lists_lag(place: Place, carry: Make) -> None:
    """Its list does not show what had come into it just before; the second look, when that is due, does."""
    carrier, world = carry(folders=[place.a]), place.world
    world.knobs.list_lag_seconds = 600.0
    late = world.create_file("late.txt", "six", place.p)
    carrier.sync()
    world.move(place.p, place.a)
    carrier.sync()
    assert late not in carrier.paths()
    world.advance(901)
    carrier.sync()
    assert late in carrier.paths()
    assert_settled(carrier)


def test_the_first_listing_lags(place: Place, carry: Make) -> None:
    world = place.world
    world.knobs.list_lag_seconds = 600.0
    late = world.create_file("late.txt", "six", place.a1)
    world.move(place.p, place.a1)
    carrier = carry(empty=True, folders=[place.a])
    carrier.sync()
    world.advance(901)
    carrier.sync()
    assert {late, place.in_p} <= carrier.paths().keys()
    assert_settled(carrier)


def test_a_list_that_lags_brings_nothing_back(place: Place, carry: Make) -> None:
    """A folder comes in whose list still shows what has left it, and what is in the trash."""
    carrier, world = carry(folders=[place.a]), place.world
    gone = world.create_file("gone.txt", "six", place.p)
    carrier.sync()
    world.advance(1000)
    world.knobs.list_lag_seconds = 600.0
    world.move(place.in_p, place.o)
    world.trash(gone)
    world.move(place.p, place.a)
    carrier.sync()
    assert carrier.paths().keys() == {place.in_a, place.in_a1}
    world.advance(901)
    carrier.sync()
    assert_settled(carrier)


@pytest.mark.parametrize("target", ["a", "a1"])
def test_everything_is_listed_while_lists_lag(place: Place, carry: Make, target: str) -> None:
    """What the lists do not show yet is asked for, in a root as anywhere else, and in what is found in that way."""
    carrier, world = carry(folders=[place.a]), place.world
    world.advance(1000)
    world.knobs.list_lag_seconds = 600.0
    world.move(place.in_o, place.p)
    late = world.create_file("late.txt", "six", world.create_folder("late", place.p))
    world.move(place.p, getattr(place, target))
    carrier.sync()
    everything = {place.in_a, place.in_a1, place.in_p, place.in_o, late}
    assert carrier.paths().keys() == everything
    promotion = carrier.sync(full=True)
    assert carrier.paths().keys() == everything and promotion.removed == 0
    assert_settled_later(carrier)


def test_our_role_on_a_shared_drive_falls_and_rights_descend_late(place: Place, carry: Make) -> None:
    """I8: readers whom we may no longer see are unknown, also if Drive showed them for some seconds more."""
    carrier, world = carry(folders=[place.t1]), place.world
    world.knobs.descend_acl_delay = 60.0
    world.set_member(place.t, ALICE, "writer")
    carrier.sync()
    assert_settled_later(carrier)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_run_is_killed_when_our_role_on_a_shared_drive_has_fallen(
    place: Place, carry: Make, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that goes on still lets go of what is closed to us."""
    monkeypatch.setattr(staging, "FULL", 1)
    world = place.world
    world.set_member(place.t, BOB, "organizer")
    closed = world.create_folder("Closed", place.t1)
    file = world.create_file("in.txt", "six", closed)
    world.limit_access(closed)
    carrier = carry(folders=[place.t1])
    world.set_member(place.t, ALICE, "fileOrganizer")
    with pytest.raises(Crash):
        carrier.sync(fuse=Fuse(nth, "page staged"))
    carrier.sync()
    assert file not in carrier.paths()


@pytest.mark.parametrize("carried_before", [True, False])
@pytest.mark.parametrize("scope", ["my_drive", "folders"])
def test_the_second_look_shows_what_has_just_left(place: Place, carry: Make, carried_before: bool, scope: str) -> None:
    """The list that is to mend what lagged lags itself, and no third one follows."""
    carrier, world = carry(**({"my_drive": True} if scope == "my_drive" else {"folders": [place.a]})), place.world
    carrier.sync(full=True)
    world.advance(850)
    world.knobs.list_lag_seconds = 600.0
    world.move(place.a1, place.b)
    if carried_before:
        carrier.sync()
    world.advance(60)
    carrier.sync()
    assert place.in_a1 not in carrier.paths()
    assert_settled_later(carrier)


@pytest.mark.parametrize("target", ["b", "a1"])
def test_the_second_look_shows_that_a_folder_had_left(place: Place, carry: Make, target: str) -> None:
    """The log was not read yet when it left for a folder outside, which is in the list all the same."""
    world = place.world
    world.knobs.list_lag_seconds = 600.0
    world.move(place.o, getattr(place, target))
    world.move(place.in_a, getattr(place, target))
    carrier = carry(my_drive=True)
    assert_settled_later(carrier)


@pytest.mark.parametrize("scope", ["my_drive", "folders"])
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_the_second_look_is_interrupted(
    place: Place, carry: Make, nth: int, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it found and had not asked for yet is not believed by the run that goes on."""
    monkeypatch.setattr(staging, "FULL", 1)
    carrier, world = carry(**({"my_drive": True} if scope == "my_drive" else {"folders": [place.a]})), place.world
    world.advance(850)
    world.knobs.list_lag_seconds = 600.0
    world.move(place.a1, place.b)
    world.move(place.in_a, place.b)
    carrier.sync()
    world.advance(60)
    with suppress(Crash):
        carrier.sync(fuse=Fuse(nth, "page staged"))
    carrier.sync()
    assert not {place.in_a, place.in_a1} & carrier.paths().keys()
    assert_settled_later(carrier)


@pytest.mark.parametrize("scope", ["my_drive", "folders"])
def test_a_file_has_just_left_a_folder_that_only_the_second_look_shows(place: Place, carry: Make, scope: str) -> None:
    """Nobody knew the folder when the log told of that, and the folder's list lags."""
    world = place.world
    world.knobs.list_lag_seconds = 600.0
    late = world.create_folder("late", world.create_folder("later", place.a))
    inside = world.create_file("inside.txt", "six", late)
    carrier = carry(**({"my_drive": True} if scope == "my_drive" else {"folders": [place.a]}))
    world.advance(850)
    world.move(inside, place.b)
    carrier.sync()
    world.advance(60)
    carrier.sync()
    assert_settled_later(carrier)


@pytest.mark.parametrize("scope", ["my_drive", "folders"])
@pytest.mark.parametrize("nth", [4, 5, 6])
def test_a_run_is_killed_when_the_second_look_has_just_shown_a_folder(
    place: Place, carry: Make, nth: int, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder's own list lags, and has to be read once more."""
    monkeypatch.setattr(staging, "FULL", 1)
    world = place.world
    world.knobs.list_lag_seconds = 600.0
    outside = world.create_file("outside.txt", "six", place.b)
    late = world.create_folder("late", world.create_folder("later", place.a))
    carrier = carry(**({"my_drive": True} if scope == "my_drive" else {"folders": [place.a]}))
    world.advance(850)
    world.move(outside, late)
    carrier.sync()
    world.advance(60)
    with pytest.raises(Crash):
        carrier.sync(fuse=Fuse(nth, "page staged"))
    carrier.sync()
    assert_settled_later(carrier)


def test_a_first_listing_lasts_until_its_own_second_look(place: Place, carry: Make) -> None:
    """It is killed on the way. A folder that the second look shows is listed once more, though the look began further out."""
    world = place.world
    carrier = carry(empty=True, folders=[place.a])
    world.advance(1000)
    world.knobs.list_lag_seconds = 600.0
    inside = world.create_file("inside.txt", "six", world.create_folder("late", place.a))

    def later() -> None:
        world.advance(1000)
        world.move(inside, place.b)

    world.knobs.mutate_during("changes.list", 1, later)
    with pytest.raises(Crash):
        carrier.sync(fuse=Fuse(5, "page staged"))
    carrier.sync()
    assert_settled_later(carrier)


def test_a_root_that_no_list_names_yet_is_not_known_by_link_alone(place: Place, carry: Make) -> None:
    """What only its link makes known is listed each time; that a list lags is no reason to do so for ever."""
    carrier, world = carry(folders=[place.a, place.t1]), place.world
    world.advance(1000)
    world.knobs.list_lag_seconds = 600.0
    world.move(place.t1, place.b)
    carrier.sync(full=True)
    world.advance(901)
    carrier.sync()
    before = carrier.calls()
    carrier.sync()
    assert carrier.calls() - before == 3


def test_a_group_joins_the_shared_drive_of_a_root(place: Place, carry: Make) -> None:
    """Of that only the logs of those who join tell."""
    carrier, world = carry(folders=[place.t1]), place.world
    carrier.sync()
    world.set_member(place.t, "crew@example.com", "reader")
    carrier.sync()
    assert "group:crew@example.com" in carrier.index()[place.in_t1]["acl"]
    assert_settled(carrier)


def test_a_file_moves_into_a_folder_that_no_list_shows_yet(place: Place, carry: Make) -> None:
    """All is listed from scratch; the folder is asked for after the log has told of the file."""
    carrier, world = carry(folders=[place.a], drives=[place.t]), place.world
    world.advance(1000)
    world.knobs.list_lag_seconds = 600.0
    world.move(place.p, place.t1)
    carrier.sync()
    world.knobs.mutate_during("files.list", 2, lambda: world.move(place.in_a, place.p))
    promotion = carrier.sync(full=True)
    assert promotion.removed == 0 and carrier.paths()[place.in_a] == "T/T1/P/in-a.txt"
    assert_settled_later(carrier)


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_file_moves_into_a_root_that_comes_back(place: Place, carry: Make, nth: int) -> None:
    """Its own log is read anew, and no list shows the file; nor does a run that dies on the way lose it."""
    carrier, world = carry(folders=[place.a], drives=[place.t]), place.world
    world.trash(place.a)
    carrier.sync()
    world.advance(1000)
    world.knobs.list_lag_seconds = 600.0
    world.move(place.in_t, place.a1)
    world.untrash(place.a)
    with suppress(Crash):
        carrier.sync(fuse=Fuse(nth, "page"))
    carrier.sync()
    assert carrier.paths()[place.in_t] == "A/A1/in-t.txt"
    assert_settled_later(carrier)


@pytest.mark.parametrize("scope", ["my_drive", "folders"])
def test_everything_is_listed_just_after_people_were_shut_out(place: Place, carry: Make, scope: str) -> None:
    """I8: what the log has told is not forgotten for what a list shows that is behind it."""
    world = place.world
    for id in (place.in_a1, place.a1):
        world.share(id, email=BOB)
    carrier = carry(**({"my_drive": True} if scope == "my_drive" else {"folders": [place.a]}))
    world.advance(1000)
    world.knobs.list_lag_seconds = 600.0
    for id in (place.in_a1, place.a1):
        bobs = next(key for key, permission in (world.nodes[id].permissions or {}).items() if permission.email == BOB)
        world.unshare(id, bobs)
    world.move(place.in_a, place.b)
    carrier.sync()
    before = carrier.calls()
    for _time in range(2):
        assert carrier.index()[place.in_a1]["acl"] == (f"user:{ALICE}",)
        assert place.in_a not in carrier.paths()
        carrier.sync(full=True)
    assert carrier.calls() - before <= 2 * 10
    assert_settled_later(carrier)


@pytest.mark.parametrize("how", ["trash", "delete"])
def test_a_folder_moves_out_of_one_that_leaves(place: Place, carry: Make, how: str) -> None:
    """It does not go with it, though both are told at once; so what its list does not show yet is asked for."""
    carrier, world = carry(my_drive=True), place.world
    world.advance(1000)
    world.knobs.list_lag_seconds = 600.0
    world.move(place.in_a, place.p)
    carrier.sync()
    if how == "trash":
        world.trash(place.o)
        world.move(place.p, place.a)
    else:
        world.move(place.p, place.a)
        world.delete(place.o)
    promotion = carrier.sync()
    assert carrier.paths()[place.in_a] == "My Drive/A/P/in-a.txt" and promotion.removed + promotion.awaiting <= 1
    assert_settled_later(carrier)


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_folder_is_found_after_it_went_with_another(place: Place, carry: Make, nth: int) -> None:
    """A run that goes on lists what was left before it reads the log, and lets the folder go; its own list lags."""
    world = place.world
    inner = world.create_folder("inner", world.create_folder("outer", place.t1))
    carrier = carry(drives=[place.t])
    world.advance(1000)
    world.knobs.list_lag_seconds = 600.0
    world.move(place.in_t, inner)
    carrier.sync()
    world.limit_access(place.t1)
    with suppress(Crash):
        carrier.sync(fuse=Fuse(nth, "page"))
    world.move(inner, place.t)
    world.trash(place.t1)
    carrier.sync()
    assert carrier.paths()[place.in_t] == "T/inner/in-t.txt"
    assert_settled_later(carrier)


def test_two_folders_change_places(place: Place, carry: Make) -> None:
    """The inner one is the outer one now, and nothing of either is read, or asked for, again."""
    carrier, world = carry(my_drive=True), place.world
    world.advance(1000)
    carrier.sync()
    done = work(carrier)
    world.move(place.p, place.mine)
    world.move(place.o, place.p)
    promotion = carrier.sync()
    assert promotion.removed == 0 and work(carrier) == done
    assert_settled(carrier)


def test_many_files_have_come_when_everything_is_listed_again(place: Place, carry: Make) -> None:
    """As in a library that is brought up to date once a day: they are not asked for one by one."""
    carrier, world = carry(folders=[place.a]), place.world
    for number in range(300):
        world.create_file(f"{number}.txt", "", place.a1)
    before = place.server.requests.count("files.get")
    with suppress(Crash):
        carrier.sync(full=True, fuse=Fuse(1, "promoted"))
    assert place.server.requests.count("files.get") - before <= 100 + 2
    carrier.sync()
    assert_settled(carrier)


def test_a_file_has_just_left_a_root_that_is_no_longer_wanted(place: Place, carry: Make) -> None:
    """All is listed from scratch, and no list shows the file in its new folder yet."""
    carrier, world = carry(folders=[place.a, place.t1]), place.world
    world.advance(1000)
    world.knobs.list_lag_seconds = 600.0
    world.move(place.in_t1, place.a)
    carrier.configure({"folders": [place.a]})
    carrier.sync()
    assert carrier.paths()[place.in_t1] == "A/in-t1.txt"
    assert_settled_later(carrier)


# -- content ----------------------------------------------------------------------------------------------------------


def test_an_edit_with_an_old_time_arrives(place: Place, carry: Make) -> None:
    carrier = carry(folders=[place.a])
    place.world.edit(place.in_a, "new|text", modified="2001-01-01T00:00:00Z")
    carrier.sync()
    assert carrier.index()[place.in_a]["chunks"] == ["new", "text"]
    assert_settled(carrier)


def test_the_same_bytes_again_cost_nothing(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.a]), place.world
    before = work(carrier)
    world.edit(place.in_a, "one|two")
    world.view(place.in_a1)
    world.star(place.in_a)
    world.rename(place.in_a1, "renamed.txt")
    carrier.sync()
    assert work(carrier) == before
    assert_settled(carrier)


def test_no_more_calls_than_corpora_and_roots(place: Place, carry: Make) -> None:
    carrier = carry(folders=[place.a, place.t1, place.p])
    place.world.advance(901)
    carrier.sync()
    before, done = carrier.calls(), work(carrier)
    carrier.sync()
    assert carrier.calls() - before <= 2 + 3 + 1
    assert work(carrier) == done


def test_what_a_shortcut_points_at_takes_few_calls(place: Place, carry: Make) -> None:
    """However deep it lies: two, for itself and its readers, beside its log."""
    world = place.world
    world.create_shortcut("there", world.create_folder("deep", world.create_folder("3", place.t1)), place.a)
    carrier = carry(folders=[place.a], shortcuts="follow")
    world.advance(901)
    carrier.sync()
    before = carrier.calls()
    carrier.sync()
    assert carrier.calls() - before <= 2 + 1 + 2


def test_a_folder_deep_in_a_drive_of_others_takes_few_calls(place: Place, carry: Make) -> None:
    """Of what is around it nothing is asked, unless it lies elsewhere now."""
    world = place.world
    folder = world.create_folder("deep", world.create_folder("3", world.create_folder("2", place.t1)))
    world.share(folder, email=ALICE)
    world.remove_member(place.t, ALICE)
    carrier = carry(folders=[folder])
    world.advance(901)
    carrier.sync()
    before = carrier.calls()
    carrier.sync()
    assert carrier.calls() - before <= 4
    late = world.create_file("late.txt", "six", folder)
    world.set_member(place.t, ALICE, "reader")
    carrier.sync()
    assert late in carrier.paths()
    assert_settled(carrier)


# -- readers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("root", ["a", "t"])
def test_rights_of_a_folder_reach_all_below(place: Place, carry: Make, root: str) -> None:
    carrier, world = carry(folders=[place.a], drives=[place.t]), place.world
    folder, file = {"a": (place.a1, place.in_a1), "t": (place.t1, place.in_t1)}[root]
    before = work(carrier)
    grant = world.share(folder, email=CAROL)
    carrier.sync()
    assert f"user:{CAROL}" in carrier.index()[file]["acl"]
    world.unshare(folder, grant)
    carrier.sync()
    assert f"user:{CAROL}" not in carrier.index()[file]["acl"]
    assert work(carrier) == before
    assert_settled(carrier)


@pytest.mark.parametrize("root", ["a", "t"])
def test_limited_access_keeps_out_who_would_inherit(place: Place, carry: Make, root: str) -> None:
    carrier, world = carry(folders=[place.a], drives=[place.t]), place.world
    top, folder, file = {"a": (place.a, place.a1, place.in_a1), "t": (place.t, place.t1, place.in_t1)}[root]
    world.share(top, email=CAROL)
    carrier.sync()
    assert f"user:{CAROL}" in carrier.index()[file]["acl"]
    world.limit_access(folder)
    carrier.sync()
    assert f"user:{CAROL}" not in carrier.index()[file]["acl"]
    assert_settled(carrier)
    world.limit_access(folder, False)
    carrier.sync()
    assert f"user:{CAROL}" in carrier.index()[file]["acl"]
    assert_settled(carrier)


def test_a_link_lets_nobody_find_it(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.a]), place.world
    world.share(place.in_a, type="anyone")
    world.share(place.in_a, type="domain", domain="example.com")
    carrier.sync()
    assert carrier.index()[place.in_a]["acl"] == (f"user:{ALICE}",)
    world.share(place.in_a, type="domain", domain="example.com", allow_discovery=True)
    carrier.sync()
    assert carrier.index()[place.in_a]["acl"] == ("domain:example.com", f"user:{ALICE}")


def test_a_right_ends_by_itself(place: Place, carry: Make) -> None:
    """Without a run, and without a change that any log tells."""
    carrier, world = carry(folders=[place.a]), place.world
    world.share(place.a1, email=CAROL, expires=world.now + 60_000)
    carrier.sync()
    assert f"user:{CAROL}" in carrier.index()[place.in_a1]["acl"]
    world.advance(61)
    assert carrier.index()[place.in_a1]["acl"] == (f"user:{ALICE}",)
    carrier.sync()
    assert_settled(carrier)


def test_rights_that_drive_does_not_tell_are_the_owners(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.b]), place.world
    (grant,) = world.nodes[place.b].permissions or {}
    world.set_role(place.b, grant, "reader")
    carrier.sync()
    assert carrier.index()[place.in_b1]["acl"] == ("owner",)
    assert_settled(carrier)


# -- interruptions ----------------------------------------------------------------------------------------------------


def test_a_rejected_token_means_everything_anew(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.a, place.t1]), place.world
    world.edit(place.in_a, "changed")
    world.move(place.in_p, place.a1)
    world.delete(place.in_t1)
    world.knobs.invalidate_change_tokens = True
    carrier.sync()
    assert carrier.paths().keys() == {place.in_a, place.in_a1, place.in_p}
    assert_settled(carrier)


def _big(place: Place, folders: int = 40, files: int = 80) -> str:
    root = place.world.create_folder("Big", place.mine)
    place.world.bulk(root, folders, files)
    return root


def _asked(place: Place) -> list[tuple[str, str]]:
    found = [(r.params.get("q", ""), r.params.get("pageToken", "")) for r in place.server.requests.of("files.list")]
    place.server.requests.clear()
    return found


@pytest.mark.parametrize("scope", ["folder", "my_drive"])
def test_a_first_listing_goes_on_where_it_was_killed(place: Place, carry: Make, scope: str) -> None:
    root = _big(place, 12, 30)
    place.world.knobs.page_size_cap = 10
    settings: dict[str, Any] = {"folders": [root]} if scope == "folder" else {"my_drive": True}
    carrier = carry(empty=True, **settings)
    _asked(place)
    asked: list[tuple[str, str]] = []
    kills = 3
    for _kill in range(kills):
        with pytest.raises(Crash):
            carrier.sync(fuse=Fuse(2, "page staged"))
        asked += _asked(place)
    carrier.sync()
    asked += _asked(place)
    assert len(Cursor.loads(carrier.row.cursor or "").again) == 1
    if scope == "folder":  # what a killed process had asked for at once may be asked for again
        assert len(asked) <= len(set(asked)) + 8 * kills
    else:
        again = [page for page in set(asked) if page[1] and "!=" in page[0] and asked.count(page) > 1]
        assert len(again) <= kills
    assert_settled(carrier)


def test_a_first_listing_goes_on_where_the_network_failed(place: Place, carry: Make) -> None:
    root = _big(place, 20, 20)
    carrier = carry(empty=True, folders=[root])
    place.server.faults.add({"endpoint": "files.list", "nth": list(range(6, 400))}, {"name": "status", "code": 503}, times=None)
    with pytest.raises(SourceUnavailable):
        carrier.sync()
    place.server.faults.clear()
    done = {query for query, _token in _asked(place)}
    carrier.sync()
    assert len(done & {query for query, _token in _asked(place)}) <= 9
    assert_settled(carrier)


def test_a_drain_goes_on_where_it_was_killed(place: Place, carry: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blocks.sources.drive.logs.WINDOW", 5)
    carrier, world = carry(folders=[place.a]), place.world
    for number in range(30):
        world.create_file(f"{number}.txt", "one", place.a)
    world.knobs.page_size_cap = 5
    place.server.requests.clear()
    for _kill in range(3):
        with pytest.raises(Crash):
            carrier.sync(fuse=Fuse(1, "page staged"))
    carrier.sync()
    tokens = [record.params["pageToken"] for record in place.server.requests.of("changes.list")]
    assert len(tokens) <= len(set(tokens)) + 3
    assert_settled(carrier)


@pytest.mark.parametrize("step", range(1, 34, 3))
def test_killed_anywhere(place: Place, carry: Make, step: int) -> None:
    carrier, world = carry(folders=[place.a, place.t1]), place.world
    carrier.portion = 2
    world.move(place.p, place.a1)
    world.edit(place.in_a, "one|six|two")
    world.move(place.in_t1, place.a)
    world.trash(place.in_a1)
    try:
        carrier.sync(fuse=Fuse(step))
    except Crash:
        carrier.sync()
    assert_settled(carrier)


def test_an_incomplete_search_deletes_nothing(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.a]), place.world
    before = carrier.mirror()
    world.knobs.incomplete_search = 1.0
    with pytest.raises(SourceUnavailable):
        carrier.sync(full=True)
    assert carrier.mirror() == before
    world.knobs.incomplete_search = 0.3
    carrier.sync(full=True)
    assert carrier.paths().keys() == {place.in_a, place.in_a1}


@pytest.mark.parametrize("endpoint", ["changes.list", "files.list", "files.get", "files.get_media"])
def test_credentials_lost_on_the_way(place: Place, carry: Make, endpoint: str) -> None:
    """I10. What was listed before they were lost may count; what was asked for afterwards does not."""
    carrier, world = carry(folders=[place.a]), place.world
    world.move(place.p, place.a)
    world.edit(place.in_a, "changed")
    before = carrier.mirror(), carrier.paths(), dict(carrier.store)
    place.server.faults.add({"endpoint": endpoint, "nth": 1}, "token_revoked")
    with pytest.raises(CredentialsLost, match="levada drive login"):
        carrier.sync()
    if endpoint != "files.get_media":
        assert (carrier.mirror(), carrier.paths(), carrier.store) == before
    place.server.restore(ALICE)
    carrier.sync()
    assert_settled(carrier)


def test_two_runs_at_once(place: Place, carry: Make) -> None:
    """I11: what the earlier one still tries to write is refused."""
    carrier, world = carry(folders=[place.a]), place.world
    world.move(place.p, place.a)
    world.edit(place.in_a, "changed")

    def overtake(step: str) -> None:
        if step == "page found" and not overtaken:
            overtaken.append(step)
            carrier.sync()

    overtaken: list[str] = []
    with pytest.raises(Fenced):
        carrier.sync(fuse=Fuse(watch=overtake))
    assert overtaken
    assert_settled(carrier)


# -- much at once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("how", ["one by one", "folder trashed", "folder moved"])
def test_sixty_percent_lost_at_once(place: Place, carry: Make, how: str, full: bool) -> None:
    world = place.world
    inner = world.create_folder("inner", place.a)
    lost = world.bulk(inner, 0, 60).files
    world.bulk(place.a1, 0, 38)
    carrier = carry(folders=[place.a])
    if how == "one by one":
        for file in lost:
            world.delete(file)
    elif how == "folder trashed":
        world.trash(inner)
    else:
        world.move(inner, place.o)
    promotion = carrier.sync(full=full)
    if how == "one by one" and not full:  # each has its own word in the log
        assert promotion.removed == 60
    else:
        assert promotion.awaiting == 60 and not promotion.needs_flag and set(lost) <= carrier.paths().keys()
        assert carrier.sync().removed == 60
    assert not set(lost) & carrier.paths().keys()
    assert_settled(carrier)


def test_a_first_listing_after_which_everything_is_gone(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.a]), place.world
    for file in (place.in_a, place.in_a1):
        world.move(file, place.o)
    carrier.sync()
    assert carrier.paths() == {}
    assert_settled(carrier)


def test_shortcuts_are_no_documents_and_end_nowhere(place: Place, carry: Make) -> None:
    carrier, world = carry(folders=[place.a]), place.world
    world.create_shortcut("up", place.a, place.a1)
    world.create_shortcut("nowhere", "0" * 33, place.a1, target_mime_type=FOLDER)
    world.create_shortcut("self", place.in_a, place.a)
    carrier.sync()
    world.delete(place.in_a)
    carrier.sync()
    assert carrier.paths().keys() == {place.in_a1}
    assert_settled(carrier)
