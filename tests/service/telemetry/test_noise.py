"""What clients can cause at will stands in the log once a minute."""

import logging
from collections.abc import Callable

import pytest

from facecraft.service.telemetry.logs import OnceAMinute

Pass = Callable[..., str | None]


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Pass:
    """What is logged of a message at a time, in seconds; None if nothing is."""
    once = OnceAMinute()

    def passing(
        message: str, at_s: float, name: str = "uvicorn.error", level: int = logging.WARNING
    ) -> str | None:
        monkeypatch.setattr("facecraft.service.telemetry.logs.time.monotonic", lambda: at_s)
        record = logging.LogRecord(name, level, "", 0, message, (7,), None)
        return record.getMessage() if once.filter(record) else None

    return passing


def test_a_warning_passes_once_a_minute_with_a_count_of_the_others(passes: Pass) -> None:
    assert passes("%d left", 1000) == "7 left"
    assert [passes("%d left", 1000 + second) for second in range(1, 60)] == [None] * 59
    assert passes("%d left", 1060) == "7 left (59 more since the last line of this kind)"
    assert passes("%d left", 1200) == "7 left"


def test_another_warning_passes_by_itself(passes: Pass) -> None:
    assert passes("%d left", 1000) == "7 left"
    assert passes("%d came", 1000) == "7 came"


@pytest.mark.parametrize(
    ("name", "level"),
    [("uvicorn.error", logging.ERROR), ("facecraft.request", logging.WARNING)],
    ids=["an error", "another logger"],
)
def test_anything_else_always_passes(passes: Pass, name: str, level: int) -> None:
    assert [passes("%d", 1000, name, level) for _ in range(3)] == ["7"] * 3
