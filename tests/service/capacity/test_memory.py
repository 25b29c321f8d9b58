"""The bound of memory, and how it is made to fit a container."""

import logging
from dataclasses import replace

import httpx
import pytest

from facecraft.imaging.encoders import largest_bytes
from facecraft.service import state
from facecraft.service.capacity.memory import NETWORK_BYTES, PIXEL_BYTES, Capacity, resident_bytes
from facecraft.settings import Settings
from tests.service.conftest import Serve

GB = 10**9
READY_BYTES = GB // 2
ASKED = Capacity.of(Settings.model_validate({}), workers=2)


def bound(capacity: Capacity) -> int:
    return capacity.bound_bytes(READY_BYTES, growing=1)


def fit(limit_bytes: int) -> Capacity:
    return ASKED.fit(limit_bytes, READY_BYTES, growing=1)


def longest(capacity: Capacity, limit_bytes: int) -> Capacity:
    """The same with the longest queue that fits."""
    queues = range(ASKED.queue_size + 1)
    return replace(
        capacity, queue_size=max(q for q in queues if bound(replace(capacity, queue_size=q)) <= limit_bytes)
    )


def test_the_bound_is_what_stands_in_it() -> None:
    settings = Settings.model_validate(
        {"max_pixels": 1000, "max_upload_bytes": 50, "batch_bytes": 70, "queue_size": 4}
    )
    capacity = Capacity.of(settings, workers=2)
    uploads_bytes = (4 + 4) * 50
    answers_bytes = 3 * largest_bytes(1000, 1)
    batches_bytes = 2 * (70 + 2 * largest_bytes(1000, 1))
    works_bytes = 2 * (1000 * PIXEL_BYTES + 50)
    held_bytes = uploads_bytes + answers_bytes + batches_bytes + works_bytes
    assert capacity.bound_bytes(7, growing=3) == 7 + 3 * NETWORK_BYTES + held_bytes


def test_what_fits_stays_as_it_is() -> None:
    assert fit(bound(ASKED)) == ASKED


def test_the_queue_gives_way_first() -> None:
    fitting = fit(bound(ASKED) - 1)
    assert fitting == replace(ASKED, queue_size=ASKED.queue_size - 1)


def test_then_a_batch_and_workers_give_way_and_the_queue_is_as_long_as_fits() -> None:
    shortest = replace(ASKED, queue_size=4)
    assert fit(bound(shortest)) == shortest
    assert fit(bound(shortest) - 1) == longest(replace(shortest, batches=1), bound(shortest) - 1)
    one_batch = replace(shortest, batches=1)
    assert fit(bound(one_batch)) == one_batch
    assert fit(bound(one_batch) - 1) == longest(replace(shortest, workers=1), bound(one_batch) - 1)


@pytest.mark.parametrize("limit_bytes", range(3 * GB, 8 * GB, GB // 4))
def test_no_limit_that_can_be_kept_is_broken(limit_bytes: int) -> None:
    fitting = fit(limit_bytes)
    least = Capacity.of(Settings.model_validate({"queue_size": 0}), workers=1)
    assert bound(fitting) <= max(limit_bytes, bound(replace(least, batches=1)))


def test_the_least_is_left_where_nothing_fits() -> None:
    assert fit(GB) == replace(ASKED, workers=1, queue_size=0, batches=1)


def test_the_pixels_that_would_fit_are_told_in_whole_megapixels() -> None:
    pixels = ASKED.fitting_pixels(4 * GB, READY_BYTES, growing=1)
    assert pixels % 1_000_000 == 0
    assert bound(replace(ASKED, max_pixels=pixels)) <= 4 * GB
    assert bound(replace(ASKED, max_pixels=pixels + 1_000_000)) > 4 * GB
    assert ASKED.fitting_pixels(GB, READY_BYTES, growing=1) == 0


def start(serve: Serve, limit_bytes: int | None, **settings: object) -> httpx.Client:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "memory_limit_bytes", lambda: limit_bytes)
        return serve(**settings)


def test_a_limit_below_the_bound_is_said_at_start_with_what_gives_way(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    limit_bytes = (resident_bytes() or 0) + 3 * GB
    with caplog.at_level(logging.INFO, "facecraft"):
        client = start(serve, limit_bytes, workers=2)
    (warning,) = (each.getMessage() for each in caplog.records if each.levelname == "WARNING")
    assert f"The container's limit of {limit_bytes / GB:.1f} GB is below" in warning
    assert "1 of 2 workers run" in warning
    assert "lower FACECRAFT_MAX_PIXELS to " in warning
    assert "FACECRAFT_QUEUE_SIZE" in warning
    lines = client.get("/metrics").text.splitlines()
    (shown,) = (line.split()[1] for line in lines if line.startswith("facecraft_memory_bound_bytes "))
    assert float(shown) <= limit_bytes
    assert any("Resident memory stays under" in each.getMessage() for each in caplog.records)


def test_a_limit_that_nothing_keeps_is_said_as_well(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    start(serve, 10**8, workers=2)
    (warning,) = (each.getMessage() for each in caplog.records if each.levelname == "WARNING")
    assert "Even this may need" in warning


@pytest.mark.parametrize("limit_bytes", [None, 100 * GB])
def test_without_a_limit_that_matters_nothing_is_said(
    serve: Serve, caplog: pytest.LogCaptureFixture, limit_bytes: int | None
) -> None:
    start(serve, limit_bytes, workers=2)
    assert [each for each in caplog.records if each.levelname == "WARNING"] == []
