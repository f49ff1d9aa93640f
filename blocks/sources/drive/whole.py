"""A listing from scratch: of a corpus as a whole, or folder by folder, whichever asks less of Drive.

Folders come first: once they are known, so is the scope, and each file of the corpus's list is told at once to belong to it
or not. Where the scope is a part of a corpus, it is walked until that seems dear; then the corpus's folders tell how many
lists a walk would still take, and the folders walked so far how many pages the corpus's list may have.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import islice

from blocks.sources.drive.account import FILES, FOLDERS, Account
from blocks.sources.drive.cursor import Position
from blocks.sources.drive.items import Resource
from blocks.sources.drive.known import Known, known
from blocks.sources.drive.logs import governing
from blocks.sources.drive.roots import Root
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
_PORTION = 200


class Whole:
    """Lists corpora from scratch."""

    def __init__(
        self, account: Account, mirror: ScopeMirror, tree: Tree, walk: Walk, position: Position, listed: Callable[[str], None]
    ) -> None:
        """`listed` is told of each corpus that is listed as a whole."""
        self._account = account
        self._mirror = mirror
        self._tree = tree
        self._walk = walk
        self._position = position
        self._listed_whole = listed
        self._walked = 0
        """Folders whose children were listed one folder at a time."""
        self._samples, self._seen = 0, 0
        """Those of them that are no roots, which often hold nothing but folders, and the files that were found in those."""
        self._named: set[str] | None = None
        """What the corpus's list named, where that is asked for."""

    def note(self, folder: Known, files: int) -> None:
        """A folder was walked, and so many files were found in it."""
        self._walked += 1
        if folder.parent:
            self._samples, self._seen = self._samples + 1, self._seen + files

    def corpora(self, roots: list[Root]) -> Iterator[ChangePage]:
        """Everything of all corpora that are left."""
        position = self._position
        while position.left:
            corpus = position.left[0]
            if position.by_list:
                yield from self._files(corpus)
            elif any(root.whole and root.corpus == corpus for root in roots):
                yield from self.folders(corpus)
                yield from self._files(corpus)
            else:
                yield from self._cheaper(corpus)

    def again(self, corpus: str) -> Iterator[ChangePage]:
        """The corpus's list once more, of folders and files alike; what is known of it, and is not listed, is asked for."""
        self._named = set()
        self._position.left.append(corpus)
        yield from self.folders(corpus)
        yield from self._files(corpus)
        yield from self._walk.pending()
        named, self._named = self._named, None
        unnamed: list[str] = []
        for folder in self._tree.folders():
            unnamed += [
                node.id.decode()
                for node in self._tree.children(folder.id)
                if node.id.decode() not in named and node.id.decode() not in self._mirror.roots and known(node).corpus == corpus
            ]
        yield from self._walk.look(unnamed)

    def _finish(self) -> Iterator[ChangePage]:
        """The corpus is listed; in the same page as the last that was found, lest the list be begun anew."""
        self._position.left.pop(0)
        self._position.by_list, self._position.page = False, None
        yield from self._mirror.staging.page(even_if_empty=True)

    def folders(self, corpus: str) -> Iterator[ChangePage]:
        """All folders of the corpus's list, those of the scope taking their places."""
        found: dict[str, Resource] = {}
        for page, _token in self._listed(FOLDERS, corpus):
            found |= {item["id"]: item for item in page}
        yield from self._place(found, corpus, pending=False)
        self._begin_list(corpus)
        yield from self._mirror.staging.page(even_if_empty=True)

    def _files(self, corpus: str) -> Iterator[ChangePage]:
        for page, token in self._listed(FILES, corpus, self._position.page):
            self._mirror.read(page)
            belonging = [item for item in page if self._belongs(item)]
            self._mirror.look_up(belonging)
            for item in belonging:
                if not item.get("trashed") and not self._mirror.is_behind(item):
                    self._mirror.put(item, item["parents"][0], corpus)
            if token is not None:
                self._position.page = token
                yield from self._mirror.staging.page(even_if_empty=True)
        yield from self._finish()

    def _cheaper(self, corpus: str) -> Iterator[ChangePage]:
        with self._walk.once():
            # One at a time at first: a folder may show that there are many, and the others would have been listed in vain.
            yield from self._walk.pending(stop=lambda: self._walked >= FEW or self._is_wide(), at_once=1)
            folders = yield from self._all_folders(corpus)
            if folders is not None:
                yield from self._sample()
                left = self._pending(len(folders) + 1)
                if left and self._pages(len(folders)) <= left:
                    self._begin_list(corpus)
                    yield from self._settled()
                    yield from self._files(corpus)
                    return
            yield from self._walk.pending()
        yield from self._finish()

    def _is_wide(self) -> bool:
        return self._pending(MANY) >= MANY

    def _pending(self, limit: int) -> int:
        return len(self._tree.pending(limit))

    def _begin_list(self, corpus: str) -> None:
        self._position.by_list = True
        self._listed_whole(corpus)

    def _sample(self) -> Iterator[ChangePage]:
        yield from self._walk.pending(stop=self._until(self._walked + SAMPLE), at_once=SAMPLE)

    def _until(self, walked: int) -> Callable[[], bool]:
        return lambda: self._walked >= walked

    def _pages(self, folders: int) -> float:
        """About how many pages the list of the corpus's files has, from what lay in the folders that were walked."""
        return folders * (self._seen / max(1, self._samples)) / PAGE

    def _settled(self) -> Iterator[ChangePage]:
        """No folder need be listed any more."""
        while pending := self._tree.pending(PAGE):
            for node in pending:
                self._mirror.staging.put(known(node).node(pending=False))
            yield from self._mirror.staging.page(even_if_empty=True)

    def _all_folders(self, corpus: str) -> Generator[ChangePage, None, dict[str, Resource] | None]:
        """All folders of the corpus, by id, those of the scope in their places; None if the walk ended before.

        They are asked for as the walk turns out to be long: of one page more for each `_SHARE` folders that are known.
        """
        found: dict[str, Resource] = {}
        pages, read = self._listed(FOLDERS, corpus), 0
        while waiting := self._pending(100 * MANY):
            affordable = (self._walked + waiting) // _SHARE
            if read >= affordable:
                yield from self._walk.pending(stop=self._until(self._walked + _SHARE))
                continue
            for page, token in islice(pages, affordable - read):
                read += 1
                found |= {item["id"]: item for item in page}
                if token is None:
                    yield from self._place(found, corpus, pending=True)
                    return found if self._names_all(found) else None
            yield from self._place(found, corpus, pending=True)
        return None

    def _names_all(self, found: dict[str, Resource]) -> bool:
        """False if the corpus's list lacks folders that the walk has found: what is shared by link alone is in no list."""
        return all(id in found or id in self._mirror.roots for id in (node.id.decode() for node in self._tree.folders()))

    def _place(self, found: dict[str, Resource], corpus: str, pending: bool) -> Iterator[ChangePage]:
        """Folders whose way up leads to a root take their places, the outer ones first."""
        inside: dict[str, list[str]] = {}
        for id, item in found.items():
            if id not in self._mirror.roots and not item.get("trashed"):
                inside.setdefault((item.get("parents") or [""])[0], []).append(id)
        front = [id for id in inside if id not in found or id in self._mirror.roots]
        front = [id for id in front if self._mirror.is_in_scope(id)]
        while front:
            level, front = front, []
            for start in range(0, len(level), _PORTION):
                children = [(folder, found[id]) for folder in level[start : start + _PORTION] for id in inside.pop(folder, ())]
                self._mirror.look_up([item for _folder, item in children])
                for folder, item in children:
                    self._place_one(item, folder, corpus, pending)
                front += [item["id"] for _folder, item in children]
                if self._mirror.staging.is_full:
                    yield from self._mirror.staging.page()

    def _place_one(self, item: Resource, folder: str, corpus: str, pending: bool) -> None:
        before = self._mirror.at(item["id"])
        self._mirror.put(item, folder, corpus)
        if before is None:
            node = self._mirror.staging.node(item["id"].encode())
            if node is not None and node.pending != pending:
                self._mirror.staging.put(known(node).node(pending))

    def _belongs(self, item: Resource) -> bool:
        parents = item.get("parents") or []
        return any(self._mirror.is_in_scope(parent) for parent in parents[:1])

    def _listed(self, query: str, corpus: str, token: str | None = None) -> Iterator[tuple[list[Resource], str | None]]:
        """(items, token of the next page) of a whole list.

        The user's list shows what was opened on shared drives, too: where we read their logs, those alone tell of it.
        """
        tokens = self._position.cursor.tokens
        for page in self._account.pages(query, corpus, "files", token):
            if self._named is not None:
                self._named.update(item["id"] for item in page["files"])
            yield [item for item in page["files"] if governing(item, tokens) == corpus], page.get("nextPageToken")
