"""What a listing asks of the account, with several questions at a time where the answers do not depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

from blocks.sources.drive.answers import Turning
from blocks.sources.drive.client import DriveClient
from blocks.sources.drive.errors import CorpusLost, Gone, Refused, TokenRejected
from blocks.sources.drive.items import FIELDS, FOLDER, Resource
from blocks.sources.drive.readers import is_a_members, own_grants
from core.errors import SourceUnavailable

A = TypeVar("A")
B = TypeVar("B")

USER = "user"
"""The corpus of what is on no shared drive that we are a member of; that of a shared drive is called by its id."""
AT_ONCE = 8
"""Questions on their way at the same time."""
_RESTARTS = 3
_WITNESSES = 3
"""Items of a shared drive that are asked, at most, who its members are."""
_NOT_FOR_US = frozenset({"insufficientFilePermissions", "insufficientPermissions", "appNotAuthorizedToFile"})
"""Refusals of one item, which mean what a 404 does. That the scopes do not suffice is no Refused, but CredentialsLost."""
NO_MEMBER = _NOT_FOR_US | {"forbidden", "PERMISSION_DENIED"}
"""Refusals of a shared drive that may mean we are no member, besides the one that is known to."""
FOLDERS = f"mimeType = '{FOLDER}' and trashed = false"
FILES = f"mimeType != '{FOLDER}' and trashed = false"


class Account:
    """The client, and threads to ask with; a context."""

    def __init__(self, client: DriveClient) -> None:
        self.client = client
        self.logs_read: set[str] = set()
        """Corpora whose change logs were read."""
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="drive")

    def __enter__(self) -> Account:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def each(self, ask: Callable[[A], B], questions: Iterable[A]) -> Iterator[B]:
        """The answers, in the order of the questions. Raises what the first question raised that failed."""
        listed = list(questions)
        if len(listed) == 1:
            yield ask(listed[0])
        else:
            yield from self._threads.map(ask, listed)

    def page(self, query: str, corpus: str, token: str | None = None) -> dict[str, Any]:
        """One page of a list of items."""
        return self.client.files(query, None if corpus == USER else corpus, token, f"files({FIELDS})")

    def pages(
        self, query: str, corpus: str, what: str, token: str | None = None, first: dict[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """All pages of a list, of `what`, from a token on; begun anew if Drive has forgotten where we were.

        `first` is its first page, if that is here already. Raises Gone, and SourceUnavailable if it never comes to an end.
        """
        page, restarts, turning = first, 0, Turning(what)
        while True:
            try:
                page = page or self.page(query, corpus, token)
            except TokenRejected:
                restarts += 1
                if restarts > _RESTARTS:
                    raise SourceUnavailable(f"Google ends each list of {what} half way: try again") from None
                token = None
                continue
            yield page
            token = turning.next(page)
            if token is None:
                return
            page = None

    def item(self, id: str, more: str = "") -> Resource | None:
        """An item as it is now, with `more` fields than usual; None if it is not there, or not for us."""
        try:
            return self.client.file(id, FIELDS + more)
        except Gone:
            return None
        except Refused as exc:
            if exc.reason not in _NOT_FOR_US:
                raise
            return None

    def permissions(self, id: str) -> list[Resource] | None:
        """An item's permissions; None if Drive does not tell them to us."""
        try:
            return list(self.client.permissions(id))
        except (Gone, Refused):
            return None

    def drive(self, id: str) -> Resource | None:
        """A shared drive; None if it is not there, or not for us."""
        try:
            return self.client.drive(id)
        except (CorpusLost, Gone):
            return None
        except Refused as exc:
            if exc.reason not in NO_MEMBER:
                raise
            return None

    def is_member(self, drive: str) -> bool:
        """True if we may read the shared drive's own log."""
        if drive in self.logs_read:
            return True
        try:
            self.client.start_token(drive)
        except CorpusLost:
            return False
        except Refused as exc:
            if exc.reason not in NO_MEMBER:
                raise
            return False
        return True

    def members(self, drive: str, witness: str = "") -> tuple[list[Resource] | None, str]:
        """(Permissions of a shared drive's members, None if Drive does not tell them to us; their witness).

        A drive's id may pass for a file's; then there is none, "". Or not: then something that lies in the drive tells the
        same, and is asked first the next time; nothing does if the witness is the drive.
        """
        if not witness:
            try:
                return list(self.client.permissions(drive)), ""
            except Refused:
                return None, ""
            except Gone:
                return self._inherited(drive)
        told = self._told_by(drive, witness) if witness != drive else None
        return (told, witness) if told else self._inherited(drive)

    def _inherited(self, drive: str) -> tuple[list[Resource] | None, str]:
        try:
            pages = self.pages(inside(drive), drive, "a shared drive's items")
            items: list[Resource] = next((page["files"] for page in pages if page["files"]), [])
        except (Gone, CorpusLost):
            return None, ""
        may_tell = (
            item
            for item in items
            if item.get("capabilities", {}).get("canShare", True) and not item.get("inheritedPermissionsDisabled")
        )
        for item in sorted(may_tell, key=lambda item: bool(item.get("hasAugmentedPermissions")))[:_WITNESSES]:
            if told := self._told_by(drive, item["id"], plain=not item.get("hasAugmentedPermissions")):
                return told, item["id"]
        return None, drive

    def _told_by(self, drive: str, id: str, plain: bool = False) -> list[Resource] | None:
        """Those of an item's permissions that are its drive's members'; all, if it is `plain`: without rights of its own."""
        listed = self.permissions(id)
        members = [permission for permission in listed or () if is_a_members(permission, drive)]
        return members or (listed if plain else None)

    def is_listed(self, item: Resource) -> bool:
        """False if the lists of the user's Drive do not name the item: it is known by its link, and no log tells of it."""
        name = item.get("name", "").replace("\\", "\\\\").replace("'", "\\'")
        pages = self.pages(f"name = '{name}' and trashed = false", USER, "items of that name")
        return any(found["id"] == item["id"] for page in pages for found in page["files"])

    def grants(self, item: Resource) -> tuple[str, ...]:
        """Who may see an item whose folder is not known."""
        return own_grants(item, self.permissions)


def inside(folder: str) -> str:
    """The query for what lies in a folder. One folder at a time: of several, joined by "or", Drive leaves some items out."""
    return f"'{folder}' in parents and trashed = false"
