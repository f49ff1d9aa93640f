"""The owner process of an embedded store: one at a time, for all, and gone with the last."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.stores import chroma_wire as wire
from blocks.stores.base import CollectionInfo, CollectionRef
from blocks.stores.chroma import ChromaStore
from blocks.stores.chroma_place import StorePlace, listen
from core.errors import StoreUnavailable
from tests.blocks.stores.chroma_process import other_process
from tests.blocks.stores.owners import kill_owner, owners, wait_deserted, wait_until
from tests.contracts.stores import SPACE, make_collection, records_of, unit_vectors

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to act as another user")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaStore]:
    """A store with an owner, for the tests that leave both as they are."""
    store = ChromaStore(path=tmp_path_factory.mktemp("served") / "store", linger=0)
    assert store.describe("papers") is None
    yield store
    store.close()
    wait_deserted(path_of(store))


def path_of(store: ChromaStore) -> Path:
    assert store.path is not None
    return store.path


def count(store: ChromaStore, ref: CollectionRef) -> int:
    info = store.describe(ref.name)
    assert info is not None
    return info.count


def test_another_process_searches_while_this_one_writes(served: ChromaStore) -> None:
    ref = make_collection(served)
    served.upsert(ref, records_of(unit_vectors(200)))
    with other_process(path_of(served), "search", ref.name, ref.store_id) as reader:
        assert reader.stdout is not None
        for start in range(200, 1000, 100):
            served.upsert(ref, records_of(unit_vectors(100, seed=start), prefix=f"x{start}-"))
            assert len(json.loads(reader.stdout.readline())) == 3
        assert len(owners(path_of(served))) == 1
    assert count(served, ref) == 1000


def test_this_process_reads_what_another_has_written(served: ChromaStore) -> None:
    ref = make_collection(served)
    with other_process(path_of(served), "write", ref.name, ref.store_id) as writer:
        assert writer.stdout is not None
        for _ in range(5):
            ids = json.loads(writer.stdout.readline())
            assert {record.id for record in served.fetch(ref, ids)} == set(ids)


def test_the_owner_ends_after_its_last_client(store: ChromaStore) -> None:
    assert store.describe("papers") is None
    place = StorePlace.of(path_of(store))
    with other_process(place.directory, "describe") as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "null\n"
        store.close()
        assert len(owners(place.directory)) == 1
    wait_deserted(place.directory)
    assert not place.socket.exists()
    lock = place.try_lock()
    assert lock is not None
    os.close(lock)
    assert place.break_seal()


def test_the_owner_ends_after_a_client_was_killed_in_the_middle_of_writing(store: ChromaStore) -> None:
    ref = make_collection(store)
    store.close()
    with other_process(path_of(store), "write", ref.name, ref.store_id) as writer:
        assert writer.stdout is not None
        for _ in range(3):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    wait_deserted(path_of(store))
    assert count(store, ref) >= 150


def test_many_start_at_once_and_one_owns(tmp_path: Path) -> None:
    directory = tmp_path / "store"
    processes = [other_process(directory, "describe") for _ in range(4)]
    opened = [process.__enter__() for process in processes]
    try:
        for process in opened:
            assert process.stdout is not None
            assert process.stdout.readline() == "null\n"
        wait_until(lambda: len(owners(directory)) == 1, "several owners")
    finally:
        for process in processes:
            process.__exit__(None, None, None)
    wait_deserted(directory)


def test_coming_while_the_owner_is_just_leaving(store: ChromaStore) -> None:
    ref = make_collection(store)
    for turn in range(2):
        store.upsert(ref, records_of(unit_vectors(1), prefix=f"turn{turn}-"))
        store.close()
    assert count(store, ref) == 2


def test_an_owner_killed_in_the_middle_of_writing_is_replaced(store: ChromaStore) -> None:
    ref = make_collection(store)
    written = threading.Semaphore(0)
    records = records_of(unit_vectors(1200))
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for start in range(0, 1200, 20):
                store.upsert(ref, records[start : start + 20])
                written.release()
        except BaseException as exc:
            failures.append(exc)

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(20):
        written.acquire()
    kill_owner(path_of(store))
    writer.join()
    assert not failures
    kill_owner(path_of(store))
    place = StorePlace.of(path_of(store))
    assert place.socket.exists()
    assert not place.break_seal()
    assert count(store, ref) == 1200
    assert {record.id for record in store.fetch(ref, [record.id for record in records])} == {r.id for r in records}
    assert len(store.query(ref, unit_vectors(1)[0], 1200)) == 1200


def test_a_collection_made_when_the_answer_was_lost_is_made(store: ChromaStore) -> None:
    """The call is made again by itself, and must not find its own work in the way."""
    ref = CollectionRef("papers", str(uuid.uuid4()))
    info = CollectionInfo(ref.store_id, "acme", "papers", SPACE, 32)
    store.describe(ref.name)
    killer = threading.Thread(target=kill_owner, args=(path_of(store),))
    killer.start()
    store.create(ref.name, info)
    killer.join()
    assert store.describe(ref.name) == info


def test_an_owner_told_to_end_finishes_what_it_does(store: ChromaStore) -> None:
    ref = make_collection(store)
    store.upsert(ref, records_of(unit_vectors(50)))
    writer = threading.Thread(target=store.upsert, args=(ref, records_of(unit_vectors(500, seed=1), prefix="x")))
    writer.start()
    kill_owner(path_of(store), signal.SIGTERM)
    writer.join()
    assert count(store, ref) == 550


def test_a_terminals_ctrl_c_does_not_reach_the_owner(served: ChromaStore) -> None:
    (owner,) = owners(path_of(served))
    assert os.getsid(owner.pid) == owner.pid != os.getsid(0)


def test_an_owner_stays_on_one_cpu(served: ChromaStore) -> None:
    (owner,) = owners(path_of(served))
    assert {len(os.sched_getaffinity(int(thread.name))) for thread in Path(f"/proc/{owner.pid}/task").iterdir()} == {1}


def test_nothing_is_printed_and_the_owner_keeps_a_log(served: ChromaStore) -> None:
    with other_process(path_of(served), "describe") as process:
        out, err = process.communicate("", timeout=60)
        assert (process.returncode, out, err) == (0, "null\n", "")
    assert StorePlace.of(path_of(served)).log.exists()


def test_the_log_is_bounded(tmp_path: Path) -> None:
    place = StorePlace.of(tmp_path / "store")
    place.prepare()
    place.log.write_bytes(b"old\n" * 100_000)
    os.close(place.open_log())
    assert place.log.stat().st_size == 0
    assert place.log.with_suffix(".log.1").stat().st_size == 400_000


def test_a_deep_directory_and_another_spelling_of_it(tmp_path: Path) -> None:
    directory = tmp_path.joinpath(*["a-rather-long-name-of-a-directory"] * 6, "store")
    store = ChromaStore(path=directory, linger=0)
    ref = make_collection(store)
    (tmp_path / "link").symlink_to(directory.parent)
    other = ChromaStore(path=tmp_path / "link" / ".." / directory.parent.name / "store", linger=0)
    assert count(other, ref) == 0
    assert len(owners(directory)) == 1
    other.close()
    store.close()
    wait_deserted(directory)


def test_warming_up_starts_the_owner_and_a_dropped_block_lets_go(tmp_path: Path) -> None:
    directory = tmp_path / "store"
    store = ChromaStore(path=directory, linger=0)
    store.warm_up()
    wait_until(lambda: owners(directory), "no owner was started")
    threads = [threading.Thread(target=store.describe, args=("papers",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(owners(directory)) == 1
    del store, threads, thread
    wait_deserted(directory)


def test_closing_while_it_warms_up_leaves_nothing_behind(store: ChromaStore) -> None:
    store.warm_up()
    store.close()
    wait_deserted(path_of(store))


def test_only_its_user_may_enter(served: ChromaStore) -> None:
    place = StorePlace.of(path_of(served))
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in (place.room, place.socket, place.lock, place.log)}
    assert modes == {place.room: 0o700, place.socket: 0o600, place.lock: 0o600, place.log: 0o600}
    assert stat.S_IMODE(place.directory.stat().st_mode) == 0o700


def test_a_seal_holds_for_just_these_files_and_once(tmp_path: Path) -> None:
    place = StorePlace.of(tmp_path / "store")
    place.prepare()
    (place.directory / "index").mkdir(parents=True)
    file = place.directory / "index" / "data"
    file.write_text("whole")
    assert not place.break_seal()
    place.seal()
    assert place.break_seal()
    assert not place.break_seal()
    for change in (lambda: file.write_text("other"), lambda: (place.directory / "new").touch(), file.unlink):
        place.seal()
        change()
        assert not place.break_seal()


def test_what_was_there_before_a_kill_is_doubted_until_it_is_trusted(store: ChromaStore) -> None:
    refs = [make_collection(store), make_collection(store)]
    kill_owner(path_of(store))
    later = make_collection(store)

    def doubted() -> list[bool]:
        store.close()
        wait_deserted(path_of(store))
        infos = [store.describe(ref.name) for ref in (*refs, later)]
        return [info is not None and info.doubted for info in infos]

    assert doubted() == [True, True, False], "also by an owner that found all sealed"
    store.trust(refs[0])
    assert doubted() == [False, True, False]
    store.drop(refs[1])
    assert doubted() == [False, False, False]
    assert StorePlace.of(path_of(store)).doubts() == set()


def test_a_room_that_was_open_is_closed(tmp_path: Path) -> None:
    place = StorePlace.of(tmp_path / "store")
    place.room.mkdir(mode=0o755)
    place.prepare()
    assert stat.S_IMODE(place.room.stat().st_mode) == 0o700


@pytest.fixture
def open_tree() -> Iterator[Path]:
    """A directory that every user of the machine may enter."""
    directory = Path(tempfile.mkdtemp(prefix="levada-owner-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def as_nobody(socket_path: Path) -> str:
    """What happens when another user connects: "refused", "nothing" (let in and shown out) or what was said."""
    script = (
        "import os, socket, sys\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX); s.settimeout(60)\n"
        "try: s.connect(sys.argv[1])\n"
        "except PermissionError: print('refused', end=''); sys.exit()\n"
        "try: print(s.recv(100) or 'nothing', end='')\n"
        "except ConnectionResetError: print('nothing', end='')\n"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", script, str(socket_path)], capture_output=True, text=True, check=True
    ).stdout


@ROOT_ONLY
def test_another_user_cannot_connect(open_tree: Path) -> None:
    store = ChromaStore(path=open_tree / "store", linger=0)
    store.describe("papers")
    place = StorePlace.of(path_of(store))
    assert as_nobody(place.socket) == "refused"
    # Even with all doors open, the owner asks the kernel who it is.
    place.room.chmod(0o777)
    place.socket.chmod(0o777)
    assert as_nobody(place.socket) == "nothing"
    assert store.describe("papers") is None
    store.close()
    wait_deserted(place.directory)


@ROOT_ONLY
def test_another_users_store_is_refused(store: ChromaStore) -> None:
    place = StorePlace.of(path_of(store))
    place.prepare()
    os.chown(place.room, 65534, 65534)
    with pytest.raises(StoreUnavailable, match="belongs to uid 65534"):
        store.describe("papers")
    assert not owners(place.directory)


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = ChromaStore(path=tmp_path / "file" / "store", linger=0)
    with pytest.raises(StoreUnavailable, match="cannot use"):
        store.describe("papers")


def test_a_file_where_the_store_should_be(store: ChromaStore) -> None:
    path_of(store).write_text("in the way")
    with pytest.raises(StoreUnavailable, match="cannot"):
        store.describe("papers")
    assert path_of(store).read_text() == "in the way"


def test_an_owner_of_another_version(store: ChromaStore) -> None:
    place = StorePlace.of(path_of(store))
    place.prepare()
    with listen(place) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                wire.send(connection, {"hello": wire.PROTOCOL + 1, "pid": 4711})

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(StoreUnavailable, match=r"another version of Levada: end process 4711"):
            store.describe("papers")
        thread.join()
    place.socket.unlink()
