"""Random arrivals at a batching restorer whose inner one is a stand-in that records its calls."""

import time
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Timer
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facecraft.cancellation import Cancellation
from facecraft.errors import DeadlineExceeded
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


request = st.fixed_dictionaries(
    {
        "faces": st.integers(0, 5),
        "fidelity": st.sampled_from([0.0, 0.5, 1.0]),
        "delay_ms": st.integers(0, 5),
        "fate": st.sampled_from(["stays", "stays", "stays", "leaves", "bad"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(
    requests=st.lists(request, min_size=1, max_size=12),
    max_batch=st.integers(1, 6),
    max_wait_ms=st.integers(0, 4),
)
def test_each_request_gets_its_own_faces_in_order_whatever_happens_to_the_others(
    requests: list[dict[str, object]], max_batch: int, max_wait_ms: int
) -> None:
    faces: list[list[int]] = []
    for each in requests:
        first = sum(map(len, faces))
        faces.append(list(range(first, first + each["faces"])))  # type: ignore[operator]
    bad = {own[0] for own, each in zip(faces, requests, strict=True) if own and each["fate"] == "bad"}
    inner = Recorder(bad)

    def ask(index: int) -> list[int]:
        each, own = requests[index], faces[index]
        time.sleep(each["delay_ms"] / 1000)  # type: ignore[operator]
        cancellation = Cancellation()
        if each["fate"] == "leaves":
            cancellation.cancel()
        squares = restorer.restore(
            [crop(n) for n in own],
            [each["fidelity"]] * len(own),  # type: ignore[list-item]
            cancellation,
        )
        return [number_of(square) for square in squares]

    with batching(inner, max_batch, max_wait_ms) as restorer, ThreadPoolExecutor(len(requests)) as pool:
        asked = [pool.submit(ask, index) for index in range(len(requests))]
        for each, own, answer in zip(requests, faces, asked, strict=True):
            if own and each["fate"] != "stays":
                expected = DeadlineExceeded if each["fate"] == "leaves" else BadCrop
                assert isinstance(answer.exception(PATIENCE_S), expected)
            else:
                shift = round(100 * each["fidelity"])  # type: ignore[operator]
                assert answer.result(PATIENCE_S) == [n + shift for n in own]
    assert all(len(call) <= max_batch for call in inner.calls)
    left = {n for own, each in zip(faces, requests, strict=True) if each["fate"] == "leaves" for n in own}
    assert not left.intersection(n for call in inner.calls for n in call)


def test_what_arrives_while_a_batch_runs_makes_the_next_one_in_order_of_arrival() -> None:
    gate = Event()
    inner = Recorder(gate=gate)
    with batching(inner, 3) as restorer, ThreadPoolExecutor(8) as pool:
        asked = []
        for number in range(8):
            asked.append(pool.submit(restorer.restore, [crop(number)], [0.0]))
            patience = perf_counter() + PATIENCE_S
            while not inner.calls or len(restorer._queue) < number:
                assert perf_counter() < patience
        gate.set()
        assert [number_of(each.result(PATIENCE_S)[0]) for each in asked] == list(range(8))
    assert inner.calls == [[0], [1, 2, 3], [4, 5, 6], [7]]


def test_a_lone_face_waits_for_no_longer_than_it_is_told() -> None:
    with batching(Recorder(), 8, max_wait_ms=100) as restorer:
        start = perf_counter()
        restorer.restore([crop(1)], [0.0])
        took_s = perf_counter() - start
    assert 0.09 < took_s < 0.2


def test_a_full_batch_does_not_wait() -> None:
    with batching(Recorder(), 2, max_wait_ms=60_000) as restorer:
        start = perf_counter()
        restorer.restore([crop(1), crop(2)], [0.0, 0.0])
        assert perf_counter() - start < PATIENCE_S


def test_a_crop_that_fails_is_run_apart_from_the_others() -> None:
    inner = Recorder(bad={3})
    with batching(inner, 8, max_wait_ms=1000) as restorer, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(restorer.restore, [crop(number)], [0.0]) for number in range(8)]
        failed = [index for index, each in enumerate(asked) if each.exception(PATIENCE_S)]
    assert failed == [3]


def test_a_batch_that_fails_is_halved_after_what_it_held_is_gone() -> None:
    """As when a GPU's memory is full: the second try must have it back."""
    held: list[weakref.ref[np.ndarray]] = []

    class Full(Recorder):
        def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
            assert all(ref() is None for ref in held), "an earlier run's memory is still there"
            activations = np.zeros(10)
            held.append(weakref.ref(activations))
            if len(crops) > 2:
                raise MemoryError
            return super().restore(crops, fidelities)

    inner = Full()
    with batching(inner, 8, max_wait_ms=1000) as restorer:
        squares = restorer.restore([crop(n) for n in range(8)], [0.0] * 8)
        assert [number_of(each) for each in squares] == list(range(8))
        assert restorer.sizes == {8: 1, 4: 2, 2: 4}
        assert restorer.splits == 3


def test_a_request_that_has_failed_leaves_no_work_behind() -> None:
    class Slow(Recorder):
        def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
            time.sleep(0.02)  # longer than it takes to say that the first one has failed
            return super().restore(crops, fidelities)

    inner = Slow(bad={0})
    with batching(inner, 1) as restorer:
        with pytest.raises(BadCrop):
            restorer.restore([crop(n) for n in range(50)], [0.0] * 50)
        restorer.restore([crop(100)], [0.0])
    assert len(inner.calls) < 10


def test_what_waits_is_restored_before_it_closes() -> None:
    gate = Event()
    inner = Recorder(gate=gate)
    restorer = BatchingRestorer(inner, 1, 0)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(restorer.restore, [crop(number)], [0.0]) for number in range(3)]
        while len(restorer._queue) < 2:
            time.sleep(0.001)
        Timer(0.05, gate.set).start()
        restorer.close()
        assert [number_of(each.result(PATIENCE_S)[0]) for each in asked] == [0, 1, 2]


@pytest.mark.parametrize("count", [1, 40])
def test_a_request_with_many_faces_starves_nobody(count: int) -> None:
    """One face waits for those before it and for no more, however many come after."""
    gate = Event()
    inner = Recorder(gate=gate)
    with batching(inner, 2) as restorer, ThreadPoolExecutor(3) as pool:
        many = pool.submit(restorer.restore, [crop(n) for n in range(count)], [0.0] * count)
        while not inner.calls:
            time.sleep(0.001)
        one = pool.submit(restorer.restore, [crop(100)], [0.0])
        while len(restorer._queue) < max(count - 2, 0) + 1:
            time.sleep(0.001)
        later = pool.submit(restorer.restore, [crop(n) for n in range(101, 151)], [0.0] * 50)
        gate.set()
        for each in (many, one, later):
            each.result(PATIENCE_S)
    order = [number for call in inner.calls for number in call]
    assert order.index(100) == count
