"""Two processes at once on one library: of the same Drive, or of a Drive and a folder (invariant I11)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from tests.crash.stage import LIBRARY, Ingest, Servant, Stage
from tests.drive.place import ALICE, Place
from tests.flows.world import World
from tests.ledger.conftest import empty_postgresql_url, postgresql_server  # noqa: F401
from tests.servers.drive import DriveServer

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def second(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servant]:
    """Another nursery: each gives birth to one at a time."""
    servant = Servant("tests.crash.nursery", stage.env, tmp_path_factory.mktemp("second") / "nursery.log")
    assert servant.hear() is not None
    yield servant
    servant.end()


class Two:
    """A Drive, a folder, and two processes that carry them."""

    def __init__(self, stage: Stage, second: Servant, server: DriveServer, root: Path, ledger: str | None) -> None:
        self._stage, self._second, self.server = stage, second, server
        self.place = Place(server)
        token = root / "token.json"
        token.write_text(json.dumps(server.credentials(ALICE) | {"account": ALICE}))
        token.chmod(0o600)
        self._env = {"LEVADA_GOOGLE_TOKEN": str(token), "LEVADA_GOOGLE_API_URL": server.url}
        self._ledger = ledger
        self.drive = f"https://drive.google.com/drive/folders/{self.place.a}"
        self.folder = root / "folder"
        self.folder.mkdir()
        (self.folder / "a.txt").write_text("Words in a folder.")
        self.here = self._world(root / "here", ledger)
        self.fresh = self._world(root / "fresh", None)

    def _world(self, root: Path, ledger: str | None) -> World:
        root.mkdir()
        world = World(root, self._stage.models, LIBRARY)
        env = {"LEVADA_HOME": str(world.home), "LEVADA_MODEL": self._stage.model}
        world.settings = Settings.from_env(env | ({"LEVADA_LEDGER_URL": ledger} if ledger else {}))
        return world

    def start(self, world: World, source: str, wait: float | None = None, other: bool = False) -> Ingest:
        """A process that carries that source."""
        env = self._env | {"LEVADA_LEDGER_URL": world.settings.ledger_url}
        nursery = self._second if other else None
        return self._stage.ingest(None, world.home, plain=True, source=source, env=env, wait=wait, nursery=nursery)

    def both(self, source: str, wait: float | None) -> tuple[Any, Any]:
        """The Drive, and while its files are listed the other source; how both ended."""
        began, goes_on = threading.Event(), threading.Event()

        def hold() -> None:
            began.set()
            assert goes_on.wait(60)

        self.server.world.knobs.mutate_during("files.list", 1, hold)
        one = self.start(self.here, self.drive)
        assert began.wait(60)
        other = self.start(self.here, source, wait, other=True)
        if wait is None:
            ended = other.outcome()
        goes_on.set()
        return one.outcome(), ended if wait is None else other.outcome()

    def assert_as_fresh(self, *sources: str) -> None:
        """What the library holds is what one process after the other makes of them; nothing twice, nothing left."""
        for source in sources:
            assert self.start(self.fresh, source).outcome().state == "COMPLETED", self._stage.last_words()
        assert self.here.index() == self.fresh.index() != []
        assert self.here.store_ids() == sorted(row[2] for row in self.here.index())
        assert self.here.rows("SELECT id FROM chunks WHERE state != 1") == []
        assert self.here.rows("SELECT id FROM listings") == []
        assert len(self.here.rows("SELECT id FROM sources")) == len(sources)

    def close(self) -> None:
        """Let go of the stores."""
        for world in (self.here, self.fresh):
            world.close()
            self._stage.kill_owner(world.home)


@pytest.fixture(params=["sqlite", "postgresql"])
def two(stage: Stage, second: Servant, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Two]:
    ledger = request.getfixturevalue("empty_postgresql_url") if request.param == "postgresql" else None
    with DriveServer(seed=5) as server:
        made = Two(stage, second, server, tmp_path, ledger)
        yield made
        made.close()


def test_two_processes_carry_one_drive(two: Two) -> None:
    """The second one is told so at once, or waits, and then finds nothing left to do."""
    one, other = two.both(two.drive, wait=None)
    assert one.state == "COMPLETED"
    assert other.status == 1 and "another run" in two._stage.last_words()
    two.place.world.edit(two.place.in_a, "Edited words.")
    two.place.world.move(two.place.p, two.place.a1)
    one, other = two.both(two.drive, wait=60.0)
    assert (one.state, other.state) == ("COMPLETED", "COMPLETED")
    assert (one.report["added"], one.report["updated"], other.report["unchanged"]) == (1, 1, 3)
    assert not other.calls.get("drive.fetch") and not other.calls.get("store.upsert")
    two.assert_as_fresh(two.drive)


def test_a_drive_and_a_folder_at_once(two: Two) -> None:
    one, other = two.both(str(two.folder), wait=60.0)
    assert (one.state, other.state) == ("COMPLETED", "COMPLETED")
    assert (one.report["added"], other.report["added"]) == (2, 1)
    two.assert_as_fresh(two.drive, str(two.folder))
