"""Limits of one file: what exceeds one costs that file, its reason names the setting, and nothing that it started lives on."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._isolation import proc, room
from tasks.extractors._isolation.watch import Watch
from tasks.extractors.base import Reading
from tasks.extractors.limits import Limits
from tasks.extractors.parser_pool import ParserPool
from tasks.parsers import end_strays
from tests.tasks.extractors.test_parser_pool import MISBEHAVING, Item, is_gone, reason, text, wait_until

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="process trees are seen in /proc only")

GENEROUS = 600.0


@pytest.fixture
def item(tmp_path: Path) -> Callable[[str], Item]:
    """Makes a file of the given name; returns what read_many wants, the name being the key too."""

    def make_item(name: str) -> Item:
        path = tmp_path / name
        path.write_text(f"# {name}\n\nSome words.\n")
        return name, str(path), name

    return make_item


def read(pool: ParserPool, *items: Item) -> dict[str, Document | Unprocessable]:
    with pool:
        return dict(pool.read_many(items))


@needs_proc
@pytest.mark.parametrize(
    ("name", "limit", "expected", "setting"),
    [
        ("grow", {"memory_limit": 300 << 20}, Reason.TOO_LARGE, "300 MiB of memory (LEVADA_EXTRACT_MEMORY)"),
        ("compute", {"cpu_limit": 0.5}, Reason.TIMEOUT, "0.5 s of CPU time (LEVADA_EXTRACT_CPU_SECONDS)"),
        ("fill", {"disk_limit": 20 << 20}, Reason.TOO_LARGE, "20 MiB of disk (LEVADA_EXTRACT_DISK)"),
        ("big", {"output_limit": 30 << 20}, Reason.TOO_LARGE, "30 MiB (LEVADA_EXTRACT_OUTPUT)"),
        ("starve", {"memory_limit": 500 << 20}, Reason.TOO_LARGE, "500 MiB of memory that it may take (LEVADA_EXTRACT_MEMORY)"),
        ("hoard", {}, Reason.TOO_LARGE, "memory than allowed (LEVADA_EXTRACT_MEMORY)"),
    ],
)
def test_what_exceeds_a_limit_costs_its_file_alone(
    item: Callable[[str], Item], name: str, limit: dict[str, int], expected: Reason, setting: str
) -> None:
    items = [item("a.md"), item(name), item("b.md"), item("c.md")]
    pool = ParserPool(1, GENEROUS, reader=MISBEHAVING, **limit)  # type: ignore[arg-type]
    found = read(pool, *items)
    outcome = found.pop(name)
    assert reason(outcome) is expected
    assert setting in str(outcome)
    assert {key: reason(other) for key, other in found.items()} == {"a.md": None, "b.md": None, "c.md": None}


def test_the_clock_is_named_too(item: Callable[[str], Item]) -> None:
    found = read(ParserPool(1, 0.5, reader=MISBEHAVING), item("sleep"))
    assert str(found["sleep"]) == "timeout: not read within 0.5 s (LEVADA_EXTRACT_TIMEOUT)"


def test_pages_in_tesseract_have_time_of_their_own(item: Callable[[str], Item]) -> None:
    """Four of 0.25 s, in a file that may take 0.5 s."""
    found = read(ParserPool(1, 0.5, reader=MISBEHAVING), item("recognise"))
    assert text(found["recognise"]) == "all of its pages"


@dataclass
class Process:
    """A parser that says of itself how long pages have been in Tesseract, and whether one is there."""

    times: tuple[float, bool]
    pid: int = os.getpid()
    peak: int = 0
    words: int = 0
    places: tuple[str, ...] = ()

    def ocr_times(self) -> tuple[float, bool]:
        return self.times


@pytest.mark.parametrize(
    ("times", "granted"),
    [((0.0, False), 0), ((40.0, False), 40), ((40.0, True), 40 + 20 + 5), ((1e9, True), 200), ((float("nan"), True), 25)],
    ids=["none", "some", "one at work", "too much", "nonsense"],
)
def test_what_is_granted_for_them_is_bounded_whatever_the_parser_says(times: tuple[float, bool], granted: int) -> None:
    limits = Limits(10, 1e6, 0, 1 << 20, 1 << 20, ocr_seconds=20, ocr_pages=10)
    watch = Watch(Process(times), limits)  # type: ignore[arg-type]
    watch.begin(0.0)
    assert watch.look(10 + granted - 0.1) is None
    refusal = watch.look(10 + granted + 0.1)
    assert refusal is not None
    setting = "LEVADA_EXTRACT_OCR_TIMEOUT" if times[1] and times[0] != 1e9 else "LEVADA_EXTRACT_TIMEOUT"
    assert (refusal.reason, setting in refusal.detail) == (Reason.TIMEOUT, True)


@needs_proc
@pytest.mark.parametrize(
    ("sign", "part", "expected"),
    [
        (signal.SIGSEGV, 0.5, Reason.CRASHED),
        (signal.SIGSEGV, 0.95, Reason.TOO_LARGE),
        (signal.SIGABRT, 0.5, Reason.TOO_LARGE),
        (signal.SIGABRT, 0.1, Reason.CRASHED),
    ],
)
def test_a_fault_is_no_want_of_memory_while_there_is_much_left(sign: signal.Signals, part: float, expected: Reason) -> None:
    memory = int(proc.usage(os.getpid()).memory / part)
    watch = Watch(Process((0.0, False)), Limits(10, 1e6, memory, 1 << 20, 1 << 20, ocr_seconds=20, ocr_pages=10))  # type: ignore[arg-type]
    watch.begin(0.0)
    assert watch.look(0.2) is None
    assert watch.death(-sign, f"killed by {sign.name}").reason is expected


def test_one_that_dies_of_memory_before_the_first_look_is_known_by_what_it_took_at_most() -> None:
    limits = Limits(10, 1e6, 1 << 30, 1 << 20, 1 << 20, ocr_seconds=20, ocr_pages=10)
    watch = Watch(Process((0.0, False), peak=500 << 20), limits)  # type: ignore[arg-type]
    watch.begin(0.0)
    assert watch.death(-signal.SIGABRT, "killed by SIGABRT").reason is Reason.TOO_LARGE
    assert watch.death(-signal.SIGSEGV, "killed by SIGSEGV").reason is Reason.CRASHED


def test_one_temporary_file_cannot_outgrow_the_disk_limit(item: Callable[[str], Item]) -> None:
    """Not even one without a name, which nobody sees, and not between two looks."""
    found = read(ParserPool(1, GENEROUS, reader=MISBEHAVING, disk_limit=5 << 20), item("write"), item("a.md"))
    assert reason(found["write"]) is Reason.TOO_LARGE
    assert "LEVADA_EXTRACT_DISK" in str(found["write"])
    assert reason(found["a.md"]) is None


@needs_proc
@pytest.mark.parametrize(
    ("name", "expected"), [("daemons", None), ("hang", Reason.TIMEOUT), ("fall", Reason.CRASHED)], ids=["ends", "hangs", "dies"]
)
def test_what_a_file_starts_ends_with_it(
    tmp_path: Path, item: Callable[[str], Item], name: str, expected: Reason | None
) -> None:
    """Even a daemon in a session of its own, whose parent is gone, and whether its file ends well or not."""
    with ParserPool(1, 5, reader=MISBEHAVING) as pool:
        found = dict(pool.read_many([item(name)]))
        again = dict(pool.read_many([item("a.md")]))  # the worker cleans up before it reads on
        assert wait_until(lambda: is_gone(int((tmp_path / f"{name}.begun").read_text())), 5)
    assert reason(found[name]) is expected
    assert reason(again["a.md"]) is None


KILLED = """
import sys
from pathlib import Path
from tasks.extractors.parser_pool import ParserPool

pool = ParserPool(1, 600, directory=Path(sys.argv[2]), reader="tests.tasks.extractors.misbehaving:read")
list(pool.read_many([(0, sys.argv[1], "hang")]))
"""


@needs_proc
def test_what_a_killed_run_leaves_is_ended_by_the_next(tmp_path: Path, item: Callable[[str], Item]) -> None:
    _, path, _ = item("hang")
    begun, rooms = tmp_path / "hang.begun", tmp_path / "snapshots" / "rooms"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    with subprocess.Popen([sys.executable, "-c", KILLED, path, str(rooms)], env=environment) as parent:
        assert wait_until(lambda: begun.exists() and begun.read_text())
        parent.kill()
    daemon = int(begun.read_text())
    assert not is_gone(daemon), "it has nothing that ties it to its parser"
    end_strays(tmp_path / "elsewhere")
    end_strays(tmp_path / "snapshots")
    assert wait_until(lambda: is_gone(daemon), 5)


def test_an_engine_s_last_words_are_kept(item: Callable[[str], Item]) -> None:
    """What it printed, and where it was: for whoever looks into the quarantine."""
    found = read(ParserPool(1, GENEROUS, reader=MISBEHAVING), item("fall"))
    assert "SIGABRT" in str(found["fall"])
    assert "the last words of an engine" in str(found["fall"])
    assert "misbehaving.py" in str(found["fall"])


def test_temporary_files_are_private_and_go_with_their_file(tmp_path: Path, item: Callable[[str], Item]) -> None:
    rooms = tmp_path / "rooms"
    with ParserPool(1, GENEROUS, reader=MISBEHAVING, directory=rooms) as pool:
        told = [text(dict(pool.read_many([item(f"room-{n}")]))[f"room-{n}"]) for n in range(2)]
        (room,) = rooms.iterdir()
        assert told == [f"False {room}"] * 2
        assert room.stat().st_mode & 0o777 == 0o700
    assert not list(rooms.iterdir())


def test_members_of_a_file_that_was_given_up_are_removed(tmp_path: Path, item: Callable[[str], Item]) -> None:
    members = tmp_path / "members"
    with ParserPool(1, 1.0, reader=MISBEHAVING, reading=Reading(members=str(members))) as pool:
        handed = pool.read_many([item("hand")])
        ((_, outcome),) = handed
    assert reason(outcome) is Reason.TIMEOUT
    assert not [path for path in members.rglob("*") if path.is_file()]


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server of this machine that anybody may connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@needs_proc
def test_parsers_have_no_network(item: Callable[[str], Item], port: int) -> None:
    found = read(ParserPool(1, GENEROUS, reader=MISBEHAVING), item(f"dial-{port}"))
    assert text(found[f"dial-{port}"]) == "OSError, 1, between processes"


@needs_proc
def test_parsers_dump_no_core_and_open_few_files(item: Callable[[str], Item]) -> None:
    with ParserPool(1, GENEROUS, reader=MISBEHAVING) as pool:
        dict(pool.read_many([item("a.md")]))
        (pid,) = pool.worker_pids()
        assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
        assert resource.prlimit(pid, resource.RLIMIT_NOFILE)[0] <= 1024


@needs_proc
def test_the_parent_keeps_nothing_of_the_files_it_has_read(tmp_path: Path) -> None:
    """Objects of our own after 500 files and after 3,000 more; each file left one behind if anything were kept by file."""
    import gc

    path = tmp_path / "a.md"
    path.write_text("# A\n\nSome words.\n")

    def objects(files: int, pool: ParserPool) -> int:
        for _key, outcome in pool.read_many((number, str(path), "a.md") for number in range(files)):
            assert isinstance(outcome, Document)
        del _key, outcome
        gc.collect()
        return len(gc.get_objects())

    with ParserPool(2, GENEROUS) as pool:
        before = objects(500, pool)
        after = objects(3_000, pool)
    assert after - before < 300


@needs_proc
def test_a_tree_is_seen_and_measured() -> None:
    used = proc.usage(os.getpid())
    assert used.cpu > 0
    assert used.memory > 1 << 20
    assert os.getpid() in proc.tree(os.getppid())


def test_the_size_of_a_room(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"x" * 100_000)
    (tmp_path / "loop").symlink_to(tmp_path)
    whole = room.size(str(tmp_path), 1 << 30)
    assert 100_000 <= whole < 200_000
    assert room.size(str(tmp_path), 1000) > 1000
    room.empty(str(tmp_path))
    assert not list(tmp_path.iterdir())
    assert room.size(str(tmp_path / "gone"), 1000) == 0
