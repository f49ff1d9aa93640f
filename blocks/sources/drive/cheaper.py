"""A scope that is a part of a corpus, from scratch: walked folder by folder, or the corpus's list, whichever asks less.

It is walked until that seems dear; then the corpus's folders tell how many lists a walk would still take, and the folders
walked so far how many pages the corpus's list may have.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import islice

from blocks.sources.drive.folder_list import FolderList
from blocks.sources.drive.items import Resource
from blocks.sources.drive.known import Known
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.walk import Walk
from core.files import ChangePage
from core.trees import Tree

FEW = 5
"""Folders that are walked one at a time."""
MANY = 30
"""Folders that are known and not yet listed: from here on it is worth asking whether a walk is the cheaper way."""
SAMPLE = 3
PAGE = 1_000
_SHARE = 10
"""What asking may cost: one part in so many of the walk, as far as it is known."""

Pages = Iterator[tuple[list[Resource], str | None]]


class Cheaper:
    """Walks as far as that is the cheaper way."""

    def __init__(self, mirror: ScopeMirror, tree: Tree, walk: Walk) -> None:
        self._mirror = mirror
        self._tree = tree
        self._walk = walk
        self._walked = 0
        """Folders whose children were listed one folder at a time."""
        self._samples, self._seen = 0, 0
        """Those of them that are no roots, which often hold nothing but folders, and the files that were found in those."""

    def note(self, folder: Known, files: int) -> None:
        """A folder was walked, and so many files were found in it."""
        self._walked += 1
        if folder.parent:
            self._samples, self._seen = self._samples + 1, self._seen + files

    def walk(self, corpus: str, pages: Pages) -> Generator[ChangePage, None, bool]:
        """Walk; True if it is better to go on with the corpus's list. `pages` are those of the list of its folders."""
        # One at a time at first: a folder may show that there are many, and the others would have been listed in vain.
        yield from self._walk.pending(stop=lambda: self._walked >= FEW or self._is_wide(), at_once=1)
        folders = yield from self._all_folders(corpus, pages)
        if folders is not None:
            yield from self._sample()
            left = self._pending(folders + 1)
            if left and self._pages(folders) <= left:
                return True
        yield from self._walk.pending()
        return False

    def _is_wide(self) -> bool:
        return self._pending(MANY) >= MANY

    def _pending(self, limit: int) -> int:
        return len(self._tree.pending(limit))

    def _sample(self) -> Iterator[ChangePage]:
        yield from self._walk.pending(stop=self._until(self._walked + SAMPLE), at_once=SAMPLE)

    def _until(self, walked: int) -> Callable[[], bool]:
        return lambda: self._walked >= walked

    def _pages(self, folders: int) -> float:
        """About how many pages the list of the corpus's files has, from what lay in the folders that were walked."""
        return folders * (self._seen / max(1, self._samples)) / PAGE

    def _all_folders(self, corpus: str, pages: Pages) -> Generator[ChangePage, None, int | None]:
        """Have all folders of the corpus listed, those of the scope taking their places; how many they are.

        None if the walk ended before, or the list does not tell of all. They are asked for as the walk turns out to be long: of
        one page more for each `_SHARE` folders that are known.
        """
        found, read = FolderList(self._mirror, self._walk, corpus, pending=True), 0
        while waiting := self._pending(100 * MANY):
            affordable = (self._walked + waiting) // _SHARE
            if read >= affordable:
                yield from self._walk.pending(stop=self._until(self._walked + _SHARE))
                continue
            for page, token in islice(pages, affordable - read):
                read += 1
                found.add(page)
                if token is None:
                    yield from found.place()
                    return len(found.ids) if self._names_all(found.ids) else None
            yield from found.place()
        return None

    def _names_all(self, listed: set[str]) -> bool:
        """False if the corpus's list lacks folders that the walk has found: what is shared by link alone is in no list."""
        return all(id in listed or id in self._mirror.roots for id in (node.id.decode() for node in self._tree.folders()))
