"""Random arrivals at a batching restorer whose inner one is a stand-in that records its calls."""

import time
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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
from tests.restoration.recorder import PATIENCE_S, BadCrop, Recorder, batching, crop, number_of, wait_until

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
            wait_until(lambda: bool(inner.calls) and len(restorer._queue) == number)  # noqa: B023
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
        wait_until(lambda: len(restorer._queue) == 2)
        Timer(0.05, gate.set).start()
        restorer.close()
        assert [number_of(each.result(PATIENCE_S)[0]) for each in asked] == [0, 1, 2]


@settings(max_examples=60, deadline=None)
@given(faces=st.lists(st.integers(1, 12), min_size=1, max_size=5), max_batch=st.integers(1, 6))
def test_each_request_that_waits_gets_its_turn_between_two_faces_of_another(
    faces: list[int], max_batch: int
) -> None:
    gate = Event()
    inner = Recorder(gate=gate)
    with batching(inner, max_batch) as restorer, ThreadPoolExecutor(len(faces) + 1) as pool:
        asked = [pool.submit(restorer.restore, [crop(99)], [0.0])]
        wait_until(lambda: bool(inner.calls))
        for number, count in enumerate(faces):
            asked.append(pool.submit(restorer.restore, [crop(number)] * count, [0.0] * count))
            wait_until(lambda: len(restorer._queue) == sum(faces[: number + 1]))  # noqa: B023
        gate.set()
        for each in asked:
            each.result(PATIENCE_S)
    order = [number for call in inner.calls for number in call][1:]
    assert order == [n for turn in range(max(faces)) for n, count in enumerate(faces) if turn < count]
    assert all(len(call) == max_batch for call in inner.calls[1:-1])


@pytest.mark.parametrize("max_batch", [1, 2, 8])
def test_a_lone_face_after_a_crowd_waits_for_two_of_its_faces_at_most(max_batch: int) -> None:
    """For the batch in work, and for one face of the crowd; later crowds take turns too."""
    gate = Event()
    inner = Recorder(gate=gate)
    with batching(inner, max_batch) as restorer, ThreadPoolExecutor(3) as pool:
        crowd = pool.submit(restorer.restore, [crop(n) for n in range(20)], [0.0] * 20)
        wait_until(lambda: bool(inner.calls))
        alone = pool.submit(restorer.restore, [crop(100)], [0.0])
        wait_until(lambda: len(restorer._queue) == 20 - max_batch + 1)
        later = pool.submit(restorer.restore, [crop(n) for n in range(101, 151)], [0.0] * 50)
        gate.set()
        for each in (crowd, alone, later):
            each.result(PATIENCE_S)
    order = [number for call in inner.calls for number in call]
    assert order.index(100) == max_batch + 1
    assert [n for n in order if n < 20] == list(range(20))
    assert [n for n in order if n > 100] == list(range(101, 151))


def test_a_crowd_whose_client_leaves_costs_the_others_no_turn() -> None:
    gate = Event()
    inner = Recorder(gate=gate)
    leaving = Cancellation()
    with batching(inner, 1) as restorer, ThreadPoolExecutor(2) as pool:
        crowd = pool.submit(restorer.restore, [crop(n) for n in range(20)], [0.0] * 20, leaving)
        wait_until(lambda: bool(inner.calls))
        alone = pool.submit(restorer.restore, [crop(100)] * 3, [0.0] * 3)
        wait_until(lambda: len(restorer._queue) == 22)
        leaving.cancel()
        gate.set()
        alone.result(PATIENCE_S)
        assert isinstance(crowd.exception(PATIENCE_S), DeadlineExceeded)
    assert inner.calls == [[0], [100], [100], [100]]
