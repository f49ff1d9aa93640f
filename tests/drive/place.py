"""A small Drive with all that makes a difference: folders in and out of a scope, a shared drive, what another user shares."""

from __future__ import annotations

from typing import Any

from tests.servers.drive import DriveServer
from tests.servers.googledrive.nodes import Node

ALICE, BOB, CAROL, CREW = "alice@example.com", "bob@example.com", "carol@example.com", "crew@example.com"


class Place:
    """Alice's Drive: A with A1 in it, O beside it with P in it; T, a shared drive with T1; B with B1, shared by Bob."""

    def __init__(self, server: DriveServer) -> None:
        self.server = server
        self.world = world = server.world
        self.mine = world.user(ALICE).root_id
        self.bobs = world.user(BOB).root_id
        world.group(CREW, [CAROL])
        self.a = world.create_folder("A", self.mine)
        self.a1 = world.create_folder("A1", self.a)
        self.o = world.create_folder("O", self.mine)
        self.p = world.create_folder("P", self.o)
        self.t = world.create_drive("T", {ALICE: "organizer", BOB: "writer"})
        self.t1 = world.create_folder("T1", self.t)
        self.b = world.create_folder("B", self.bobs)
        self.b1 = world.create_folder("B1", self.b)
        world.share(self.b, email=ALICE, role="writer")
        self.in_a = world.create_file("in-a.txt", "one|two", self.a)
        self.in_a1 = world.create_file("in-a1.txt", "two|three", self.a1)
        self.in_o = world.create_file("in-o.txt", "three|four", self.o)
        self.in_p = world.create_file("in-p.txt", "four|five", self.p)
        self.in_t = world.create_file("in-t.txt", "five|six", self.t)
        self.in_t1 = world.create_file("in-t1.txt", "six|one", self.t1)
        self.in_b1 = world.create_file("in-b1.txt", "one|three", self.b1)

    def scopes(self) -> list[dict[str, Any]]:
        """What a source may be told to look at."""
        return [
            {"folders": [self.a]},
            {"folders": [self.a, self.t1]},
            {"my_drive": True},
            {"folders": [self.a], "drives": [self.t]},
            {"folders": [self.b]},
            {"my_drive": True, "all_drives": True},
            {"folders": [self.a, self.a1]},
            {"folders": [self.t1]},
            {"folders": [self.a], "shortcuts": "follow"},
            {"folders": [self.a, self.t1], "exclude": ["x.md", "S/"], "include_types": ["text/*"]},
        ]

    def nodes(self) -> list[Node]:
        """Everything that is there but users' own roots, which nobody can move, in the order in which it came."""
        roots = {user.root_id for user in self.world.users.values()}
        return [node for node in self.world.order if node is not None and node.id not in roots]

    def roots(self, scope: dict[str, Any], closed_too: bool = False) -> list[Node]:
        """The roots of a scope that are there for Alice; `closed_too`: also those that she cannot open."""
        ids = [*scope.get("folders", ()), *scope.get("drives", ())]
        ids += [self.mine] if scope.get("my_drive") else []
        ids += list(self.world.drives) if scope.get("all_drives") else []
        found = [self.world.nodes[id] for id in dict.fromkeys(ids) if id in self.world.nodes]
        there = [node for node in found if self.world.access.reach(ALICE, node)[0] > 0 and not self.world.trashed(node)]
        return [node for node in there if closed_too or self.sees(node)]

    def sees(self, node: Node) -> bool:
        """True if Alice can open it."""
        rank, only_metadata = self.world.access.reach(ALICE, node)
        return rank > 0 and not only_metadata

    def inside(self, scope: dict[str, Any]) -> set[str]:
        """Ids of files that certainly belong to the scope: to be seen all the way up to a root, and not in the trash."""
        found: set[str] = set()
        pending = self.roots(scope)
        while pending:
            node = pending.pop()
            if node.trashed or not self.sees(node):
                continue
            if node.is_folder:
                pending += [self.world.nodes[id] for id in node.children or ()]
            elif node.shortcut is None:
                found.add(node.id)
        return found

    def readers(self, file_id: str) -> set[str]:
        """Principals that Drive itself would let find the file."""
        found: set[str] = set()
        for grant in self.world.access.grants(self.world.nodes[file_id]).values():
            permission = grant.permission
            if grant.metadata or permission.deleted:
                continue
            if permission.type in ("user", "group"):
                found.add(f"{permission.type}:{permission.email}")
            elif permission.discovery:
                found.add("anyone" if permission.type == "anyone" else f"domain:{permission.domain}")
        return found
