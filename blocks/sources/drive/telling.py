"""What is said of files: with the path and the readers that follow from where they stand, whenever that may have changed."""

from __future__ import annotations

from collections.abc import Iterator

from blocks.sources.drive.account import Account
from blocks.sources.drive.known import Known, known
from blocks.sources.drive.places import NOWHERE, Places, plain, readers_of, shown
from blocks.sources.drive.readers import UNKNOWN
from blocks.sources.drive.staging import Staging
from blocks.sources.drive.wanted import Wanted
from core.files import ChangePage, SourceFile


class Telling:
    """Says of files what is to be said of them."""

    def __init__(
        self, account: Account, staging: Staging, places: Places, wanted: Wanted, full: bool, due: dict[str, bool]
    ) -> None:
        """`due`: what an interrupted listing left to be told."""
        self.due = due
        """Folders in which everything has another path, or other readers, now; True: also what has readers of its own."""
        self._account = account
        self._staging = staging
        self._places = places
        self._wanted = wanted
        self._full = full

    def tell(self, item: Known, again: bool = False) -> None:
        """Say of a file what there is to say now; `again`: this listing may have said something else before."""
        folder = self._places.of(item.parent) if item.parent else NOWHERE
        if folder is None:
            return
        place = folder.inside(item)
        if self._wanted.takes(item, place):
            name = shown(plain(item.name))
            self._staging.say(
                SourceFile(
                    item.key, name, place.path, item.size, item.fingerprint, item.modified, item.media_type,
                    readers_of(place), item.link,
                )
            )  # fmt: skip
        elif (again or not self._full) and not item.is_shortcut:
            self._staging.remove(item.key)

    def tell_due(self) -> Iterator[ChangePage]:
        """Everything in the folders that are due."""
        for id, ask in sorted(self.due.items()):
            place = self._places.of(id)
            around = () if place is None else place.folders[:-1]
            if place is not None and not any(outer in self.due and self.due[outer] >= ask for outer in around):
                yield from self._tell_inside(id, ask)
        # Not before all are told: the position says of each page what is left.
        self.due.clear()

    def _tell_inside(self, folder: str, ask: bool) -> Iterator[ChangePage]:
        """All that lies in a folder; `ask`: of what has readers of its own, Drive is asked for them.

        In a folder whose readers we are not told, only what we are told of: all else is the library owner's in any case.
        """
        folders = [folder.encode()]
        place = self._places.of(folder)
        untold = place is not None and place.readers == UNKNOWN
        while folders:
            for node in self._staging.children(folders.pop()):
                item = known(node)
                if ask and item.grants is not None and (item.grants or not untold):
                    item = self._asked_again(item)
                    self._staging.put(item.node(node.pending))
                    self._places.forget()
                if node.folder:
                    folders.append(node.id)
                else:
                    self.tell(item, again=True)
                if self._staging.is_full:
                    yield from self._staging.page()

    def _asked_again(self, item: Known) -> Known:
        now = self._account.item(item.id)
        return item.with_grants(UNKNOWN if now is None else self._account.grants(now))
