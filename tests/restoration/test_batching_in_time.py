"""What cannot be restored by a request's deadline is refused when it comes. A face takes one second here."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from facecraft.cancellation import Cancellation
from facecraft.errors import QueueFull
from facecraft.restoration import pace as pace_module
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.pace import PERIOD_S, Pace
from tests.restoration.recorder import PATIENCE_S, Recorder, batching, crop, wait_until


@pytest.fixture
def gate() -> Event:
    return Event()


@pytest.fixture
def inner(gate: Event) -> Recorder:
    return Recorder(gate=gate)


@pytest.fixture
def restorer(inner: Recorder, gate: Event, monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchingRestorer]:
    monkeypatch.setattr(Pace, "seconds", lambda _pace, work_px: float(work_px))
    with batching(inner, 1) as made:
        yield made
        gate.set()


def restore(restorer: BatchingRestorer, faces: int, seconds: float | None) -> None:
    restorer.restore([crop(faces)] * faces, [0.0] * faces, Cancellation(seconds=seconds))


def test_faces_that_are_done_in_time_are_restored(restorer: BatchingRestorer, gate: Event) -> None:
    gate.set()
    restore(restorer, 5, seconds=5.5)


def test_faces_that_would_come_too_late_are_refused(restorer: BatchingRestorer, inner: Recorder) -> None:
    with pytest.raises(QueueFull) as refused:
        restore(restorer, 5, seconds=3.5)
    assert refused.value.detail == (
        "5 faces take about 5 seconds, with those of other requests in between; 3 are left."
    )
    assert (refused.value.limit, refused.value.retry_after_s) == (3.5, 2)
    assert "faces=largest" in refused.value.hint
    assert not inner.calls


@pytest.mark.parametrize(("faces", "seconds"), [(1, 0.0), (50, None)], ids=["one face", "no deadline"])
def test_a_single_face_and_what_has_no_deadline_is_always_tried(
    restorer: BatchingRestorer, gate: Event, faces: int, seconds: float | None
) -> None:
    gate.set()
    restore(restorer, faces, seconds)


def test_what_waits_counts_as_far_as_its_turns_come_first(
    restorer: BatchingRestorer, inner: Recorder, gate: Event
) -> None:
    """One request of 20 is in work. A second one takes turns with it."""
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(restore, restorer, 20, 60)
        wait_until(lambda: bool(inner.calls))
        with pytest.raises(QueueFull, match="5 faces take about 10 seconds"):
            restore(restorer, 5, seconds=9.5)
        second = pool.submit(restore, restorer, 5, 10.5)
        wait_until(lambda: len(restorer._queue) == 19 + 5)
        gate.set()
        first.result(PATIENCE_S)
        second.result(PATIENCE_S)


def test_what_nobody_waits_for_does_not_count(
    restorer: BatchingRestorer, inner: Recorder, gate: Event
) -> None:
    left = Cancellation()
    with ThreadPoolExecutor(2) as pool:
        crowd = pool.submit(restorer.restore, [crop(20)] * 20, [0.0] * 20, left)
        wait_until(lambda: bool(inner.calls))
        left.cancel()
        second = pool.submit(restore, restorer, 5, 5.5)
        wait_until(lambda: len(restorer._queue) == 19 + 5)
        gate.set()
        second.result(PATIENCE_S)
        assert crowd.exception(PATIENCE_S)


def test_of_crowds_that_come_together_one_is_taken(
    restorer: BatchingRestorer, inner: Recorder, gate: Event
) -> None:
    """Without a place in the queue, both would be too late."""
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(restore, restorer, 20, 30) for _ in range(2)]
        wait_until(lambda: any(each.done() for each in asked))
        gate.set()
        errors = [each.exception(PATIENCE_S) for each in asked]
    assert sorted(error is None for error in errors) == [False, True]
    assert len(inner.calls) == 20


def test_each_run_is_measured_and_the_time_is_taken_anew_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr(pace_module, "monotonic", lambda: now[0])
    inner = Recorder()
    with batching(inner, 1) as restorer:
        assert restorer.seconds([1.0]) == 0
        restorer.run_blank(1)
        assert 0 < restorer.seconds([1.0] * 3) < PATIENCE_S
        restorer.measure()
        assert len(inner.calls) == 1
        now[0] += PERIOD_S + 1
        restorer.measure()
        assert len(inner.calls) == 2
