"""How much an upload may be, and how long it may take."""

import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest

from tests.service.request.forms import FILE, LIMIT, form, post, refused

Serve = Callable[..., httpx.Client]


def test_a_file_of_exactly_the_limit_is_accepted(client: httpx.Client) -> None:
    # Zeros, of which the pipeline that is made up knows nothing.
    response = client.post("/process", files={"file": bytes(LIMIT)})
    assert response.status_code == 200
    assert response.content == bytes(LIMIT)


def test_a_file_of_one_byte_more_is_refused(client: httpx.Client) -> None:
    response = client.post("/process", files={"file": bytes(LIMIT + 1)})
    refused(response, 413, "upload_too_large", "more than 0.1 MB")
    assert response.json()["limit"] == LIMIT


def test_a_much_larger_file_is_refused_and_its_sender_can_read_why(client: httpx.Client) -> None:
    refused(client.post("/process", files={"file": bytes(30_000_000)}), 413, "upload_too_large", "0.1 MB")


@pytest.mark.parametrize("size", [LIMIT + 1, 30_000_000])
def test_a_body_of_undeclared_length_is_cut_at_the_limit(client: httpx.Client, size: int) -> None:
    def body() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for start in range(0, size, 50_000):
            yield bytes(min(50_000, size - start))
        yield b"\r\n--b--\r\n"

    refused(post(client, body()), 413, "upload_too_large", "0.1 MB")


@pytest.mark.parametrize("padding", ["before", "after"])
def test_what_stands_outside_of_the_parts_counts_too(client: httpx.Client, padding: str) -> None:
    filler = b"\r\n" * LIMIT
    body = filler + form(FILE) if padding == "before" else form(FILE) + filler
    refused(post(client, iter([body])), 413, "upload_too_large", "0.1 MB")


def test_a_declared_length_over_the_limit_is_refused_before_the_body_is_read(client: httpx.Client) -> None:
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), 5) as connection:
        connection.sendall(head + b"Content-Length: 1000000000\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_no_temporary_file_is_made(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    client = serve()
    for name in ("mkstemp", "_mkstemp_inner", "TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile"):
        monkeypatch.setattr(tempfile, name, fail)
    # 5 MB, at which Starlette's own parser has long gone to the disk.
    assert client.post("/process", files={"file": bytes(5_000_000)}).status_code == 200


def test_the_file_name_and_declared_type_mean_nothing(client: httpx.Client) -> None:
    response = client.post("/process", files={"file": ("../../x.html", b"any bytes", "text/html")})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/png"


def test_an_upload_that_stalls_is_given_up(serve: Serve) -> None:
    url = serve(upload_timeout_s=0.2).base_url
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection((url.host, url.port or 80), 5) as connection:
        connection.sendall(head + b"Content-Length: 1000\r\n\r\n--b\r\n")
        answer = b""
        while b"}" not in answer:
            answer += connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"upload_timeout"' in answer


def test_an_upload_that_drips_is_given_up(serve: Serve) -> None:
    url = serve(upload_timeout_s=0.5).base_url
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection((url.host, url.port or 80), 5) as connection:
        connection.sendall(head + b"Content-Length: 99000\r\n\r\n" + form(FILE, end=b"")[:-2])
        connection.settimeout(0.1)
        answer = b""
        for _ in range(50):
            connection.sendall(b"-")
            try:
                answer = connection.recv(4096)
                break
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_slow_steady_upload_takes_longer_than_the_time_of_silence(serve: Serve) -> None:
    url = serve(upload_timeout_s=0.4, min_upload_rate=1000).base_url
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    body = form(('; name="file"; filename="a.png"', bytes(20_000)))
    start = time.monotonic()
    with socket.create_connection((url.host, url.port or 80), 5) as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
        for piece in range(0, len(body), 1000):
            connection.sendall(body[piece : piece + 1000])
            time.sleep(0.05)  # 20 kB a second
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert time.monotonic() - start > 0.8


def test_an_upload_below_the_least_rate_is_given_up(serve: Serve) -> None:
    url = serve(upload_timeout_s=3, min_upload_rate=100_000).base_url
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: image/jpeg\r\n"
    with socket.create_connection((url.host, url.port or 80), 5) as connection:
        connection.sendall(head + b"Content-Length: 99000\r\n\r\n")
        connection.settimeout(0.1)
        answer = b""
        for _ in range(99):
            connection.sendall(bytes(1000))  # 10 kB a second
            with suppress(TimeoutError):
                answer = connection.recv(4096)
                break
        connection.settimeout(5)
        while b"}" not in answer:
            answer += connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"slower than 100000 bytes per second" in answer


def test_base64_counts_as_what_it_is_decoded(serve: Serve) -> None:
    client = serve(max_upload_bytes=LIMIT, workers=1, queue_size=0)  # so 200 000 bytes
    url = client.base_url
    with socket.create_connection((url.host, url.port or 80), 5) as unfinished:
        head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
        unfinished.sendall(head + b'Content-Length: 140000\r\n\r\n{"file": "' + b"A" * 120_000)
        wait_until(lambda: held_bytes(client) >= 90_000)
        assert held_bytes(client) < 91_000
        assert client.post("/process", files={"file": bytes(90_000)}).status_code == 200


def held_bytes(client: httpx.Client) -> float:
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("facecraft_upload_bytes "))


def wait_until(met: Callable[[], bool]) -> None:
    patience = time.monotonic() + 20
    while not met():
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_uploads_together_hold_no_more_memory_than_they_may(serve: Serve) -> None:
    client = serve(max_upload_bytes=LIMIT, workers=1, queue_size=0)  # so 200 000 bytes
    url = client.base_url
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    unfinished = []
    for _ in range(2):
        connection = socket.create_connection((url.host, url.port or 80), 5)
        connection.sendall(head + b"Content-Length: 99000\r\n\r\n" + form(FILE, end=b"")[:-2] + bytes(98_000))
        unfinished.append(connection)
    time.sleep(0.2)  # for them to arrive
    response = client.post("/process", files={"file": bytes(90_000)})
    refused(response, 503, "queue_full", "Too many bytes are being uploaded")
    assert int(response.headers["Retry-After"]) >= 1
    for connection in unfinished:
        connection.close()
    time.sleep(0.2)  # for that to be noticed
    assert client.post("/process", files={"file": bytes(90_000)}).status_code == 200
