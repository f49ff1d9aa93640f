"""A folder on the emulator's Drive, for tests of the source."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pydantic import SecretStr

from blocks.credentials.google_oauth import GoogleOAuth
from blocks.sources.google_drive import GoogleDriveSource
from core.files import ChangePage, ListingEnd, SourceFile
from core.trees import MemoryTree, Node
from tests.contracts.sources import Place
from tests.servers.drive import DriveServer

ALICE = "alice@example.com"


def credentials(server: DriveServer, email: str = ALICE) -> GoogleOAuth:
    """Of that user, as `levada drive login` would have made them."""
    token = json.dumps(server.credentials(email) | {"account": email})
    return GoogleOAuth(token=SecretStr(token), api_url=server.url)


def source(server: DriveServer, *folders: str, email: str = ALICE, **settings: object) -> GoogleDriveSource:
    """A source over these folders, as that user sees them."""
    return GoogleDriveSource(credentials=credentials(server, email), folders=list(folders), **settings)


class DrivePlace(Place):
    """A folder of Alice's Drive."""

    def __init__(self, server: DriveServer) -> None:
        self.server = server
        self.world = server.world
        self.folder = self.world.create_folder("Docs", parent=self.world.user(ALICE).root_id)
        self._ids = {"": self.folder}
        self._sources: list[GoogleDriveSource] = []

    def source(self) -> GoogleDriveSource:
        self._sources.append(source(self.server, self.folder))
        return self._sources[-1]

    def close(self) -> None:
        """Close all sources that were made."""
        for made in self._sources:
            made.close()

    def write(self, name: str, data: bytes) -> None:
        if name in self._ids:
            self.world.edit(self._ids[name], data)
            return
        above, _slash, last = name.rpartition("/")
        self._ids[name] = self.world.create_file(last, data, parent=self._folder(above))

    def _folder(self, name: str) -> str:
        if name not in self._ids:
            above, _slash, last = name.rpartition("/")
            self._ids[name] = self.world.create_folder(last, parent=self._folder(above))
        return self._ids[name]

    def delete(self, name: str) -> None:
        self.world.delete(self._ids.pop(name))

    def settle(self) -> None:
        pass

    def take_away(self) -> None:
        self.server.revoke(ALICE)


class KeptTree(MemoryTree):
    """A tree that is kept from one listing to the next."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[bytes, Node] = {}

    def before(self, ids: Iterable[bytes]) -> dict[bytes, Node]:
        """See Tree."""
        return {id: self._before[id] for id in ids if id in self._before}

    def promote(self) -> None:
        """The listing has come to its end."""
        self._before = dict(self._nodes)


class Kept:
    """What a library would keep of a source: its files, its tree and its cursor, brought up to date by each `sync`."""

    def __init__(self, of: GoogleDriveSource) -> None:
        self.source = of
        self.tree = KeptTree()
        self.cursor: str | None = None
        self.files: dict[str, SourceFile] = {}
        self.warnings: list[str] = []
        self.identity = ""
        """What the last listing said of whose files, of which roots, they are."""

    def sync(self) -> dict[str, SourceFile]:
        """List once; the files by id."""
        for page in self.source.changes(self.cursor, self.tree):
            if isinstance(page, ListingEnd):
                self.cursor, self.tree.position, self.identity = page.cursor, None, page.root or ""
                self.tree.promote()
                break
            self.keep(page)
        return self.files

    def keep(self, page: ChangePage) -> None:
        """What one page brings, and where the listing stood."""
        self.tree.stage(page.nodes, page.dropped)
        self.tree.position = page.position or self.tree.position
        for id in (*page.removed, *page.missed):
            self.files.pop(id.decode(), None)
        self.files.update((file.id.decode(), file) for file in page.files)
        self.warnings += page.warnings

    @property
    def paths(self) -> list[str]:
        """Paths of all files, sorted."""
        return sorted(file.path for file in self.files.values())
