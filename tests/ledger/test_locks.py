"""One run at a time on a library; the lock ends with its process, however that ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import LibraryBusy
from ledger import libraries
from ledger.database import open_ledger
from ledger.locks import is_held, library_lock

HOLD = """
import sys
from ledger import libraries
from ledger.database import open_ledger
from ledger.locks import library_lock
database = open_ledger(sys.argv[1])
with library_lock(database, libraries.ensure(database, "tenant", "library")):
    print("held", flush=True)
    sys.stdin.read()
database.close()
"""


@contextmanager
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the library until its input is closed, or it is killed."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_process_is_told_who_holds_the_library(ledger_url: str) -> None:
    database = open_ledger(ledger_url)
    library = libraries.ensure(database, "tenant", "library")
    with holder(ledger_url) as process:
        with pytest.raises(LibraryBusy) as caught, library_lock(database, library):
            pass
        assert "library 'library'" in str(caught.value)
        assert "--wait" not in str(caught.value), "this caller cannot"
        assert is_held(database, library)
        with pytest.raises(LibraryBusy, match="--wait"), library_lock(database, library, wait=0.0):
            pass
        if database.is_sqlite:
            assert f"process {process.pid}" in str(caught.value)
        with library_lock(database, libraries.ensure(database, "tenant", "another")):
            pass
        assert not is_held(database, libraries.ensure(database, "tenant", "another"))
    database.close()


@pytest.mark.parametrize("end", ["closed", "killed"])
def test_the_lock_is_free_once_its_holder_has_ended(ledger_url: str, end: str) -> None:
    database = open_ledger(ledger_url)
    library = libraries.ensure(database, "tenant", "library")
    with holder(ledger_url) as process:
        if end == "closed":
            process.communicate()
        else:
            process.send_signal(signal.SIGKILL)
            process.wait()
        with library_lock(database, library, wait=30):
            pass
    database.close()


def test_who_waits_gets_it_when_it_is_free(ledger_url: str) -> None:
    database = open_ledger(ledger_url)
    library = libraries.ensure(database, "tenant", "library")
    order: list[str] = []

    def second() -> None:
        with library_lock(database, library, wait=60):
            order.append("second")

    with library_lock(database, library):
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.5)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    database.close()


def test_an_error_inside_frees_the_lock(ledger_url: str) -> None:
    database = open_ledger(ledger_url)
    library = libraries.ensure(database, "tenant", "library")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), library_lock(database, library):
            raise ZeroDivisionError
    database.close()


def test_one_lock_by_whatever_path_the_ledger_was_opened(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "home")
    one = open_ledger(f"sqlite:///{tmp_path}/home/ledger.db")
    other = open_ledger(f"sqlite:///{tmp_path}/alias/ledger.db")
    library = libraries.ensure(one, "tenant", "library")
    with library_lock(one, library), pytest.raises(LibraryBusy), library_lock(other, library):
        pass
    one.close()
    other.close()


def test_a_lost_connection_gives_the_lock_up_without_hiding_what_happened_inside(migrated_postgresql_url: str) -> None:
    database = open_ledger(migrated_postgresql_url)
    library = libraries.ensure(database, "tenant", "library")
    ours = (
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = :id AND pid <> pg_backend_pid()"
    )
    with pytest.raises(ZeroDivisionError), library_lock(database, library):
        with database.write() as connection:
            assert connection.execute(text(ours), {"id": library.id}).scalars().all() == [True]
        raise ZeroDivisionError
    with library_lock(database, library, wait=30):
        pass
    database.close()
