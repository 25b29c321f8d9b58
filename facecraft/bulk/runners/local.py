"""Work on this machine, in processes that may die.

A photo may end the process that works on it: by its memory, or by a fault in a decoder. All photos that were
in work then are tried again alone, one after another. One that is alone in work twice when its process dies
is `worker_lost`. So no photo is lost for another one's fault.
"""

import multiprocessing
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Self

from facecraft.bulk.portraits import Task
from facecraft.bulk.runners import base
from facecraft.bulk.runners.base import Add, FailureCount
from facecraft.bulk.runners.worker import Job, Open, Ready, open_portraits, serve
from facecraft.errors import FacecraftError, InferenceFailed

MOST_STARTS = 3
"""Times in a row that a process dies before it has its models."""
TICK_S = 1.0

CONTEXT = multiprocessing.get_context("spawn")  # a fork would share what the libraries hold


@dataclass(slots=True)
class _Suspect:
    """A photo that was in work when a process died, and how often it was alone."""

    task: Task
    deaths: int = 0


@dataclass(slots=True)
class _Worker:
    """A process, and what it has in work by number."""

    name: str
    process: SpawnProcess
    connection: Connection
    ready: Ready | None = None
    in_work: dict[int, Task] = field(default_factory=dict)
    alone: _Suspect | None = None
    progress_at: float = field(default_factory=time.monotonic)

    @property
    def free(self) -> int:
        """How many photos more it takes."""
        return 0 if self.ready is None or self.alone is not None else self.ready.width - len(self.in_work)

    @property
    def stalls(self) -> bool:
        busy = bool(self.in_work) or self.ready is None
        return busy and time.monotonic() - self.progress_at > base.STALL_S


class LocalRunner:
    """Some processes. Use it in a `with` block, which ends them.

    Args:
        job: what they do.
        processes: how many. Each has the models in memory, and threads for all processors.
        opened: loads what makes the portraits, in each process.
    """

    def __init__(self, job: Job, processes: int = 1, opened: Open = open_portraits) -> None:
        self._job, self._opened = job, opened
        self._numbers = count()
        self._starts = 0
        self._failures = FailureCount()
        self._alone: deque[_Suspect] = deque()
        self._workers = [self._start() for _ in range(processes)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        # In the end they have nothing in work, and after an error nothing of it is wanted.
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()

    def models(self) -> tuple[tuple[str, str], ...]:
        """As in Runner: once the first process has loaded them."""
        while True:
            self._look(lambda _rows: None)
            for worker in self._workers:
                if worker.ready is not None:
                    return worker.ready.models

    def run(self, tasks: Iterator[Task], add: Add) -> None:
        """As in Runner."""
        more = True
        while True:
            for worker in self._workers:
                more = self._fill(worker, tasks) and more
            if not more and not self._alone and not any(worker.in_work for worker in self._workers):
                return
            self._look(add)

    def _fill(self, worker: _Worker, tasks: Iterator[Task]) -> bool:
        """Give a process as much as it takes; return whether there may be more."""
        if self._alone and worker is self._workers[0]:
            if worker.ready is not None and not worker.in_work:
                worker.alone = self._alone.popleft()
                self._send(worker, worker.alone.task)
            return True
        for _ in range(worker.free):
            task = next(tasks, None)
            if task is None:
                return False
            self._send(worker, task)
        return True

    def _send(self, worker: _Worker, task: Task) -> None:
        number = next(self._numbers)
        if not worker.in_work:
            worker.progress_at = time.monotonic()
        worker.in_work[number] = task
        with suppress(OSError):  # it has died; its end will be seen
            worker.connection.send((number, task))

    def _look(self, add: Add) -> None:
        """Take what the processes have sent, and start new ones for those that died."""
        wait([*(w.connection for w in self._workers), *(w.process.sentinel for w in self._workers)], TICK_S)
        for place, worker in enumerate(self._workers):
            if worker.stalls:
                worker.process.kill()
                worker.process.join()
            dead = not worker.process.is_alive()
            self._receive(worker, add)  # also what it sent before it died
            if dead:
                self._bury(worker, add)
                self._workers[place] = self._start()

    def _receive(self, worker: _Worker, add: Add) -> None:
        try:
            while worker.connection.poll():
                self._take(worker, worker.connection.recv(), add)
        except (EOFError, OSError):
            return

    def _take(self, worker: _Worker, sent: object, add: Add) -> None:
        worker.progress_at = time.monotonic()
        if isinstance(sent, FacecraftError):
            raise sent
        if isinstance(sent, Ready):
            worker.ready, self._starts = sent, 0
        elif isinstance(sent, tuple):
            number, rows = sent
            del worker.in_work[number]
            worker.alone = None
            self._failures.count(rows)
            add(rows)

    def _bury(self, worker: _Worker, add: Add) -> None:
        """Find out which photo may have ended a process."""
        if worker.ready is None:
            self._starts += 1
            if self._starts >= MOST_STARTS:
                code = worker.process.exitcode
                raise InferenceFailed(
                    f"A process that makes portraits ends with code {code} before it is ready."
                )
        worker.connection.close()
        if worker.alone is None:
            self._alone += [_Suspect(task) for task in worker.in_work.values()]
            return
        worker.alone.deaths += 1
        if worker.alone.deaths < base.DEATHS:
            self._alone.appendleft(worker.alone)
            return
        add([base.lost(worker.alone.task, worker.name)])

    def _start(self) -> _Worker:
        ours, theirs = CONTEXT.Pipe()
        name = f"{socket.gethostname()}-{next(self._numbers)}"
        process = CONTEXT.Process(target=serve, args=(theirs, self._job, name, self._opened), daemon=True)
        process.start()
        theirs.close()
        return _Worker(name, process, ours)
