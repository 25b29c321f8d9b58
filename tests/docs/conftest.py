"""A real `facecraft serve` for what the documents show, and the photos that they name."""

import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from threading import Thread

import httpx
import pytest
from PIL import Image

from facecraft.checks.bench.measure import PHOTO
from tests.docs.documents import ROOT

PATIENCE_S = 300
LISTENING = re.compile(r"http://\S+:(\d+)")
KEY = "KEY"
"""As the documents write it."""

Serve = Callable[..., int]


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings alone."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FACECRAFT_")}
    return own | {f"FACECRAFT_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def serving(**settings: str) -> Iterator[int]:
    """A server on a free port of this machine, once it is ready; yields the port."""
    command = [sys.executable, "-m", "facecraft", "serve"]
    own = environment({"port": "0", "log_level": "warning", "deadline_s": "600"} | settings)
    with subprocess.Popen(command, env=own, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = LISTENING.search(process.stdout.readline())
            assert found is not None, "the server did not start"
            Thread(target=process.stdout.read, daemon=True).start()  # so that the pipe never fills
            port = int(found[1])
            _wait_until_ready(port)
            yield port
        finally:
            process.terminate()


def _wait_until_ready(port: int) -> None:
    patience = time.monotonic() + PATIENCE_S
    while httpx.get(f"http://127.0.0.1:{port}/ready", trust_env=False).status_code != httpx.codes.OK:
        assert time.monotonic() < patience, "the server did not become ready"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Starts servers, each of its settings once: `serve(**settings)` returns the port."""
    running: dict[tuple[tuple[str, str], ...], int] = {}
    with ExitStack() as stack:

        def start(**settings: str) -> int:
            name = tuple(sorted(settings.items()))
            if name not in running:
                running[name] = stack.enter_context(serving(**settings))
            return running[name]

        yield start


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A JPEG of 256 x 256 pixels with one face, which is restored in a second."""
    with Image.open(PHOTO) as picture:
        face = picture.convert("RGB").crop((96, 0, 352, 256))
    buffer = io.BytesIO()
    face.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
