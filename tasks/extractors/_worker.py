"""A parser process: takes paths from its socket, answers with documents, and never outlives its parent.

Protocol, both ways over one stream socket. Request: length, then JSON [path, name]. Answer: state, resident bytes, length, then
the document (core/document_json.py) or JSON [reason, detail]; answers come in the order of the requests. The first answer is
READY, empty.
How many files have been begun stands in a page of memory that both see, so that a death between two files is blamed on neither.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import select
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import BinaryIO

from core import document_json
from core.documents import Document
from core.errors import Unprocessable
from core.reading import ReadingPolicy
from core.reasons import Reason
from tasks.extractors.base import Reading

REQUEST = struct.Struct("!Q")
ANSWER = struct.Struct("!BQQ")
BEGUN = struct.Struct("!Q")
READY, READ, REFUSED = range(3)

_PR_SET_PDEATHSIG = 1


def main(descriptor: str, shared: str, parent: str, reader: str, memory_limit: str, how: str) -> None:
    """Serve until the parent closes the socket. `reader` is "module:function", called as read_document is, and `how` the
    Reading as JSON.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # sent to the whole group; when to stop is the parent's decision
    channel = socket.socket(fileno=int(descriptor))
    channel.set_inheritable(False)
    page = mmap.mmap(int(shared), BEGUN.size)
    os.close(int(shared))
    _die_with(int(parent), channel)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if int(memory_limit):
        resource.setrlimit(resource.RLIMIT_AS, (int(memory_limit), int(memory_limit)))
    module, _, function = reader.partition(":")
    read: Callable[[str, str, Reading], Document] = getattr(import_module(module), function)
    policy, members, engine = json.loads(how)
    reading = Reading(ReadingPolicy(**policy), members, engine)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # from here on only parsers would write there
    _send(channel, READY, b"")
    with channel, channel.makefile("rb") as requests:
        for begun in count(1):
            request = _next(requests)
            if not request:
                return
            BEGUN.pack_into(page, 0, begun)
            _send(channel, *_answer(read, reading, *json.loads(request)))


def _die_with(parent: int, channel: socket.socket) -> None:
    """End when the parent does, even by SIGKILL and even while a parser holds the interpreter."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
    threading.Thread(target=_exit_on_hangup, args=(channel.fileno(),), daemon=True).start()


def _exit_on_hangup(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, 0)  # hang-up and error are reported unasked
    while not poll.poll():
        continue
    os._exit(0)


def _next(requests: BinaryIO) -> bytes:
    head = requests.read(REQUEST.size)
    return requests.read(REQUEST.unpack(head)[0]) if len(head) == REQUEST.size else b""


def _answer(read: Callable[[str, str, Reading], Document], reading: Reading, path: str, name: str) -> tuple[int, bytes]:
    try:
        return READ, document_json.dump(read(path, name, reading))
    except Unprocessable as exc:
        refusal = exc
    except MemoryError:
        refusal = Unprocessable(Reason.TOO_LARGE, "reading it took more memory than allowed")
    except BaseException as exc:  # also SystemExit from a parser: it may not end the others' process
        refusal = Unprocessable(Reason.FAILED, " ".join(f"{type(exc).__name__}: {exc}".split()))
    return REFUSED, json.dumps([refusal.reason.value, refusal.detail]).encode()


def _send(channel: socket.socket, state: int, body: bytes) -> None:
    channel.sendall(ANSWER.pack(state, _resident(), len(body)) + body)


def _resident() -> int:
    """Resident memory now, in bytes; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * resource.getpagesize()
    except OSError:
        return 0
