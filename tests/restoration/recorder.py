"""A restorer that records its calls, and a batching restorer around it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event

import numpy as np

from facecraft.restoration.batching import BatchingRestorer
from facecraft.types import FaceCrop, RGBImage

PATIENCE_S = 10


def crop(number: int) -> FaceCrop:
    return FaceCrop(np.full((1, 1, 3), number, np.uint8), source_px=1)


def number_of(picture: RGBImage) -> int:
    return int(picture[0, 0, 0])


class BadCrop(Exception):
    pass


class Recorder:
    """Restores a crop with number n and fidelity f to n + 100 f; fails on those it is told to fail on."""

    name = "recorder"
    face_size_px = 1
    takes_fidelity = True

    def __init__(self, bad: set[int] | None = None, gate: Event | None = None) -> None:
        self.calls: list[list[int]] = []
        self._bad = bad or set()
        self._gate = gate

    def input_side_px(self, source_px: float) -> int:
        return self.face_size_px

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        numbers = [number_of(each.image) for each in crops]
        self.calls.append(numbers)
        if self._gate is not None:
            assert self._gate.wait(PATIENCE_S)
        if self._bad.intersection(numbers):
            raise BadCrop(str(numbers))
        return [
            np.full((1, 1, 3), n + round(100 * f), np.uint8) for n, f in zip(numbers, fidelities, strict=True)
        ]


@contextmanager
def batching(inner: Recorder, max_batch: int, max_wait_ms: float = 0) -> Iterator[BatchingRestorer]:
    restorer = BatchingRestorer(inner, max_batch, max_wait_ms)
    try:
        yield restorer
    finally:
        restorer.close()


def wait_until(happened: Callable[[], bool]) -> None:
    patience = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < patience
        time.sleep(0.0005)
