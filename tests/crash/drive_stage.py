"""A library that follows a Drive, whose ingests are processes that die: the Drive itself is in this one, reached over HTTP."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.crash.documents import sections
from tests.crash.faults import Fault
from tests.crash.index import Index, Published, difference, read_index
from tests.crash.processes import wait_until
from tests.crash.stage import Outcome, Stage
from tests.drive import people
from tests.drive.place import ALICE, Place
from tests.servers.drive import DriveServer
from tests.servers.googledrive.nodes import Node

ACTS = [
    "new folder", "rename folder", "move folder", "swap folders", "trash folder", "untrash", "delete folder", "share folder",
    "new file", "new doc", "edit", "edit same", "rename file", "move file", "move file", "trash file", "delete file",
    "share file", "out of A", "into A", "limit", "unlimit",
]  # fmt: skip
EFFECTS = ("drive.fetch", "store.upsert", "store.delete", "parser.read", "model.embed", "publishing.stage")
"""What a run without a change must not do (invariant I4)."""


class Rooted(Place):
    """The folder R with A, O and P in it, and a file that nobody touches, so that never all is lost."""

    def __init__(self, server: DriveServer) -> None:
        super().__init__(server)
        world, self.above = self.world, self.mine
        self.mine = world.create_folder("R", self.above)
        self.keeps = world.create_file("keeps.md", "".join(sections(random.Random(1), 2)), self.mine)
        world.move(self.a, self.mine)
        world.move(self.o, self.mine)

    def nodes(self) -> list[Node]:
        """What may be changed."""
        return [node for node in super().nodes() if node.id not in (self.mine, self.keeps)]


class DriveStage:
    """The Drive, the library, and its ingests."""

    def __init__(self, stage: Stage, server: DriveServer, root: Path) -> None:
        self.stage, self.server = stage, server
        self.place = Rooted(server)
        self.world = self.place.world
        self.home, self._fresh_home = root / "home", root / "fresh"
        token = root / "token.json"
        token.write_text(json.dumps(server.credentials(ALICE) | {"account": ALICE}))
        token.chmod(0o600)
        self._env = {"LEVADA_GOOGLE_TOKEN": str(token), "LEVADA_GOOGLE_API_URL": server.url}
        self._source = f"https://drive.google.com/drive/folders/{self.place.mine}"
        self._texts = random.Random(3)
        self._kept: dict[str, list[Published]] = {}
        # Lists come in many pages, and the change log too: there is something to die between.
        self.world.knobs.page_size_cap = 3
        self.begin_again()

    def begin_again(self) -> None:
        """An empty library."""
        self.stage.forget(self.home)

    def change(self, rng: random.Random) -> list[str]:
        """What people do, one to five times; and two edits, one of them certainly of what the library holds."""
        told = [f"{what} {x} {y}" for what, x, y, n in self._acts(rng) if people.act(self.place, what, x, y, n)]
        for id in (self.place.keeps, *(node.id for node in rng.sample(self.place.nodes(), 2) if node.revisions)):
            self.world.edit(id, "".join(sections(self._texts, rng.randint(1, 4))))
            told.append(f"edited {self.world.nodes[id].name[:20]!r}")
        return told

    def _acts(self, rng: random.Random) -> list[people.Act]:
        return [(rng.choice(ACTS), rng.randrange(12), rng.randrange(12), rng.randrange(8)) for _ in range(rng.randint(1, 5))]

    def ingest(self, fault: Fault | None = None, home: Path | None = None, plain: bool = True) -> Outcome:
        """A run in a process of its own, to its end."""
        run = self.stage.ingest(fault, home or self.home, plain, source=self._source, env=self._env)
        return run.outcome()

    def sync(self, home: Path | None = None, plain: bool = True) -> Outcome:
        """A run that must succeed."""
        outcome = self.ingest(home=home, plain=plain)
        assert outcome.state == "COMPLETED", f"{outcome}\n{self.stage.last_words()}"
        return outcome

    def die(self, fault: Fault) -> None:
        """A run that is killed."""
        died = self.ingest(fault)
        assert died.killed, f"the run was to die {fault}, but ended: {died}\n{self.stage.last_words()}"
        assert wait_until(lambda: not self.stage.strangers()), f"left behind by the kill: {self.stage.strangers()}"

    def kill_after(self, seconds: float, with_owner: bool) -> bool:
        """A run that is killed after so long; False if it had ended."""
        run = self.stage.ingest(None, self.home, plain=True, source=self._source, env=self._env)
        run.wait(seconds)
        killed = run.kill().killed
        if killed and with_owner:
            self.stage.kill_owner(self.home)
        return killed

    def look_again_now(self) -> None:
        """What is still to be listed once more is due."""
        with closing(sqlite3.connect(self.home / "ledger.db")) as db, db:
            ((cursor,),) = db.execute("SELECT cursor FROM sources")
            told = json.loads(cursor)
            told["again"] = dict.fromkeys(told["again"], 0.0)
            db.execute("UPDATE sources SET cursor = ?", (json.dumps(told),))

    def fresh(self) -> Index:
        """What a fresh ingest of the Drive into an empty library gives."""
        self.stage.forget(self._fresh_home)
        self.sync(self._fresh_home)
        index = read_index(self._fresh_home / "ledger.db")
        self.stage.forget(self._fresh_home)
        return index

    def recover(self, told: object = "", plain: bool = True) -> Outcome:
        """Run again: everything is as a fresh ingest makes it, and nothing is left (invariants I2 and I7)."""
        outcome = self.sync(plain=plain)
        found, fresh = read_index(self.home / "ledger.db"), self.fresh()
        wrong = difference(found, fresh, {})
        assert not wrong, f"{wrong} after {told}"
        left = self.stage.untidy(self.home)
        assert not left, f"{left} after {told}"
        return outcome

    def nothing_to_do(self) -> None:
        """Invariant I4; and no lock is held."""
        again = self.sync()
        assert not {name: again.calls[name] for name in EFFECTS if again.calls.get(name)}
