"""What is looked at once more: the index that answers lists lags behind the change log, so what a list showed may be old."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from blocks.sources.drive.cursor import Cursor
from blocks.sources.drive.doubts import Doubts
from blocks.sources.drive.known import Known, known
from blocks.sources.drive.roots import Root
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.walk import Walk
from blocks.sources.drive.whole import Whole
from core.files import ChangePage

_CORPUS, _TREE, _READERS = "corpus:", "tree:", "readers:"
"""What is to be listed again: a whole corpus, or a folder with all in it; or of which root the readers are to be asked for."""


class SecondLooks:
    """Notes what was listed, and lists it again when the lag is over."""

    def __init__(
        self, mirror: ScopeMirror, doubts: Doubts, cursor: Cursor, full: bool, lag: float, now: Callable[[], float]
    ) -> None:
        """`lag` in seconds; `now` is the time in seconds since the epoch."""
        self._mirror = mirror
        self._doubts = doubts
        self._cursor = cursor
        self._full = full
        self._lag = lag
        self._now = now
        self._went_into: set[str] = set()

    def walked(self, folder: Known) -> None:
        """A folder's children were listed.

        In a second look only what it brings in is looked at again; what that is, a run that goes on with it does not know.
        """
        is_told = self._doubts.on and not self._doubts.resumed
        if self._doubts.is_outermost(folder) if is_told else folder.parent not in self._went_into:
            self._cursor.again[self._look_at(folder)] = self._now() + self._lag
        self._went_into.add(folder.id)

    def listed(self, corpus: str) -> None:
        """A corpus was listed as a whole."""
        if not self._doubts.on:
            self._cursor.again[_CORPUS + corpus] = self._now() + self._lag

    def regranted(self, root: str) -> None:
        """The readers of a root on a shared drive were asked for: rights take a while to arrive at what lies below."""
        if not self._doubts.on:
            self._cursor.again[_READERS + root] = self._now() + self._lag

    def take(self, walk: Walk, whole: Whole, root_again: Callable[[str], Iterator[ChangePage]]) -> Iterator[ChangePage]:
        """List again what is due; `root_again` looks for a root once more."""
        now = self._now()
        due = [key for key, when in self._cursor.again.items() if when <= now]
        self._doubts.begin()
        for key in due:
            if key.startswith(_CORPUS):
                corpus = key.removeprefix(_CORPUS)
                if corpus in self._cursor.tokens:
                    yield from whole.again(corpus)
            elif key.startswith(_READERS):
                yield from root_again(key.removeprefix(_READERS))
            else:
                folder = key.removeprefix(_TREE)
                node = self._mirror.staging.node(folder.encode())
                if node is not None and self._mirror.is_in_scope(folder):
                    self._mirror.staging.put(known(node).node(pending=True))
            yield from walk.pending()
            if self._cursor.again[key] <= now:  # else something has come in that is to be looked at with it
                del self._cursor.again[key]
        self._doubts.end()

    def forget_needless(self, roots: Iterable[Root]) -> None:
        """A corpus that is listed again as a whole needs no walks."""
        corpora = {key.removeprefix(_CORPUS) for key in self._cursor.again if key.startswith(_CORPUS)}
        for root in roots:
            if root.corpus in corpora:
                self._cursor.again.pop(_TREE + root.id, None)

    def _look_at(self, folder: Known) -> str:
        """What to list again for a folder's sake. Of a listing from scratch that was interrupted: what it had begun with."""
        place = self._mirror.places.of(folder.id) if self._full else None
        around = (_TREE + id for id in place.folders) if place is not None else iter(())
        return next((key for key in around if key in self._cursor.again), _TREE + folder.id)
