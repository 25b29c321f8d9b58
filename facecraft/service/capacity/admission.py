"""A limited pool of workers for portraits, with a limited queue."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from math import ceil
from statistics import fmean
from time import perf_counter
from typing import TypeVar

from facecraft.errors import DeadlineExceeded, FacecraftError, InferenceFailed, QueueFull
from facecraft.runtime.allocator import give_memory_back
from facecraft.service.capacity.answers import NoRoom

T = TypeVar("T")

ROOM_TIMEOUT_S = 10.0
"""How long work waits for room for its answer; at most half of the deadline, so that it can be done then."""

REST_S = 3.0
"""How long nothing may run until all memory is returned that nobody uses any more."""

logger = logging.getLogger(__name__)


class Admission:
    """Runs blocking work in threads and limits the waiting work.

    Call every method on the event loop; only the work itself runs in a thread. Work also waits on the event
    loop, not in the executor's queue, so that a cancelled request leaves no work in it.

    Args:
        workers: number of pieces of work that run at the same time.
        queue_size: number of pieces of work that may wait.
        deadline_s: seconds from the call of `run` to DeadlineExceeded.
    """

    def __init__(self, *, workers: int, queue_size: int, deadline_s: float) -> None:
        self._workers = workers
        self._queue_size = queue_size
        self._deadline_s = deadline_s
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="portrait")
        self._idle_workers = asyncio.Semaphore(workers)
        self._waiting = 0
        self._running = 0
        self._durations_s: deque[float] = deque(maxlen=32)
        self._rest_timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        return self._waiting

    @property
    def running(self) -> int:
        return self._running

    @property
    def busy(self) -> bool:
        return self._waiting + self._running > 0

    def ensure_capacity(self) -> None:
        """Raise QueueFull if new work can neither run nor wait now."""
        # With idle workers, those that wait do so for room for their answers.
        if self._waiting >= self._queue_size and (self._idle_workers.locked() or self._waiting):
            raise QueueFull(
                f"{self._running} of {self._workers} workers are busy, and {self._waiting} requests wait.",
                limit=self._queue_size,
                retry_after_s=self._retry_after_s(),
            )

    async def run(
        self, work: Callable[[], T], on_start: Callable[[asyncio.Future[T]], None] | None = None
    ) -> T:
        """Run `work` in a thread.

        Cancelling this drops work that has not started. Running work keeps its worker until it ends; its
        Cancellation can end it early. Its result is dropped. `on_start` gets the running work, to know when
        that is. Work that raises NoRoom leaves its worker, and runs again when there is room for its answer.

        Raises:
            QueueFull: all workers are busy and the queue is full.
            NoRoom: there was no room for the answer in time.
            DeadlineExceeded: the work did not end in time.
            InferenceFailed: the work raised an error that is not a FacecraftError.
        """
        self.ensure_capacity()
        async with self._deadline():
            while True:
                await self._acquire_worker()
                running = self._start(work)
                if on_start is not None:
                    on_start(running)
                try:
                    return await asyncio.shield(running)
                except NoRoom as refusal:
                    refusal.__traceback__ = None  # it would keep the decoded photo
                    await self._wait_for_room(refusal)

    async def begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Start `work` in a thread as soon as a worker is idle, without a deadline.

        The work waits outside of the queue and takes no place in it. A batch uses this for one file at a
        time: it shares the workers with waiting requests, and never fills the queue.

        Returns:
            The running work, for `finish`.
        """
        await self._idle_workers.acquire()
        return self._start(work)

    async def finish(self, running: asyncio.Future[T]) -> T:
        """Await the work from `begin`.

        Its deadline starts now. The errors are those of `run`, except QueueFull.
        """
        async with self._deadline():
            return await asyncio.shield(running)

    async def close(self) -> None:
        """Wait for running work, then end the threads."""
        self._closed = True  # work that ends meanwhile starts no new rest
        if self._rest_timer is not None:
            self._rest_timer.cancel()
        await asyncio.to_thread(self._pool.shutdown)

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._deadline_s):
                yield
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"The portrait was not finished within {self._deadline_s:g} seconds.", limit=self._deadline_s
            ) from error

    async def _acquire_worker(self) -> None:
        self._waiting += 1
        try:
            await self._idle_workers.acquire()
        finally:
            self._waiting -= 1

    async def _wait_for_room(self, refusal: NoRoom) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(min(ROOM_TIMEOUT_S, self._deadline_s / 2)):
                await refusal.room.wait(refusal.size_bytes)
        except TimeoutError:
            raise refusal from None
        finally:
            self._waiting -= 1

    def _start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        self._running += 1
        context = copy_context()  # has the request's id for the thread's log lines
        running = asyncio.get_running_loop().run_in_executor(self._pool, context.run, self._run_timed, work)
        running.add_done_callback(self._release_worker)
        return running

    def _release_worker(self, work: asyncio.Future[T]) -> None:
        self._running -= 1
        self._idle_workers.release()
        if not self.busy and not self._closed:
            self._rest_later()
        if not work.cancelled():
            work.exception()  # marks the error as seen: it is already logged, and the caller may have left

    def _rest_later(self) -> None:
        if self._rest_timer is not None:
            self._rest_timer.cancel()
        self._rest_timer = asyncio.get_running_loop().call_later(REST_S, self._rest)

    def _rest(self) -> None:
        """Return the memory of what ended outside of work: uploads, answers and batches that were given up.

        References in a circle, as errors have them, would keep it until Python looks for such circles.
        """
        from facecraft.runtime.device import release_memory  # noqa: PLC0415  # OpenCV is slow to import

        if not self.busy:
            asyncio.get_running_loop().run_in_executor(self._pool, release_memory)

    def _run_timed(self, work: Callable[[], T]) -> T:
        start = perf_counter()
        try:
            return work()
        except Exception as error:
            if isinstance(error, FacecraftError) and not isinstance(error, InferenceFailed):
                raise
            # Logged here, because the caller may have left.
            logger.exception("A portrait failed.")
            raise InferenceFailed("The models failed on this picture.") from error
        finally:
            self._durations_s.append(perf_counter() - start)
            give_memory_back()

    def _retry_after_s(self) -> int:
        """Seconds until the queue is empty, by the mean duration of recent work."""
        if not self._durations_s:
            return 1
        return max(1, ceil(fmean(self._durations_s) * self._waiting / self._workers))
