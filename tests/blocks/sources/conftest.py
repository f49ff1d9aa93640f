"""What tests of sources share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.drive.place import Place
from tests.servers.drive import DriveServer


@pytest.fixture
def place() -> Iterator[Place]:
    """A small Drive, with nothing wrong in it."""
    with DriveServer(seed=7) as server:
        yield Place(server)
