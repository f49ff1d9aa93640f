"""A run that is told to stop while Google asks for patience."""

from __future__ import annotations

import pytest

from tests.blocks.sources.drive_place import ALICE, source
from tests.servers.drive import DriveServer


class Stop(BaseException):
    pass


def test_patience_ends_when_the_run_is_told_to_stop() -> None:
    waits = 0

    def check() -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            raise Stop

    with DriveServer() as server:
        folder = server.world.create_folder("Docs", server.world.user(ALICE).root_id)
        made = source(server, folder)
        made.heed(check)
        server.faults.add(match={"path_regex": "/files"}, action={"kind": "status", "code": 503, "retry_after": 60}, times=9)
        with pytest.raises(Stop):
            list(made.changes(None))
        made.close()
    assert waits == 3
