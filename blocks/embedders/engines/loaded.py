"""An engine that is loaded when first used, and closed only when nobody uses it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context

from blocks.embedders.engines.base import Engine

logger = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds that closing waits for a load under way: a first conversion takes twenty, and Ctrl-C shall not."""


class Loaded:
    """Holds at most one engine. Copies and pickles of it are empty: an engine cannot be copied, but loaded again."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._starting = threading.Lock()
        self._engine: Engine | None = None
        self._warming: threading.Thread | None = None
        self._users = 0

    @contextmanager
    def engine(self, load: Callable[[], Engine]) -> Iterator[Engine]:
        """The engine, loaded by `load` if there is none; it is not closed while the context is open."""
        with self._changed:
            if self._engine is None:
                self._engine = load()
            engine = self._engine
            self._users += 1
        try:
            yield engine
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def warm_up(self, load: Callable[[], Engine]) -> None:
        """Load in a thread of its own, if nobody has begun to. Never waits."""
        with self._starting:
            if self._warming is None:
                # What loading has to say belongs to the caller's run, which logging finds in the context.
                target = copy_context().run
                self._warming = threading.Thread(target=target, args=(self._warm_up, load), name="levada-model", daemon=True)
                self._warming.start()

    def _warm_up(self, load: Callable[[], Engine]) -> None:
        try:
            with self.engine(load):
                pass
        except Exception as exc:
            logger.debug("the model was not loaded beforehand: %s", exc)
        if self._warming is not threading.current_thread():
            self._let_go()

    def close(self) -> None:
        """Wait for the users, then close; the next use loads again. A load that nobody waits for is left to close itself."""
        with self._starting:
            warming, self._warming = self._warming, None
        if warming is not None:
            warming.join(PATIENCE)
            if warming.is_alive():
                return
        self._let_go()

    def _let_go(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._users == 0)
            if self._engine is not None:
                self._engine.close()
            self._engine = None

    def __deepcopy__(self, memo: dict[int, object]) -> Loaded:
        return Loaded()

    def __reduce__(self) -> tuple[type[Loaded], tuple[()]]:
        return Loaded, ()
