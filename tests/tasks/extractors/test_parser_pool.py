"""Parser processes: what one file does costs that file, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, islice
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.parser_pool import ParserPool, PoolClosed
from tests.tasks.extractors import make

MISBEHAVING = "tests.tasks.extractors.misbehaving:read"
ROOT = Path(__file__).resolve().parents[3]
Item = tuple[str, str, str]


@pytest.fixture
def item(tmp_path: Path) -> Callable[[str], Item]:
    """Makes a file of the given name; returns what read_many wants, the name being the key too."""

    def make_item(name: str) -> Item:
        path = tmp_path / name
        path.write_text(f"# {name}\n\nSome words.\n")
        return name, str(path), name

    return make_item


def reason(outcome: Document | Unprocessable) -> Reason | None:
    return outcome.reason if isinstance(outcome, Unprocessable) else None


def text(outcome: Document | Unprocessable) -> str:
    assert isinstance(outcome, Document), outcome
    return outcome.text


def wait_until(condition: Callable[[], object], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_a_process_imports_the_engines_that_it_needs_alone(item: Callable[[str], Item]) -> None:
    with ParserPool(1, 60, reader=MISBEHAVING) as pool:
        found = dict(pool.read_many([item("a.md"), item("b.csv"), item("engines")]))
    loaded = text(found["engines"]).split()
    assert {"tasks.extractors.markdown", "tasks.extractors.csv"} <= set(loaded)
    assert not {"tasks.extractors.pdf", "tasks.extractors.docx", "tasks.extractors.html"} & set(loaded)


def test_every_format_is_read_by_processes_without_heavy_modules(tmp_path: Path, item: Callable[[str], Item]) -> None:
    message = tmp_path / "m.eml"
    message.write_text(make.EML)
    files = [make.docx(tmp_path / "d.docx"), make.pptx(tmp_path / "p.pptx"), make.xlsx(tmp_path / "x.xlsx"), message]
    files += [make.report_pdf(tmp_path / "r.pdf")]
    with ParserPool(1, 60, reader=MISBEHAVING) as pool:
        found = dict(pool.read_many([item("a.md"), *((path.name, str(path), path.name) for path in files), item("modules")]))
    assert {name: outcome.media_type for name, outcome in found.items() if isinstance(outcome, Document)}.keys() == found.keys()
    loaded = set(text(found["modules"]).split())
    assert {"pypdfium2", "lxml"} <= loaded
    assert not loaded & {"prefect", "torch", "chromadb", "spacy", "transformers", "sentence_transformers", "pytest"}


def test_processes_start_when_files_are_announced(item: Callable[[str], Item]) -> None:
    with ParserPool(2, 60) as pool:
        assert not pool.worker_pids()
        pool.warm_up()
        assert wait_until(lambda: len(pool.worker_pids()) == 2)
        before = pool.worker_pids()
        pool.warm_up()
        found = dict(pool.read_many([item(f"a{n}.md") for n in range(6)]))
        assert len(found) == 6
        assert pool.worker_pids() == before
    pool.warm_up()
    assert not pool.worker_pids()


def test_nothing_is_imported_from_the_current_directory(
    tmp_path: Path, item: Callable[[str], Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\nfrom nowhere import nothing\n")
    monkeypatch.chdir(tmp_path)
    with ParserPool(1, 60) as pool:
        found = dict(pool.read_many([item("a.md")]))
    assert text(found["a.md"]) == "a.md\n\nSome words."
    assert not (tmp_path / "executed").exists()


def test_a_hang_costs_its_file_alone(item: Callable[[str], Item]) -> None:
    items = [item(f"a{n}.md") for n in range(20)]
    items[7:7] = [item("sleep.md"), item("spin.md")]
    with ParserPool(2, 1.5, reader=MISBEHAVING) as pool:
        found = dict(pool.read_many(items))
    assert {name for name, outcome in found.items() if reason(outcome) is Reason.TIMEOUT} == {"sleep.md", "spin.md"}
    assert all(isinstance(outcome, Document) for name, outcome in found.items() if name.startswith("a"))
    assert len(found) == 22


@pytest.mark.parametrize(
    ("name", "expected", "words"),
    [
        ("segfault", Reason.CRASHED, "SIGSEGV"),
        ("abort", Reason.CRASHED, "SIGABRT"),
        ("exit", Reason.CRASHED, "exit code 3"),
        ("leave", Reason.FAILED, "SystemExit"),
        ("hoard", Reason.TOO_LARGE, "memory"),
        ("overflow", Reason.FAILED, "RecursionError"),
    ],
)
def test_a_crash_costs_its_file_alone(item: Callable[[str], Item], name: str, expected: Reason, words: str) -> None:
    """One process, and all files small: they are sent ahead of each other, and still only one is to blame."""
    items = [item(f"a{n}.md") for n in range(30)]
    items.insert(11, item(name))
    with ParserPool(1, 60, memory_limit=2 << 30, reader=MISBEHAVING) as pool:
        found = dict(pool.read_many(items))
    outcome = found.pop(name)
    assert reason(outcome) is expected
    assert words in str(outcome)
    assert len(found) == 30
    assert all(isinstance(other, Document) for other in found.values())


LARGE_PARENT = """
import sys
from tasks.extractors.parser_pool import ParserPool
kept = b"x" * (300 << 20)
with ParserPool(1, 60, memory_limit=400 << 20, reader=sys.argv[1]) as pool:
    print(*(outcome.reason for _, outcome in pool.read_many([(0, sys.argv[2], "abort")])))
"""


def test_what_the_parent_has_taken_is_not_laid_to_a_parser(item: Callable[[str], Item]) -> None:
    _, path, _ = item("abort")
    done = subprocess.run(
        [sys.executable, "-c", LARGE_PARENT, MISBEHAVING, path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "crashed\n", done.stdout + done.stderr


def test_a_worker_killed_in_the_middle_of_a_file(tmp_path: Path, item: Callable[[str], Item]) -> None:
    def kill() -> None:
        begun = tmp_path / "sleep.begun"
        if wait_until(lambda: begun.exists() and begun.read_text()):
            os.kill(int(begun.read_text()), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with ParserPool(2, 60, reader=MISBEHAVING) as pool:
        found = dict(pool.read_many([item("a.md"), item("sleep.md"), item("b.md")]))
        again = dict(pool.read_many([item("c.md")]))
    killer.join()
    assert {name: reason(outcome) for name, outcome in found.items()} == {
        "a.md": None,
        "b.md": None,
        "sleep.md": Reason.CRASHED,
    }
    assert "SIGKILL" in str(found["sleep.md"])
    assert reason(again["c.md"]) is None


def test_a_worker_that_dies_between_files_blames_none(item: Callable[[str], Item]) -> None:
    with ParserPool(1, 60, reader=MISBEHAVING) as pool:
        for n in range(5):
            ((_, outcome),) = pool.read_many([item(f"pid-{n}")])
            pid = int(text(outcome))
            os.kill(pid, signal.SIGKILL)
            assert wait_until(partial(is_gone, pid))


def test_workers_ignore_the_signals_that_are_meant_for_us(item: Callable[[str], Item]) -> None:
    with ParserPool(1, 60, reader=MISBEHAVING) as pool:
        assert text(dict(pool.read_many([item("signals")]))["signals"]) == "still here"


def test_workers_see_none_of_our_secrets(item: Callable[[str], Item], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_KEY", "secret")
    monkeypatch.setenv("LEVADA_LEDGER_URL", "postgresql://user:secret@host/db")
    with ParserPool(1, 60, reader=MISBEHAVING) as pool:
        names = text(dict(pool.read_many([item("environment")]))["environment"]).split()
    assert "PATH" in names
    assert not [name for name in names if name.startswith(("PREFECT", "LEVADA"))]


def test_workers_are_replaced_after_some_files(item: Callable[[str], Item]) -> None:
    with ParserPool(1, 60, recycle_after=4, reader=MISBEHAVING) as pool:
        found = [text(outcome) for _, outcome in pool.read_many(item(f"pid-{n}") for n in range(10))]
    assert [found.count(pid) for pid in dict.fromkeys(found)] == [4, 4, 2]


def test_workers_that_keep_much_memory_are_replaced(item: Callable[[str], Item]) -> None:
    with ParserPool(1, 60, recycle_bytes=1, reader=MISBEHAVING) as pool:
        pids = {text(outcome) for n in range(3) for _, outcome in pool.read_many([item(f"pid-{n}")])}
    assert len(pids) == 3


def test_a_large_document_comes_through(item: Callable[[str], Item]) -> None:
    with ParserPool(1, 60, reader=MISBEHAVING) as pool:
        assert len(text(dict(pool.read_many([item("big")]))["big"])) == 33_000_000


def test_two_callers_at_once(item: Callable[[str], Item]) -> None:
    found: dict[str, dict[str, Document | Unprocessable]] = {}

    def read(caller: str, pool: ParserPool) -> None:
        found[caller] = dict(pool.read_many([item(f"{caller}{n}.md") for n in range(100)] + [item(f"exit-{caller}")]))

    with ParserPool(2, 60, reader=MISBEHAVING) as pool:
        callers = [threading.Thread(target=read, args=(name, pool)) for name in ("a", "b", "c")]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    for name in ("a", "b", "c"):
        assert len(found[name]) == 101
        crashed = [key for key, outcome in found[name].items() if reason(outcome) is not None]
        assert crashed == [f"exit-{name}"]


def test_files_are_taken_as_they_are_needed(item: Callable[[str], Item]) -> None:
    _, path, _ = item("a.md")
    taken = count()

    def endless() -> Iterator[Item]:
        for number in taken:
            yield f"a{number}.md", path, "a.md"

    with ParserPool(2, 60) as pool:
        results = pool.read_many(endless())
        assert len(list(islice(results, 50))) == 50
        assert next(taken) < 200
        results.close()  # type: ignore[attr-defined]  # a generator: given up by its caller
        assert [key for key, _ in pool.read_many([item("b.md")])] == ["b.md"]


def test_a_file_that_is_gone_is_a_refusal(tmp_path: Path) -> None:
    with ParserPool(1, 60) as pool:
        ((_, outcome),) = pool.read_many([(1, str(tmp_path / "gone.md"), "gone.md")])
    assert reason(outcome) is Reason.UNREADABLE


def test_names_that_are_no_text(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\nnew.md")
    Path(path).write_text("words")
    with ParserPool(1, 60) as pool:
        ((_, outcome),) = pool.read_many([(1, path, Path(path).name)])
    assert text(outcome) == "words"


def test_close_ends_what_is_running(tmp_path: Path, item: Callable[[str], Item]) -> None:
    items = [item("sleep.md"), item("spin.md"), item("a.md")]
    pool = ParserPool(2, 600, reader=MISBEHAVING)
    ended: list[object] = []

    def read() -> None:
        try:
            ended.append(dict(pool.read_many(items)))
        except PoolClosed as closed:
            ended.append(closed)

    reading = threading.Thread(target=read)
    reading.start()
    assert wait_until(lambda: (tmp_path / "sleep.begun").exists() and (tmp_path / "spin.begun").exists())
    pids = pool.worker_pids()
    pool.close()
    reading.join()
    assert len(pids) == 2
    assert all(map(is_gone, pids))
    assert isinstance(ended[0], PoolClosed)
    with pytest.raises(PoolClosed):
        list(pool.read_many(items))


def test_a_pool_that_was_never_used_closes() -> None:
    ParserPool(2, 60).close()


def test_workers_that_cannot_start_are_reported_once(item: Callable[[str], Item]) -> None:
    with ParserPool(2, 60, reader="tests.no_such_module:read") as pool:
        with pytest.raises(PoolClosed, match="No module named"):
            list(pool.read_many([item("a.md"), item("b.md")]))
        with pytest.raises(PoolClosed):
            list(pool.read_many([item("a.md")]))


PARENT = """
import sys, threading
print("main module", flush=True)  # has no guard: a worker that imported it again would start a pool of its own
from tasks.extractors.parser_pool import ParserPool

pool = ParserPool(3, 600, reader="tests.tasks.extractors.misbehaving:read")
paths = sys.argv[1:]
first = next(iter(pool.read_many([(paths[0], paths[0], "a.md")])))
print(pool.worker_pids(), flush=True)
for path in paths[1:]:
    threading.Thread(target=lambda path=path: list(pool.read_many([(path, path, path.rpartition("/")[2])]))).start()
threading.Event().wait()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_its_parent(tmp_path: Path, item: Callable[[str], Item], end: signal.Signals) -> None:
    """An idle worker, one that sleeps and one that never lets go of the interpreter."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    paths = [item(name)[1] for name in ("a.md", "sleep.md", "spin.md")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(script), *paths], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert wait_until(lambda: (tmp_path / "sleep.begun").exists() and (tmp_path / "spin.begun").exists())
        workers = [child.pid for child in psutil.Process(parent.pid).children(recursive=True)]
        parent.send_signal(end)
        output, _ = parent.communicate()
    assert output.count("main module") == 1
    assert len(workers) >= 2
    assert wait_until(lambda: all(map(is_gone, workers)), seconds=5)
