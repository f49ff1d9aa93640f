"""A parser process as its parent sees it: started afresh, asked over its own socket, killed with whatever it has started."""

from __future__ import annotations

import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import IO

from tasks.extractors._worker import ANSWER, BEGUN, REQUEST
from tasks.extractors.base import Reading

_BLOCK = 1 << 18
_EXIT_GRACE = 5.0
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from tasks.extractors._worker import main; main(*sys.argv[2:])"
)
_KEPT = frozenset(
    {"HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH", "TEMP", "TMP", "TMPDIR", "TZ", "VIRTUAL_ENV"}
)
_SET = {"PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class ParserProcess:
    """To be started and used by one thread that outlives it: on Linux the process dies with the thread that started it."""

    def __init__(self, reader: str, memory_limit: int, reading: Reading) -> None:
        """Raises OSError if the system cannot start another process."""
        self._channel, theirs = socket.socketpair()
        with theirs, _shared_memory() as shared:
            shared.truncate(BEGUN.size)
            self._page = mmap.mmap(shared.fileno(), BEGUN.size, access=mmap.ACCESS_READ)
            self._process = subprocess.Popen(
                [
                    # -P: the first imports may not come from the current directory, which may hold the very documents.
                    *(sys.executable, "-P"),
                    *("-c", _BOOT, json.dumps([entry for entry in sys.path if isinstance(entry, str)])),
                    *(str(theirs.fileno()), str(shared.fileno()), str(os.getpid()), reader, str(memory_limit)),
                    json.dumps([asdict(reading.policy), reading.members, reading.engine]),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno(), shared.fileno()],
                # A group of its own: the terminal's Ctrl-C does not reach it, and it can be killed with its children.
                process_group=0,
                env=_environment(os.environ),
            )
        self._buffer = bytearray()
        self.pid = self._process.pid

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
        answers = []
        start = 0
        while len(self._buffer) - start >= ANSWER.size:
            state, resident, length = ANSWER.unpack_from(self._buffer, start)
            end = start + ANSWER.size + length
            if len(self._buffer) < end:
                break
            answers.append((state, resident, bytes(memoryview(self._buffer)[start + ANSWER.size : end])))
            start = end
        del self._buffer[:start]
        return answers, not block

    def begun(self) -> int:
        """How many files it has begun to read."""
        return int(BEGUN.unpack_from(self._page)[0])

    def started(self) -> None:
        """It has said that it is ready: what it prints from now on is lost."""
        if self._process.stderr is not None:
            self._process.stderr.close()

    def await_end(self) -> str:
        """After it has hung up: how it ended, in words."""
        deadline = time.monotonic() + _EXIT_GRACE
        # Not reaped yet, so that its number stays taken until kill() has used it.
        flags = os.WEXITED | os.WNOWAIT | os.WNOHANG
        while os.waitid(os.P_PID, self.pid, flags) is None and time.monotonic() < deadline:
            time.sleep(0.005)
        words = b""
        if self._process.stderr is not None and not self._process.stderr.closed:
            os.set_blocking(self._process.stderr.fileno(), False)
            words = self._process.stderr.read() or b""
        code = self.kill()
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        last = words.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return f"{how}: {last}" if last else how

    def kill(self) -> int:
        """End it and its children at once; returns its exit code, negative for a signal."""
        if self._process.returncode is None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                self._process.kill()
        self._channel.close()
        if self._process.stderr is not None:
            self._process.stderr.close()
        return self._process.wait()


def _shared_memory() -> IO[bytes]:
    """A file in memory, so that a full disk does not matter, where the system has them."""
    return os.fdopen(os.memfd_create("parser"), "r+b") if hasattr(os, "memfd_create") else tempfile.TemporaryFile()


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What a parser needs of our environment. It reads hostile files: settings and secrets are not for it."""
    return {name: value for name, value in ours.items() if name in _KEPT or name.startswith("LC_")} | _SET
