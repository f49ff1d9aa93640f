"""What the tests of tricks share: a way to read a file that bears anything, and a server that nobody should ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from core.documents import Document
from core.errors import Unprocessable
from tasks.extractors.base import Reading
from tasks.extractors.parser_pool import ParserPool
from tasks.extractors.read import read_document

Outcome = Document | Unprocessable


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Outcome]]:
    """Reads a file in a parser process under tight limits: 30 s, 512 MiB. A crash or a timeout fails the test by itself."""
    members = tmp_path_factory.mktemp("members")
    limits = {"memory_limit": 512 << 20, "disk_limit": 512 << 20}
    with ParserPool(1, 30, reading=Reading(members=str(members)), **limits) as pool:

        def read_file(path: Path) -> Outcome:
            ((_, outcome),) = pool.read_many([(0, str(path), path.name)])
            if isinstance(outcome, Unprocessable):
                assert outcome.reason.value not in ("timeout", "crashed", "failed"), outcome
            for worker in pool.worker_pids():
                assert not psutil.Process(worker).children(recursive=True)
            return outcome

        yield read_file


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """(address, requests): a web server of this machine and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"FETCHED")

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET  # noqa: N815  named by http.server

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}", asked
        web.shutdown()
        thread.join()


@pytest.fixture
def in_process() -> Callable[[Path], Outcome]:
    """Reads a file here, where nothing keeps an engine from the network but itself."""

    def read_file(path: Path) -> Outcome:
        try:
            return read_document(str(path), path.name)
        except Unprocessable as refusal:
            return refusal

    return read_file
