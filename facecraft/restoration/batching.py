"""Restore crops of different requests together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from math import ceil
from threading import Condition, Thread
from time import monotonic, perf_counter

import numpy as np

from facecraft.cancellation import Cancellation
from facecraft.errors import DeadlineExceeded, QueueFull
from facecraft.restoration.base import Restorer
from facecraft.restoration.fairness import FairQueue
from facecraft.restoration.pace import Pace
from facecraft.types import FaceCrop, RGBImage

BLANK_SOURCE_PX = 60.0  # a small face takes least time at the start


@dataclass(frozen=True, slots=True, eq=False)
class _QueuedCrop:
    """A crop in the queue, and the future of its result."""

    crop: FaceCrop
    fidelity: float
    cancellation: Cancellation
    arrived_s: float = field(default_factory=monotonic)
    restored: Future[RGBImage] = field(default_factory=Future)


class BatchingRestorer:
    """Collects crops from several threads and restores them in batches.

    A batch starts when it is full, or when a crop has waited for `max_wait_ms`. While it runs, the next one
    fills. Each call gets its turn: it waits for at most one crop of each other call before each of its own.

    Attributes:
        sizes: the number of batches that ran, by their size.
        splits: the number of batches that failed and ran again in halves.

    Args:
        restorer: it is called from one thread only.
        max_batch: largest number of crops in one call, 1 or more.
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
        self._pace = Pace()
        self._queue: FairQueue[_QueuedCrop] = FairQueue()
        self._closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._work, name=f"restore-{restorer.name}", daemon=True)
        self._thread.start()

    def input_side_px(self, source_px: float) -> int:
        return self._restorer.input_side_px(source_px)

    def seconds(self, sources_px: Iterable[float]) -> float:
        """How long faces take, as measured, if nothing else waits; 0 before the first run.

        Args:
            sources_px: length of each face's square in pixels of the photo.
        """
        return self._pace.seconds(self._work_px(sources_px))

    def run_blank(self, count: int) -> None:
        """Restore blank faces together: the restorer is warm then, and its time measured."""
        side = self.face_size_px
        crop = FaceCrop(np.zeros((side, side, 3), np.uint8), BLANK_SOURCE_PX)
        self.restore([crop] * count, [0.5] * count)

    def measure(self) -> None:
        """Measure the time of a face anew, unless one was restored lately.

        What is refused because restoration is slow is not measured; so a slow time would never be forgotten.
        """
        if not self._pace.fresh:
            self.run_blank(1)

    def restore(
        self,
        crops: Sequence[FaceCrop],
        fidelities: Sequence[float],
        cancellation: Cancellation | None = None,
    ) -> list[RGBImage]:
        """Restore faces, as `Restorer.restore`. Blocks until they are done.

        Args:
            crops: aligned faces, each `face_size_px` square.
            fidelities: one for each crop.
            cancellation: checked when the batch of a crop starts.

        Raises:
            QueueFull: several faces would come too late, as those of other calls take turns with them.
            DeadlineExceeded: it was cancelled.
            RuntimeError: the restorer is closed.
            Exception: any error of the restorer for one of these crops.
        """
        token = cancellation or Cancellation()
        queued = [
            _QueuedCrop(crop, fidelity, token) for crop, fidelity in zip(crops, fidelities, strict=True)
        ]
        with self._changed:
            if self._closed:
                raise RuntimeError(f"The restorer {self.name} is closed.")
            self._check_time(queued, token)
            self._queue.add(queued)
            self._changed.notify()
        try:
            return [each.restored.result() for each in queued]
        finally:
            for each in queued:  # if one failed, nobody waits for the others
                each.restored.cancel()

    def close(self) -> None:
        """Restore the crops in the queue, then end the thread. Closing twice does no harm."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work_px(self, sources_px: Iterable[float]) -> int:
        """Pixels that go into the network."""
        return sum(self.input_side_px(source_px) ** 2 for source_px in sources_px)

    def _check_time(self, crops: Sequence[_QueuedCrop], cancellation: Cancellation) -> None:
        """Refuse crops that cannot be done in time. A single one is always tried."""
        left_s = cancellation.seconds_left
        if left_s is None or len(crops) < 2:
            return
        ahead = [each for each in self._queue.ahead(len(crops)) if not each.cancellation.cancelled]
        expected_s = self.seconds(each.crop.source_px for each in (*ahead, *crops))
        if expected_s <= left_s:
            return
        raise QueueFull(
            f"{len(crops)} faces take about {expected_s:.0f} seconds, with those of other requests in "
            f"between; {left_s:.0f} are left.",
            hint="Wait for the seconds in Retry-After, then send the request again, or use faces=largest.",
            limit=round(left_s, 1),
            retry_after_s=ceil(expected_s - left_s),
        )

    def _work(self) -> None:
        while batch := self._next_batch():
            present = [
                each for each in batch if each.restored.set_running_or_notify_cancel() and not _dropped(each)
            ]
            if present:
                self._restore(present)

    def _next_batch(self) -> list[_QueuedCrop]:
        """Wait for the next batch; an empty one means that the restorer is closed and the queue is empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            if not self._queue:
                return []
            starts_s = min(each.arrived_s for each in self._queue) + self._max_wait_s
            self._changed.wait_for(
                lambda: len(self._queue) >= self._max_batch or self._closed, max(0.0, starts_s - monotonic())
            )
            return [self._queue.take() for _ in range(min(len(self._queue), self._max_batch))]

    def _restore(self, batch: list[_QueuedCrop]) -> None:
        """Restore a batch. If that fails, restore its halves, so that only the faulty crop fails.

        The halves also need less memory, which helps if a GPU ran out of it.
        """
        if self._try(batch):
            return
        self.splits += 1
        middle = len(batch) // 2
        # Outside of the `except` block, because the error keeps the memory of the failed run.
        self._restore(batch[:middle])
        self._restore(batch[middle:])

    def _try(self, batch: list[_QueuedCrop]) -> bool:
        """Run a batch. Return False if it failed and should be split; a single crop gets its error."""
        self.sizes[len(batch)] += 1
        start_s = perf_counter()
        try:
            squares = self._restorer.restore([each.crop for each in batch], [each.fidelity for each in batch])
            results = list(zip(batch, squares, strict=True))
        except Exception as error:  # noqa: BLE001  # raised again in the thread that waits for the crop
            if len(batch) > 1:
                return False
            batch[0].restored.set_exception(error)
        else:
            work_px = self._work_px(each.crop.source_px for each in batch)
            self._pace.add(work_px, perf_counter() - start_s)
            for each, square in results:
                each.restored.set_result(square)
        return True


def _dropped(queued: _QueuedCrop) -> bool:
    """Drop a crop if it is cancelled, and return whether it was."""
    if queued.cancellation.cancelled:
        queued.restored.set_exception(DeadlineExceeded("Nobody waits for this portrait any more."))
        return True
    return False
