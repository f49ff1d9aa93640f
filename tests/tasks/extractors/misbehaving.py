"""A reader for parser processes that does what hostile files do to real parsers: the file's name says which."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.documents import Document, Element, ElementKind
from tasks.extractors._archives.members import Members
from tasks.extractors._builder import Builder
from tasks.extractors._ocr.clock import clock
from tasks.extractors.base import Reading
from tasks.extractors.read import read_document


def read(path: str, name: str, reading: Reading) -> Document:
    """Misbehave as the name asks; any other file is read as usual."""
    action = name.partition(".")[0].partition("-")[0]
    if action == "sleep":
        Path(path).with_suffix(".begun").write_text(str(os.getpid()))
        time.sleep(3600)
    if action == "spin":  # catastrophic backtracking: the interpreter is never let go of
        Path(path).with_suffix(".begun").write_text(str(os.getpid()))
        re.match(r"(a|a)*$", "a" * 60 + "b")
    if action == "segfault":
        ctypes.string_at(0)
    if action == "abort":
        os.abort()
    if action == "exit":
        os._exit(3)
    if action == "leave":
        sys.exit("a parser that calls exit")
    if action == "hoard":
        return _document("x" * (3 << 30))
    if action == "overflow":
        return _document(_dig(10**6))
    if action == "hand":
        return _hand_over(reading)
    if action == "big":
        return _document("many words " * 3_000_000)
    if action in _TAKERS:
        _TAKERS[action](Path(path).with_suffix(".begun"))
    return _facts(action, name) or read_document(path, name, reading)


def _grow(begun: Path) -> None:
    """Three children, in sessions of their own, take 150 MiB each: none of them alone is beyond the limit."""
    code = "import time\nkept = b'x' * (150 << 20)\ntime.sleep(3600)"
    children = [subprocess.Popen([sys.executable, "-c", code], start_new_session=True) for _ in range(3)]
    for child in children:
        child.wait()


def _compute(begun: Path) -> None:
    """A child computes, we wait."""
    subprocess.run([sys.executable, "-c", "while True: pass"], start_new_session=True, check=False)


def _fill(begun: Path) -> None:
    """Many files, each within the limit of one."""
    for number in range(10_000):
        Path(tempfile.gettempdir(), f"{number}").write_bytes(b"x" * (1 << 20))
        time.sleep(0.01)


def _starve(begun: Path) -> None:
    """Native code takes memory until it gets no more, and aborts."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while block := libc.malloc(16 << 20):
        ctypes.memset(block, 1, 16 << 20)
        time.sleep(0.02)
    os.abort()


def _write(begun: Path) -> None:
    """One file without end."""
    with tempfile.TemporaryFile() as file:
        while True:
            file.write(b"x" * (1 << 20))


def _daemons(begun: Path) -> None:
    """A grandchild whose parent is gone, in a session of its own, and its pid; nobody waits for it."""
    code = (
        "import os, sys, time\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        "if os.fork(): os._exit(0)\n"
        "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
        "time.sleep(3600)"
    )
    subprocess.run([sys.executable, "-c", code, str(begun)], check=True)
    while not begun.exists() or not begun.read_text():
        time.sleep(0.01)


def _hang(begun: Path) -> None:
    _daemons(begun)
    time.sleep(3600)


def _fall(begun: Path) -> None:
    _daemons(begun)
    os.write(2, b"the last words of an engine")
    os.abort()


_TAKERS = {
    "grow": _grow, "compute": _compute, "fill": _fill,
    "starve": _starve, "write": _write, "daemons": _daemons, "hang": _hang, "fall": _fall,
}  # fmt: skip


def _facts(action: str, name: str) -> Document | None:
    if action == "pid":
        return _document(str(os.getpid()))
    if action == "modules":
        return _document(" ".join(sorted(name.split(".")[0] for name in sys.modules)))
    if action == "engines":
        return _document(" ".join(sorted(name for name in sys.modules if name.count(".") == 2)))
    if action == "room":
        kept = Path(tempfile.gettempdir(), "kept")
        found = kept.exists()
        kept.write_text("from file to file")
        return _document(f"{found} {kept.parent}")
    if action == "dial":
        return _document(_dial(int(name.rpartition("-")[2])))
    if action == "recognise":
        for _ in range(4):
            with clock.page():
                time.sleep(0.25)
        return _document("all of its pages")
    if action == "environment":
        return _document(" ".join(os.environ))
    if action == "signals":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        return _document("still here")
    return None


def _hand_over(reading: Reading) -> Document:
    """Members as engines hand them over; then no end."""
    builder = Builder()
    with Members(builder, reading) as members:
        members.add("inside.txt", b"x" * 1000)
        time.sleep(3600)
    return builder.document("application/zip", "test/1")


def _dial(port: int) -> str:
    """What becomes of connections to a server of this machine, ours and a child's."""
    told = []
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        told.append("connected")
    except OSError as exc:
        told.append(type(exc).__name__)
    code = f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=5)"
    told.append(str(subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL, check=False).returncode))
    left, right = socket.socketpair()
    left.sendall(b"between processes")
    told.append(right.recv(100).decode())
    return ", ".join(told)


def _dig(depth: int) -> str:
    return _dig(depth - 1) if depth else "the bottom"


def _document(text: str) -> Document:
    return Document((Element(ElementKind.PARAGRAPH, text),), "text/plain", "test/1")
