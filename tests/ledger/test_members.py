"""Members in the ledger: they follow their container, in the transaction that changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from core.errors import Unprocessable
from core.ids import content_hash
from core.members import member_id
from core.principals import OWNER
from core.reasons import Reason
from ledger import members, quarantine
from ledger.members import FoundMember, Opening
from ledger.owed import Which, batch
from ledger.quarantine import FailedFile
from ledger.schema import FileState, acls, files
from tests.ledger.world import World


def found(*names: str, revision: str = "one") -> list[FoundMember]:
    return [FoundMember(name, 5, content_hash(f"{name} {revision}".encode())) for name in names]


def open_box(world: World, name: str | bytes, *held: FoundMember, wanted: int | None = None) -> Opening | None:
    """Mirror what a listed file, or a member, is found to hold."""
    document = world.id(name)
    if wanted is None:
        wanted = facts(world, name)["wanted"]
    return members.mirror(world.db, world.run, world.row, document, wanted, "content", "archive/1", held, has_text=False)


def facts(world: World, name: str | bytes) -> dict[str, Any]:
    statement = select(files, acls.c.principals).join(acls, acls.c.id == files.c.acl_id)
    with world.db.read() as connection:
        row = connection.execute(statement.where(files.c.document_id == world.id(name))).mappings().one()
    return dict(row)


def ids(world: World) -> set[bytes]:
    with world.db.read() as connection:
        return set(connection.execute(select(files.c.file_id)).scalars())


CAT, DOG, FOX = b"box\0cat", b"box\0dog", b"box\0dog\0fox"


@pytest.fixture
def boxed(world: World) -> World:
    """A box with a cat and a dog, and in the dog a fox."""
    world.source.write("box", "box")
    world.begin()
    world.listing()
    assert open_box(world, "box", *found("cat", "dog")) is not None
    assert open_box(world, DOG, *found("fox")) is not None
    return world


def test_members_are_owed_like_other_files(boxed: World) -> None:
    assert {file.file_id for file in boxed.owed()} == {b"box", CAT, DOG, FOX}
    assert facts(boxed, FOX)["path"] == "box/dog/fox"
    assert facts(boxed, FOX)["container"] == boxed.id(DOG)
    kinds = {which: {file.file_id for file in batch(boxed.db, boxed.row, boxed.now, 9, 99, which=which)} for which in Which}
    assert kinds == {Which.LISTED: {b"box"}, Which.INSIDE: {CAT, DOG, FOX}, Which.HOLDING: {b"box"}}
    chosen = batch(boxed.db, boxed.row, boxed.now, 9, 99, among=[boxed.id(CAT), boxed.id(FOX)])
    assert [file.file_id for file in chosen] == [CAT, FOX]


def test_the_same_again_changes_nothing_and_another_revision_is_owed(boxed: World) -> None:
    before = facts(boxed, CAT)
    opening = open_box(boxed, "box", *found("cat", "dog"))
    assert opening is not None and opening.owed == {boxed.id(CAT): 0, boxed.id(DOG): 1}
    assert facts(boxed, CAT) == before
    open_box(boxed, "box", *found("cat", revision="two"), *found("dog"))
    assert facts(boxed, CAT)["wanted"] == before["wanted"] + 1
    assert ids(boxed) == {b"box", CAT, DOG, FOX}


def test_what_it_holds_no_more_goes_with_all_that_lay_in_it(boxed: World) -> None:
    open_box(boxed, "box", *found("cat"))
    assert ids(boxed) == {b"box", CAT}


def test_a_container_that_wants_other_content_by_now_is_refused(boxed: World) -> None:
    wanted = facts(boxed, "box")["wanted"]
    boxed.source.write("box", "another")
    boxed.begin()
    boxed.listing()
    assert open_box(boxed, "box", *found("bird"), wanted=wanted) is None
    assert ids(boxed) == {b"box", CAT, DOG, FOX}


def test_a_tightened_acl_counts_at_once_for_all_that_lies_in_it(boxed: World) -> None:
    """Invariant I8."""
    boxed.source.acls[b"box"] = ("ann", "bob")
    boxed.begin()
    boxed.listing()
    for name in ("box", CAT, DOG, FOX):
        assert facts(boxed, name)["principals"] == '["ann", "bob"]'
    del boxed.source.acls[b"box"]
    boxed.begin()
    boxed.listing()
    assert facts(boxed, FOX)["principals"] == f'["{OWNER}"]'


def test_a_removed_container_takes_all_along(boxed: World) -> None:
    boxed.source.write("other", "other")
    boxed.source.remove("box")
    boxed.begin()
    boxed.listing(confirm=True)
    assert ids(boxed) == {b"other"}


def test_asking_for_bytes_owes_all_that_is_around_a_member(boxed: World) -> None:
    with boxed.db.write() as connection:
        connection.execute(files.update().values(owed=False))
    members.ask_for(boxed.db, boxed.run, boxed.row, [FOX])
    assert {file.file_id for file in boxed.owed()} == {b"box", DOG}


def test_what_lies_in_a_hopeless_container_is_not_owed(boxed: World) -> None:
    box = next(file for file in boxed.owed() if file.file_id == b"box")
    failed = [FailedFile(box.document_id, box.wanted, "extract", Reason.CORRUPT, "", "content", box.fingerprint)]
    assert quarantine.record(boxed.db, boxed.run, failed, "registry/1") == 0
    assert boxed.owed() == []
    assert ids(boxed) == {b"box", CAT, DOG, FOX}


def test_a_container_that_is_empty_by_now_holds_nothing(boxed: World) -> None:
    box = next(file for file in boxed.owed() if file.file_id == b"box")
    failed = [FailedFile(box.document_id, box.wanted, "extract", Reason.EMPTY, "", "content", box.fingerprint)]
    quarantine.record(boxed.db, boxed.run, failed, "registry/1")
    assert ids(boxed) == {b"box"}
    assert facts(boxed, "box")["opened_content"] is None


def test_a_moved_container_keeps_its_members_published_until_they_are_in_their_new_place(boxed: World) -> None:
    boxed.source.rename("box", "case")
    boxed.source.write("other", "other")
    boxed.begin()
    with boxed.db.write() as connection:
        opened = files.update().where(files.c.file_id == b"box")
        connection.execute(opened.values(opened_content=content_hash(b"box"), owed=False, read_fingerprint="v1"))
    boxed.listing()
    assert facts(boxed, "box")["state"] == FileState.MOVING
    assert open_box(boxed, "case", *found("cat", "dog")) is not None
    assert ids(boxed) == {b"case", b"case\0cat", b"case\0dog", CAT, DOG, FOX, b"other"}
    assert facts(boxed, CAT)["state"] == facts(boxed, DOG)["state"] == FileState.MOVING
    assert facts(boxed, b"case\0cat")["moved_from"] == boxed.id(CAT)
    assert open_box(boxed, b"case\0dog", *found("fox")) is not None
    assert facts(boxed, b"case\0dog\0fox")["moved_from"] == boxed.id(FOX)
    assert DOG not in ids(boxed)


def test_more_files_than_anybody_packs_are_a_bomb(boxed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST", 4)
    open_box(boxed, "box", *found("cat", "dog", "bird"))
    with pytest.raises(Unprocessable) as caught:
        open_box(boxed, DOG, *found("fox", "hen"))
    assert caught.value.reason is Reason.BOMB
    assert ids(boxed) == {b"box", CAT, DOG, FOX, member_id(b"box", "bird")}


def test_content_that_comes_back_brings_its_members_back(boxed: World) -> None:
    """A run mirrored what another revision holds, and died before that was published; then the first revision is back."""
    with boxed.db.write() as connection:
        connection.execute(files.update().values(owed=False))
        connection.execute(files.update().where(files.c.file_id == b"box").values(owed=True))
    (box,) = boxed.owed()
    as_published = replace(
        box,
        published_content="content",
        published_extractor="text/1",
        published_chunker=boxed.pipeline.chunker,
        published_generation=boxed.pipeline.generation,
    )
    assert as_published.is_current("content", boxed.pipeline)
    wanted = facts(boxed, "box")["wanted"]
    members.mirror(boxed.db, boxed.run, boxed.row, box.document_id, wanted, "other", "text/1", [], has_text=True)
    (box,) = boxed.owed()
    assert not replace(as_published, opened_content=box.opened_content).is_current("content", boxed.pipeline)


def test_a_container_with_text_that_was_only_opened_is_not_current(boxed: World) -> None:
    """A run died between mirroring what lies in a letter and publishing the letter."""
    wanted = facts(boxed, "box")["wanted"]
    members.mirror(boxed.db, boxed.run, boxed.row, boxed.id("box"), wanted, "letter", "text/1", [], has_text=True)
    (box,) = boxed.owed()
    assert box.is_open("letter", boxed.pipeline)
    assert not box.is_current("letter", boxed.pipeline)
    assert replace(box, content_hash="letter").is_current("letter", boxed.pipeline)
