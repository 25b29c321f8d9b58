import time

import pytest

from facecraft.pipeline.timings import Timings


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
