"""The Python API around a pipeline that a test makes up: many photos, errors, and the end."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from threading import Event, Thread, active_count
from threading import Lock as ThreadLock
from threading import enumerate as enumerate_threads
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from facecraft import Closed, Facecraft, InferenceFailed, Options, Portrait, Result, Settings, api
from facecraft.bootstrap import Runtime
from facecraft.cancellation import Cancellation
from facecraft.errors import DeadlineExceeded, SettingInvalid
from facecraft.weights.lockfile import Lock
from tests.service.conftest import echo

if TYPE_CHECKING:
    from facecraft.pipeline.pipeline import Pipeline

PATIENCE_S = 10


@dataclass
class FakePipeline:
    answer: Callable[[bytes, Options, Cancellation], Portrait]
    closed: list[bool] = field(default_factory=list)

    def validate(self, options: Options) -> None:
        pass

    def process(
        self, data: bytes, options: Options, cancellation: Cancellation | None, *, judge: bool
    ) -> Portrait:
        return self.answer(data, options, cancellation or Cancellation())

    def close(self) -> None:
        self.closed.append(True)


def opened(
    answer: Callable[[bytes, Options, Cancellation], Portrait], monkeypatch: pytest.MonkeyPatch
) -> Facecraft:
    pipeline = cast("Pipeline", FakePipeline(answer))
    monkeypatch.setattr(api, "load", lambda *_: Runtime(pipeline, "cpu", (), 1, 30, 0))
    return Facecraft(settings=Settings(), lock=Lock({}))


def test_what_a_model_raises_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(data: bytes, _options: Options, _cancellation: Cancellation) -> Portrait:
        raise ZeroDivisionError(data)

    fc = opened(fail, monkeypatch)
    with pytest.raises(InferenceFailed) as caught:
        fc.process(b"photo")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    (result,) = fc.map([b"photo"])
    assert isinstance(result.error, InferenceFailed)


def test_photos_are_taken_no_more_than_a_bounded_number_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    fc = opened(lambda data, options, _: echo(data, options), monkeypatch)
    taken: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(len(taken))
            yield b"%d" % taken[-1]

    results = fc.map(endless(), workers=3)
    assert taken == []
    for number in range(20):
        result = next(results)
        assert result.source == result.portrait.data == b"%d" % number
        assert len(taken) <= number + 6
    assert active_count() > 1
    cast("Generator[Result]", results).close()


def test_as_many_photos_as_workers_are_processed_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, guard = [0], [0], ThreadLock()

    def answer(data: bytes, options: Options, _cancellation: Cancellation) -> Portrait:
        with guard:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.01)
        with guard:
            running[0] -= 1
        return echo(data, options)

    fc = opened(answer, monkeypatch)
    assert len(list(fc.map([b""] * 20, workers=3))) == 20
    assert most == [3]


def test_leaving_the_loop_early_ends_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[bytes] = []
    ended = Event()

    def answer(data: bytes, options: Options, cancellation: Cancellation) -> Portrait:
        begun.append(data)
        if data == b"0":
            return echo(data, options)
        patience = time.monotonic() + PATIENCE_S
        while time.monotonic() < patience and not cancellation.cancelled:
            time.sleep(0.001)
        ended.set()
        raise DeadlineExceeded("it was cancelled")

    before = active_count()
    fc = opened(answer, monkeypatch)
    for result in fc.map((b"%d" % number for number in range(100)), workers=2):
        assert result.source == b"0"
        while len(begun) < 2:
            time.sleep(0.001)
        break
    assert ended.is_set()
    assert active_count() == before
    assert len(begun) <= 3


def test_close_ends_a_map_that_waits_for_its_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled = Event()

    def answer(data: bytes, options: Options, cancellation: Cancellation) -> Portrait:
        if data == b"0":
            return echo(data, options)
        patience = time.monotonic() + PATIENCE_S
        while time.monotonic() < patience and not cancellation.cancelled:
            time.sleep(0.001)
        cancelled.set()
        raise DeadlineExceeded("it was cancelled")

    fc = opened(answer, monkeypatch)
    results = fc.map((b"%d" % number for number in range(100)), workers=2)
    assert next(results).source == b"0"
    assert [each for each in enumerate_threads() if each.name.startswith("map")]
    fc.close()
    assert not [each for each in enumerate_threads() if each.name.startswith("map")]
    assert cancelled.is_set()
    with pytest.raises(Closed):
        next(results)


def test_close_ends_a_map_whose_caller_waits_for_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = Event()

    def answer(_data: bytes, _options: Options, cancellation: Cancellation) -> Portrait:
        begun.set()
        patience = time.monotonic() + PATIENCE_S
        while time.monotonic() < patience and not cancellation.cancelled:
            time.sleep(0.001)
        raise DeadlineExceeded("it was cancelled")

    fc = opened(answer, monkeypatch)

    def close() -> None:
        begun.wait(PATIENCE_S)
        fc.close()

    closing = Thread(target=close)
    closing.start()
    with pytest.raises(Closed):
        list(fc.map([b"one", b"two", b"three"], workers=1))
    closing.join()


def test_an_error_of_the_source_of_photos_is_raised_and_ends_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def photos() -> Iterator[bytes]:
        yield b"one"
        raise LookupError("no more")

    before = active_count()
    fc = opened(lambda data, options, _: echo(data, options), monkeypatch)
    with pytest.raises(LookupError, match="no more"):
        list(fc.map(photos(), workers=1))
    assert active_count() == before


def test_after_close_every_call_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    fc = opened(lambda data, options, _: echo(data, options), monkeypatch)
    pipeline = cast("FakePipeline", fc.runtime.pipeline)
    late = fc.map([b"photo"])
    with fc as same:
        assert same is fc
        assert fc.process(b"photo").data == b"photo"
    fc.close()
    assert pipeline.closed == [True]
    calls: list[Callable[[], object]] = [
        lambda: fc.process(b""),
        lambda: fc.detect(b""),
        lambda: fc.check(b""),
        lambda: fc.map([]),
        lambda: fc.runtime,
        lambda: next(late),
    ]
    for call in calls:
        with pytest.raises(Closed, match="This Facecraft is closed"):
            call()


def test_closed_while_a_photo_is_in_work_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(_data: bytes, _options: Options, _cancellation: Cancellation) -> Portrait:
        fc.close()
        raise RuntimeError("The restorer is closed.")

    fc = opened(answer, monkeypatch)
    with pytest.raises(Closed):
        fc.process(b"photo")


def test_the_device_is_that_of_the_settings_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    runtime = cast("Runtime", SimpleNamespace())

    def load(settings: Settings, _lock: object) -> Runtime:
        asked.append(settings.device)
        return runtime

    monkeypatch.setattr(api, "load", load)
    monkeypatch.setenv("FACECRAFT_DEVICE", "cpu")
    Facecraft()
    Facecraft(device="cuda")
    Facecraft(settings=Settings(device="cuda"))
    Facecraft(settings=Settings(device="cuda"), device="cpu")
    assert asked == ["cpu", "cuda", "cuda", "cpu"]
    with pytest.raises(SettingInvalid, match="The device 'gpu' is wrong"):
        Facecraft(device="gpu")  # type: ignore[arg-type]


def test_a_named_device_leaves_the_other_settings_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Settings] = []
    monkeypatch.setattr(api, "load", lambda settings, _lock: asked.append(settings))
    settings = Settings.model_validate({"max_pixels": 1000, "api_keys": "a,b"})
    monkeypatch.setenv("FACECRAFT_THREADS", "3")
    Facecraft(settings=settings, device="cpu")
    assert asked == [settings.model_copy(update={"device": "cpu"})]
