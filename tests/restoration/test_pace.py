import pytest

from facecraft.restoration import pace as pace_module
from facecraft.restoration.pace import PERIOD_S, RUNS, Pace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test may change."""
    now = [1000.0]
    monkeypatch.setattr(pace_module, "monotonic", lambda: now[0])
    return now


def test_time_grows_with_the_pixels_that_go_into_the_network() -> None:
    pace = Pace()
    pace.add(work_px=2 * 128**2, seconds=3.0)
    assert pace.seconds(128**2) == pytest.approx(1.5)
    assert pace.seconds(20 * 64**2) == pytest.approx(7.5)


def test_before_the_first_run_nothing_is_known() -> None:
    pace = Pace()
    assert not pace.fresh
    assert pace.seconds(10**9) == 0


def test_one_slow_run_changes_nothing() -> None:
    pace = Pace()
    for seconds in (1.0, 1.0, 60.0):
        pace.add(1, seconds)
    assert pace.seconds(1) == 1


def test_only_the_last_runs_count() -> None:
    pace = Pace()
    for seconds in [5.0] * RUNS + [1.0] * (RUNS // 2):
        pace.add(1, seconds)
    assert pace.seconds(1) == 5
    pace.add(1, 1.0)
    assert pace.seconds(1) == 1


def test_an_old_run_counts_only_until_there_is_a_new_one(clock: list[float]) -> None:
    pace = Pace()
    for _ in range(RUNS):
        pace.add(1, 5.0)
    clock[0] += PERIOD_S
    assert pace.fresh
    clock[0] += 1
    assert not pace.fresh
    assert pace.seconds(1) == 5
    pace.add(1, 1.0)
    assert pace.fresh
    assert pace.seconds(1) == 1
