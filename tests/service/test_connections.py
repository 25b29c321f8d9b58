"""Connections as clients really leave them: unread bodies, too many of them, half of them closed, garbage."""

import logging
import socket
import struct
import time
from pathlib import Path

import httpx
import pytest

from facecraft.service import linger
from tests.service.batch.wire import PATIENCE_S, chunk, connected, part, read_until
from tests.service.conftest import Open
from tests.service.raw import FORM, HEALTH, answer, closes
from tests.service.request.forms import FILE, form

UNREAD = b"POST /nonesuch HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
RESET = struct.pack("ii", 1, 0)  # for SO_LINGER: closing drops what was sent


def send_on(connection: socket.socket, piece: bytes, pause_s: float = 0) -> None:
    """Send the piece again and again, until the connection ends or 100 MB have been taken."""
    start = time.monotonic()
    for _ in range(100_000_000 // len(piece)):
        connection.sendall(piece)
        time.sleep(pause_s)
        assert time.monotonic() - start < PATIENCE_S


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (UNREAD, b"404"),
        (FORM + b"Content-Length: 100000000\r\n\r\n", b"413"),
        (FORM + b"Content-Length: 100000000\r\nExpect: 100-continue\r\n\r\n", b"413"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", b"200"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"200"),
        (b"POST /batch HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", b"422"),
    ],
)
def test_a_body_that_will_not_be_read_ends_its_connection(
    client: httpx.Client, open_: Open, sent: bytes, status: bytes
) -> None:
    answered = answer(open_(client, sent))
    assert answered.startswith(b"HTTP/1.1 " + status)
    assert closes(answered)
    assert b"100 Continue" not in answered


@pytest.mark.parametrize(
    "sent", [HEALTH, b"POST /nonesuch HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"]
)
def test_a_body_that_has_arrived_leaves_its_connection_open(
    client: httpx.Client, open_: Open, sent: bytes
) -> None:
    connection = open_(client, sent)
    assert not closes(read_until(connection, b"}"))
    connection.sendall(HEALTH)
    assert b" 200 " in read_until(connection, b"}")


def test_of_an_unread_body_64_kb_are_dropped_and_no_more(client: httpx.Client, open_: Open) -> None:
    connection = open_(client, UNREAD)
    read_until(connection, b"}")
    with pytest.raises(ConnectionError):
        send_on(connection, bytes(64 * 1024))


def test_a_client_that_still_sends_can_read_the_answer_for_a_while(
    client: httpx.Client, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linger, "LINGER_S", 0.5)
    connection = open_(client, UNREAD)
    answered = answer(connection)  # its end comes at once, but it may still send
    start = time.monotonic()
    with pytest.raises(ConnectionError):
        send_on(connection, b"x", pause_s=0.05)
    assert closes(answered)
    assert 0.3 < time.monotonic() - start < 5


def test_a_batch_may_send_on_while_it_is_answered(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(chunk(part("file", b"the first", "a.png") + b"--limit\r\n"))
        assert not closes(read_until(connection, b"the first"))


def test_the_rest_of_a_batch_that_has_ended_is_not_read_for_ever(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(chunk(part("file", b"the first", "a.png") + b"--limit\r\n"))
        read_until(connection, b"the first")
        connection.sendall(chunk(b"no header\r\n\r\n"))
        read_until(connection, b"0\r\n\r\n")
        with pytest.raises(ConnectionError):
            send_on(connection, chunk(bytes(64 * 1024)))


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /he", HEALTH, UNREAD, FORM + b"Content-Length: 1000\r\n\r\n--b"],
    ids=["nothing", "head", "request", "unread", "body"],
)
@pytest.mark.parametrize("reset", [False, True], ids=["half-closed", "reset"])
def test_connections_that_are_left_leave_nothing(
    client: httpx.Client, open_: Open, caplog: pytest.LogCaptureFixture, sent: bytes, reset: bool
) -> None:
    assert client.get("/health").status_code == 200
    before = descriptors()
    for _ in range(30):
        connection = open_(client, sent)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        else:
            connection.shutdown(socket.SHUT_WR)
            answer(connection)
        connection.close()
    deadline = time.monotonic() + PATIENCE_S
    while descriptors() > before:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert client.get("/health").status_code == 200
    assert not complaints(caplog)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.exc_info or each.levelno >= logging.ERROR]


BATCH = b"POST /batch HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
GARBAGE = {
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) + b"\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 404),
    "no host": (b"GET /health HTTP/1.1\r\n\r\n", 400),
    "a broken host": (b"GET /nonesuch HTTP/1.1\r\nHost: [::1\r\n\r\n", 404),
    "all": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "CONNECT": (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "of a proxy": (b"GET http://x/health HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "a broken path": (b"GET /%ff%zz%00 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "HTTP/2 wanted": (HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), 200),
    "WebSocket": (HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"), 200),
    "two lengths": (FORM + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400),
    "a negative length": (FORM + b"Content-Length: -4\r\n\r\n", 400),
    "a length of 31 digits": (FORM + b"Content-Length: " + b"9" * 31 + b"\r\n\r\n", 400),
    "gzip of the transfer": (FORM + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    "a broken chunk": (FORM + CHUNKED + b"zz\r\n", 400),
    "a broken chunk later": (FORM + CHUNKED + b"5\r\n--b\r\n\r\nzz\r\n", 400),
    "a broken chunk of a batch": (BATCH + CHUNKED + b"5\r\n--b\r\n\r\nzz\r\n", 400),
    "a length too short": (FORM + b"Content-Length: 9\r\n\r\n" + form(FILE), 400),
    "a broken type": (b'POST /process HTTP/1.1\r\nHost: x\r\nContent-Type: \xff;;=;"\r\n\r\n', 422),
    "a request behind it": (HEALTH + b"\x00\x01\r\n\r\n", 200),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_gets_an_answer_and_no_traceback(
    client: httpx.Client, open_: Open, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    sent, status = GARBAGE[name]
    connection = open_(client, sent)
    assert read_until(connection, b"}").startswith(b"HTTP/1.1 %d " % status)
    connection.close()
    assert client.get("/health").status_code == 200
    assert not complaints(caplog)


def test_a_broken_chunk_after_the_answer_has_begun_ends_the_connection(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(client) as connection:
        connection.sendall(chunk(part("file", b"the first", "a.png") + b"--limit\r\n"))
        read_until(connection, b"the first")
        connection.sendall(b"zz\r\n")
        assert b"manifest" not in answer(connection)
    assert client.get("/health").status_code == 200
    assert not complaints(caplog)
