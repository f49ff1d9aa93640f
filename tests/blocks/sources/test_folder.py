"""The folder source, on real files, links, pipes, permissions and writers."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.sources.base import Source
from blocks.sources.copies import LARGE, reserve
from blocks.sources.copies import write as write_copy
from blocks.sources.folder import FolderSource
from blocks.sources.local_files import SETTLED, fingerprint
from core.errors import SourceUnavailable, TransientError, Unprocessable, UsageError
from core.files import ChangePage, ListingEnd
from core.ids import content_hash
from core.reasons import Reason
from tests.contracts.sources import Place, SourceContract, files, listing
from tests.servers.small_disk import small_disk

NOBODY = 65534


class Folder(Place):
    """A folder on this machine's disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def source(self) -> Source:
        return FolderSource(path=self.path)

    def write(self, name: str, data: bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def delete(self, name: str) -> None:
        (self.path / name).unlink()

    def settle(self) -> None:
        time.sleep(2.1)

    def take_away(self) -> None:
        self.path.rename(self.path.with_name("elsewhere"))


class TestContract(SourceContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        return Folder(tmp_path / "folder")


class TestBlockStandards(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return FolderSource

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """A folder has no logo; the suite's own test would fetch one from the network."""
        assert block._logo_url is None


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root"
    path.mkdir()
    return path


@pytest.fixture
def snapshots(tmp_path: Path) -> Path:
    path = tmp_path / "snapshots"
    path.mkdir()
    return path


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def ids(path: Path, **settings: object) -> list[bytes]:
    """The ids listed, in order."""
    pages, _ = listing(FolderSource.model_validate({"path": path, **settings}))
    return [file.id for page in pages for file in page.files]


def told(path: Path, **settings: object) -> tuple[list[bytes], list[bytes], list[str]]:
    """Ids, unlisted prefixes and warnings of a listing."""
    pages, _ = listing(FolderSource.model_validate({"path": path, **settings}))
    return (
        [file.id for page in pages for file in page.files],
        [prefix for page in pages for prefix in page.unlisted],
        [warning for page in pages for warning in page.warnings],
    )


# Settings


@pytest.mark.parametrize(
    "settings",
    [{"path": ""}, {"path": " "}, {"path": "a\0b"}, {"path": "\udce9"}, {"path": "~no such user/x"},
     {"include": ["!x"]}, {"exclude": ["[a"]}, {"max_bytes": 0}, {"acl": []}],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused_at_once(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FolderSource.model_validate({"path": "/tmp", **settings})


def test_the_root_is_the_real_path(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    write(root / "a.md")
    source = FolderSource(path=tmp_path / "link")
    assert source.root == str(root.resolve())
    assert list(files(source)) == [b"a.md"]


def test_a_relative_path_stays_where_it_was_named() -> None:
    source = FolderSource(path=Path("some/folder"))
    assert source.path == Path.cwd() / "some/folder"


def test_a_root_that_is_not_utf8_is_reached_by_a_link(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/caf\xe9"
    write(Path(os.fsdecode(odd)) / "a.md")
    (tmp_path / "link").symlink_to(os.fsdecode(odd))
    source = FolderSource(path=tmp_path / "link")
    assert source.root.endswith("/caf\\xe9")
    assert list(files(source)) == [b"a.md"]


def test_who_may_see_the_files_is_declared(root: Path) -> None:
    write(root / "a.md")
    (default,) = files(FolderSource(path=root)).values()
    (declared,) = files(FolderSource(path=root, acl=["team", "board", "team"])).values()
    assert default.acl == ("owner",)
    assert declared.acl == ("board", "team")


# What is listed


def test_the_order_does_not_depend_on_when_files_were_made(tmp_path: Path) -> None:
    names = ["b/2.md", "a.md", "b/1.md", "c.md", "b.md", "a/z/1.md", "a/b.md"]
    for number, order in enumerate((names, names[::-1], sorted(names))):
        for name in order:
            write(tmp_path / str(number) / name)
    expected = [b"a.md", b"b.md", b"c.md", b"a/b.md", b"a/z/1.md", b"b/1.md", b"b/2.md"]
    assert [ids(tmp_path / str(number)) for number in range(3)] == [expected] * 3


def test_hidden_files_and_folders_only_when_asked(root: Path) -> None:
    for name in (".hidden.md", ".git/config", "a/.b/c.md", "a/c.md"):
        write(root / name)
    assert ids(root) == [b"a/c.md"]
    assert ids(root, hidden=True) == [b".hidden.md", b".git/config", b"a/c.md", b"a/.b/c.md"]


def test_a_folder_below_a_hidden_one_is_a_root_like_any_other(root: Path) -> None:
    write(root / ".config" / "a.md")
    assert ids(root / ".config") == [b"a.md"]


def test_include_and_exclude(root: Path) -> None:
    for name in ("a.md", "a.txt", "docs/b.md", "docs/drafts/c.md", "drafts.md"):
        write(root / name)
    assert ids(root, include=["*.md"]) == [b"a.md", b"drafts.md", b"docs/b.md", b"docs/drafts/c.md"]
    assert ids(root, include=["**/*.md"], exclude=["drafts/"]) == [b"a.md", b"drafts.md", b"docs/b.md"]
    assert ids(root, include=["/docs"]) == [b"docs/b.md", b"docs/drafts/c.md"]


def test_an_excluded_folder_is_not_looked_into(open_root: Path) -> None:
    write(open_root / "private" / "a.md")
    write(open_root / "b.md")
    with without_access(open_root / "private"), as_nobody(open_root):
        assert told(open_root, exclude=["private/"]) == ([b"b.md"], [], [])


def test_ten_thousand_files_are_all_listed(root: Path) -> None:
    expected = {f"{number // 250:02}/{number:05}.md".encode() for number in range(10_000)}
    for folder in range(40):
        (root / f"{folder:02}").mkdir()
    for name in expected:
        (root / name.decode()).touch()
    pages, end = listing(FolderSource(path=root))
    found = [file.id for page in pages for file in page.files]
    assert len(found) == 10_000
    assert set(found) == expected
    assert end == ListingEnd(cursor=end.cursor, full=True, root=str(root.stat().st_dev))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"two\nlines.md", "two\\nlines.md"),
        (b"caf\xe9.md", "caf\\xe9.md"),
        ("ação.md".encode(), "ação.md"),
        (b"-rf *", "-rf *"),
    ],
)
def test_any_name_can_be_listed_shown_and_fetched(root: Path, snapshots: Path, name: bytes, shown: str) -> None:
    write(Path(os.fsdecode(os.fsencode(root) + b"/in " + name + b"/" + name)), "content")
    source = FolderSource(path=root)
    (file,) = files(source).values()
    assert file.id == b"in " + name + b"/" + name
    assert (file.name, file.path) == (shown, f"in {shown}/{shown}")
    assert source.fetch(file.id, snapshots).content_hash == content_hash(b"content")


def test_a_path_of_a_thousand_characters(root: Path, snapshots: Path) -> None:
    name = "/".join(["d" * 200] * 5) + "/a.md"
    write(root / name, "deep")
    source = FolderSource(path=root)
    assert list(files(source)) == [name.encode()]
    assert source.fetch(name.encode(), snapshots).size == 4


def test_a_tree_deeper_than_a_path_can_be_is_told_as_unlisted(root: Path) -> None:
    write(root / "a.md")
    at = os.open(root, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=at)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)
    found, unlisted, warnings = told(root)
    assert found == [b"a.md"]
    assert len(unlisted) == len(warnings) == 1
    assert len(unlisted[0]) > 3_500
    assert "cannot be listed" in warnings[0]


def test_pipes_sockets_and_links_to_them_are_no_files(root: Path, snapshots: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "link").symlink_to("pipe")
    (root / "null").symlink_to("/dev/null")
    write(root / "a.md")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "socket"))
        assert told(root, outside_links=True) == ([b"a.md"], [], [])
        for name in (b"pipe", b"socket", b"link", b"null"):
            with pytest.raises(FileNotFoundError):
                FolderSource(path=root, outside_links=True).fetch(name, snapshots)


# Symbolic links


def test_links_are_followed_to_files_and_folders(root: Path, snapshots: Path) -> None:
    write(root / "real" / "a.md", "linked")
    (root / "folder").symlink_to("real")
    (root / "file.md").symlink_to("folder/a.md")
    assert ids(root) == [b"file.md", b"folder/a.md", b"real/a.md"]
    assert ids(root, follow_symlinks=False) == [b"real/a.md"]
    for name in (b"file.md", b"folder/a.md"):
        assert FolderSource(path=root).fetch(name, snapshots).content_hash == content_hash(b"linked")
        with pytest.raises(FileNotFoundError):
            FolderSource(path=root, follow_symlinks=False).fetch(name, snapshots)


def test_cycles_end(root: Path) -> None:
    write(root / "a" / "b" / "x.md")
    (root / "a" / "b" / "up").symlink_to("..")
    (root / "a" / "b" / "top").symlink_to(root)
    (root / "self").symlink_to(".")
    (root / "loop").symlink_to("loop")
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("one")
    (root / "c").symlink_to("a/b")
    assert told(root) == ([b"a/b/x.md", b"c/x.md"], [], [])


def test_links_among_many_folders_do_not_multiply_without_end(root: Path) -> None:
    for one in range(9):
        write(root / str(one) / "x.md")
        for other in range(9):
            (root / str(one) / f"to{other}").symlink_to(f"../{other}")
    found, unlisted, warnings = told(root)
    assert {f"{one}/x.md".encode() for one in range(9)} <= set(found)
    assert len(found) <= 9 * 17  # each by its own path and 16 others; without a bound, hundreds of thousands
    assert unlisted == []
    assert "more than 16 paths" in warnings[0]
    assert len(warnings) <= 21


def test_a_link_that_leads_out_is_told_and_not_followed(root: Path, tmp_path: Path, snapshots: Path) -> None:
    write(tmp_path / "secret" / "a.md", "secret")
    write(tmp_path / "root2" / "a.md", "a sibling whose name begins like the root's")
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "file.md").symlink_to("../secret/a.md")
    (root / "sibling").symlink_to("../root2")
    found, unlisted, warnings = told(root)
    assert (found, unlisted, len(warnings)) == ([], [], 3)
    assert warnings[0].startswith("file.md: not followed")
    for name in (b"file.md", b"folder/a.md", b"sibling/a.md"):
        with pytest.raises(FileNotFoundError):
            FolderSource(path=root).fetch(name, snapshots)
    assert told(root, exclude=["folder", "file.md", "sibling"]) == ([], [], [])


def test_links_that_lead_out_can_be_allowed(root: Path, tmp_path: Path, snapshots: Path) -> None:
    write(tmp_path / "shared" / "a.md", "shared")
    (root / "folder").symlink_to(tmp_path / "shared")
    (root / "file.md").symlink_to("../shared/a.md")
    assert told(root, outside_links=True) == ([b"file.md", b"folder/a.md"], [], [])
    for name in (b"file.md", b"folder/a.md"):
        snapshot = FolderSource(path=root, outside_links=True).fetch(name, snapshots)
        assert snapshot.content_hash == content_hash(b"shared")


def test_what_lies_behind_an_unmounted_link_has_not_vanished(root: Path, tmp_path: Path) -> None:
    (root / "disk").symlink_to(tmp_path / "not mounted")
    (root / "gone.md").symlink_to("deleted.md")
    found, unlisted, warnings = told(root, outside_links=True)
    assert (found, unlisted) == ([], [b"disk"])
    assert "disk: is a link to a place that is not there" in warnings[0]


def test_a_link_put_in_the_way_after_the_listing_leads_nowhere(root: Path, tmp_path: Path, snapshots: Path) -> None:
    write(root / "folder" / "a.md", "public")
    write(tmp_path / "secret" / "a.md", "secret")
    source = FolderSource(path=root)
    (file_id,) = files(source)
    shutil.rmtree(root / "folder")
    (root / "folder").symlink_to(tmp_path / "secret")
    with pytest.raises(FileNotFoundError):
        source.fetch(file_id, snapshots)
    assert list(snapshots.iterdir()) == []


@pytest.mark.parametrize("file_id", [b"", b"../root/a.md", b"/etc/passwd", b"a/../a.md", b"./a.md", b"a//b", b"a.md/", b"a\0b"])
def test_an_id_that_no_listing_gives_is_refused(root: Path, snapshots: Path, file_id: bytes) -> None:
    write(root / "a.md")
    with pytest.raises(UsageError):
        FolderSource(path=root).fetch(file_id, snapshots)


# What cannot be listed or read


@contextmanager
def as_nobody(reachable: Path) -> Iterator[None]:
    """Without root's power over permissions; a no-op for other users."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        if not os.access(reachable, os.R_OK | os.X_OK, effective_ids=True):
            pytest.skip(f"the user nobody cannot reach {reachable}")
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@contextmanager
def without_access(path: Path, mode: int = 0) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


@pytest.fixture
def open_root() -> Iterator[Path]:
    """A root that every user can reach; pytest's own directories are closed."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def test_a_folder_that_may_not_be_read_is_unlisted_and_no_other_suffers(open_root: Path) -> None:
    for name in ("a/1.md", "b/2.md", "b/deep/3.md", "c/4.md"):
        write(open_root / name)
    with without_access(open_root / "b"), as_nobody(open_root):
        found, unlisted, warnings = told(open_root)
    assert found == [b"a/1.md", b"c/4.md"]
    assert unlisted == [b"b/"]
    assert warnings == ["b/: cannot be listed (Permission denied); what is known of it stays"]


def test_a_folder_whose_entries_may_not_be_looked_at_is_unlisted(open_root: Path) -> None:
    for number in range(200):
        write(open_root / "b" / f"{number}.md")
    write(open_root / "c.md")
    with without_access(open_root / "b", 0o444), as_nobody(open_root):
        found, unlisted, warnings = told(open_root)
    assert (found, unlisted, len(warnings)) == ([b"c.md"], [b"b/"], 1)


def test_with_very_many_unlisted_folders_nothing_may_be_taken_for_vanished(open_root: Path) -> None:
    for number in range(150):
        write(open_root / f"{number:03}" / "a.md")
        (open_root / f"{number:03}").chmod(0)
    with as_nobody(open_root):
        _, unlisted, warnings = told(open_root)
    for number in range(150):
        (open_root / f"{number:03}").chmod(0o755)
    assert unlisted == [f"{number:03}/".encode() for number in range(100)] + [b""]
    assert len(warnings) == 21
    assert warnings[-1] == "130 more warnings of this kind"


def test_a_root_that_may_not_be_read_is_unavailable(open_root: Path) -> None:
    inner = write(open_root / "inner" / "a.md").parent
    with without_access(inner), as_nobody(open_root), pytest.raises(SourceUnavailable, match="Permission denied"):
        listing(FolderSource(path=inner))


def test_a_file_that_may_not_be_read_is_listed_and_says_so(open_root: Path, snapshots: Path) -> None:
    path = write(open_root / "a.md")
    with without_access(path), as_nobody(open_root):
        assert ids(open_root) == [b"a.md"]
        with pytest.raises(Unprocessable) as caught:
            FolderSource(path=open_root).fetch(b"a.md", snapshots)
    assert (caught.value.reason, caught.value.detail) == (Reason.UNREADABLE, "Permission denied")


@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="this system reads a folder to pass through it")
def test_a_folder_that_may_only_be_searched_is_passed_through(open_root: Path) -> None:
    write(open_root / "hall" / "room" / "a.md")
    (open_root / "link").symlink_to("hall/room")
    (open_root / "copies").mkdir()
    (open_root / "copies").chmod(0o777)
    with without_access(open_root / "hall", 0o711), as_nobody(open_root):
        found, unlisted, _ = told(open_root)
        assert (found, unlisted) == ([b"link/a.md"], [b"hall/"])
        assert FolderSource(path=open_root).fetch(b"link/a.md", open_root / "copies").size == 1


def test_a_root_that_is_a_file_or_missing(root: Path) -> None:
    with pytest.raises(SourceUnavailable, match="is not a folder"):
        listing(FolderSource(path=write(root / "a.md")))
    with pytest.raises(SourceUnavailable, match="No such file"):
        listing(FolderSource(path=root / "missing"))


def test_the_source_may_have_a_limit_of_its_own(root: Path, snapshots: Path) -> None:
    write(root / "a.md", "12345")
    source = FolderSource(path=root, max_bytes=4)
    for limit in (None, 3, 100):
        with pytest.raises(Unprocessable) as caught:
            source.fetch(b"a.md", snapshots, max_bytes=limit)
        assert caught.value.reason is Reason.TOO_LARGE
    assert list(snapshots.iterdir()) == []


def test_a_copy_that_cannot_be_written_is_not_the_files_fault(root: Path, snapshots: Path) -> None:
    write(root / "a.md")
    with pytest.raises(TransientError, match=r"^a\.md: a copy cannot be written"):
        FolderSource(path=root).fetch(b"a.md", snapshots / "missing")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_not_the_files_fault(root: Path) -> None:
    target = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(TransientError, match="No space left"):
            write_copy(target, b"x", root, 1)
        with pytest.raises(Unprocessable) as caught:
            write_copy(target, b"x", root, LARGE + 1)
        assert caught.value.reason.transient, "it made the disk full: the others go on, and it is tried again"
    finally:
        os.close(target)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system cannot reserve room")
def test_large_copies_do_not_count_on_the_same_room(tmp_path: Path) -> None:
    """Else they would fill the disk together, and a small one would fail the run for it."""
    with small_disk(tmp_path / "disk", 256) as disk:
        for fits in (True, False):
            with (disk / f"copy {fits}").open("wb") as copy:
                if fits:
                    reserve(copy.fileno(), disk, 2 * LARGE + 1)
                    continue
                with pytest.raises(Unprocessable) as caught:
                    reserve(copy.fileno(), disk, 2 * LARGE + 1)
        assert caught.value.reason.transient, "there may be room when the other is read"
        (disk / "root").mkdir()
        with (disk / "root" / "film.mp4").open("wb") as film:
            film.truncate(LARGE + 1)
        with pytest.raises(Unprocessable, match="are free in"):
            FolderSource(path=disk / "root").fetch(b"film.mp4", disk)


def test_a_file_larger_than_any_document_is_not_copied(root: Path, snapshots: Path) -> None:
    with (root / "disk.img").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Unprocessable) as caught:
        FolderSource(path=root).fetch(b"disk.img", snapshots)
    assert (caught.value.reason, caught.value.detail) == (Reason.TOO_LARGE, f"{1 << 40} bytes, the limit is {1 << 30}")


def test_a_file_larger_than_a_file_may_be_is_too_large(root: Path, snapshots: Path) -> None:
    write(root / "a.md", "x" * 5_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, before[1]))
    try:
        with pytest.raises(Unprocessable) as caught:
            FolderSource(path=root).fetch(b"a.md", snapshots)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.reason is Reason.TOO_LARGE
    assert list(snapshots.iterdir()) == []


# What changes meanwhile


def paused(source: Source) -> tuple[ChangePage, Iterator[ChangePage | ListingEnd]]:
    """The first page, and the rest of a listing that goes on when it is asked to."""
    changes = source.changes(None)
    first = next(changes)
    assert isinstance(first, ChangePage)
    return first, changes


def test_a_file_renamed_in_its_folder_while_that_is_listed_is_not_missed(root: Path) -> None:
    for number in range(1_500):
        (root / f"{number:04}.md").touch()
    first, rest = paused(FolderSource(path=root))
    assert len(first.files) == 1_000
    (root / "1400.md").rename(root / "0000-renamed.md")
    found = [file.id for page in rest if isinstance(page, ChangePage) for file in page.files]
    assert b"0000-renamed.md" in found
    assert b"1400.md" not in found
    assert len(found) == 500


def test_what_vanishes_while_it_is_listed_is_left_to_the_next_listing(root: Path) -> None:
    for number in range(1_500):
        (root / f"{number:04}.md").touch()
    write(root / "0" / "a.md")
    _, rest = paused(FolderSource(path=root))
    shutil.rmtree(root / "0")
    (root / "1400.md").unlink()
    *pages, end = rest
    assert isinstance(end, ListingEnd)
    assert [prefix for page in pages if isinstance(page, ChangePage) for prefix in page.unlisted] == [b"0/"]
    assert b"1400.md" not in [file.id for page in pages if isinstance(page, ChangePage) for file in page.files]
    assert told(root)[1:] == ([], [])


def test_a_folder_exchanged_while_it_is_listed_is_unlisted(root: Path, tmp_path: Path) -> None:
    for number in range(1_000):
        (root / f"{number:04}.md").touch()
    write(root / "0" / "a.md")
    write(tmp_path / "secret" / "b.md")
    _, rest = paused(FolderSource(path=root))
    (root / "0").rename(tmp_path / "moved away")
    (root / "0").symlink_to(tmp_path / "secret")
    *pages, end = rest
    assert isinstance(end, ListingEnd)
    assert [page.files for page in pages if isinstance(page, ChangePage)] == [()]
    assert [page.unlisted for page in pages if isinstance(page, ChangePage)] == [(b"0/",)]


def test_a_root_exchanged_while_it_is_listed_ends_nothing(root: Path, tmp_path: Path) -> None:
    for number in range(1_001):
        (root / f"{number:04}.md").touch()
    write(root / "folder" / "a.md")
    _, rest = paused(FolderSource(path=root))
    root.rename(tmp_path / "moved away")
    root.mkdir()
    with pytest.raises(SourceUnavailable, match="replaced or unmounted"):
        list(rest)


def test_a_folder_that_never_rests_is_unlisted(root: Path) -> None:
    for number in range(1_001):
        (root / f"{number:04}.md").touch()
    listed = 0
    unlisted: list[bytes] = []
    warnings: list[str] = []
    for turn, page in enumerate(FolderSource(path=root).changes(None)):
        if isinstance(page, ChangePage):
            listed += len(page.files)
            unlisted += page.unlisted
            warnings += page.warnings
            for number in range(1_001):
                (root / f"{turn}-{number:04}.md").touch()
    assert listed == 4 * 1_001  # as often as it is read at most
    assert unlisted == [b""]
    assert "kept changing while it was listed" in warnings[0]


@contextmanager
def running(program: str, *paths: Path) -> Iterator[None]:
    """A process that works on `paths` until the block ends; the block begins when the process says so."""
    process = subprocess.Popen([sys.executable, "-c", program, *map(str, paths)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        yield
    finally:
        process.kill()
        process.communicate()


def test_a_file_that_grows_all_the_time_is_changing(root: Path, snapshots: Path) -> None:
    path = root / "log.txt"
    path.touch()
    os.truncate(path, 64 << 20)
    program = """if True:
        import sys
        file = open(sys.argv[1], "ab", buffering=0)
        file.write(b"x")
        print("started", flush=True)
        while True:
            file.write(b"x")
    """
    with running(program, path), pytest.raises(Unprocessable) as caught:
        FolderSource(path=root).fetch(b"log.txt", snapshots)
    assert caught.value.reason is Reason.CHANGING
    assert list(snapshots.iterdir()) == []


def test_a_snapshot_is_never_a_splice_of_two_revisions(root: Path, snapshots: Path) -> None:
    # Every revision is one byte, 4 MiB of it, written in place; so a splice shows two bytes. A writer that a busy machine
    # keeps waiting in mid-revision is not to be told from one that is done: the longest such wait is noted, by the byte.
    path, waits = root / "data.bin", root / ".waits"
    path.write_bytes(b"\0" * (4 << 20))
    waits.write_bytes(bytes(256 * 8))
    program = """if True:
        import mmap, struct, sys, time
        file = open(sys.argv[1], "r+b", buffering=0)
        noted = open(sys.argv[2], "r+b")
        waits = mmap.mmap(noted.fileno(), 0)
        print("started", flush=True)
        revision = 0
        while True:
            revision = (revision + 1) % 256
            file.seek(0)
            longest, before = 0.0, time.monotonic()
            for _ in range(64):
                file.write(bytes([revision]) * (64 << 10))
                longest, before = max(longest, time.monotonic() - before), time.monotonic()
            struct.pack_into("d", waits, 8 * revision, longest)
            time.sleep(0.1)
    """
    outcomes = []
    with running(program, path, waits):
        for _ in range(20):
            try:
                snapshot = FolderSource(path=root).fetch(b"data.bin", snapshots)
            except Unprocessable as exc:
                outcomes.append(exc.reason)
                continue
            data = Path(snapshot.path).read_bytes()
            if len(set(data)) > 1:
                time.sleep(0.5)  # the wait is noted when it is over
                assert struct.unpack_from("d", waits.read_bytes(), 8 * data[0])[0] > 0.002, "a splice"
                continue
            assert len(data) == snapshot.size == 4 << 20
            assert content_hash(data) == snapshot.content_hash
            outcomes.append(Reason.EMPTY)
    assert Reason.EMPTY in outcomes, "not one reading fell between two writes"


# Fingerprints


def test_times_less_than_two_seconds_old_are_not_trusted(root: Path) -> None:
    info = write(root / "a.md").stat()
    newest = max(info.st_mtime_ns, info.st_ctime_ns)
    trusted = f"{info.st_size}:{info.st_mtime_ns}:{info.st_ctime_ns}:{info.st_ino}"
    assert fingerprint(info, newest + SETTLED) == trusted
    assert fingerprint(info, newest + SETTLED - 1) == ""
    assert fingerprint(info, newest - SETTLED) == ""
    assert fingerprint(info, newest + 10 * SETTLED) == trusted


def test_a_modification_time_in_the_future_is_no_hindrance(root: Path) -> None:
    path = write(root / "a.md")
    ahead = time.time_ns() + 1_000 * SETTLED
    os.utime(path, ns=(ahead, ahead))
    info = path.stat()
    assert fingerprint(info, info.st_ctime_ns + SETTLED - 1) == ""
    assert fingerprint(info, info.st_ctime_ns + SETTLED) == f"{info.st_size}:{ahead}:{info.st_ctime_ns}:{info.st_ino}"
    assert fingerprint(info, ahead - SETTLED + 1) == ""
    assert fingerprint(info, ahead + SETTLED - 1) == ""


def test_an_old_modification_time_is_no_proof(root: Path, snapshots: Path) -> None:
    os.utime(write(root / "a.md"), (1, 1))
    source = FolderSource(path=root)
    (file,) = files(source).values()
    assert (file.modified, file.fingerprint) == (1.0, "")
    assert source.fetch(b"a.md", snapshots).fingerprint == ""


def test_an_edit_shows_even_if_size_and_modification_time_are_put_back(root: Path) -> None:
    path = write(root / "a.md", "one")
    before = path.stat()
    time.sleep(2.1)
    (trusted,) = files(FolderSource(path=root)).values()
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    later = max(path.stat().st_ctime_ns, path.stat().st_mtime_ns) + SETTLED
    assert trusted.fingerprint == fingerprint(before, later)
    assert fingerprint(path.stat(), later) != trusted.fingerprint
