"""What only shows after minutes: `pytest -m nightly`."""

import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Lock

import pytest
from PIL import Image

from facecraft.checks.bench.server import SETTINGS, Server, serving
from facecraft.types import RGBImage

pytestmark = pytest.mark.nightly

CLIENTS = 32
SECONDS = 120
SHARE = 0.8
PORTRAITS = 1000
DRIFT_MB = 50


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    defaults = {"FACECRAFT_QUEUE_SIZE": "16", "FACECRAFT_DEADLINE_S": "0"}
    with serving(SETTINGS | defaults) as running:
        running.ready()
        yield running


@pytest.fixture(scope="module")
def photo(astronaut: RGBImage) -> bytes:
    """Small, so that a thousand of them take minutes."""
    buffer = io.BytesIO()
    Image.fromarray(astronaut).resize((256, 256)).save(buffer, "JPEG")
    return buffer.getvalue()


def test_32_clients_at_four_fifths_of_the_rate_see_no_failure(server: Server, photo: bytes) -> None:
    start = time.monotonic()
    for _ in range(20):
        server.process(photo, {})
    interval_s = (time.monotonic() - start) / 20 / SHARE
    turns, guard, begun = count(), Lock(), time.monotonic()

    def client(_index: int) -> int:
        done = 0
        while True:
            with guard:
                at = begun + next(turns) * interval_s
            if at > begun + SECONDS:
                return done
            time.sleep(max(0.0, at - time.monotonic()))
            server.process(photo, {})  # raises unless it gets its portrait
            done += 1

    with ThreadPoolExecutor(CLIENTS) as pool:
        done = sum(pool.map(client, range(CLIENTS)))
    assert done >= 0.95 * SECONDS / interval_s


def test_resident_memory_does_not_drift(server: Server, photo: bytes) -> None:
    for _ in range(20):
        server.process(photo, {})
    before, _ = server.memory_bytes()
    for _ in range(PORTRAITS):
        server.process(photo, {})
    after, _ = server.memory_bytes()
    assert (after - before) / 2**20 < DRIFT_MB
