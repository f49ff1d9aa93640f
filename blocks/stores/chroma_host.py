"""The owner process of an embedded store: the only one that opens its directory.

Started by whichever process needs the store first; it takes the lock, opens Chroma and answers any number of clients of
the same user over a Unix socket. It ends by itself shortly after its last client is gone, however that one ended (the
kernel closes a dead process's sockets), and finishes what it is doing before. It lives in a session of its own, so a
terminal's Ctrl-C does not reach it in the middle of a write.

One thread works on Chroma: Chroma 1.5.9 keeps Python's interpreter lock throughout a call, so more would gain nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import sqlite3
import struct
import sys
import threading
import time
import traceback
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core.errors import LevadaError, PermanentError, StoreUnavailable, StoreUnreadable

from . import chroma_wire as wire
from .chroma_collections import ChromaCollections, Vectors
from .chroma_erasure import erase_deleted
from .chroma_errors import chroma_errors
from .chroma_place import MARKER, StorePlace, connect, listen

if TYPE_CHECKING:
    from chromadb.api.client import Client

FIRST_CLIENT_SECONDS = 5.0
"""How long a new owner waits for the client that started it."""
_ROOM = 16 << 20
_LOCK_SECONDS = 10.0
_DRAIN_SECONDS = 5.0
_LEAVING: dict[str, Any] = {"leaving": True}
"""Says that nothing was done, and that the next owner is to be asked."""
_STAMPING = frozenset({"create", "drop"})
_DELETING = frozenset({"delete", "drop"})


class _Replaced(Exception):
    """The directory is no longer the one that was opened: the next owner opens it anew."""


class Host:
    """One owner, from lock to end."""

    def __init__(self, place: StorePlace, linger: float) -> None:
        self._place = place
        self._linger = linger
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="chroma")
        self._client: Client | None = None
        self._collections: ChromaCollections | None = None
        self._broken: LevadaError | None = None
        self._sound = True
        self._doubts: set[str] = set()
        self._identity: tuple[int, int] | None = None
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._leaving = threading.Event()
        self._waker, self._wakened = socket.socketpair()
        self._waker.setblocking(False)

    def run(self) -> None:
        """Serve until deserted or told to leave. To be called in the main thread, with the lock held."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._leave())
        listener = listen(self._place)
        try:
            self._worker.submit(self._open)
            self._accept(listener)
        finally:
            # The socket goes before the lock: who finds none starts another owner, which waits for the lock.
            self._leaving.set()
            self._place.socket.unlink(missing_ok=True)
            listener.close()
            self._drain()

    def _accept(self, listener: socket.socket) -> None:
        deadline = time.monotonic() + max(FIRST_CLIENT_SECONDS, self._linger)
        while not self._leaving.is_set():
            timeout = None if self._connections else max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([listener, self._wakened], [], [], timeout)
            if self._wakened in ready:
                self._wakened.recv(4096)
                if not self._connections:
                    deadline = time.monotonic() + self._linger
            if listener in ready:
                self._welcome(listener.accept()[0])
            elif not ready and not self._connections:
                return

    def _welcome(self, connection: socket.socket) -> None:
        _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if user != os.geteuid():
            connection.close()
            return
        thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
        with self._lock:
            self._connections[connection] = thread
        thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            wire.send(connection, {"hello": wire.PROTOCOL, "pid": os.getpid()})
            while True:
                header, vectors = wire.receive(connection)
                wire.send(connection, *self._answer(header, vectors))
        except (EOFError, OSError):
            return  # The client is gone, or this owner is: either way the conversation is over.
        finally:
            with self._lock:
                del self._connections[connection]
            connection.close()
            self._wake()

    def _answer(self, header: dict[str, Any], vectors: Vectors | None) -> tuple[dict[str, Any], Vectors | None]:
        if header["op"] == "leave":
            self._leave()
            return {"result": None}, None
        if self._leaving.is_set():
            return _LEAVING, None
        try:
            task = self._worker.submit(self._execute, header["op"], header["args"], vectors)
        except RuntimeError:  # It was shut down this moment.
            return _LEAVING, None
        try:
            result, rows = task.result()
        except CancelledError:
            return _LEAVING, None
        except _Replaced:
            self._leave()
            return _LEAVING, None
        except LevadaError as exc:
            return {"error": type(exc).__name__, "message": str(exc)}, None
        except Exception as exc:
            traceback.print_exc()
            return {"error": PermanentError.__name__, "message": f"the owner of {self._place.directory} failed: {exc!r}"}, None
        return {"result": result}, rows

    def _open(self) -> None:
        directory = self._place.directory
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
                raise StoreUnavailable(f"cannot write to {directory}: give its user permission.")
            sealed = self._place.break_seal()
            self._place.check_database()
            with chroma_errors(str(directory)):
                self._client = _client(directory)
            self._collections = ChromaCollections(self._client, str(directory), doubted=not sealed)
            self._identity = self._place.identity()
            self._find_doubts(self._collections, sealed)
        except OSError as exc:
            self._broken = StoreUnavailable(f"cannot open {directory}: {exc.strerror}.")
        except LevadaError as exc:
            self._broken = exc
        except Exception as exc:
            traceback.print_exc()
            self._broken = StoreUnreadable(f"{directory} does not open: {exc!r}")

    def _find_doubts(self, collections: ChromaCollections, sealed: bool) -> None:
        """A store may be whole and yet not hold what was last written: lost by a kill, or restored from an older copy."""
        self._doubts = self._place.doubts()
        if not sealed or self._doubts:
            names = set(collections.stamps())
            self._doubts = names & self._doubts if sealed else names
            self._place.write_doubts(self._doubts)

    def _trust(self, name: str) -> None:
        if name in self._doubts:
            self._doubts.remove(name)
            self._place.write_doubts(self._doubts)

    def _execute(self, op: str, args: dict[str, Any], vectors: Vectors | None) -> tuple[Any, Vectors | None]:
        if self._collections is None:
            # Whatever is mended meanwhile: the next owner tries again.
            self._leave()
            raise self._broken or StoreUnavailable(f"{self._place.directory} is not open.")
        if self._place.identity() != self._identity:
            raise _Replaced
        if op == "trust":
            self._trust(args["name"])
            return None, None
        if op == "describe":
            self._place.check_database()
        if op == "upsert":
            self._check_room()
        if op in _DELETING:
            self._place.mark_unerased()
        try:
            answer = self._collections.execute(op, args, vectors)
        except StoreUnreadable:
            self._sound = False
            # On a full disk Chroma fails with words that do not say so.
            self._check_room()
            raise
        if op in _STAMPING:
            self._write_marker(self._collections)
        if op == "describe" and answer[0] is not None:
            answer[0]["doubted"] = args["name"] in self._doubts
        return answer

    def _check_room(self) -> None:
        """Raises StoreUnavailable on a full disk: there a write can break the index."""
        free = shutil.disk_usage(self._place.directory).free
        if free < _ROOM:
            raise StoreUnavailable(f"the disk of {self._place.directory} is full ({free >> 20} MiB are left): make room.")

    def _write_marker(self, collections: ChromaCollections) -> None:
        marker = self._place.directory / MARKER
        draft = marker.with_suffix(".new")
        draft.write_text(json.dumps(dict(collections.stamps()), indent=2, sort_keys=True) + "\n", "utf-8")
        draft.replace(marker)

    def _leave(self) -> None:
        self._leaving.set()
        self._wake()

    def _wake(self) -> None:
        # A full pipe means that the main thread has a wake-up waiting already.
        with contextlib.suppress(BlockingIOError):
            self._waker.send(b"x")

    def _drain(self) -> None:
        """Finish the call in hand, let its answer out, close Chroma."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            rest = dict(self._connections)
        for connection in rest:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        deadline = time.monotonic() + _DRAIN_SECONDS
        for thread in rest.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._client is not None:
            self._client.close()
            if self._sound and self._place.identity() == self._identity:
                self._erase()
                self._place.seal()

    def _erase(self) -> None:
        """Erase what Chroma keeps of deleted records (I12), unless somebody waits for the store: then a later owner does."""
        if not self._place.unerased.exists():
            return
        self._place.wanted.unlink(missing_ok=True)
        try:
            if erase_deleted(self._place.database, self._place.wanted.exists):
                self._place.unerased.unlink()
        except (OSError, sqlite3.Error):
            traceback.print_exc()


def _client(directory: Path) -> Client:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(_env_file=None, anonymized_telemetry=False, chroma_otel_granularity=None)  # type: ignore[call-arg]
    client = chromadb.PersistentClient(str(directory), settings=settings)
    return cast("Client", client)


def main(directory: str, linger: str) -> int:
    """Own the store, or find that another process does. Standard error goes to the log."""
    os.umask(0o077)
    place = StorePlace(Path(directory))
    deadline = time.monotonic() + _LOCK_SECONDS
    while (lock := place.try_lock()) is None:
        # Either another owner serves, or one is just ending.
        if _served(place) or time.monotonic() > deadline:
            return 0
        time.sleep(0.02)
    try:
        Host(place, float(linger)).run()
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        os.close(lock)
    return 0


def _served(place: StorePlace) -> bool:
    try:
        connect(place, 1.0).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
