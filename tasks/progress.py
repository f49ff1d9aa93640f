"""Where a run stands, for whoever watches: the command's progress bar, the flow's progress artifact."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a run."""

    stage: str
    """What it is doing, in words."""
    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    chunks: int = 0
    """Chunks embedded so far."""


_listeners: list[Callable[[Progress], None]] = []
_lock = threading.Lock()


@contextmanager
def listening(listener: Callable[[Progress], None]) -> Iterator[None]:
    """Hear of every step of the runs in this process. The listener must be quick; it is called from several threads."""
    with _lock:
        _listeners.append(listener)
    try:
        yield
    finally:
        with _lock:
            _listeners.remove(listener)


def tell(progress: Progress) -> None:
    """Tell all listeners."""
    with _lock:
        listeners = list(_listeners)
    for listener in listeners:
        listener(progress)
