"""A random story on a Drive, with a library that follows it; and the judgement of both (invariants I1 to I12)."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from blocks.sources.drive.cursor import Cursor
from core.errors import CredentialsLost, SourceUnavailable, UsageError
from core.principals import OWNER
from ledger.database import Database
from tests.drive import people
from tests.drive.carrier import Carrier, Crash, Fuse
from tests.drive.place import ALICE, Place
from tests.servers.drive import DriveServer

SMALL = st.integers(0, 11)
KINDS = st.one_of(
    st.sampled_from(people.FOLDERS), st.sampled_from(people.FILES), st.sampled_from(people.CROSSINGS),
    st.sampled_from(people.CROSSINGS), st.sampled_from(people.FOLDERS), st.sampled_from(people.DRIVES),
    st.sampled_from(people.ABOVE),
)  # fmt: skip
ACTS = st.lists(st.tuples(KINDS, SMALL, SMALL, st.integers(0, 7)), min_size=1, max_size=4)
TIMES = st.sampled_from([1, 2, 40])
LAG = 600.0
"""Seconds by which lists may lag behind; the source reckons with 900."""
LAGS = ("list_lag_seconds", "descend_acl_delay")
"""Knobs by which what was listed may be late: it is right when it has been listed once more."""
SEEN: Counter[str] = Counter()
"""What has happened in all stories."""
KNOBS: dict[str, list[Any]] = {
    "page_size_cap": [2, 3, None],
    "empty_page_with_next": [0.3, 0.0],
    "duplicate_entries": [0.3, 0.0],
    "coalesce": [False, True],
    "descendant_events": ["all_delayed", "trash_only", "none"],
    "outsider_events": [True, False],
    "delete_descendant_tombstones": [True, False],
    "rename_bumps_mtime": [True, False],
    "view_events": [False, True],
    "drive_items_in_user_log": [True, False],
    "expiry_emits_change": [True, False],
    "list_lag_seconds": [LAG, 60.0, 0.0],
    "or_parents_bug": ["empty", "partial"],
    "unknown_parent": ["empty", "not_found"],
    "incomplete_search": [0.2, 0.0],
    "change_lag_events": [2, 0],
    "change_lag_seconds": [30.0, 0.0],
    "expire_list_tokens": [True, False],
    "invalidate_change_tokens": [True],
    "permissions_absent": [0.5, 0.0],
    "permission_ids_absent": [0.5, 0.0],
    "descend_acl_delay": [60.0, 0.0],
    "gzip": [True, False],
}
ENDPOINTS = ["changes.list", "files.list", "files.get", "permissions.list", "files.get_media", "drives.list", "drives.get"]
PASSING = [
    {"name": "status", "code": 503}, {"name": "status", "code": 500, "html_body": "<p>500"}, {"name": "status", "code": 429},
    {"name": "status", "code": 403, "reason": "userRateLimitExceeded", "retry_after": 3}, {"name": "quota_new_style"},
    {"name": "reset_before_headers"}, {"name": "truncate_with_length"}, {"name": "truncate_chunked"}, {"name": "401_once"},
    {"name": "invalid_json_200"}, {"name": "reset_after_n_bytes", "n": 5}, {"name": "close_without_length_truncated"},
]  # fmt: skip
OF_ONE_FILE = [
    {"name": "status", "code": 403, "reason": "downloadQuotaExceeded"}, {"name": "status", "code": 500},
    {"name": "wrong_content"}, {"name": "status", "code": 403, "reason": "insufficientFilePermissions"},
]  # fmt: skip


def assert_equal(mine: dict[str, dict[str, Any]], theirs: dict[str, dict[str, Any]]) -> None:
    """Two indexes hold the same; the first difference is told."""
    for id in sorted(mine.keys() | theirs.keys()):
        one, other = mine.get(id), theirs.get(id)
        assert one and other, f"there is no {one}" if one else f"{other} is missing"
        failing = {one["failing"], other["failing"]} - {None, "empty", "no_download", "unsupported_type"}
        names = one.keys() - {"content", "failing", "chunks"} if failing else one.keys()  # an earlier revision stays
        told = {name: (one[name], other[name]) for name in names if one[name] != other[name]}
        assert not told, f"{other['path']!r}: {told}"


class Story(RuleBasedStateMachine):
    """People work on Drive; runs end well, badly, or not at all."""

    ledger: Database
    directory: Path
    at_rest = False

    @initialize(which=st.integers(0, 9))
    def begin(self, which: int) -> None:
        self.server = DriveServer(seed=which).start()
        self.place = Place(self.server)
        self.world = self.place.world
        self.carrier = Carrier(self.place, self.ledger, self.directory, self.place.scopes()[which])
        self.contents: dict[str, set[str]] = {}
        self.stayed: set[str] = set()  # files that have been in the scope ever since a run had listed it
        self.note_contents()
        self.lagged = False
        self.surprised = False  # somebody has worked while the last run did
        SEEN["stories"] += 1

    # -- what happens -------------------------------------------------------------------------------------------------

    @rule(acts=ACTS)
    def people_work(self, acts: list[people.Act]) -> None:
        for doing in acts:
            SEEN[f"act {doing[0]}" if people.act(self.place, *doing) else "acts that could not be done"] += 1
            self.note_contents()
            self.stayed &= self.place.inside(self.carrier.scope)

    @rule(acts=ACTS)
    def work_is_carried(self, acts: list[people.Act]) -> None:
        """Each change by a run of its own, so that it is not hidden by the next."""
        for doing in acts:
            self.people_work([doing])
            self.sync()

    @rule(acts=ACTS, nth=st.integers(1, 4), name=st.sampled_from(["page", "promoted", "upserted"]))
    def work_is_dropped(self, acts: list[people.Act], nth: int, name: str) -> None:
        """A run dies of which there was something to carry."""
        self.people_work(acts)
        self.sync(nth, name)

    @rule(acts=ACTS, lag=st.sampled_from([LAG, 60.0]))
    def work_is_listed_late(self, acts: list[people.Act], lag: float) -> None:
        """What people do is in the log, and not yet in the lists."""
        self.turn(("list_lag_seconds", lag))
        self.people_work(acts)
        self.sync()

    @rule(acts=ACTS, nth=st.integers(1, 5))
    def work_while_all_is_listed(self, acts: list[people.Act], nth: int) -> None:
        """Everything is listed from scratch, and changes meanwhile."""
        self.work_meanwhile(acts, "files.list", nth)
        self.sync(full=True)

    @rule(turned=st.sampled_from([(name, value) for name, values in KNOBS.items() for value in values]))
    def turn(self, turned: tuple[str, Any]) -> None:
        setattr(self.world.knobs, *turned)
        SEEN[f"knob {turned[0]}"] += 1
        self.lagged |= turned[0] in LAGS and bool(turned[1])

    @rule(seconds=st.sampled_from([10.0, 10.0, 100.0, 100.0, 901.0, 901.0, 86_500.0]))
    def wait(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule(
        where=st.sampled_from(ENDPOINTS),
        what=st.sampled_from(PASSING),
        times=TIMES,
        nth=st.integers(1, 4),
    )
    def fail_for_a_while(self, where: str, what: dict[str, Any], times: int, nth: int) -> None:
        self.server.faults.add({"endpoint": where, "every": nth}, what, times=times)

    @rule(x=SMALL, what=st.sampled_from(OF_ONE_FILE))
    def fail_with_one_file(self, x: int, what: dict[str, Any]) -> None:
        ids = [node.id for node in self.place.nodes() if not node.is_folder]
        if ids:
            self.server.faults.add({"endpoint": "files.get_media", "file_id": ids[x % len(ids)]}, what, times=12)

    @rule()
    def mend(self) -> None:
        self.server.faults.clear()

    @rule(
        acts=ACTS, where=st.sampled_from(["changes.list", "files.list", "files.get", "files.get_media"]), nth=st.integers(1, 5)
    )
    def work_meanwhile(self, acts: list[people.Act], where: str, nth: int) -> None:
        """The same while a run is at work."""

        def at_last() -> None:
            SEEN["acts while a run was at work"] += len(acts)
            self.surprised = True
            # A list may show rights that no log tells of any more: it is right when it has been listed once more.
            self.lagged |= where == "files.list" and not people.SHARING.isdisjoint(act for act, *_which in acts)
            self.people_work(acts)

        self.world.knobs.mutate_during(where, nth, at_last)

    @rule(which=st.integers(0, 9))
    def look_elsewhere(self, which: int) -> None:
        self.carrier.configure(self.place.scopes()[which])

    @rule()
    def run(self) -> None:
        self.sync()

    @rule(nth=st.integers(1, 40))
    def die(self, nth: int) -> None:
        """A run that ends at its nth step, if it gets there."""
        self.sync(nth)

    @rule(nth=st.integers(1, 12), name=st.sampled_from(["page", "all listed", "promoted", "claimed", "upserted"]))
    def die_there(self, nth: int, name: str) -> None:
        self.sync(nth, name)

    @rule(where=st.sampled_from([None, "changes.list", "files.list", "files.get"]), nth=st.integers(1, 4))
    def lose_credentials(self, where: str | None, nth: int) -> None:
        """I10."""
        before = self.carrier.mirror(), self.carrier.index()
        if where is None:
            self.server.revoke(ALICE)
        else:
            self.server.faults.add({"endpoint": where, "nth": nth}, "token_revoked")
        try:
            self.carrier.sync(fuse=Fuse(1, "promoted"))
        except CredentialsLost:
            SEEN["runs whose credentials were lost"] += 1
            assert (self.carrier.mirror(), self.carrier.index()) == before
            self.reader_sees_one_revision("settled")
        except (Crash, SourceUnavailable, UsageError):
            pass
        self.server.faults.clear()
        self.server.restore(ALICE)
        self.sync()

    # -- runs ---------------------------------------------------------------------------------------------------------

    def sync(self, nth: int | None = None, name: str = "", **how: Any) -> bool:
        """A run; True if it came to its end."""
        carrier, place = self.carrier, self.place
        self.stayed &= place.inside(carrier.scope)
        if self.world.knobs.change_lag_events or self.world.knobs.change_lag_seconds:
            self.stayed = self.well_known(self.stayed)  # no log need tell yet where the others lie now
        before, listed, self.surprised = carrier.index(), False, False
        try:
            carrier.sync(fuse=Fuse(nth, name, self.reader_sees_one_revision), **how)
        except Crash as crash:
            SEEN[f"runs that died ({crash})"] += 1
            ended, listed = False, str(crash) not in ("begun", "page found", "page staged", "all listed")
        except (SourceUnavailable, UsageError):
            SEEN["runs without a listing"] += 1
            # A root that is not there at the first listing, or Google's patience with us, or ours with it.
            if self.at_rest:
                raise
            ended = False
        else:
            SEEN["runs that ended"] += 1
            ended = listed = True
        after = carrier.index()
        SEEN["runs that changed something"] += after != before
        self.nothing_is_lost(self.stayed, before, after)
        if listed:
            inside = place.inside(carrier.scope)
            self.stayed = self.well_known(inside) if self.lagged else inside  # lists that lag may have told otherwise
        return ended

    # -- what must hold -----------------------------------------------------------------------------------------------

    def note_contents(self) -> None:
        for node in self.world.order:
            if node is not None and (node.revisions or node.exports):
                texts = [revision.content.data() for revision in node.revisions] or list((node.exports or {}).values())
                self.contents.setdefault(node.id, set()).update(hashlib.sha256(data).hexdigest() for data in texts)

    def reader_sees_one_revision(self, step: str) -> None:
        """I3: what is published is found whole."""
        carrier = self.carrier
        if step not in ("promoted", "upserted", "flipped", "settled", "claimed", "forgotten"):
            return  # nothing has changed for a reader
        index = carrier.index()
        for facts in index.values():
            if facts["content"] is not None and facts["content"] in carrier.texts:
                assert "|".join(facts["chunks"]) == carrier.texts[facts["content"]]
        live = {id for (id,) in carrier.rows("SELECT id FROM chunks WHERE state = 1 AND generation_id = :generation")}
        assert live <= carrier.store.keys()

    def nothing_is_lost(self, stayed: set[str], before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> None:
        """I5 and I6: what was published and has been in the scope all the time still is, unless its own content forbids it."""
        if "exclude" in self.carrier.scope:
            return  # another name is reason enough to go
        for id in stayed & before.keys():
            waits = id in after and after[id]["state"]
            if self.lagged and waits:
                continue  # with a root that is gone; no list shows yet that it had left that: the second look will
            if (self.lagged or self.surprised) and (waits or id not in after) and self.lies_in_the_unknown(id):
                continue  # no list shows its folder yet, or no log told of it: the second look will, or the next run
            if before[id]["content"] is not None and before[id]["state"] == 0:
                assert id in after and after[id]["state"] == 0, f"{before[id]['path']!r} is lost"
                assert after[id]["content"] is not None or after[id]["failing"] in ("empty", "no_download", "unsupported_type")

    def well_known(self, ids: set[str]) -> set[str]:
        """Those of these files of which the library knows where they lie."""
        nodes = self.carrier.rows("SELECT id, parent FROM nodes WHERE source_id = :source")
        parents = {bytes(id).decode(): bytes(parent).decode() for id, parent in nodes}
        found: set[str] = set()
        for id in ids:
            node = self.world.nodes[id]
            while node.parent is not None and parents.get(node.id) == node.parent:
                node = self.world.nodes[node.parent]
            if parents.get(node.id) == "":
                found.add(id)
        return found

    def lies_in_the_unknown(self, id: str) -> bool:
        """True if the library does not know a folder that the file lies in; above the scope's roots it knows none."""
        known = {bytes(node).decode() for (node,) in self.carrier.rows("SELECT id FROM nodes WHERE source_id = :source")}
        roots = {node.id for node in self.place.roots(self.carrier.scope)}
        node = self.world.nodes[id]
        while node.parent is not None and node.id not in roots:
            node = self.world.nodes[node.parent]
            if node.id not in known:
                return True
        return False

    def nothing_is_invented(self) -> None:
        """I8 and I9: nobody sees what Drive would not show them; every content has existed as a revision of its file."""
        self.note_contents()
        for id, facts in self.carrier.index().items():
            if facts["content"] is not None:
                assert facts["content"] in self.contents[id]
            if id in self.world.nodes and facts["state"] == 0:
                assert set(facts["acl"]) <= self.place.readers(id) | {"owner"}

    def teardown(self) -> None:
        if not hasattr(self, "server"):
            return
        try:
            self.come_to_rest()
        finally:
            self.end()

    def end(self) -> None:
        """Let go of everything."""
        SEEN.update(f"fault {record.fault}" for record in self.server.requests if record.fault)
        self.carrier.close()
        self.server.stop()

    def come_to_rest(self) -> None:
        """I2, I4, I7, I12."""
        server, world, carrier = self.server, self.world, self.carrier
        server.faults.clear()
        world.knobs.interruptions.clear()
        world.knobs = type(world.knobs)(coalesce=world.knobs.coalesce, page_size_cap=world.knobs.page_size_cap)
        world.advance(LAG + 1)  # lists have caught up
        self.at_rest = True
        carrier.at(30 * 86_400.0)
        fresh = carrier.fresh()
        try:
            fresh.configure(self.what_is_left())
            fresh.sync()
            self.agree_with(fresh)
        finally:
            fresh.close()

    def what_is_left(self) -> dict[str, Any]:
        """The scope without roots that are not there: what was in those waits, and would not be found by a fresh library."""
        scope = dict(self.carrier.scope)
        there = {node.id for node in self.place.roots(scope, closed_too=True)}
        for kind in ("folders", "drives"):
            if kind in scope:
                scope[kind] = [id for id in scope[kind] if id in there]
        if not any(scope.get(kind) for kind in ("folders", "drives", "my_drive", "all_drives")):
            scope["folders"] = [self.world.create_folder("empty", self.place.mine)]
        return scope

    def agree_with(self, fresh: Carrier) -> None:
        known = {bytes(id).decode() for (id,) in self.carrier.rows("SELECT id FROM nodes WHERE source_id = :source")}
        left = self.what_is_left()
        if any(set(self.carrier.scope.get(kind, ())) - set(left.get(kind, ())) - known for kind in ("folders", "drives")):
            return  # a root that was never seen and is not there now: the listing says so, and ends
        assert self.sync()
        if not self.lagged:
            self.compare(fresh, waiting=True)
        self.world.advance(901.0)
        assert self.sync()
        self.compare(fresh, waiting=True)
        self.nothing_is_invented()
        self.check_nothing_to_do()
        if any(facts["state"] for facts in self.carrier.index().values()):
            assert self.sync(confirm=True)
            self.compare(fresh, waiting=False)
        self.check_no_orphans()

    def compare(self, fresh: Carrier, waiting: bool) -> None:
        """I2: the same as a library that has just been filled; `waiting`: but for what waits to be confirmed as gone."""
        mine, theirs = self.carrier.index(), fresh.index()
        for id, ended in self.carrier.ended().items():
            # Somebody's right has ended, and another of the same reader goes on: only a listing from scratch shows it.
            narrower = set(theirs[id]["acl"]) - set(mine[id]["acl"]) if id in theirs else set()
            if narrower and narrower <= ended:
                mine[id]["acl"] = tuple(sorted({*mine[id]["acl"], *narrower} - {OWNER}))
        if waiting:
            mine = {id: facts for id, facts in mine.items() if not facts["state"]}
        assert_equal(mine, theirs)

    def check_nothing_to_do(self) -> None:
        """I4."""
        carrier = self.carrier
        self.world.knobs.page_size_cap = None  # each page would be a call
        carrier.now = time.time()  # what failed and is tried again by itself is not due just now
        seen = carrier.downloads, carrier.embedded, carrier.writes, carrier.calls(), dict(carrier.store)
        assert self.sync()
        roots = len(carrier.scope.get("folders", ())) + len(carrier.scope.get("drives", ()))
        roots += len(self.world.drives) if carrier.scope.get("all_drives") else 0
        # A folder on a shared drive that we are no member of: no log is to be had, so it is looked for each time.
        drives = [node.drive_id for node in self.place.roots(carrier.scope) if node.drive_id is not None]
        roots += sum(3 for drive in drives if not self.place.sees(self.world.nodes[drive]))
        [(text,)] = carrier.rows("SELECT cursor FROM sources WHERE id = :source")
        cursor = Cursor.loads(text)
        # What is known by its link alone is listed each time.
        if any(facts["by_link"] for facts in cursor.roots.values()):
            roots += carrier.rows("SELECT count(*) FROM nodes WHERE source_id = :source AND folder")[0][0]
        roots += 2 * len(set(cursor.shortcuts.values()) - {""}) if "shortcuts" in carrier.scope else 0
        assert (carrier.downloads, carrier.embedded, carrier.writes, carrier.store) == (*seen[:3], seen[4])
        if not any(facts["state"] for facts in carrier.index().values()):
            assert carrier.calls() - seen[3] <= 1 + len(self.world.drives) + roots + 1

    def check_no_orphans(self) -> None:
        """I7 and I12: what is live is in the store, and nothing else is anywhere."""
        carrier = self.carrier
        rows = carrier.rows("SELECT id, state FROM chunks WHERE generation_id = :generation")
        assert {state for _id, state in rows} <= {1}
        assert {id for id, _state in rows} == carrier.store.keys()
        assert carrier.rows("SELECT id FROM listings WHERE source_id = :source") == []
