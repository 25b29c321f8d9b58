"""Compute an upper bound of the process's memory from its settings, and fit it into a container."""

import resource
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from facecraft.imaging.encoders import largest_bytes

if TYPE_CHECKING:
    from facecraft.settings import Settings

PIXEL_BYTES = 40
"""Largest memory of a portrait in work, for each pixel of the larger of what is decoded and its result.

Decoding takes up to 12 bytes, also where a larger JPEG is decoded smaller (tests/imaging/test_memory.py).
Most portraits take up to 29, whatever is done with them. A WebP with transparency takes most: 9 for its
pictures and 25 in the encoder, and to fit it into max_kb up to 4 more (tests/finishing/test_memory.py).
Twenty faces, sheets and enlarged pictures take less."""
NETWORK_BYTES = 700_000_000
"""Largest memory of a network in addition to its warm-up: for the largest tile 606 MB in ONNX Runtime, and
269 MB in OpenVINO (benchmarks/memory.py) with 60 MB for kernels of all sizes."""
MAX_BATCHES = 2
"""Batches at the same time. More would only wait for each other: each keeps all workers busy."""
LEAST_QUEUE = 4
"""A queue that is worth more than another worker."""
STEP_PX = 1_000_000
"""Of a suggested limit of pixels."""


def resident_bytes() -> int | None:
    """The resident memory of this process; None if the system does not report it."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.is_file() else None


@dataclass(frozen=True, slots=True)
class Capacity:
    """What runs, waits and is sent at the same time, each with its memory.

    Attributes:
        max_pixels: of a picture.
        max_upload_bytes: of a file.
        max_batch_bytes: of the photos and portraits of a batch; the largest file if that is larger.
        workers: number of portraits in work.
        queue_size: number of requests that wait for a worker.
        batches: number of them.
    """

    max_pixels: int
    max_upload_bytes: int
    max_batch_bytes: int
    workers: int
    queue_size: int
    batches: int = MAX_BATCHES

    @classmethod
    def of(cls, settings: "Settings", workers: int) -> "Capacity":
        """What the settings ask for."""
        return cls(
            settings.max_pixels, settings.max_upload_bytes, settings.batch_bytes, workers, settings.queue_size
        )

    @property
    def uploads_bytes(self) -> int:
        """Of single uploads: one in work and one to start next for each worker, and those that wait."""
        return (2 * self.workers + self.queue_size) * self.max_upload_bytes

    @property
    def batch_bytes(self) -> int:
        """The budget of one batch."""
        return max(self.max_batch_bytes, self.max_upload_bytes)

    @property
    def portraits_bytes(self) -> int:
        """The most that the portraits of one photo may take: one, at worst uncompressed."""
        return max(self.max_upload_bytes, 4 * self.max_pixels)

    @property
    def portrait_bytes(self) -> int:
        """The most that one portrait may take: noise."""
        return largest_bytes(self.max_pixels, 1)

    @property
    def answers_bytes(self) -> int:
        """Of the answers to single photos: one for each worker, and one that its client still reads."""
        return (self.workers + 1) * self.portrait_bytes

    def bound_bytes(self, ready_bytes: int, growing: int) -> int:
        """An upper bound of the process's memory, for any requests.

        Args:
            ready_bytes: resident memory after every model is loaded and warmed up.
            growing: number of networks that may need more memory than in their warm-up.
        """
        # Each portrait in work holds its pixels and its file, also when its client has left. A batch has its
        # budget, and the portraits in work.
        works_bytes = self.workers * (self.max_pixels * PIXEL_BYTES + self.max_upload_bytes)
        results_bytes = self.workers * max(self.portraits_bytes, self.portrait_bytes)
        batches_bytes = self.batches * (self.batch_bytes + results_bytes)
        held_bytes = self.uploads_bytes + self.answers_bytes + batches_bytes
        return ready_bytes + growing * NETWORK_BYTES + held_bytes + works_bytes

    def fit(self, limit_bytes: int, ready_bytes: int, growing: int) -> "Capacity":
        """The most that stays under a limit: fewer wait, then fewer run. The least, if nothing does."""
        least = replace(self, workers=1, queue_size=0, batches=1)
        for each in self._smaller():
            free_bytes = limit_bytes - each.bound_bytes(ready_bytes, growing)
            if free_bytes >= 0:
                places = free_bytes // self.max_upload_bytes
                return replace(each, queue_size=min(self.queue_size, each.queue_size + places))
        return least

    def fitting_pixels(self, limit_bytes: int, ready_bytes: int, growing: int) -> int:
        """The most pixels with which this stays under a limit, in whole megapixels; 0 if there are none."""

        def bound(megapixels: int) -> int:
            return replace(self, max_pixels=megapixels * STEP_PX).bound_bytes(ready_bytes, growing)

        sizes = range(1, self.max_pixels // STEP_PX + 1)
        return bisect_left(sizes, limit_bytes + 1, key=bound) * STEP_PX

    def _smaller(self) -> Iterator["Capacity"]:
        """Ever smaller ones, each with the least queue that it should have."""
        for workers in range(self.workers, 0, -1):
            for batches in range(self.batches, 0, -1):
                least_queue = min(self.queue_size, LEAST_QUEUE)
                yield replace(self, workers=workers, batches=batches, queue_size=least_queue)
        yield replace(self, workers=1, batches=1, queue_size=0)


def shortage(wanted: Capacity, fitting: Capacity, limit_bytes: int, ready_bytes: int, growing: int) -> str:
    """Say what had to give way to a container's limit, and which settings to lower instead."""
    needed, left = (each.bound_bytes(ready_bytes, growing) for each in (wanted, fitting))
    pixels = wanted.fitting_pixels(limit_bytes, ready_bytes, growing)
    instead = f"lower FACECRAFT_MAX_PIXELS to {pixels}" if pixels else "lower FACECRAFT_MAX_PIXELS"
    risk = ""
    if left > limit_bytes:
        risk = f" Even this may need {left / 1e9:.1f} GB, and then the system ends the process."
    return (
        f"The container's limit of {limit_bytes / 1e9:.1f} GB is below the {needed / 1e9:.1f} GB that these "
        f"settings may need. So at the same time {fitting.workers} of {wanted.workers} workers run, "
        f"{fitting.queue_size} of {wanted.queue_size} requests wait, and {fitting.batches} of "
        f"{wanted.batches} batches run.{risk} Raise the limit, or {instead}, or FACECRAFT_MAX_UPLOAD_BYTES, "
        "FACECRAFT_BATCH_BYTES, FACECRAFT_WORKERS and FACECRAFT_QUEUE_SIZE."
    )
