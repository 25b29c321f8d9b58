"""A service that really listens, around a pipeline that a test makes up."""

import gc
import logging
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import httpx
import numpy as np
import pytest

from facecraft.api import Facecraft
from facecraft.bootstrap import Runtime
from facecraft.cancellation import Cancellation
from facecraft.errors import InvalidOption, NoFaceFound
from facecraft.imaging.limits import Limits
from facecraft.imaging.preview import preview
from facecraft.options import Options
from facecraft.results import Check, Detection, Portrait, Portrayal, Preview
from facecraft.service import state
from facecraft.service.server import Server, _load
from facecraft.settings import Settings
from facecraft.types import Face, Source, Verdict
from facecraft.weights.lockfile import Lock, default_lock_path, load_lock

if TYPE_CHECKING:
    from facecraft.pipeline.pipeline import Pipeline

Process = Callable[[bytes, Options], Portrait]
Serve = Callable[..., httpx.Client]
Load = Callable[[Settings, Lock], Facecraft]
Open = Callable[..., socket.socket]

PATIENCE_S = 60
LIMITS = Limits(upload_bytes=20_000_000, pixels=40_000_000, frames=1000, scans=100)
FACE = Face(
    bbox=np.array([10.126, 20, 50, 70], np.float32),
    landmarks=np.array([[20, 35], [40, 35], [30, 45], [22, 58], [38, 58]], np.float32),
    score=0.98765,
)


def echo(data: bytes, options: Options) -> Portrait:
    """A portrait whose bytes are those that were uploaded."""
    return Portrait(
        data=data,
        format="png" if options.format == "auto" else options.format,
        source=Source(width=64, height=80, format="png", frames=1),
        faces=(FACE,),
        restored=1,
        restorer="realesrgan-x4plus",
        timings_ms={"decode": 1.234, "detect": 20.0},
        width=64,
        height=80,
    )


def request_lines(caplog: pytest.LogCaptureFixture, count: int) -> list[logging.LogRecord]:
    """The log lines of so many requests. A line is written after its answer has left."""
    end = time.monotonic() + PATIENCE_S
    while True:
        lines = [record for record in caplog.records if record.name == "facecraft.request"]
        if len(lines) >= count or time.monotonic() > end:
            return lines
        time.sleep(0.01)


@pytest.fixture(scope="session", autouse=True)
def _machine_without_limit() -> Iterator[None]:
    """The limit of the container in which the tests run says nothing about them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "memory_limit_bytes", lambda: None)
        yield


@dataclass
class FakePipeline:
    """Attributes:
    answer: makes a portrait.
    planned_bytes: the most that its file takes, known before.
    """

    answer: Process
    planned_bytes: int = 0
    models: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(restorers={}))

    def validate(self, options: Options) -> None:
        if options.restorer == "impossible":
            raise InvalidOption("There is no restorer 'impossible'.")

    def process(
        self,
        data: bytes,
        options: Options,
        cancellation: Cancellation,
        *,
        judge: bool = False,
        reserve: Callable[[int], None] | None = None,
    ) -> Portrait:
        if reserve is not None:
            reserve(self.planned_bytes)
        return self.answer(data, options)

    def process_each(
        self, data: bytes, options: Options, cancellation: Cancellation, *, judge: bool = False
    ) -> Iterator[Portrayal]:
        """A portrait for each letter; a digit is a face without one."""
        for number, letter in enumerate(data.decode(), 1):
            result: Portrait | NoFaceFound = NoFaceFound("The mesh sees no face.")
            if not letter.isdecimal():
                result = self.answer(letter.encode(), options)
            yield Portrayal(number, len(data), result, 1)

    def preview(self, data: bytes) -> Preview:
        """A real one."""
        return preview(data, LIMITS)

    def detect(self, data: bytes, cancellation: Cancellation) -> Detection:
        portrait = self.answer(data, Options())
        return Detection(source=portrait.source, faces=portrait.faces, timings_ms=portrait.timings_ms)

    def check(self, data: bytes, options: Options, cancellation: Cancellation) -> Check:
        portrait = self.answer(data, options)
        verdict = portrait.verdict or Verdict(())
        return Check(
            source=portrait.source, faces=portrait.faces, timings_ms=portrait.timings_ms, verdict=verdict
        )


@dataclass
class FakeFacecraft:
    runtime: Runtime
    closed: bool = False

    def close(self) -> None:
        self.closed = True


def loading(process: Process, planned_bytes: int = 0) -> Load:
    pipeline = cast("Pipeline", FakePipeline(process, planned_bytes))

    def load(settings: Settings, lock: Lock) -> Facecraft:
        runtime = Runtime(
            pipeline,
            "cpu",
            lock.in_set("default"),
            workers=settings.workers or 1,
            deadline_s=settings.deadline_s or 30,
            growing=0,
        )
        return cast("Facecraft", FakeFacecraft(runtime))

    return load


@contextmanager
def running(load: Load, **settings: object) -> Iterator[httpx.Client]:
    """A client of a service in a thread, on a free port, once it is ready."""
    server = Server(Settings.model_validate({"port": 0, **settings}), load_lock(default_lock_path()), load)
    thread = threading.Thread(target=server.listen_and_run)
    thread.start()
    try:
        patience = time.monotonic() + PATIENCE_S
        while server.service.runtime is None or not server.started:
            assert time.monotonic() < patience, "the service did not start"
            time.sleep(0.005)
        url = f"http://127.0.0.1:{server._listener.getsockname()[1]}"
        with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE_S) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "the service did not stop"


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts services that stop when the test ends: `serve(process, **settings)`."""
    with ExitStack() as stack:
        yield lambda process=echo, planned_bytes=0, **settings: stack.enter_context(
            running(loading(process, planned_bytes), **settings)
        )


@pytest.fixture
def open_() -> Iterator[Open]:
    """Opens connections, which are closed when the test ends, and sends something."""
    with ExitStack() as stack:

        def opened(client: httpx.Client, sent: bytes = b"") -> socket.socket:
            url = client.base_url
            connection = stack.enter_context(socket.create_connection((url.host, url.port or 80), 20))
            connection.sendall(sent)
            return connection

        yield opened


@pytest.fixture(scope="session")
def shared() -> Iterator[httpx.Client]:
    with running(loading(echo), max_upload_bytes=100_000) as client:
        yield client


@pytest.fixture
def client(shared: httpx.Client) -> httpx.Client:
    """A client of the one service that all tests share which need nothing special; it takes 100 000 bytes."""
    shared.cookies.clear()
    return shared


@pytest.fixture
def traced() -> Iterator[None]:
    """Counts memory, of which gc frees nothing: what is alive has an owner or is in a cycle."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.enable()


@pytest.fixture(scope="session")
def real_client() -> Iterator[httpx.Client]:
    """A client of a service with the default models, which takes pictures of at most 300 000 pixels."""
    with running(_load, max_pixels=300_000, deadline_s=300) as client:
        yield client
