"""The right to download changes without a word on the file itself: with what we may do in a folder, or on a shared drive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blocks.sources.google_drive import GoogleDriveSource
from tests.blocks.sources.drive_place import Kept, credentials
from tests.drive.place import BOB, Place


@pytest.fixture
def bob(place: Place) -> Iterator[GoogleDriveSource]:
    """Bob's view of Alice's folder A and of the shared drive T, where he is a reader."""
    place.world.set_member(place.t, BOB, "reader")
    source = GoogleDriveSource(credentials=credentials(place.server, BOB), folders=[place.a], drives=[place.t])
    yield source
    source.close()


def _refused(kept: Kept) -> set[str]:
    return {id for id, file in kept.sync().items() if file.fingerprint.startswith("refused:")}


def test_of_a_folder_in_which_we_are_readers_only_from_now_on(place: Place, bob: GoogleDriveSource) -> None:
    granted = place.world.share(place.a, email=BOB, role="writer")
    place.world.set_copy_requires_writer(place.in_a1)
    kept = Kept(bob)
    assert _refused(kept) == set()
    place.world.set_role(place.a, granted, "reader")
    assert _refused(kept) == {place.in_a1}
    place.world.set_role(place.a, granted, "writer")
    assert _refused(kept) == set()


def test_of_a_shared_drive_whose_managers_restrict_it(place: Place, bob: GoogleDriveSource) -> None:
    place.world.share(place.a, email=BOB, role="reader")
    kept = Kept(bob)
    assert _refused(kept) == set()
    place.world.set_restrictions(place.t, copyRequiresWriterPermission=True)
    assert _refused(kept) == {place.in_t, place.in_t1}
    place.world.set_member(place.t, BOB, "writer")
    assert _refused(kept) == set()
    place.world.set_member(place.t, BOB, "reader")
    assert _refused(kept) == {place.in_t, place.in_t1}
    place.world.set_restrictions(place.t, copyRequiresWriterPermission=False)
    assert _refused(kept) == set()


def test_of_a_folder_on_a_shared_drive_whose_managers_restrict_it(place: Place) -> None:
    place.world.set_member(place.t, BOB, "reader")
    source = GoogleDriveSource(credentials=credentials(place.server, BOB), folders=[place.t1])
    kept = Kept(source)
    assert _refused(kept) == set()
    place.world.set_restrictions(place.t, copyRequiresWriterPermission=True)
    assert _refused(kept) == {place.in_t1}
    place.world.set_restrictions(place.t, copyRequiresWriterPermission=False)
    assert _refused(kept) == set()
    source.close()


@pytest.mark.parametrize("whole", [False, True])
def test_of_what_is_closed_to_all_but_managers(place: Place, whole: bool) -> None:
    """We were one of them: neither a folder's log nor its list says that it is closed to us from now on, or open again."""
    place.world.set_member(place.t, BOB, "organizer")
    closed = place.world.create_folder("Closed", place.t1)
    file = place.world.create_file("in.txt", "six", closed)
    place.world.limit_access(closed)
    scope = {"drives": [place.t]} if whole else {"folders": [place.t1]}
    source = GoogleDriveSource(credentials=credentials(place.server, BOB), lag=10**6, **scope)
    kept = Kept(source)
    assert file in kept.sync()
    place.world.set_member(place.t, BOB, "writer")
    assert file not in kept.sync()
    place.world.set_member(place.t, BOB, "organizer")
    assert file in kept.sync()
    source.close()
