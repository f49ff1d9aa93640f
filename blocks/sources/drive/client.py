"""Drive v3 as this source asks it: typed calls of one account, paced, tried again, and their errors mapped to ours."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from blocks.sources.drive import answers
from blocks.sources.drive.answers import Answer, Whole
from blocks.sources.drive.errors import Asked
from blocks.sources.drive.items import DRIVE_POWERS, PERMISSION_FIELDS
from blocks.sources.drive.keys import ResourceKeys
from blocks.sources.drive.quota import UNITS, UNITS_PER_MINUTE, Costs, Quota, rest
from blocks.sources.drive.requests import Requests, all_of, mask
from blocks.sources.drive.retry import ONE_FILE, Retry
from blocks.sources.drive.transport import TIMEOUT, Account, Transport

if TYPE_CHECKING:
    import httpx

PAGE = 1000
"""Items asked for at once: the most that Drive gives."""
_SMALL_PAGE = 100
DOWNLOADS = 8
"""Files that are read at once."""
DRIVE_FIELDS = f"id,name,restrictions,capabilities(canListChildren,canEdit,{','.join(DRIVE_POWERS)})"
_PLAIN: Mapping[str, str] = {}
_PARENTS = re.compile(r"'([\w-]+)' in parents")


class DriveClient:
    """One account's Drive, for any number of threads.

    Every call may raise, besides what it names itself: CredentialsLost; SourceUnavailable if it was tried often enough, or
    if Google will not answer today; Refused for any other lasting refusal; and whatever `sleep` raises, which is asked to
    sleep no longer than a fraction of a second at once.
    """

    def __init__(
        self,
        credentials: Account,
        units_per_minute: int = UNITS_PER_MINUTE,
        sleep: Callable[[float], None] = time.sleep,
        costs: Costs = UNITS,
        downloads: int = DOWNLOADS,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.identity = credentials.identity
        self.keys = ResourceKeys()
        self.quota = Quota(units_per_minute, sleep, clock)
        self._sleep, self._costs = sleep, costs
        self._transport = Transport(credentials, timeout)
        self._retry = Retry(self.quota, sleep, clock)
        self._api = f"{self._transport.root}/drive/v3"
        self._downloads = threading.Semaphore(downloads)
        self._requests = Requests(self._transport, self._retry, self._api)

    def about(self, fields: str) -> Answer:
        """Who we are, and what the account holds."""
        return self._get(
            self._requests.part("about").get(fields=mask(fields, "kind")), "drive#about", "about.get", answers.anything
        )

    def start_token(self, drive: str | None) -> str:
        """The change token that stands for now. Raises CorpusLost."""
        request = self._requests.part("changes").getStartPageToken(driveId=drive, supportsAllDrives=True)

        whole = answers.naming("startPageToken")
        answer = self._get(request, "drive#startPageToken", "changes.getStartPageToken", whole, Asked.CORPUS)
        return str(answer["startPageToken"])

    def changes(self, token: str, drive: str | None, fields: str) -> Answer:
        """One page of a change log. Raises CorpusLost, and TokenRejected: walk anew, from a new start token."""
        request = self._requests.part("changes").list(
            pageToken=token, driveId=drive, fields=mask(fields, "kind", "nextPageToken", "newStartPageToken"), pageSize=PAGE,
            includeRemoved=True, includeCorpusRemovals=True, supportsAllDrives=True, includeItemsFromAllDrives=True,
        )  # fmt: skip

        page = self._list(request, "drive#changeList", "changes.list", Asked.LOG, answers.changes)
        for change in page["changes"]:
            self.keys.heed(change.get("file"))
        return page

    def files(self, query: str, drive: str | None, page_token: str | None, fields: str) -> Answer:
        """One page of the files that match `query`: of a shared drive, or of what the user sees.

        Raises CorpusLost; Gone if the query names a folder that is not there; and TokenRejected if the page token is too old:
        begin with the first page.
        """
        request = self._requests.part("files").list(
            q=query, corpora="drive" if drive else "user", driveId=drive, pageToken=page_token, pageSize=PAGE,
            fields=mask(fields, "kind", "nextPageToken", "incompleteSearch"), supportsAllDrives=True,
            includeItemsFromAllDrives=True,
        )  # fmt: skip

        request.headers.update(self.keys.header(*_PARENTS.findall(query)))
        page = self._list(request, "drive#fileList", "files.list", Asked.FILE, answers.files)
        for item in page["files"]:
            self.keys.heed(item)
        return page

    def file(self, file_id: str, fields: str) -> Answer:
        """One file's metadata. Raises Gone."""
        request = self._requests.part("files").get(fileId=file_id, fields=mask(fields, "kind", "id"), supportsAllDrives=True)
        request.headers.update(self.keys.header(file_id))
        item = self._get(request, "drive#file", "files.get", answers.naming("id"), Asked.FILE)
        self.keys.heed(item)
        return item

    def permissions(self, file_id: str) -> list[Answer]:
        """All of a file's permissions, inherited ones too. Raises Gone."""
        fields = f"kind,nextPageToken,permissions({PERMISSION_FIELDS})"

        def page(token: str | None) -> Answer:
            request = self._requests.part("permissions").list(
                fileId=file_id, pageToken=token, pageSize=_SMALL_PAGE, fields=fields, supportsAllDrives=True
            )
            request.headers.update(self.keys.header(file_id))
            whole = answers.holding("permissions")
            return self._list(request, "drive#permissionList", "permissions.list", Asked.FILE, whole)

        return all_of(page, "permissions")

    def drives(self) -> list[Answer]:
        """All shared drives that we are a member of."""

        def page(token: str | None) -> Answer:
            fields = f"kind,nextPageToken,drives({DRIVE_FIELDS})"
            request = self._requests.part("drives").list(pageToken=token, pageSize=_SMALL_PAGE, fields=fields)
            return self._list(request, "drive#driveList", "drives.list", Asked.OTHER, answers.holding("drives"))

        return all_of(page, "drives")

    def drive(self, drive_id: str) -> Answer:
        """One shared drive. Raises CorpusLost."""
        request = self._requests.part("drives").get(driveId=drive_id, fields=f"kind,{DRIVE_FIELDS}")
        return self._get(request, "drive#drive", "drives.get", answers.naming("id"), Asked.CORPUS)

    def watch_changes(self, token: str, drive: str | None, channel: Answer) -> Answer:
        """Have notifications of changes sent. Raises CorpusLost and TokenRejected."""
        request = self._requests.part("changes").watch(
            pageToken=token, driveId=drive, body=channel, includeRemoved=True, includeCorpusRemovals=True,
            supportsAllDrives=True, includeItemsFromAllDrives=True,
        )  # fmt: skip
        return self._get(request, "api#channel", "changes.watch", answers.naming("resourceId"), Asked.LOG)

    def stop_channel(self, channel_id: str, resource_id: str) -> None:
        """Have no more notifications sent. A channel that is not there is Refused, as "notFound"."""
        request = self._requests.part("channels").stop(body={"id": channel_id, "resourceId": resource_id})
        self._get(request, None, "channels.stop", answers.anything)

    @contextmanager
    def media(self, file_id: str, start: int = 0, acknowledge_abuse: bool = False) -> Iterator[httpx.Response]:
        """A file's bytes from `start` on, as far as the server heeds that; to be read with transport.blocks(). Raises Gone.

        Only the beginning of the answer is tried again; a transfer that breaks off is the caller's.
        """
        query = {"alt": "media", "supportsAllDrives": "true"} | ({"acknowledgeAbuse": "true"} if acknowledge_abuse else {})
        headers = self.keys.header(file_id) | ({"range": f"bytes={start}-"} if start else {})
        with self.stream(f"{self._api}/files/{quote(file_id, safe='')}?{urlencode(query)}", headers, Asked.FILE) as response:
            yield response

    @contextmanager
    def export(self, file_id: str, media_type: str) -> Iterator[httpx.Response]:
        """A Google Doc, Sheet, Slides or Drawing in another format; as media(). Raises Gone."""
        query = urlencode({"mimeType": media_type, "alt": "media"})
        address = f"{self._api}/files/{quote(file_id, safe='')}/export?{query}"
        with self.stream(address, self.keys.header(file_id), Asked.FILE) as response:
            yield response

    @contextmanager
    def stream(self, url: str, headers: Mapping[str, str] = _PLAIN, asked: Asked = Asked.OTHER) -> Iterator[httpx.Response]:
        """What lies at an address that Drive gave; as media()."""
        self._enter()
        try:
            opened, response = self._retry.call(
                lambda: _opened(self._transport.stream(url, headers)), "a file's content", self._costs.download, asked,
                ONE_FILE,
            )  # fmt: skip
            with opened:
                yield response
        finally:
            self._downloads.release()

    def download_operation(self, file_id: str, media_type: str) -> Answer:
        """Begin a long-running download, in that format; the Operation. Raises Gone."""
        request = self._requests.part("files").download(fileId=file_id, mimeType=media_type)
        request.headers.update(self.keys.header(file_id))
        return self._requests.ask(request, None, "files.download", self._costs.download, answers.anything, Asked.FILE, ONE_FILE)

    def operation(self, name: str) -> Answer:
        """How far an Operation is."""
        request = self._requests.part("operations").get(name=name.removeprefix("operations/"))
        return self._requests.ask(request, None, "operations.get", self._costs.get, answers.anything, patience=ONE_FILE)

    def pause(self, seconds: float = 0.0) -> None:
        """Sleep, or with 0 only see whether the run is to stop."""
        self._sleep(0.0)
        rest(seconds, self._sleep)

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the `attempt`th failure of something that calls are part of."""
        return self._retry.delay(attempt)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._transport.close()

    def _enter(self) -> None:
        while not self._downloads.acquire(timeout=0.2):
            self._sleep(0.0)

    def _get(self, request: Any, kind: str | None, what: str, whole: Whole, asked: Asked = Asked.OTHER) -> Answer:
        return self._requests.ask(request, kind, what, self._costs.get, whole, asked)

    def _list(self, request: Any, kind: str, what: str, asked: Asked, whole: Whole) -> Answer:
        return self._requests.ask(request, kind, what, self._costs.list, whole, asked)


def _opened(stream: Any) -> tuple[Any, Any]:
    """Enter a context manager; gives it, to be left later, and what it gave."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        entered = stack.enter_context(stream)
        return stack.pop_all(), entered
