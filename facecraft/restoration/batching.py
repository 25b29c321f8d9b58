"""Crops of different requests, restored together."""

from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread
from time import monotonic

from facecraft.cancellation import Cancellation
from facecraft.errors import DeadlineExceeded
from facecraft.restoration.base import Restorer
from facecraft.types import FaceCrop, RGBImage


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A crop that waits for its batch."""

    crop: FaceCrop
    fidelity: float
    cancellation: Cancellation
    arrived_s: float = field(default_factory=monotonic)
    restored: Future[RGBImage] = field(default_factory=Future)


class BatchingRestorer:
    """Collects crops from several threads and hands them to one restorer, in order of arrival.

    A batch starts when it is full, or when its first crop has waited long enough; while one runs, the next
    one fills. Crops leave in the order in which they came, so none waits for more than those before it.

    Attributes:
        sizes: how many batches of each size were run.
        splits: how many failed and were run again in halves.

    Args:
        restorer: called from one thread only.
        max_batch: most crops in one call, 1 or more.
        max_wait_ms: how long a crop waits for others while the restorer is idle.
    """

    def __init__(self, restorer: Restorer, max_batch: int, max_wait_ms: float) -> None:
        self.name = restorer.name
        self.face_size_px = restorer.face_size_px
        self.takes_fidelity = restorer.takes_fidelity
        self._restorer = restorer
        self._max_batch = max_batch
        self._max_wait_s = max_wait_ms / 1000
        self.sizes: Counter[int] = Counter()
        self.splits = 0
        self._queue: deque[_Waiting] = deque()
        self._closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._work, name=f"restore-{restorer.name}", daemon=True)
        self._thread.start()

    def restore(
        self,
        crops: Sequence[FaceCrop],
        fidelities: Sequence[float],
        cancellation: Cancellation | None = None,
    ) -> list[RGBImage]:
        """As `Restorer.restore`; waits for the crops' turn.

        Args:
            crops: aligned faces, each `face_size_px` square.
            fidelities: one for each crop.
            cancellation: asked when a crop's batch starts.

        Raises:
            DeadlineExceeded: it was cancelled.
            Exception: what the restorer raised on one of these crops.
        """
        token = cancellation or Cancellation()
        waiting = [_Waiting(crop, fidelity, token) for crop, fidelity in zip(crops, fidelities, strict=True)]
        with self._changed:
            self._queue.extend(waiting)
            self._changed.notify()
        try:
            return [each.restored.result() for each in waiting]
        finally:
            for each in waiting:  # where one has failed, nobody waits for the others
                each.restored.cancel()

    def close(self) -> None:
        """Restore what waits, then end the thread. Nothing may be given to it any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while batch := self._next_batch():
            present = [
                each for each in batch if each.restored.set_running_or_notify_cancel() and not _left(each)
            ]
            if present:
                self._restore(present)

    def _next_batch(self) -> list[_Waiting]:
        """The crops whose turn it is; none when the restorer was closed and nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            if not self._queue:
                return []
            starts_s = self._queue[0].arrived_s + self._max_wait_s
            self._changed.wait_for(
                lambda: len(self._queue) >= self._max_batch or self._closed, max(0.0, starts_s - monotonic())
            )
            return [self._queue.popleft() for _ in range(min(len(self._queue), self._max_batch))]

    def _restore(self, batch: list[_Waiting]) -> None:
        """Restore a batch; where that fails, its halves, so that a crop at fault fails alone.

        On a GPU that ran out of memory the halves also need less.
        """
        if self._try(batch):
            return
        self.splits += 1
        middle = len(batch) // 2
        # Not while the error is handled: it keeps what the failed run had allocated.
        self._restore(batch[:middle])
        self._restore(batch[middle:])

    def _try(self, batch: list[_Waiting]) -> bool:
        """Whether every crop has its result, or the only one has its error."""
        self.sizes[len(batch)] += 1
        try:
            squares = self._restorer.restore([each.crop for each in batch], [each.fidelity for each in batch])
            results = list(zip(batch, squares, strict=True))
        except Exception as error:  # noqa: BLE001  # it is raised again in the thread whose crop it was
            if len(batch) > 1:
                return False
            batch[0].restored.set_exception(error)
        else:
            for each, square in results:
                each.restored.set_result(square)
        return True


def _left(waiting: _Waiting) -> bool:
    gone = waiting.cancellation.cancelled
    if gone:
        waiting.restored.set_exception(DeadlineExceeded("Nobody waits for this portrait any more."))
    return gone
