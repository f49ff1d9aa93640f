"""A Google Drive for the tests of `levada up`: the emulator, block documents that describe it, and what has arrived of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import SecretStr
from sqlalchemy import text

from blocks.credentials.google_oauth import GoogleOAuth
from blocks.sources.google_drive import GoogleDriveSource
from ledger.database import open_ledger
from tests.servers.drive import DriveServer

ALICE = "alice@example.com"
_PUBLISHED = """
SELECT f.path, t.text FROM files f JOIN sources s ON s.id = f.source_id JOIN chunks c ON c.document_id = f.document_id
JOIN texts t ON t.text_hash = c.text_hash WHERE s.kind = 'google-drive' AND c.state = 1
"""


class UpDrive:
    """A folder of Alice's, whose files are texts of a line; a context."""

    def __init__(self, home: Path, api_url: str) -> None:
        self._home, self._api_url = home, api_url
        self.server = DriveServer()
        self._ids: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    def __enter__(self) -> UpDrive:
        self.server.start()
        world = self.server.world
        world.knobs.webhook_http_allowed = True
        world.advance(time.time() - world.now / 1000)  # channels end by the clock
        self._folder = world.create_folder("Docs", world.user(ALICE).root_id)
        for name in ("one.txt", "two.txt", "three.txt"):
            self.write(name, f"This is the file that began as {name}.\n")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.server.stop()

    def write(self, name: str, content: str) -> None:
        """Create or edit a file."""
        self._texts[name] = content
        if name in self._ids:
            self.server.world.edit(self._ids[name], content.encode())
        else:
            self._ids[name] = self.server.world.create_file(name, content.encode(), self._folder)

    def change(self) -> None:
        """An edit, a new name, a removal and an addition."""
        self.write("one.txt", "Now it says something else.\n")
        self.server.world.rename(self._ids["two.txt"], "renamed.txt")
        self._texts["renamed.txt"] = self._texts.pop("two.txt")
        self.server.world.trash(self._ids["three.txt"])
        del self._texts["three.txt"]
        self.write("four.txt", "This one is new.\n")

    def describe(self) -> None:
        """The block documents: who asks, and what is wanted."""
        token = json.dumps(self.server.credentials(ALICE) | {"account": ALICE})
        with temporary_settings({PREFECT_API_URL: self._api_url}):
            GoogleOAuth(token=SecretStr(token), api_url=self.server.url).save("alice")
            account: Any = GoogleOAuth.load("alice")
            GoogleDriveSource(credentials=account, folders=[self._folder]).save("google-drive")

    def expected(self) -> dict[str, str]:
        """{name: text} on the Drive."""
        return {name: content.strip() for name, content in self._texts.items()}

    def published(self) -> dict[str, str]:
        """{name: text} in the library."""
        with closing(open_ledger(f"sqlite:///{self._home / 'ledger.db'}")) as ledger, ledger.read() as connection:
            return {path.rpartition("/")[2]: found.strip() for path, found in connection.execute(text(_PUBLISHED)).all()}

    @contextmanager
    def receiver(self, env: dict[str, str]) -> Iterator[None]:
        """`levada hooks`, where LEVADA_HOOKS_URL says."""
        url = httpx.URL(env["LEVADA_HOOKS_URL"])
        command = [sys.executable, "-m", "apps.cli", "hooks", "--port", str(url.port)]
        process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE)
        try:
            while process.poll() is None:
                try:
                    httpx.get(url.copy_with(path="/healthz"))
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.communicate(timeout=30)
