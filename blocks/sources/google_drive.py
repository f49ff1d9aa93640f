"""Google Drive as a source: folders, My Drive, and shared drives."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Union

from pydantic import Field, HttpUrl, PrivateAttr, field_validator, model_validator

import blocks.credentials
from blocks.block_documents import block_document
from blocks.credentials.base import GoogleCredentials
from blocks.families import adapters
from blocks.sources.base import Source
from blocks.sources.drive.cursor import WHOLE_EVERY
from blocks.sources.globs import Globs
from core.drive_names import KIND, DriveName, drive_name, folder_id, is_id, resource_key
from core.errors import UsageError
from core.files import ChangePage, ListingEnd, Snapshot
from core.settings import Settings
from core.trees import MemoryTree, Tree

if TYPE_CHECKING:
    from blocks.sources.drive.client import DriveClient
    from blocks.sources.drive.rules import Scope

    AnyCredentials = GoogleCredentials
else:
    # Prefect registers the blocks that an annotation names, and refuses an interface: so each is named.
    AnyCredentials = Union[adapters(blocks.credentials, GoogleCredentials)]  # noqa: UP007


class GoogleDriveSource(Source):
    """
    Folders, My Drive, or shared drives of Google Drive, with everything below them.

    A file's id is Drive's own, so that a file that is renamed, moved or shared stays the same document. Google's own formats
    are exported. What a file's readers are on Drive, they are in the library; a right by link alone is none there, and a
    file whose rights Drive does not tell us is the library owner's.

    Example:
        Load a stored source and look at what it holds:
        ```python
        from blocks.sources.google_drive import GoogleDriveSource

        drive = GoogleDriveSource.load("BLOCK_NAME")
        for page in drive.changes(None):
            print(page)
        ```
    """

    _block_type_name = "Levada Google Drive"
    _block_type_slug = "levada-google-drive"
    _description = "Folders, My Drive, or shared drives of Google Drive, with everything below them."
    _documentation_url = HttpUrl("https://docs.prefect.io/v3/concepts/blocks")

    kind: ClassVar[str] = KIND
    ids_are_places: ClassVar[bool] = False
    fetches_at_once: ClassVar[int] = 8
    not_kept: ClassVar[frozenset[str]] = frozenset({"credentials"})

    name: str = Field(default="", description="What the library knows the source by; the name of the block document.")
    credentials: AnyCredentials | None = Field(
        default=None, description="Who asks; left out: what LEVADA_GOOGLE_CREDENTIALS or `levada drive login` says."
    )
    folders: list[str] = Field(default_factory=list, description="Ids or addresses of folders; of a shared drive's too.")
    my_drive: bool = Field(default=False, description="All of the user's own Drive.")
    drives: list[str] = Field(default_factory=list, description="Ids or addresses of whole shared drives.")
    all_drives: bool = Field(default=False, description="All shared drives that the account is a member of.")
    include: list[str] = Field(
        default_factory=list,
        description='Patterns of wanted files, read as in a .gitignore, such as "**/*.md"; none means all of them.',
    )
    exclude: list[str] = Field(
        default_factory=list, description='Patterns of unwanted files and folders, such as "drafts/"; they outdo include.'
    )
    include_types: list[str] = Field(
        default_factory=list, description='Media types of wanted files, such as "application/pdf" or "text/*"; none: all.'
    )
    exclude_types: list[str] = Field(
        default_factory=list, description='Media types of unwanted files, such as "application/vnd.google-apps.form".'
    )
    shortcuts: Literal["skip", "follow"] = Field(
        default="skip", description="Leave shortcuts out, or take in the files and folders that they point at."
    )
    max_bytes: int | None = Field(
        default=1 << 30, gt=0, description="Files larger than this many bytes go to quarantine unread; 1 GiB if left out."
    )
    acknowledge_abuse: bool = Field(default=False, description="Download even what Google takes for malware or spam.")
    units_per_minute: int = Field(
        default=195_000, gt=0, description="Quota units to spend per minute; 60 % of what Google grants a user by default."
    )
    queries_per_minute: int | None = Field(
        default=None,
        gt=0,
        description="In place of units, for projects from before May 2026, whose quota counts calls: calls a minute.",
    )
    resource_keys: dict[str, str] = Field(
        default_factory=dict,
        description="Keys of folders that are shared by link, by id; those in the addresses of folders need not be named.",
    )
    lag: float = Field(
        default=900.0,
        ge=0,
        description="Seconds by which Drive's lists may lag behind its log; then they are read again.",
    )
    whole_every: float = Field(
        default=WHOLE_EVERY, gt=0, description="Seconds after which everything is compared once more, whatever the log says."
    )

    _client: DriveClient | None = PrivateAttr(default=None)
    _now: Callable[[], float] = PrivateAttr(default=time.time)
    _check: Callable[[], None] | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _keys_in_addresses(cls, values: Any) -> Any:
        named = values.get("folders") if isinstance(values, dict) else None
        addresses = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
        keys = {folder_id(name): key for name in addresses if (key := resource_key(name))}
        return {**values, "resource_keys": {**keys, **(values.get("resource_keys") or {})}} if keys else values

    @field_validator("folders", "drives")
    @classmethod
    def _ids(cls, names: list[str]) -> list[str]:
        return [folder_id(name) for name in names]

    @field_validator("include", "exclude")
    @classmethod
    def _meaningful(cls, patterns: list[str]) -> list[str]:
        Globs(patterns)
        return patterns

    @classmethod
    def named(cls, name: DriveName, settings: Settings) -> GoogleDriveSource | None:
        """What that name means: an address, a block document, or what the environment says; None if nobody has described it."""
        if name.folder:
            return cls(name=name.name, folders=[name.folder], resource_keys={name.folder: name.key} if name.key else {})
        stored = block_document(cls, name.name or KIND)
        if stored is not None:
            stored.name = name.name
            return stored
        if name.name or not settings.has_google_scope:
            return None
        every = settings.google_drives == ("all",)
        return cls(
            folders=list(settings.google_folders),
            drives=[] if every else list(settings.google_drives),
            all_drives=every,
            my_drive=settings.google_my_drive,
        )

    @classmethod
    def restored(cls, kept: dict[str, Any], root: str | None) -> GoogleDriveSource:
        """As it is described today; as the ledger kept it if nobody describes it any more."""
        name = drive_name(root or "")
        today = None if name is None or kept.get("folders") == [name.name] else cls.named(name, Settings.from_env())
        return cls(**kept) if today is None else today

    @property
    def root(self) -> str:
        """The source's name, "google-drive" or "google-drive:NAME": its scope may change, and its documents stay."""
        return self._known_root or (f"{self.kind}:{self.name}" if self.name else self.kind)

    @property
    def scope(self) -> Scope:
        """Where in Drive it looks."""
        from blocks.sources.drive.rules import Scope

        return Scope(tuple(self.folders), self.my_drive, tuple(self.drives), self.all_drives, self.resource_keys)

    @property
    def client(self) -> DriveClient:
        """The account's client, made at first use."""
        if self._client is None:
            from blocks.sources.drive.client import DriveClient
            from blocks.sources.drive.quota import QUERIES, UNITS

            pace, costs = (
                (self.units_per_minute, UNITS) if self.queries_per_minute is None else (self.queries_per_minute, QUERIES)
            )
            self._client = DriveClient(self._credentials(), pace, sleep=self._wait, costs=costs)
            self._client.keys.learn(self.resource_keys)
        return self._client

    def changes(self, cursor: str | None, tree: Tree | None = None) -> Iterator[ChangePage | ListingEnd]:
        """What the change logs tell since `cursor`, or everything.

        Raises CursorRejected where only a listing from scratch can tell, SourceUnavailable, and UsageError for a scope that
        names no folder.
        """
        if tree is None:
            yield from self._forgotten()
            return
        from blocks.sources.drive.listing import DriveListing

        yield from DriveListing(self.client, tree, self._rules(), self._now).run(cursor)

    def fetch(self, file_id: bytes, directory: Path, max_bytes: int | None = None) -> Snapshot:
        """Download one file, or export it, into `directory`."""
        from blocks.sources.drive.content import fetch

        limit = min((limit for limit in (max_bytes, self.max_bytes) if limit is not None), default=None)
        id = file_id.decode("ascii", "replace")
        if not is_id(id):
            raise UsageError(f"{id!r} is not the id of a file on Google Drive")
        return fetch(self.client, id, directory, limit, acknowledge_abuse=self.acknowledge_abuse)

    def heed(self, check: Callable[[], None]) -> None:
        """Google may ask for patience: a run that is told to stop does not have it."""
        self._check = check

    def _wait(self, seconds: float) -> None:
        if self._check is not None:
            self._check()
        time.sleep(seconds)

    def close(self) -> None:
        """Let go of all connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _forgotten(self) -> Iterator[ChangePage | ListingEnd]:
        """Everything, with a tree that nobody keeps."""
        tree = MemoryTree()
        for page in self.changes(None, tree):
            if isinstance(page, ChangePage):
                tree.stage(page.nodes, page.dropped)
            yield page

    def _credentials(self) -> GoogleCredentials:
        if self.credentials is not None:
            return self.credentials
        from blocks.credentials.defaults import default_credentials

        return default_credentials(Settings.from_env())

    def _rules(self) -> Any:
        from blocks.sources.drive.rules import Rules
        from blocks.sources.drive.wanted import Wanted

        wanted = Wanted(self.include, self.exclude, self.include_types, self.exclude_types)
        told: list[object] = [self.folders, self.my_drive, self.drives, self.all_drives, self.shortcuts]
        told += [self.include, self.exclude, self.include_types, self.exclude_types]
        digest = hashlib.blake2b(json.dumps(told).encode(), digest_size=8).hexdigest()
        return Rules(self.scope, wanted, digest, self.shortcuts == "follow", self.lag, self.whole_every)
