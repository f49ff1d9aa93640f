"""SIGTERM, as systemd and Docker send it: ends a command as Ctrl-C does, but is told apart by the exit code."""

from __future__ import annotations

import signal

_received: list[int] = []


def heed_sigterm() -> None:
    """From now on SIGTERM interrupts the main thread as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _interrupt)


def terminated() -> bool:
    """Whether SIGTERM has come."""
    return bool(_received)


def _interrupt(number: int, _frame: object) -> None:
    _received.append(number)
    raise KeyboardInterrupt
