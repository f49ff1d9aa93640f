"""The world that an emulator serves, and the handle by which tests change it. Safe to use from many threads."""

from __future__ import annotations

from tests.servers.googledrive.content import Made
from tests.servers.googledrive.nodes import Revision
from tests.servers.googledrive.sharing import Bulk, SharingOperations


class World(SharingOperations):
    """`State`, its operations, and what makes many items at once. The same seed and operations give the same world."""

    def advance(self, seconds: float) -> None:
        """Let time pass: lags end, grants expire, late entries appear."""
        with self.lock:
            self.clock.advance_ms(round(seconds * 1000))

    def bulk(
        self,
        parent: str,
        folders: int,
        files: int,
        size: tuple[int, int] = (400, 4000),
        mime_type: str = "text/plain",
        suffix: str = ".txt",
    ) -> Bulk:
        """`folders` folders below `parent` and `files` text files spread evenly over them (in `parent` if there are none).

        100,000 files take some seconds: contents (sizes in bytes, from - to) are made when read, checksums when asked for.
        """
        with self.lock:
            made = [self.create_folder(f"Folder {n:05d}", parent) for n in range(folders)]
            places = [self.nodes[folder] for folder in made or [parent]]
            names = [f"Document {n:06d}{suffix}" for n in range(files)]
            found: list[str] = []
            for n, name in enumerate(names):
                place = places[n * len(places) // files]
                node = self._created(name, mime_type, place.id, None)
                content = Made(self.seed * 1_000_003 + node.serial, self.chance.randint(*size))
                node.revisions.append(Revision(self.ids.revision(), content, mime_type, node.modified, node.modifier))
                found.append(self._logged(node))
            return Bulk(made, found)

    def sample(self) -> str:
        """A small Drive to look at; gives the e-mail address of its owner."""
        alice = self.user("alice@example.com")
        self.user("bob@example.com")
        self.group("team@example.com", ["alice@example.com", "bob@example.com"])
        docs = self.create_folder("Docs", alice.root_id)
        self.create_file("river.txt", "The river rose two metres in one night.", docs)
        self.create_editor("document", "Plan", {"text/markdown": "# Plan\n\nBuild the bridge.", "text/plain": "Plan"}, docs)
        old = self.create_folder("Old", docs)
        self.create_file("budget.csv", "year,amount\n2025,100\n", old, "text/csv")
        self.create_shortcut("Way to the plan", docs, alice.root_id)
        self.share(docs, email="bob@example.com", role="reader")
        drive = self.create_drive("Team", {"alice@example.com": "organizer", "team@example.com": "reader"})
        self.create_file("minutes.txt", "We met and agreed.", self.create_folder("Meetings", drive))
        return alice.email
