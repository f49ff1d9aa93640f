"""Push channels are known from before they are opened until they are stopped."""

from __future__ import annotations

from dataclasses import replace

from ledger import channels, libraries, sources
from ledger.channels import Channel, Subscriber
from ledger.database import Database

ASKED = Channel("id-1", "google-drive", "user", "ana@example.com", "https://hooks.example/", "secret", None, 100.0, 200.0)


def test_a_channel_from_the_intention_to_its_end(db: Database) -> None:
    library = libraries.ensure(db, "tenant", "library")
    channels.note(db, library, ASKED)
    channels.note(db, library, replace(ASKED, id="id-0", opened_at=50.0))
    assert [found.id for found in channels.of_library(db, library)] == ["id-0", "id-1"]
    channels.opened(db, "id-1", "resource", 150.0)
    assert channels.of_library(db, library)[1] == replace(ASKED, resource_id="resource", expires_at=150.0)
    channels.forget(db, "id-0")
    channels.forget(db, "id-0")
    assert [found.id for found in channels.of_library(db, library)] == ["id-1"]


def test_a_resource_id_is_learned_once(db: Database) -> None:
    library = libraries.ensure(db, "tenant", "library")
    channels.note(db, library, ASKED)
    for told in ("first", "second"):
        channels.learn(db, "id-1", told)
    assert [found.resource_id for found in channels.of_library(db, library)] == ["first"]


def test_subscribers_are_sources_that_are_there_of_the_tenant(db: Database) -> None:
    library = libraries.ensure(db, "tenant", "library")
    foreign = libraries.ensure(db, "other", "library")
    for owner, id in ((library, "id-1"), (foreign, "id-2")):
        sources.ensure(db, owner, "google-drive", "google-drive", "{}")
        channels.note(db, owner, replace(ASKED, id=id))
    channels.note(db, library, replace(ASKED, id="id-3", source="google-drive:gone"))
    assert channels.subscribers(db, "tenant") == {"id-1": Subscriber("secret", "library", "google-drive", None)}
