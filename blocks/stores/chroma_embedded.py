"""The client's side of an embedded store: find the owner process or start it, and ask it."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from core import errors
from core.errors import LevadaError, PermanentError, StoreUnavailable, StoreUnreadable

from . import chroma_wire as wire
from .chroma_place import StorePlace, connect

_ATTEMPTS = 3
"""A call whose owner dies is asked again of a new one: every operation may be repeated."""
_LEAVINGS = 20
_START_SECONDS = 60.0
_ANSWER_SECONDS = 600.0
_SET_ASIDE_SECONDS = 30.0

logger = logging.getLogger(__name__)


class _Lost(Exception):
    """The owner went away during a call."""


class EmbeddedChroma:
    """Calls operations of chroma_collections in the owner of `directory`. Safe in threads; each has its own connection."""

    def __init__(self, directory: Path, linger: float) -> None:
        self._place = StorePlace.of(directory)
        self._linger = linger
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._process = os.getpid()
        self._epoch = 0

    def execute(self, op: str, args: dict[str, Any], vectors: wire.Vectors | None = None) -> tuple[Any, wire.Vectors | None]:
        """Run one operation. Raises what it raises there; StoreUnreadable if it kills its owner again and again."""
        lost = leavings = 0
        while True:
            if op == "create" and (lost or leavings):
                args = {**args, "again": True}
            try:
                reply, rows = self._exchange({"op": op, "args": args}, vectors)
            except _Lost as exc:
                self.close()
                lost += 1
                if lost == _ATTEMPTS:
                    raise StoreUnreadable(
                        f"the owner of {self._place.directory} died {lost} times at '{op}': {self._place.last_words()}"
                    ) from exc
                continue
            if reply.get("leaving"):
                self.close()
                leavings += 1
                if leavings == _LEAVINGS:
                    raise StoreUnavailable(f"{self._place.directory} is exchanged again and again: leave it in peace.")
                time.sleep(0.02)
                continue
            if "error" in reply:
                raise _error(reply["error"], reply["message"])
            return reply["result"], rows

    def warm_up(self) -> None:
        """Start the owner without waiting for it. What goes wrong is told by the first call."""
        threading.Thread(target=self._warm_up, name="levada-chroma-warm-up", daemon=True).start()

    def set_aside(self) -> str:
        """Take the store from its owner, if it has one, and move its directory away; says where to."""
        self._place.prepare()
        deadline = time.monotonic() + _SET_ASIDE_SECONDS
        while (lock := self._place.try_lock()) is None:
            if time.monotonic() > deadline:
                raise StoreUnavailable(f"the owner of {self._place.directory} does not let go of it: end that process.")
            self.close()
            # Whatever breaks off here, the owner is on its way out already.
            with suppress(OSError, EOFError), self._greet() as connection:
                wire.send(connection, {"op": "leave", "args": {}})
            time.sleep(0.01)
        try:
            target = self._place.move_aside()
        finally:
            os.close(lock)
        self.close()
        return str(target or "")

    def discard_aside(self, tenant: str, library: str) -> None:
        """Delete each directory set aside whose marker names this library only; without a marker it may be somebody else's."""
        for path in self._place.asides():
            owners = self._place.owners(path)
            if owners == {(tenant, library)}:
                shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """Close the connections that no call is using; the others when their call is done."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._epoch += 1
        for connection in idle:
            connection.close()

    def __del__(self) -> None:
        self.close()

    def _exchange(self, header: dict[str, Any], vectors: wire.Vectors | None) -> tuple[dict[str, Any], wire.Vectors | None]:
        connection, epoch = self._take()
        kept = False
        try:
            wire.send(connection, header, vectors)
            answer = wire.receive(connection)
            kept = self._give(connection, epoch)
        except TimeoutError as exc:
            raise StoreUnavailable(
                f"the owner of {self._place.directory} has not answered for {_ANSWER_SECONDS:.0f} s."
            ) from exc
        except (EOFError, OSError) as exc:
            raise _Lost from exc
        finally:
            # Also after an interrupt: a half-read answer must never meet the next question.
            if not kept:
                connection.close()
        return answer

    def _take(self) -> tuple[socket.socket, int]:
        if self._process != os.getpid():
            # A forked child has copies of its parent's connections.
            self._process, self._lock, self._starting = os.getpid(), threading.Lock(), threading.Lock()
            self.close()
        with self._lock:
            epoch = self._epoch
            if self._idle:
                return self._idle.pop(), epoch
        return self._connect(), epoch

    def _give(self, connection: socket.socket, epoch: int) -> bool:
        with self._lock:
            if epoch != self._epoch:
                return False
            self._idle.append(connection)
        return True

    def _warm_up(self) -> None:
        try:
            connection, epoch = self._take()
        except LevadaError as exc:
            logger.debug("the store's owner did not start: %s", exc)
            return
        if not self._give(connection, epoch):
            connection.close()

    def _connect(self) -> socket.socket:
        """Reach the owner; start one if there is none, one at a time."""
        self._place.prepare()
        with self._starting:
            deadline = time.monotonic() + _START_SECONDS
            owner: subprocess.Popen[bytes] | None = None
            failures = 0
            while True:
                try:
                    return self._greet()
                except (FileNotFoundError, ConnectionError, EOFError, BlockingIOError):
                    pass  # Not there yet, or just ending.
                except OSError as exc:
                    raise StoreUnavailable(f"cannot reach the owner of {self._place.directory}: {exc}.") from exc
                if owner is None or owner.poll() is not None:
                    failures += 1 if owner is not None and owner.returncode else 0
                    if failures > 1:
                        raise StoreUnavailable(
                            f"the owner of {self._place.directory} does not start: {self._place.last_words()}"
                        )
                    owner = self._start()
                if time.monotonic() > deadline:
                    raise StoreUnavailable(f"the owner of {self._place.directory} did not come up in {_START_SECONDS:.0f} s.")
                time.sleep(0.01)

    def _greet(self) -> socket.socket:
        connection = connect(self._place, _ANSWER_SECONDS)
        try:
            hello, _ = wire.receive(connection)
        except BaseException:
            connection.close()
            raise
        if hello.get("hello") != wire.PROTOCOL:
            connection.close()
            raise StoreUnavailable(
                f"{self._place.directory} is in use by another version of Levada: end process {hello.get('pid')}."
            )
        return connection

    def _start(self) -> subprocess.Popen[bytes]:
        log = self._place.open_log()
        try:
            owner = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-X", "faulthandler", str(Path(__file__).with_name("chroma_host_start.py"))),
                    *(str(self._place.directory), str(self._linger)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self._place.room,
            )
        finally:
            os.close(log)
        # Whoever started it buries it: no zombie while this process lives.
        threading.Thread(target=owner.wait, name="levada-chroma-owner", daemon=True).start()
        return owner


def _error(name: str, message: str) -> LevadaError:
    kind = getattr(errors, name, PermanentError)
    return kind(message) if isinstance(kind, type) and issubclass(kind, LevadaError) else PermanentError(message)
