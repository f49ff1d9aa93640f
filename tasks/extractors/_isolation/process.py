"""A parser process as its parent sees it: started afresh, asked over its own socket, killed with whatever it has started."""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, astuple
from pathlib import Path
from typing import IO

from tasks.extractors._isolation import proc
from tasks.extractors._isolation.worker import ANSWER, BEGUN, REQUEST, SHARED
from tasks.extractors._ocr import clock
from tasks.extractors.base import Reading
from tasks.extractors.limits import Limits
from tasks.extractors.registry import directory

_BLOCK = 1 << 18
_EXIT_GRACE = 5.0
_WORDS = 1_000
"""Characters of what it printed that are kept: so many of the first and of the last."""
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from tasks.extractors._isolation.worker import main; main(*sys.argv[2:])"
)
_KEPT = frozenset(
    {"HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH", "TESSDATA_PREFIX", "TZ", "VIRTUAL_ENV"}
)
_SET = {"PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class ParserProcess:
    """To be started and used by one thread that outlives it: on Linux the process dies with the thread that started it."""

    def __init__(self, reader: str, limits: Limits, reading: Reading, room: Path) -> None:
        """`room`: a directory to be made for its temporary files. Raises OSError if the system can start no process."""
        room.mkdir(parents=True, mode=0o700)
        self.room = str(room)
        self._members = None if reading.members is None else f"{reading.members}/{room.name}"
        self._most = limits.output
        self._channel, theirs = socket.socketpair()
        self._words = _shared_memory("words")
        fcntl.fcntl(self._words, fcntl.F_SETFL, os.O_APPEND)
        with theirs, _shared_memory("parser") as shared:
            shared.truncate(SHARED)
            self._page = mmap.mmap(shared.fileno(), SHARED, access=mmap.ACCESS_READ)
            self._process = subprocess.Popen(
                [
                    # -P: the first imports may not come from the current directory, which may hold the very documents.
                    *(sys.executable, "-P"),
                    *("-c", _BOOT, json.dumps([entry for entry in sys.path if isinstance(entry, str)])),
                    *(str(theirs.fileno()), str(shared.fileno()), str(os.getpid()), reader, json.dumps(astuple(limits))),
                    json.dumps([asdict(reading.policy), self._members, reading.engine]),
                    json.dumps(directory()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._words,
                pass_fds=[theirs.fileno(), shared.fileno()],
                # A group of its own: the terminal's Ctrl-C does not reach it, and it can be killed with its children.
                process_group=0,
                env=_environment(os.environ) | {"TMPDIR": self.room},
            )
        self._buffer = bytearray()
        self.pid = self._process.pid
        # The system counts what we have had until now as the new process's own.
        self._inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.peak = 0
        """Resident bytes at most, once it has ended: of its last file, or of a program that it has run; 0 if not known."""

    @property
    def words(self) -> int:
        """Descriptor of what it, and what it started, has printed about the file at work."""
        return self._words.fileno()

    def fileno(self) -> int:
        """The socket, for a selector."""
        return self._channel.fileno()

    def send(self, path: str, name: str) -> None:
        """Ask for a file. Raises OSError if the process is gone."""
        body = json.dumps([path, name]).encode()
        self._channel.sendall(REQUEST.pack(len(body)) + body)

    def receive(self) -> tuple[list[tuple[int, int, bytes]], bool]:
        """Complete answers so far (state, resident bytes, body), and whether the process has hung up. Does not wait."""
        try:
            block = self._channel.recv(_BLOCK, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return [], False
        except ConnectionError:
            block = b""
        self._buffer += block
        answers: list[tuple[int, int, bytes]] = []
        start = 0
        while len(self._buffer) - start >= ANSWER.size:
            state, resident, length = ANSWER.unpack_from(self._buffer, start)
            end = start + ANSWER.size + length
            if length > self._most:  # it has let go of its own rules
                os.kill(self.pid, signal.SIGKILL)
                return answers, True
            if len(self._buffer) < end:
                break
            answers.append((state, resident, bytes(memoryview(self._buffer)[start + ANSWER.size : end])))
            start = end
        del self._buffer[:start]
        return answers, not block

    def begun(self) -> int:
        """How many files it has begun to read."""
        return int(BEGUN.unpack_from(self._page)[0])

    def ocr_times(self) -> tuple[float, bool]:
        """Of the file at work: seconds that its pages have taken in Tesseract, and whether another is there."""
        return clock.times(self._page, BEGUN.size)

    @property
    def places(self) -> list[str]:
        """Where it may write: its room, and the directory for the members of the file at work."""
        return [self.room] if self._members is None else [self.room, f"{self._members}/{self.begun()}"]

    def await_end(self) -> tuple[int, str]:
        """After it has hung up: its exit code, negative for a signal, and how it ended, in words."""
        deadline = time.monotonic() + _EXIT_GRACE
        while not self._has_ended() and time.monotonic() < deadline:
            time.sleep(0.005)
        words = self._last_words()
        code = self.kill()
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return code, f"{how}: {words}" if words else how

    def kill(self) -> int:
        """End it and all that it has started at once; returns its exit code, negative for a signal.

        What it has written for the file at work, and not answered, is removed by whoever blames that file (`places`).
        """
        if self._process.returncode is None:
            if self._has_ended():
                proc.end_marked(Path(self.room))
            else:
                proc.end_descendants(self.pid)
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                self._process.kill()
        self._channel.close()
        self._words.close()
        code = self._reaped()
        shutil.rmtree(self.room, ignore_errors=True)
        return code

    def _reaped(self) -> int:
        """Its exit code; what it took at most is noted, which nobody can ask once it is gone."""
        if self._process.returncode is None:
            _, status, usage = os.wait4(self.pid, 0)
            if usage.ru_maxrss > self._inherited:
                self.peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._process.returncode

    def _has_ended(self) -> bool:
        # Not reaped, so that its number stays taken until kill() has used it.
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def _last_words(self) -> str:
        size = os.fstat(self.words).st_size
        first = os.pread(self.words, _WORDS, 0)
        last = os.pread(self.words, _WORDS, max(len(first), size - _WORDS))
        gap = b" ... " if size > 2 * _WORDS else b""
        return " ".join((first + gap + last).decode("utf-8", "replace").split())


def _shared_memory(name: str) -> IO[bytes]:
    """A file in memory, so that a full disk does not matter, where the system has them."""
    return os.fdopen(os.memfd_create(name), "r+b") if hasattr(os, "memfd_create") else tempfile.TemporaryFile()


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What a parser needs of our environment. It reads hostile files: settings and secrets are not for it."""
    return {name: value for name, value in ours.items() if name in _KEPT or name.startswith("LC_")} | _SET
