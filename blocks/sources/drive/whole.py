"""A listing from scratch: of a corpus as a whole, or folder by folder, whichever asks less of Drive.

Folders come first: once they are known, so is the scope, and each file of the corpus's list is told at once to belong to it
or not. A scope that is a part of a corpus may cost less as a walk: cheaper.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blocks.sources.drive.account import FILES, FOLDERS, Account
from blocks.sources.drive.cheaper import Cheaper
from blocks.sources.drive.cursor import Position
from blocks.sources.drive.folder_list import FolderList
from blocks.sources.drive.items import Resource, version
from blocks.sources.drive.known import Known, known
from blocks.sources.drive.logs import governing
from blocks.sources.drive.roots import Root
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.walk import Walk
from core.files import ChangePage
from core.trees import Tree

_PORTION = 1_000

Listed = Iterator[tuple[list[Resource], str | None]]
"""Pages of a list, each with the token of the next."""


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
        self._cheaper = Cheaper(mirror, tree, walk)
        self._named: set[str] | None = None
        """What the corpus's list names in the scope, or was asked for since it does, where that is to be known."""

    def note(self, folder: Known, files: int) -> None:
        """A folder was walked, and so many files were found in it."""
        self._cheaper.note(folder, files)

    def corpora(self, roots: list[Root]) -> Iterator[ChangePage]:
        """Everything of all corpora that are left."""
        position = self._position
        while position.left:
            corpus = position.left[0]
            if position.by_list:
                yield from self._files(corpus)
            elif any(root.whole and root.corpus == corpus for root in roots):
                # From scratch, what was missed is asked for at the end.
                yield from self._all(corpus) if position.full else self._all_and_missed(corpus)
            else:
                yield from self._part(corpus)

    def again(self, corpus: str) -> Iterator[ChangePage]:
        """The corpus's list once more, of folders and files alike.

        Whatever is known, and not listed or listed elsewhere, is asked for.
        """
        self._position.left.append(corpus)
        yield from self._all_and_missed(corpus)

    def _all(self, corpus: str) -> Iterator[ChangePage]:
        yield from self._folders(corpus)
        yield from self._files(corpus)

    def _all_and_missed(self, corpus: str) -> Iterator[ChangePage]:
        self._named = set()
        yield from self._all(corpus)
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

    def _part(self, corpus: str) -> Iterator[ChangePage]:
        """What of the corpus is in the scope."""
        with self._walk.once():
            if not (yield from self._cheaper.walk(corpus, self._listed(FOLDERS, corpus))):
                yield from self._finish()
                return
            self._begin_list(corpus)
            yield from self._settled()
            yield from self._files(corpus)

    def _folders(self, corpus: str) -> Iterator[ChangePage]:
        """All folders of the corpus's list, those of the scope taking their places."""
        found = FolderList(self._mirror, self._walk, corpus, pending=False)
        for page, _token in self._listed(FOLDERS, corpus):
            found.add(page)
            yield from found.place()
        if self._named is not None:
            self._named |= found.placed
        self._begin_list(corpus)
        yield from self._mirror.staging.page(even_if_empty=True)

    def _files(self, corpus: str) -> Iterator[ChangePage]:
        for page, token in self._listed(FILES, corpus, self._position.page):
            self._mirror.read(page)
            belonging = [item for item in page if self._belongs(item)]
            self._mirror.look_up(belonging)
            doubted: list[str] = []
            for item in belonging:
                if item.get("trashed") or self._mirror.is_behind(item):
                    continue
                if self._walk.doubts.about(item["id"], item["parents"][0], version(item)):
                    doubted.append(item["id"])
                else:
                    self._mirror.put(item, item["parents"][0], corpus)
                    if self._named is not None:
                        self._named.add(item["id"])
            yield from self._walk.look(doubted)
            if self._named is not None:
                self._named.update(doubted)  # they need not be asked for twice
            if token is not None:
                self._position.page = token
                yield from self._mirror.staging.page(even_if_empty=True)
        yield from self._finish()

    def _begin_list(self, corpus: str) -> None:
        self._position.by_list = True
        self._listed_whole(corpus)

    def _settled(self) -> Iterator[ChangePage]:
        """No folder need be listed any more."""
        while pending := self._tree.pending(_PORTION):
            for node in pending:
                self._mirror.staging.put(known(node).node(pending=False))
            yield from self._mirror.staging.page(even_if_empty=True)

    def _belongs(self, item: Resource) -> bool:
        parents = item.get("parents") or []
        return any(self._mirror.is_in_scope(parent) for parent in parents[:1])

    def _listed(self, query: str, corpus: str, token: str | None = None) -> Listed:
        """All pages of a list.

        The user's list shows what was opened on shared drives, too: where we read their logs, those alone tell of it.
        """
        tokens = self._position.cursor.tokens
        for page in self._account.pages(query, corpus, "files", token):
            yield [item for item in page["files"] if governing(item, tokens) == corpus], page.get("nextPageToken")
