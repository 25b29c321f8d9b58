"""What a batch holds beside its budget: nothing."""

import time
import tracemalloc
from dataclasses import replace
from threading import Event

import pytest

from facecraft.errors import UndecodableImage
from facecraft.options import Options
from facecraft.results import Portrait
from tests.service.conftest import echo
from tests.service.exchange import END, HEAD, NEXT, Exchange

pytestmark = pytest.mark.usefixtures("traced")

FILE_BYTES = 500_000
FILES = 30


def test_photos_that_failed_are_not_kept_while_an_earlier_one_is_in_work() -> None:
    failed, all_failed = 0, Event()
    held_bytes = 0

    def process(data: bytes, options: Options) -> Portrait:
        nonlocal failed, held_bytes
        if data == b"first":
            assert all_failed.wait(30)
            time.sleep(0.2)  # for the last one to be recorded
            held_bytes, _ = tracemalloc.get_traced_memory()
            return echo(data, options)
        failed += 1
        if failed == FILES:
            all_failed.set()
        raise UndecodableImage("The picture is cut off.")

    exchange = Exchange(HEAD, b"first", *(NEXT, FILE_BYTES) * FILES, END, pause_s=0.005)
    exchange.run("/batch", process, workers=2, max_upload_bytes=FILE_BYTES, batch_bytes=3 * FILE_BYTES)
    assert exchange.status == 200
    assert 0 < held_bytes < 4 * FILE_BYTES


def test_photos_that_are_done_are_not_kept_beside_their_portraits() -> None:
    peaks: list[int] = []

    def process(data: bytes, options: Options) -> Portrait:
        held_bytes, _ = tracemalloc.get_traced_memory()
        peaks.append(held_bytes)
        return replace(echo(data, options), data=b"a portrait that is smaller than its photo")

    exchange = Exchange(HEAD, FILE_BYTES, *(NEXT, FILE_BYTES) * FILES, END)
    exchange.run("/batch", process, max_upload_bytes=FILE_BYTES, batch_bytes=3 * FILE_BYTES)
    assert len(peaks) == FILES + 1
    assert max(peaks) < 6 * FILE_BYTES
