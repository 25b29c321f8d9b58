"""An hour of what servers live through: large pictures, batches that are given up, clients that leave.

`pytest -m nightly`; MIXED_SECONDS says how long.
"""

import logging
import os
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import numpy as np
import pytest
from PIL import Image

from facecraft.checks.bench.server import SETTINGS, Server, serving
from facecraft.imaging.encoders import Encoding, encode_jpeg, encode_png, encode_webp
from facecraft.imaging.picture import Picture
from facecraft.types import RGBImage
from tests.load.gauges import gauge

pytestmark = pytest.mark.nightly

SECONDS = float(os.environ.get("MIXED_SECONDS", "3600"))
CLIENTS = 6
KEPT_MB = 150
PATIENCE_S = 600
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Photos:
    """Files of one portrait: sides in pixels by name, small to the largest that is accepted."""

    small: bytes
    phone: bytes
    largest: bytes
    clear: bytes
    noisy: bytes
    broken: bytes


@dataclass
class Client:
    """One client, which does what comes next by a seed."""

    server: Server
    photos: Photos
    turn: random.Random
    seen: Counter[str] = field(default_factory=Counter)

    def run(self, until: float) -> Counter[str]:
        tasks: list[Callable[[], object]] = [
            self.portrait, self.portrait, self.large, self.transparent, self.sheet, self.json,
            self.batch, self.given_up_batch, self.given_up_batch, self.unread, self.left, self.garbage,
        ]  # fmt: skip
        while time.monotonic() < until:
            task = self.turn.choice(tasks)
            with suppress(httpx.HTTPError, OSError):
                self.seen[f"{task.__name__} {task()}"] += 1
        return self.seen

    def post(self, photo: bytes, path: str = "/process", timeout_s: float = 300, **fields: str) -> int:
        url = f"http://127.0.0.1:{self.server.port}{path}"
        headers = {"Accept": fields.pop("accept", "*/*")}
        files = {"file": ("photo", photo)}
        with httpx.Client(timeout=timeout_s, trust_env=False) as client:
            return client.post(url, files=files, data=fields, headers=headers).status_code

    def portrait(self) -> int:
        return self.post(self.turn.choice([self.photos.small, self.photos.noisy]), preset="badge")

    def large(self) -> int:
        photo = self.turn.choice([self.photos.phone, self.photos.largest])
        return self.post(photo, restorer="none", format=self.turn.choice(["jpeg", "png", "webp"]))

    def transparent(self) -> int:
        photo = self.turn.choice([self.photos.clear, self.photos.phone])
        return self.post(photo, restorer="none", background="transparent", tone="auto", format="png")

    def sheet(self) -> int:
        return self.post(self.photos.small, preset="badge", layout="a4", dpi="600", format="png")

    def json(self) -> int:
        return self.post(self.photos.phone, restorer="none", format="png", accept="application/json")

    def batch(self) -> int:
        return self.send_batch([self.photos.small, self.photos.broken, self.photos.noisy], 300)

    def given_up_batch(self) -> int:
        photos = [self.photos.phone, self.photos.largest, self.photos.noisy] * 3
        return self.send_batch(photos, self.turn.uniform(0.5, 8))

    def send_batch(self, photos: list[bytes], timeout_s: float) -> int:
        """Send a batch, and give it up after a while."""
        url = f"http://127.0.0.1:{self.server.port}/batch"
        until = time.monotonic() + timeout_s
        files = [("file", ("photo", photo)) for photo in photos]
        with (
            httpx.Client(timeout=timeout_s, trust_env=False) as client,
            client.stream("POST", url, data={"format": "png"}, files=files) as response,
        ):
            for _ in response.iter_raw():
                if time.monotonic() > until:
                    break
            return response.status_code

    def unread(self) -> str:
        """Ask for a large answer, read its start, and go after a while."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=60) as connection:
            connection.sendall(request(self.photos.phone))
            answer = connection.recv(1000)
            time.sleep(self.turn.uniform(0, 3))
            return answer[9:12].decode()

    def left(self) -> int:
        return self.post(self.photos.largest, timeout_s=self.turn.uniform(0.05, 2), preset="badge")

    def garbage(self) -> int:
        return self.post(self.photos.broken)


def request(photo: bytes) -> bytes:
    fields = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in {"format": "png", "restorer": "none"}.items()
    )
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="photo"\r\n\r\n'
    body = fields + head + photo + b"\r\n--b--\r\n"
    return (
        b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    ) + body


@pytest.fixture
def server() -> Iterator[Server]:
    own = {"FACECRAFT_QUEUE_SIZE": "16", "FACECRAFT_DEADLINE_S": "120"}
    with serving(SETTINGS | own) as running:
        running.ready()
        yield running


@pytest.fixture
def photos(astronaut: RGBImage) -> Photos:
    def scaled(side_px: int) -> RGBImage:
        return np.array(Image.fromarray(astronaut).resize((side_px, side_px), Image.Resampling.BICUBIC))

    noise = np.random.default_rng(0).normal(0, 15, (900, 900, 3))
    noisy = np.clip(scaled(900) + noise, 0, 255).astype(np.uint8)
    phone = scaled(3500)
    alpha = np.tile(np.linspace(60, 255, 3500).astype(np.uint8), (3500, 1))
    broken = encode_png(Picture(scaled(800)), Encoding())
    return Photos(
        small=encode_jpeg(Picture(scaled(700)), Encoding()),
        phone=encode_jpeg(Picture(phone), Encoding()),
        largest=encode_jpeg(Picture(scaled(6324)), Encoding(quality=80)),
        clear=encode_webp(Picture(phone, alpha), Encoding()),
        noisy=encode_jpeg(Picture(noisy), Encoding()),
        broken=broken[: len(broken) // 2],
    )


def await_idle(server: Server) -> None:
    until = time.monotonic() + PATIENCE_S
    names = ("in_flight", "queue_depth", "upload_bytes", "answer_bytes")
    while any(gauge(server, f"facecraft_{name}") for name in names):
        assert time.monotonic() < until, "the server does not come to rest"
        time.sleep(0.5)


def test_after_a_mixed_hour_memory_is_back_where_it_was(server: Server, photos: Photos) -> None:
    ready_bytes, _ = server.memory_bytes()
    until = time.monotonic() + SECONDS
    clients = [Client(server, photos, random.Random(seed)) for seed in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        seen = sum(pool.map(lambda client: client.run(until), clients), Counter[str]())
    await_idle(server)
    time.sleep(5)  # for what ends after its answer
    kept_bytes, peak_bytes = server.memory_bytes()
    bound_bytes = gauge(server, "facecraft_memory_bound_bytes")
    logger.info("%s", dict(sorted(seen.items())))
    sizes = {"ready": ready_bytes, "peak": peak_bytes, "after": kept_bytes, "bound": bound_bytes}
    logger.info("%s", {name: f"{size / 1e6:.0f} MB" for name, size in sizes.items()})
    assert peak_bytes < bound_bytes
    assert not [task for task in seen if task.endswith(" 500")]
    assert (kept_bytes - ready_bytes) / 1e6 < KEPT_MB
