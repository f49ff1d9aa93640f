"""Parser processes: they read files apart from us, so that a file that hangs, crashes or eats memory costs itself and no other.

Each worker has a socket of its own and answers file by file, in order. So the file to blame for a hang or a crash is known
without trying again, what a dying worker wrote half of spoils no other's answers, and small files can be sent ahead without
being judged together. Workers are started afresh (no fork of a process with threads, no second import of the caller's main
module), get none of our settings or secrets, and die with us (_isolation/worker.py). One thread supervises them all.
"""

from __future__ import annotations

import json
import math
import queue
import selectors
import shutil
import socket
import threading
import time
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from core import document_json
from core.documents import Document
from core.errors import LevadaError, Unprocessable
from core.reasons import Reason
from tasks.extractors._isolation.process import ParserProcess
from tasks.extractors._isolation.temporary import TemporaryDirectory
from tasks.extractors._isolation.watch import Watch
from tasks.extractors._isolation.worker import READ, READY
from tasks.extractors.base import DEFAULT, Reading
from tasks.extractors.limits import Limits

Key = TypeVar("Key", bound=Hashable)

READER = "tasks.extractors._isolation.reader:read_document"
"""What a worker calls for each file, as "module:function"."""

_SMALL = 64 * 1024
_AHEAD = 16
"""Small files that may wait at one worker: enough to keep it busy while our own threads hold the interpreter."""
_WINDOW = 32
"""Files of one caller in flight, for each worker: bounds the documents that wait for a slow consumer."""
_START_LIMIT = 60.0
_ATTEMPTS = 3


class PoolClosed(LevadaError):
    """The pool was closed while files were being read, or its workers do not work."""


@dataclass(slots=True, eq=False)
class _Batch:
    """One caller's files on their way."""

    results: queue.SimpleQueue[tuple[Any, bytes | Unprocessable | PoolClosed]] = field(default_factory=queue.SimpleQueue)
    in_flight: int = 0
    abandoned: bool = False


@dataclass(slots=True, eq=False)
class _Job:
    batch: _Batch
    key: Any
    path: str
    name: str
    small: bool


@dataclass(slots=True, eq=False)
class _Worker:
    process: ParserProcess
    watch: Watch
    """Of the first of its jobs."""
    deadline: float
    """Monotonic time by which it must be ready."""
    jobs: deque[_Job] = field(default_factory=deque)
    ready: bool = False
    gone: bool = False
    done: int = 0
    resident: int = 0


class ParserPool:
    """Starts its workers when files come, or are announced, and ends them in close(). Safe to use from several threads."""

    def __init__(
        self,
        workers: int,
        timeout: float,
        *,
        recycle_after: int = 1_000,
        recycle_bytes: int = 256 << 20,
        cpu_limit: float = 0.0,
        memory_limit: int = 1 << 30,
        output_limit: int = 128 << 20,
        disk_limit: int = 1 << 30,
        ocr_timeout: float = 60.0,
        ocr_pages: int = 1_000,
        directory: Path | None = None,
        reading: Reading = DEFAULT,
        reader: str = READER,
    ) -> None:
        """`timeout`: wall-clock seconds a file may take; `cpu_limit`: seconds of CPU time, by default twice as many;
        `ocr_timeout`: seconds each of up to `ocr_pages` pages may take in Tesseract, on top of both. The others are bytes,
        see Limits. A worker is replaced after `recycle_after` files, or when more than `recycle_bytes` stay resident.
        `directory`: for the parsers' temporary files; by default one of the system's, which close() removes.
        `reading`: how all files are to be read. `reader`: called instead of READER, with the same arguments and errors.
        """
        self._limits = Limits(timeout, cpu_limit or 2 * timeout, memory_limit, output_limit, disk_limit, ocr_timeout, ocr_pages)
        self._directory = directory
        self._temporary: TemporaryDirectory | None = None
        self._rooms = count(1)
        self._limit = max(1, workers)
        self._recycle_after = recycle_after
        self._recycle_bytes = recycle_bytes
        self._reader = reader
        self._reading = reading
        self._lock = threading.Lock()
        self._pending: deque[_Job] = deque()
        self._batches: set[_Batch] = set()
        self._closed: PoolClosed | None = None
        self._thread: threading.Thread | None = None
        self._workers: list[_Worker] = []
        self._failures = 0
        self._announced = False
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def warm_up(self) -> None:
        """Many files are to come: start all workers now, without waiting for them."""
        with self._lock:
            self._announced = True
            self._be_supervised()
        self._ring()

    def read_many(self, items: Iterable[tuple[Key, str, str]]) -> Iterator[tuple[Key, Document | Unprocessable]]:
        """Read files given as (key, path, original name); yields each key once, as its file is done, in no fixed order.

        `items` is consumed as workers become free, so it may be endless. An abandoned iterator gives its files up.
        Raises PoolClosed.
        """
        batch = _Batch()
        window = _WINDOW * self._limit
        with self._lock:
            self._batches.add(batch)
        try:
            for key, path, name in items:
                self._submit(_Job(batch, key, path, name, _is_small(path)))
                yield from self._results(batch, wait_above=window)
            yield from self._results(batch, wait_above=0)
        finally:
            with self._lock:
                batch.abandoned = True
                self._batches.discard(batch)

    def close(self) -> None:
        """End all workers at once, whatever they are doing. Callers still reading get PoolClosed."""
        with self._lock:
            self._closed = self._closed or PoolClosed("The parser pool is closed.")
            thread = self._thread
        self._ring()
        if thread is not None:
            thread.join()
        self._bell.close()
        self._ear.close()

    def worker_pids(self) -> list[int]:
        """The processes running now."""
        with self._lock:
            return [worker.process.pid for worker in self._workers]

    def _results(self, batch: _Batch, wait_above: int) -> Iterator[tuple[Any, Document | Unprocessable]]:
        """What is done; waits while more than `wait_above` files are in flight."""
        while batch.in_flight:
            try:
                key, outcome = batch.results.get(block=batch.in_flight > wait_above)
            except queue.Empty:
                return
            if isinstance(outcome, PoolClosed):
                raise outcome
            batch.in_flight -= 1
            yield key, document_json.load(outcome) if isinstance(outcome, bytes) else outcome

    def _submit(self, job: _Job) -> None:
        with self._lock:
            if self._closed is not None:
                raise self._closed
            self._pending.append(job)
            job.batch.in_flight += 1
            self._be_supervised()
            first = len(self._pending) == 1
        if first:  # What waits behind another file is seen with it.
            self._ring()

    def _be_supervised(self) -> None:
        if self._thread is None and self._closed is None:
            self._thread = threading.Thread(target=self._supervise, name="parser-pool", daemon=True)
            self._thread.start()

    def _ring(self) -> None:
        with suppress(OSError):  # full: it has been rung; closed: nobody is left to hear
            self._bell.send(b"\0")

    # The rest runs in the supervising thread.

    def _supervise(self) -> None:
        try:
            with selectors.DefaultSelector() as self._selector:
                self._selector.register(self._ear, selectors.EVENT_READ)
                while self._closed is None:
                    if self._announced:
                        self._announced = False
                        while len(self._workers) < self._limit:
                            self._start()
                    self._dispatch()
                    for key, _ in self._selector.select(self._seconds_left()):
                        if key.data is None:
                            self._ear.recv(4096)
                        else:
                            self._receive(key.data)
                    self._look_after()
        except Exception as exc:
            closed = exc if isinstance(exc, PoolClosed) else PoolClosed(f"The parser pool failed: {type(exc).__name__}: {exc}")
            with self._lock:
                self._closed = closed
        finally:
            self._end()

    def _end(self) -> None:
        for worker in self._workers:
            worker.process.kill()
        with self._lock:
            self._workers.clear()
            if self._temporary is not None:
                self._temporary.close()
            closed = self._closed or PoolClosed("The parser pool is closed.")
            for batch in self._batches:
                batch.results.put((None, closed))

    def _dispatch(self) -> None:
        """Give waiting files to workers, as many as they may take."""
        while True:
            with self._lock:
                while self._pending and self._pending[0].batch.abandoned:
                    self._pending.popleft()
                if not self._pending:
                    return
                job = self._pending[0]
            worker = self._taker(job)
            if worker is None:
                return
            with self._lock:
                self._pending.popleft()  # only this thread takes from the left
            self._give(worker, job)

    def _taker(self, job: _Job) -> _Worker | None:
        """An idle worker, a new one, or for a small file one that has nothing but small files before it."""
        usable = [worker for worker in self._workers if not self._is_spent(worker)]
        best = min(usable, key=lambda worker: len(worker.jobs), default=None)
        if best is not None and not best.jobs:
            return best
        if len(self._workers) < self._limit:
            return self._start()
        if not job.small:
            return None
        usable = [worker for worker in usable if len(worker.jobs) < _AHEAD and all(waiting.small for waiting in worker.jobs)]
        return min(usable, key=lambda worker: len(worker.jobs), default=None)

    def _is_spent(self, worker: _Worker) -> bool:
        used_up = worker.done + len(worker.jobs) >= self._recycle_after or worker.resident > self._recycle_bytes
        return worker.gone or used_up

    def _start(self) -> _Worker:
        if self._directory is None:
            self._temporary = TemporaryDirectory("parsers")
            self._directory = self._temporary.path
        room = self._directory / f"parser-{next(self._rooms)}"
        process = ParserProcess(self._reader, self._limits, self._reading, room)
        worker = _Worker(process, Watch(process, self._limits), time.monotonic() + _START_LIMIT)
        self._selector.register(process, selectors.EVENT_READ, worker)
        with self._lock:
            self._workers.append(worker)
        return worker

    def _give(self, worker: _Worker, job: _Job) -> None:
        if not worker.jobs and worker.ready:
            worker.watch.begin(time.monotonic())
        try:
            worker.process.send(job.path, job.name)
        except OSError:
            # Gone before it could see this file. Its last answers, and its end, are still to be received.
            worker.gone = True
            self._requeue([job])
        else:
            worker.jobs.append(job)

    def _receive(self, worker: _Worker) -> None:
        answers, gone = worker.process.receive()
        for state, resident, body in answers:
            self._take(worker, state, resident, body)
        if gone:
            self._lost(worker)
        elif self._is_spent(worker) and not worker.jobs:
            self._remove(worker)
            worker.process.kill()

    def _take(self, worker: _Worker, state: int, resident: int, body: bytes) -> None:
        if state == READY:
            worker.ready = True
        else:
            self._failures = 0
            job = worker.jobs.popleft()
            worker.done += 1
            worker.resident = resident
            if state == READ:
                job.batch.results.put((job.key, body))
            else:
                reason, detail, engine = json.loads(body)
                job.batch.results.put((job.key, Unprocessable(Reason(reason), detail, engine)))
        worker.watch.begin(time.monotonic())

    def _lost(self, worker: _Worker) -> None:
        """It hung up. The file it was at is to blame, if it was at one."""
        self._remove(worker)
        code, how = worker.process.await_end()
        if worker.process.begun() > worker.done:
            self._blame(worker, worker.watch.death(code, how))
        elif worker.jobs or not worker.ready:
            self._not_working(worker, how)

    def _look_after(self) -> None:
        """End what takes too long or too much."""
        now = time.monotonic()
        for worker in [worker for worker in self._workers if now >= _due(worker)]:
            if not worker.ready:
                self._remove(worker)
                worker.process.kill()
                self._not_working(worker, f"not ready after {_START_LIMIT:g} s")
            elif (refusal := worker.watch.look(now)) is not None:
                self._remove(worker)
                worker.process.kill()
                self._blame(worker, refusal)

    def _blame(self, worker: _Worker, refusal: Unprocessable) -> None:
        job = worker.jobs.popleft()
        for place in worker.process.places:
            shutil.rmtree(place, ignore_errors=True)
        job.batch.results.put((job.key, refusal))
        self._requeue(worker.jobs)

    def _not_working(self, worker: _Worker, how: str) -> None:
        """It ended before it began a file: another is tried, unless that has happened too often in a row."""
        self._requeue(worker.jobs)
        self._failures += 1
        if self._failures >= _ATTEMPTS:
            raise PoolClosed(f"Parser processes do not work ({how}); reinstall Levada or check the system's limits.")

    def _requeue(self, jobs: Iterable[_Job]) -> None:
        with self._lock:
            self._pending.extendleft(reversed(list(jobs)))

    def _remove(self, worker: _Worker) -> None:
        self._selector.unregister(worker.process)
        with self._lock:
            self._workers.remove(worker)

    def _seconds_left(self) -> float | None:
        due = min(map(_due, self._workers), default=math.inf)
        return max(0.0, due - time.monotonic()) if due < math.inf else None


def _due(worker: _Worker) -> float:
    """Monotonic time at which to look after it."""
    if not worker.ready:
        return worker.deadline
    return worker.watch.next if worker.jobs else math.inf


def _is_small(path: str) -> bool:
    try:
        return Path(path).stat().st_size <= _SMALL
    except OSError:
        return True  # whatever is wrong, the worker will say so at once
