import json
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from facecraft.service import protocol

if TYPE_CHECKING:
    from tests.service.conftest import Serve

HEAD = b"GET /health HTTP/1.1\r\nHost: test\r\n"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_TIMEOUT_S", 0.4)


def connect(serve: "Serve") -> socket.socket:
    url = serve().base_url
    return socket.create_connection((url.host, url.port or 80), 5)


def closed_after(connection: socket.socket) -> float:
    start = time.monotonic()
    connection.settimeout(5)
    while connection.recv(4096):
        pass
    return time.monotonic() - start


@pytest.mark.parametrize("sent", [b"", b"G", HEAD])
def test_a_client_that_does_not_get_to_its_request_is_left(serve: "Serve", sent: bytes) -> None:
    with connect(serve) as connection:
        connection.sendall(sent)
        assert closed_after(connection) < 2


def test_a_head_that_drips_is_left_as_well(serve: "Serve") -> None:
    with connect(serve) as connection:
        connection.setblocking(False)
        start, open_ = time.monotonic(), True
        while open_ and time.monotonic() - start < 5:
            try:
                connection.sendall(b"X: y\r\n")
                open_ = connection.recv(4096) != b""
            except BlockingIOError:
                time.sleep(0.05)
            except OSError:
                open_ = False
        assert time.monotonic() - start < 3


def test_a_second_head_on_the_same_connection_has_to_be_prompt_too(serve: "Serve") -> None:
    with connect(serve) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        time.sleep(0.6)  # idle between requests is not what is limited here
        connection.sendall(HEAD)
        assert closed_after(connection) < 2


def test_a_request_may_take_longer_than_its_head(serve: "Serve") -> None:
    boundary = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n0123\r\n--b--\r\n'
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with connect(serve) as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(boundary))
        time.sleep(0.7)
        connection.sendall(boundary)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"\x16\x03\x01 not HTTP\r\n\r\n", 400, "bad_request"),
        (HEAD + b"X: " + b"y" * 20_000 + b"\r\n\r\n", 431, "head_too_large"),
        (HEAD + b"X: y\r\n" * 101 + b"\r\n", 431, "head_too_large"),
        (HEAD + b"X: " + b"y" * 200_000, 400, "bad_request"),
    ],
    ids=["no HTTP", "a header that is too long", "too many headers", "one that does not end"],
)
def test_what_is_no_request_or_too_large_a_head_is_a_problem(
    serve: "Serve", sent: bytes, status: int, code: str
) -> None:
    with connect(serve) as connection:
        connection.sendall(sent)
        answer = b""
        with suppress(ConnectionResetError):
            while b"}" not in answer:
                answer += connection.recv(4096)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["code"] == code


def test_headers_below_the_limit_are_fine(serve: "Serve") -> None:
    with connect(serve) as connection:
        connection.sendall(HEAD + b"X: y\r\n" * 98 + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_an_answer_does_not_wait_for_an_acknowledgement(serve: "Serve") -> None:
    client = serve()
    times_s = []
    for _ in range(20):
        start = time.perf_counter()
        assert client.get("/health").status_code == 200
        times_s.append(time.perf_counter() - start)
    assert sorted(times_s)[10] < 0.03  # the system's delayed acknowledgement takes 40 ms
