"""What a world holds, its indexes, and what every operation on it has in common."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from copy import copy
from random import Random
from threading import RLock

from tests.servers.googledrive.access import Access
from tests.servers.googledrive.clock import Clock
from tests.servers.googledrive.ids import Ids
from tests.servers.googledrive.knobs import Knobs
from tests.servers.googledrive.logs import Entry, Logs
from tests.servers.googledrive.nodes import FOLDER, Drive, Group, Node, Permission, User


class State:
    """Users, groups, drives and files. `lock` guards everything; each public operation takes it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.lock = RLock()
        self.clock = Clock()
        self.ids = Ids(seed)
        self.chance = Random(f"chance {seed}")
        self.knobs = Knobs()
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.drives: dict[str, Drive] = {}
        self.nodes: dict[str, Node] = {}
        self.order: list[Node | None] = []
        """All items by their serial number; None where one has been deleted."""
        self.logs = Logs()
        self.access = Access(self)
        self.listeners: list[Callable[[str, str, frozenset[str], str], None]] = []
        """Told of each log entry: kind, key, corpora, and what happened."""
        self.mutations = 0
        self.kept_empty: set[tuple[str, int]] = set()
        """Tokens of change logs whose page has been kept empty once."""
        self.recent: deque[tuple[int, int, str, Node | None]] = deque()
        """(mutation, time, id, how the item was before), kept while file lists lag."""

    @property
    def now(self) -> int:
        """Milliseconds since the epoch by the world's clock."""
        return self.clock.now

    def happens(self, probability: float) -> bool:
        """True as often as that, from the seed."""
        return probability > 0 and self.chance.random() < probability

    def user(self, email: str) -> User:
        """The account, created with an empty My Drive if it is not known."""
        with self.lock:
            if email not in self.users:
                root = self.ids.drive()
                self.users[email] = User(email, self.ids.permission(), root)
                self.add_node("My Drive", FOLDER, None, None, email, node_id=root)
                self.access.forget()
            return self.users[email]

    def node(self, file_id: str) -> Node:
        """The item. Raises KeyError."""
        return self.nodes[file_id]

    def add_node(
        self, name: str, mime_type: str, parent: str | None, drive_id: str | None, owner: str | None, node_id: str | None = None
    ) -> Node:
        """A new item, placed below `parent`; no log entry yet."""
        now = self.clock.now
        node = Node(node_id or self.ids.file(), len(self.order), name, mime_type, parent, drive_id, owner, now, now, owner)
        if mime_type == FOLDER:
            node.children = {}
        self.nodes[node.id] = node
        self.order.append(node)
        if parent is not None:
            self.folder(parent)[node.id] = None
        return node

    def folder(self, folder_id: str) -> dict[str, None]:
        """Ids of the children of a folder, in the order in which they came. Raises ValueError for what is no folder."""
        children = self.nodes[folder_id].children
        if children is None:
            raise ValueError(f"{folder_id} is no folder")
        return children

    def remember(self, node_id: str, before: Node | None) -> None:
        """Keep how an item was, as long as file lists may still show it so."""
        if self.knobs.list_lag_events or self.knobs.list_lag_seconds:
            kept = copy(before) if before is not None else None
            if kept is not None and kept.permissions is not None:
                kept.permissions = dict(kept.permissions)
            if kept is not None:
                kept.revisions = list(kept.revisions)
            self.recent.append((self.mutations, self.clock.now, node_id, kept))

    def stale(self) -> dict[str, Node | None]:
        """Items that a file list still shows as they were; None for those that it does not show yet."""
        events, ms = self.knobs.list_lag_events, self.knobs.list_lag_seconds * 1000
        while self.recent and not (self.mutations - self.recent[0][0] < events or self.clock.now - self.recent[0][1] < ms):
            self.recent.popleft()
        found: dict[str, Node | None] = {}
        for _, _, node_id, before in self.recent:
            found.setdefault(node_id, before)
        return found

    def log(self, kind: str, key: str, corpora: frozenset[str], event: str = "update") -> None:
        """An entry for an item in each of `corpora`; `event` as in X-Goog-Resource-State."""
        self.logs.append(corpora, Entry(kind, key, self.clock.now, self.mutations))
        for listener in self.listeners:
            listener(kind, key, corpora, event)

    def trashed(self, node: Node) -> bool:
        """True if the item or a folder above it has been put in the trash."""
        at: Node | None = node
        while at is not None:
            if at.trashed:
                return True
            at = self.nodes.get(at.parent) if at.parent else None
        return False

    def within(self, node_id: str, ancestor_id: str) -> bool:
        """True if `node_id` is `ancestor_id` or lies below it."""
        at: str | None = node_id
        while at is not None and at != ancestor_id:
            at = self.nodes[at].parent if at in self.nodes else None
        return at == ancestor_id

    def subtree(self, node: Node) -> list[Node]:
        """Everything below `node`, parents before children, without itself."""
        found: list[Node] = []
        pending = deque([node])
        while pending:
            for child in pending.popleft().children or ():
                found.append(self.nodes[child])
                pending.append(found[-1])
        return found

    def principal_id(self, permission: Permission) -> str:
        """The permission id that Drive gives to a principal: the same on every item."""
        if permission.type == "user":
            return self.user(permission.email or "").permission_id
        if permission.type == "group":
            return self.groups[permission.email or ""].permission_id
        if permission.type == "domain":
            digits = str(Random(f"domain {permission.domain}").randrange(10**19, 10**20))
            return digits + ("k" if permission.discovery else "kWithLink")
        return "anyone" if permission.discovery else "anyoneWithLink"
