"""A parser process: takes paths from its socket, answers with documents, and never outlives its parent.

Protocol, both ways over one stream socket. Request: length, then JSON [path, name]. Answer: state, resident bytes, length, then
the document (core/document_json.py) or JSON [reason, detail, engine]; answers come in the order of the requests. The first
answer is READY, empty.
How many files have been begun stands in a page of memory that both see, so that a death between two files is blamed on neither;
beside it how long Tesseract has been at work (_ocr/clock.py).
"""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
import resource
import select
import signal
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from core import document_json
from core.documents import Document
from core.errors import Unprocessable
from core.reading import ReadingPolicy
from tasks.extractors._isolation import proc, room
from tasks.extractors._isolation.confine import confine, die_with_parent
from tasks.extractors._ocr import clock
from tasks.extractors.base import Reading
from tasks.extractors.limits import Limits
from tasks.extractors.read import refusal
from tasks.extractors.registry import be_told

REQUEST = struct.Struct("!Q")
ANSWER = struct.Struct("!BQQ")
BEGUN = struct.Struct("!Q")
SHARED = BEGUN.size + clock.SIZE
"""Bytes of the memory that both see."""
READY, READ, REFUSED = range(3)

_MAX_DETAIL = 4_000


def main(descriptor: str, shared: str, parent: str, reader: str, limits: str, how: str, engines: str) -> None:
    """Serve until the parent closes the socket. `reader` is "module:function", called as read_document is; `limits`, `how`,
    the Reading, and `engines`, the registry's directory, are JSON.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # sent to the whole group; when to stop is the parent's decision
    channel = socket.socket(fileno=int(descriptor))
    channel.set_inheritable(False)
    page = mmap.mmap(int(shared), SHARED)
    os.close(int(shared))
    bounds = Limits(*json.loads(limits))
    clock.clock.show(page, BEGUN.size)
    confine(bounds)
    die_with_parent(int(parent))
    threading.Thread(target=_exit_on_hangup, args=(channel.fileno(),), daemon=True).start()
    faulthandler.enable(all_threads=False)  # a crash says where
    module, _, function = reader.partition(":")
    be_told(json.loads(engines))
    read: Callable[[str, str, Reading], Document] = getattr(import_module(module), function)
    reading = _reading(bounds, *json.loads(how))
    _send(channel, READY, b"")
    with channel, channel.makefile("rb") as requests:
        for begun in count(1):
            request = _next(requests)
            if not request:
                return
            if os.fstat(2).st_size:
                os.ftruncate(2, 0)  # what was printed about another file
            clock.clock.reset()
            _forget_peak()
            BEGUN.pack_into(page, 0, begun)
            _send(channel, *_answer(read, _of_file(reading, begun), bounds, *json.loads(request)))
            _clean_up()


def _exit_on_hangup(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, 0)  # hang-up and error are reported unasked
    while not poll.poll():
        continue
    os._exit(0)


def _next(requests: BinaryIO) -> bytes:
    head = requests.read(REQUEST.size)
    return requests.read(REQUEST.unpack(head)[0]) if len(head) == REQUEST.size else b""


def _reading(limits: Limits, policy: dict[str, Any], members: str | None, engine: str) -> Reading:
    return Reading(ReadingPolicy(**policy), members, engine, limits.ocr_seconds, limits.ocr_pages)


def _of_file(reading: Reading, number: int) -> Reading:
    """With a directory of the file's own for its members, made when there are any: it goes if we are killed over this file."""
    return reading if reading.members is None else replace(reading, members=f"{reading.members}/{number}")


def _answer(
    read: Callable[[str, str, Reading], Document], reading: Reading, limits: Limits, path: str, name: str
) -> tuple[int, bytes]:
    try:
        body = document_json.dump(read(path, name, reading))
        if len(body) <= limits.output:
            return READ, body
        no = limits.too_much_output()
    except Unprocessable as exc:
        no = exc
    except BaseException as exc:  # also SystemExit from a parser: it may not end the others' process
        no = refusal(exc)
    return REFUSED, json.dumps([no.reason.value, no.detail[:_MAX_DETAIL], no.engine]).encode()


def _clean_up() -> None:
    """End what the file has started, and remove what it has left in our room."""
    with suppress(ChildProcessError):  # there are none: nearly always
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        proc.kill_descendants(os.getpid())
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    room.empty(os.environ["TMPDIR"])


def _forget_peak() -> None:
    """Let the system count anew what we take at most (proc_pid_clear_refs(5)), so that it counts for one file."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _send(channel: socket.socket, state: int, body: bytes) -> None:
    channel.sendall(ANSWER.pack(state, _resident(), len(body)) + body)


def _resident() -> int:
    """Resident memory now, in bytes; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * resource.getpagesize()
    except OSError:
        return 0
