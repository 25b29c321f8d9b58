"""More connections than there may be: which of them give way to a new one, and which keep their place."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Event

import pytest

from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.service import outflow, server
from tests.service.batch.wire import PATIENCE_S, chunk, connected, part, read_until
from tests.service.conftest import Open, Serve, echo
from tests.service.raw import FORM, HEALTH, answer, closes
from tests.service.request.forms import FILE, form

SILENT = FORM + b"Content-Length: 1000\r\n\r\n"


@pytest.mark.parametrize(
    "sent", [b"", b"GET /hea", HEALTH, SILENT], ids=["nothing", "half a head", "answered", "no body"]
)
def test_connections_that_ask_nothing_give_way(serve: Serve, open_: Open, sent: bytes) -> None:
    client = serve(max_connections=10)
    waiting = []
    for _ in range(50):
        waiting.append(open_(client, sent))
        if sent == HEALTH:
            read_until(waiting[-1], b"}")
    connection = open_(client, HEALTH)
    assert b" 200 " in read_until(connection, b"}")
    connection.sendall(HEALTH)
    assert b" 200 " in read_until(connection, b"}")
    assert answer(waiting[0]) == b""  # the longest has given way


@pytest.fixture
def gate() -> Iterator[Event]:
    """Opened when the test ends, at the latest."""
    opened = Event()
    yield opened
    opened.set()


def test_a_connection_more_than_there_may_be_is_refused_if_all_work(
    serve: Serve, open_: Open, gate: Event
) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        assert gate.wait(PATIENCE_S)
        return echo(data, options)

    client = serve(process, max_connections=5)
    body = form(FILE)
    asked = [open_(client, FORM + b"Content-Length: %d\r\n\r\n" % len(body) + body) for _ in range(5)]
    time.sleep(0.3)  # for the bodies to arrive
    refused = answer(open_(client, HEALTH))
    head, _, body = refused.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert closes(refused)
    assert b"retry-after: 1" in head
    problem = json.loads(body)
    assert (problem["code"], problem["limit"]) == ("queue_full", 5)
    asked[0].close()
    deadline = time.monotonic() + PATIENCE_S
    while not read_until(open_(client, HEALTH), b"}").startswith(b"HTTP/1.1 200 "):
        assert time.monotonic() < deadline


def test_an_upload_that_goes_on_does_not_give_way_to_silent_ones(serve: Serve, open_: Open) -> None:
    client = serve(max_connections=10)
    body = form(FILE)
    upload = open_(client, FORM + b"Content-Length: %d\r\n\r\n" % len(body))
    for start in range(len(body)):
        upload.sendall(body[start : start + 1])
        time.sleep(0.02)
        for _ in range(3 if start < 30 else 0):
            open_(client, SILENT)
    assert b" 200 " in read_until(upload, b"\r\n")


def test_a_batch_that_is_answered_keeps_its_place_however_long_it_sends_nothing(
    serve: Serve, open_: Open
) -> None:
    client = serve(max_connections=5)
    with connected(client) as connection:
        connection.sendall(chunk(part("file", b"the first", "a.png") + b"--limit\r\n"))
        read_until(connection, b"the first")
        for _ in range(20):
            open_(client, SILENT)
        assert b" 200 " in read_until(open_(client, HEALTH), b"}")
        rest = part("file", b"the second", "b.png").removeprefix(b"--limit\r\n") + b"--limit--\r\n"
        connection.sendall(chunk(rest) + b"0\r\n\r\n")
        assert b"the second" in read_until(connection, b"0\r\n\r\n")


def test_an_answer_that_has_not_left_yet_does_not_give_way(
    serve: Serve, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen = server._listen

    def listen_small(host: str, port: int) -> socket.socket:
        listener = listen(host, port)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # the rest stays in the process
        return listener

    monkeypatch.setattr(server, "_listen", listen_small)
    monkeypatch.setattr(outflow, "SILENCE_S", 2)
    size = 60_000
    client = serve(lambda data, options: echo(data * size, options), max_connections=3)
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(PATIENCE_S)
    with reader:
        url = client.base_url
        reader.connect((url.host, url.port or 80))
        body = part("file", b"x", "a.png") + b"--limit--\r\n"
        head = FORM.replace(b"=b\r\n", b"=limit\r\n") + b"Content-Length: %d\r\n\r\n" % len(body)
        reader.sendall(head + body)
        received = read_until(reader, b"\r\n\r\n")
        time.sleep(0.3)  # the last piece is in the process's buffer
        for _ in range(5):
            assert b" 200 " in read_until(open_(client, HEALTH), b"}")
        while not received.endswith(b"x" * 100) or len(received) < size:
            piece = reader.recv(65536)
            assert piece, len(received)
            received += piece
        deadline = time.monotonic() + PATIENCE_S
        while reader.fileno() >= 0:  # now it gives way as others do
            open_(client, HEALTH)
            reader.settimeout(0.1)
            with suppress(TimeoutError):
                assert not answer(reader)
                break
            assert time.monotonic() < deadline
