"""What uploads take of memory: on their way to the pipeline, and after it. Nothing here waits for gc."""

import tracemalloc
from dataclasses import replace

import pytest

from facecraft.errors import UndecodableImage
from facecraft.options import Options
from facecraft.results import Portrait
from tests.service.conftest import echo
from tests.service.exchange import END, HEAD, Exchange

FILE_BYTES = 64_000_000


pytestmark = pytest.mark.usefixtures("traced")


def smaller(data: bytes, options: Options) -> Portrait:
    assert type(data) is bytes
    assert len(data) == FILE_BYTES
    return replace(echo(data, options), data=b"a portrait that is smaller than its photo")


def refuse(data: bytes, options: Options) -> Portrait:
    raise UndecodableImage("The picture is cut off.")


@pytest.mark.parametrize("path", ["/process", "/detect", "/check", "/batch"])
def test_an_upload_is_not_copied_on_its_way_and_not_kept(path: str) -> None:
    exchange = Exchange(HEAD, FILE_BYTES, END)
    exchange.run(path, smaller, max_upload_bytes=FILE_BYTES)
    assert exchange.status == 200
    assert FILE_BYTES < exchange.peak_bytes < 1.3 * FILE_BYTES
    assert exchange.held_bytes < 0.1 * FILE_BYTES


@pytest.mark.parametrize("path", ["/process", "/detect", "/check"])
def test_a_photo_alone_is_not_copied_on_its_way_and_not_kept(path: str) -> None:
    exchange = Exchange(FILE_BYTES, content_type="image/jpeg")
    exchange.run(path, smaller, max_upload_bytes=FILE_BYTES)
    assert exchange.status == 200
    assert FILE_BYTES < exchange.peak_bytes < 1.3 * FILE_BYTES
    assert exchange.held_bytes < 0.1 * FILE_BYTES


@pytest.mark.parametrize("path", ["/process", "/detect", "/check"])
def test_base64_is_decoded_on_its_way_and_never_kept(path: str) -> None:
    pieces = (b'{"file": "', FILE_BYTES // 3 * 4, b'AA=="}')  # zeros
    exchange = Exchange(*pieces, content_type="application/json", filler=b"A")
    exchange.run(path, smaller, max_upload_bytes=FILE_BYTES)
    assert exchange.status == 200
    assert FILE_BYTES < exchange.peak_bytes < 1.3 * FILE_BYTES
    assert exchange.held_bytes < 0.1 * FILE_BYTES


def test_a_photo_that_fails_is_not_kept() -> None:
    exchange = Exchange(HEAD, FILE_BYTES, END)
    exchange.run("/process", refuse, max_upload_bytes=FILE_BYTES)
    assert exchange.status == 400
    assert tracemalloc.get_traced_memory()[0] < 0.1 * FILE_BYTES


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ((HEAD, FILE_BYTES), 400),
        ((HEAD, FILE_BYTES + 1, END), 413),
        ((HEAD, FILE_BYTES, b"\r\n--b\r\nx"), 400),
    ],
    ids=["cut off", "too large", "malformed"],
)
@pytest.mark.parametrize("path", ["/process", "/batch"])
def test_a_form_that_is_refused_is_not_kept(path: str, pieces: tuple[bytes | int, ...], status: int) -> None:
    exchange = Exchange(*pieces)
    exchange.run(path, smaller, max_upload_bytes=FILE_BYTES)
    assert exchange.status == (200 if path == "/batch" and status == 413 else status)
    assert tracemalloc.get_traced_memory()[0] < 0.1 * FILE_BYTES
