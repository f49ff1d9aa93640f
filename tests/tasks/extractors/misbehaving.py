"""A reader for parser processes that does what hostile files do to real parsers: the file's name says which."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
import time
from pathlib import Path

from core.documents import Document, Element, ElementKind
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
    if action == "big":
        return _document("many words " * 3_000_000)
    return _facts(action) or read_document(path, name)


def _facts(action: str) -> Document | None:
    if action == "pid":
        return _document(str(os.getpid()))
    if action == "modules":
        return _document(" ".join(sorted(name.split(".")[0] for name in sys.modules)))
    if action == "environment":
        return _document(" ".join(os.environ))
    if action == "signals":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        return _document("still here")
    return None


def _dig(depth: int) -> str:
    return _dig(depth - 1) if depth else "the bottom"


def _document(text: str) -> Document:
    return Document((Element(ElementKind.PARAGRAPH, text),), "text/plain", "test/1")
