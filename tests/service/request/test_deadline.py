"""When an upload ends, by a clock that the test moves."""

import asyncio
from collections.abc import Callable

import pytest

from facecraft.service.request.deadline import UploadDeadline

RATE = 16_000


def run(upload: Callable[[UploadDeadline, Callable[[float], float]], None], *, rate: int = RATE) -> None:
    """Run `upload` with a new deadline, and a function that moves the clock and returns its time."""

    async def running() -> None:
        now = 1000.0

        def wait(seconds: float) -> float:
            nonlocal now
            now += seconds
            return now

        asyncio.get_running_loop().time = lambda: now  # type: ignore[method-assign]
        upload(UploadDeadline(10, rate), wait)

    asyncio.run(running())


def lasts_s(deadline: UploadDeadline, wait: Callable[[float], float], bytes_per_s: int) -> float:
    """How long a steady upload lasts."""
    start = wait(0)
    while wait(1) < deadline.at:
        deadline.record(bytes_per_s)
    return wait(0) - start


def test_silence_ends_an_upload_after_10_s() -> None:
    def silent(deadline: UploadDeadline, wait: Callable[[float], float]) -> None:
        assert deadline.at == wait(0) + 10
        wait(10)
        error = deadline.missed()
        assert (error.detail, error.limit) == ("Nothing arrived for 10 seconds.", 10)

    run(silent)


@pytest.mark.parametrize(("bytes_per_s", "seconds"), [(100, 11), (8000, 20), (14_400, 92)])
def test_an_upload_below_the_least_rate_ends_the_sooner_the_slower_it_is(
    bytes_per_s: int, seconds: float
) -> None:
    def slow(deadline: UploadDeadline, wait: Callable[[float], float]) -> None:
        assert abs(lasts_s(deadline, wait, bytes_per_s) - seconds) <= 1
        error = deadline.missed()
        assert (error.detail, error.limit) == ("The upload is slower than 16000 bytes per second.", RATE)

    run(slow)


@pytest.mark.parametrize("bytes_per_s", [RATE, 300_000])
def test_an_upload_at_the_least_rate_lasts_10_minutes_and_no_longer(bytes_per_s: int) -> None:
    def steady(deadline: UploadDeadline, wait: Callable[[float], float]) -> None:
        assert lasts_s(deadline, wait, bytes_per_s) == 600
        assert deadline.missed().detail == "The upload took over 600 seconds."

    run(steady)


def test_a_fast_start_is_no_credit_for_a_long_silence() -> None:
    def burst(deadline: UploadDeadline, wait: Callable[[float], float]) -> None:
        deadline.record(100_000_000)
        assert deadline.at == wait(0) + 10

    run(burst)


def test_without_a_least_rate_a_byte_now_and_then_is_enough() -> None:
    def drip(deadline: UploadDeadline, wait: Callable[[float], float]) -> None:
        for _ in range(60):
            assert wait(9) < deadline.at
            deadline.record(1)

    run(drip, rate=0)


def test_time_in_which_the_client_could_not_send_does_not_count() -> None:
    def paused(deadline: UploadDeadline, wait: Callable[[float], float]) -> None:
        wait(500)
        deadline.renew()
        assert deadline.at == wait(0) + 10
        deadline.extend(3)
        assert deadline.at == wait(0) + 13

    run(paused)
