"""What is let in: portraits into a bounded pool, uploads into bounded memory."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import copy_context
from math import ceil
from statistics import fmean
from time import perf_counter
from typing import TypeVar

from facecraft.errors import DeadlineExceeded, FacecraftError, InferenceFailed, QueueFull
from facecraft.runtime.allocator import give_memory_back

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Admission:
    """Runs blocking work in threads and bounds how much of it waits.

    Every method is called on the event loop; only the work itself runs elsewhere. Waiting happens on the
    event loop too, not in the executor's queue: what is given up leaves nothing behind.

    Args:
        workers: how many run at once.
        queue_size: how many may wait.
        deadline_s: seconds from `run` until its caller gets DeadlineExceeded.
    """

    def __init__(self, *, workers: int, queue_size: int, deadline_s: float) -> None:
        self._workers = workers
        self._queue_size = queue_size
        self._deadline_s = deadline_s
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="portrait")
        self._free = asyncio.Semaphore(workers)
        self._waiting = 0
        self._running = 0
        self._durations_s: deque[float] = deque(maxlen=32)

    @property
    def waiting(self) -> int:
        return self._waiting

    @property
    def running(self) -> int:
        return self._running

    @property
    def busy(self) -> bool:
        return self._waiting + self._running > 0

    def require_room(self) -> None:
        """Raise QueueFull if work that came now could neither run nor wait."""
        if self._free.locked() and self._waiting >= self._queue_size:
            raise QueueFull(
                f"All {self._workers} workers are busy and {self._waiting} requests wait already.",
                limit=self._queue_size,
                retry_after_s=self._retry_after_s(),
            )

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` in a thread.

        Cancelling this drops work that has not started. Work that runs keeps its worker until it
        ends, which it does early where it asks whether it was abandoned; its result is dropped.

        Raises:
            QueueFull: there is no room.
            DeadlineExceeded: it has not ended in time.
            InferenceFailed: it raised something that is not a FacecraftError.
        """
        self.require_room()
        async with self._deadline():
            await self._take_worker()
            return await asyncio.shield(self._start(work))

    async def begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Start `work` in a thread when its turn comes, however long that takes.

        It waits outside of the queue and has no room in it. A batch waits like this, with one file at a time:
        so it gets its turn among the requests that wait, one worker after another, and fills no queue.

        Returns:
            What `finish` awaits.
        """
        await self._free.acquire()
        return self._start(work)

    async def finish(self, running: asyncio.Future[T]) -> T:
        """What `begin` started, from when on its deadline runs; as `run` otherwise."""
        async with self._deadline():
            return await asyncio.shield(running)

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._deadline_s):
                yield
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"The portrait was not finished within {self._deadline_s:g} seconds.", limit=self._deadline_s
            ) from error

    async def close(self) -> None:
        """Wait for what runs."""
        await asyncio.to_thread(self._pool.shutdown)

    async def _take_worker(self) -> None:
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1

    def _start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        self._running += 1
        context = copy_context()  # so that what the thread logs has the request's id
        running = asyncio.get_running_loop().run_in_executor(self._pool, context.run, self._timed, work)
        running.add_done_callback(self._give_worker_back)
        return running

    def _give_worker_back(self, ended: asyncio.Future[T]) -> None:
        self._running -= 1
        self._free.release()
        if not ended.cancelled():
            ended.exception()  # it was logged where it was raised, and nobody may be left to ask for it

    def _timed(self, work: Callable[[], T]) -> T:
        start = perf_counter()
        try:
            return work()
        except Exception as error:
            if isinstance(error, FacecraftError) and not isinstance(error, InferenceFailed):
                raise
            # Here and not where the answer is made, because its caller may have left.
            logger.exception("A portrait failed.")
            raise InferenceFailed("The models failed on this picture.") from error
        finally:
            self._durations_s.append(perf_counter() - start)
            give_memory_back()

    def _retry_after_s(self) -> int:
        if not self._durations_s:
            return 1
        return max(1, ceil(fmean(self._durations_s) * self._waiting / self._workers))


class UploadMemory:
    """Bounds the bytes of all the uploads that are held at once."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held_bytes = 0

    @property
    def held_bytes(self) -> int:
        return self._held_bytes

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """One upload's share.

        Yields:
            A function that takes that many bytes more, until the block ends, or raises QueueFull.
        """
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if self._held_bytes + size > self._limit_bytes:
                raise QueueFull("Too much is being uploaded at once.", retry_after_s=1)
            self._held_bytes += size
            taken += size

        try:
            yield take
        finally:
            self._held_bytes -= taken
