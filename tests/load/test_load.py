"""More than it can take, at once, from clients that do not wait their turn."""

import io
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import httpx
import pytest
from PIL import Image

from facecraft.checks.bench.server import SETTINGS, Server, serving
from facecraft.types import RGBImage
from tests.load.gauges import gauge

CLIENTS = 64
PROBES = ("/health", "/ready", "/metrics")
LARGEST_PX = 6324  # squared, as good as 40 megapixels


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    own = {"FACECRAFT_QUEUE_SIZE": "16", "FACECRAFT_DEADLINE_S": "300", "FACECRAFT_UPLOAD_TIMEOUT_S": "120"}
    with serving(SETTINGS | own) as running:
        running.ready()
        yield running


def post(server: Server, photo: bytes) -> httpx.Response:
    url = f"http://127.0.0.1:{server.port}/process"
    fields = {"format": "jpeg", "area": "head"}  # to clean 18 whole pictures takes minutes
    return httpx.post(url, files={"file": photo}, data=fields, timeout=600, trust_env=False)


def _took_s(client: httpx.Client, path: str) -> float:
    start = time.perf_counter()
    assert client.get(path).status_code == 200
    time.sleep(0.1)
    return time.perf_counter() - start - 0.1


def test_64_of_the_largest_pictures_at_once_are_each_done_or_turned_away(
    server: Server, astronaut: RGBImage
) -> None:
    buffer = io.BytesIO()
    large = Image.fromarray(astronaut).resize((LARGEST_PX, LARGEST_PX), Image.Resampling.BILINEAR)
    large.save(buffer, "JPEG", quality=85)
    photo = buffer.getvalue()
    alone = post(server, photo)
    assert alone.status_code == 200
    with ThreadPoolExecutor(CLIENTS) as pool:
        asked = [pool.submit(post, server, photo) for _ in range(CLIENTS)]
        while gauge(server, "facecraft_in_flight") < 2:
            pass
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as probes:
            took_s = {path: [_took_s(probes, path) for _ in range(20)] for path in PROBES}
        answers = [each.result() for each in asked]
    statuses = [each.status_code for each in answers]
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 2 + 16  # workers and queue
    for answer in answers:
        if answer.status_code == 200:
            assert answer.content == alone.content
        else:
            assert answer.json()["code"] == "queue_full"
            assert int(answer.headers["Retry-After"]) >= 1
    assert {path for path, times in took_s.items() if median(times) > 0.1} == set()
    _, peak = server.memory_bytes()
    bound = gauge(server, "facecraft_memory_bound_bytes")
    logging.getLogger(__name__).info("peak %.2f GB, bound %.2f GB", peak / 1e9, bound / 1e9)
    assert peak < bound
    assert gauge(server, "facecraft_upload_bytes") == 0
