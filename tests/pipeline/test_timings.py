import time
from time import perf_counter

import pytest

from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.pipeline.timings import Timings
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.pipeline.conftest import X4PLUS


def test_a_stage_that_runs_twice_adds_up() -> None:
    timings = Timings()
    for _ in range(2):
        with timings.stage("draw"):
            time.sleep(0.01)
    assert timings.ms["draw"] >= 20


def test_the_time_of_an_inner_stage_counts_once() -> None:
    timings = Timings()
    with timings.stage("outer"):
        time.sleep(0.01)
        with timings.stage("inner"):
            time.sleep(0.05)
    assert timings.ms["inner"] >= 50
    assert timings.ms["outer"] < 50


def test_stages_are_in_the_order_in_which_they_began() -> None:
    timings = Timings()
    with timings.stage("outer"), timings.stage("inner"):
        pass
    assert list(timings.ms) == ["outer", "inner"]


def test_a_stage_that_fails_is_timed_too() -> None:
    timings = Timings()

    def fail() -> None:
        with timings.stage("outer"), timings.stage("inner"):
            time.sleep(0.01)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert timings.ms["inner"] >= 10


@pytest.mark.parametrize(
    ("options", "stages"),
    [
        (Options(), ["damage"]),
        (Options(when="always"), ["damage", "clean"]),
        (Options(restorer=X4PLUS), ["damage", "align", "restore", "paste"]),
        (Options(restorer="none"), []),
    ],
    ids=["good", "cleaned", "restored", "none"],
)
def test_every_stage_is_timed(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, options: Options, stages: list[str]
) -> None:
    timings = pipeline.process(png(astronaut), options).timings_ms
    assert list(timings) == ["decode", "detect", *stages, "encode"]
    assert all(ms > 0 for ms in timings.values())


EVERY_STEP = {
    "width": "400", "height": "500", "head": "0.5", "align": "true", "background": "white", "tone": "auto",
    "mask": "oval", "layout": "a6", "max_drift": "0.2", "format": "png",
}  # fmt: skip


@pytest.mark.parametrize(
    ("restorer", "stages"),
    [
        (X4PLUS, ["frame", "align", "restore", "drift", "paste"]),
        ("facecraft-clean", ["clean", "drift", "frame"]),
    ],
)
def test_the_steps_of_finishing_run_in_their_order_and_each_is_timed(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, restorer: str, stages: list[str]
) -> None:
    options = Options.parse({"restorer": restorer, **EVERY_STEP})
    timings = pipeline.process(png(astronaut), options, judge=True).timings_ms
    assert list(timings) == [
        *("decode", "detect", "landmarks", "extent", "damage", *stages),
        *("background", "tone", "mask", "sheet", "encode", "verdict"),
    ]


def test_the_stages_add_up_to_the_whole(plain: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    data, options = png(astronaut), Options.parse(EVERY_STEP)
    shares = []
    for _ in range(5):
        start = perf_counter()
        portrait = plain.process(data, options, judge=True)
        shares.append(sum(portrait.timings_ms.values()) / ((perf_counter() - start) * 1000))
    assert 0.95 < sorted(shares)[2] <= 1
