"""The ZIP of /process with each=true: how long it is held, and how much of it."""

import socket
import time
import tracemalloc
from contextlib import suppress

import httpx
import pytest

from facecraft.options import Options
from facecraft.results import Portrait, Portrayal
from facecraft.service import outflow
from facecraft.service.batch.archive import archive
from facecraft.service.batch.sending import CHUNK_BYTES
from tests.service.batch.wire import BOUNDARY, END, PATIENCE_S, part, read_until
from tests.service.conftest import Serve, echo

PORTRAIT_BYTES = 20_000_000
LAST_CHUNK = b"\r\n0\r\n\r\n"


def large(data: bytes, options: Options) -> Portrait:
    return echo(data * PORTRAIT_BYTES, options)


def asked(client: httpx.Client, photo: bytes, buffer_bytes: int = 1 << 20) -> socket.socket:
    """A connection on which the portraits of every face of a photo were asked for, and nothing was read."""
    url = client.base_url
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    connection.settimeout(PATIENCE_S)
    connection.connect((url.host, url.port or 80))
    fields = (("preset", b"badge", None), ("each", b"true", None), ("file", photo, "class.jpg"))
    body = b"".join(part(*field) for field in fields) + END
    head = (
        b"POST /process HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(body),
        b"Content-Type: multipart/form-data; boundary=%s\r\n\r\n" % BOUNDARY,
    )
    connection.sendall(b"".join(head) + body)
    return connection


def read_to_the_end(connection: socket.socket) -> bytes:
    """What is left of the answer, until its last chunk or the end of the connection."""
    received = bytearray()
    while not received.endswith(LAST_CHUNK) and (piece := connection.recv(1 << 20)):
        received += piece
    return bytes(received)


def held_bytes(client: httpx.Client) -> float:
    lines = client.get("/metrics").text.splitlines()
    (held,) = (line for line in lines if line.startswith("facecraft_upload_bytes "))
    return float(held.split()[1])


def await_nothing_held(client: httpx.Client) -> None:
    patience = time.monotonic() + PATIENCE_S
    while held_bytes(client) > 0:
        assert time.monotonic() < patience
        time.sleep(0.05)


def test_a_client_that_does_not_read_loses_its_connection_and_its_place(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outflow, "SILENCE_S", 0.5)
    client = serve(large)
    with asked(client, b"abc") as connection:
        assert b" 200 " in read_until(connection, b"\r\n\r\n")
        assert held_bytes(client) > 0
        await_nothing_held(client)
        received = read_to_the_end(connection)
    assert len(received) < PORTRAIT_BYTES
    assert not received.endswith(LAST_CHUNK)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_client_that_reads_slowly_gets_everything(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outflow, "SILENCE_S", 1)
    with asked(serve(large), b"a") as connection:
        received = 0
        for _ in range(15):
            time.sleep(0.1)
            received += len(connection.recv(1_000_000, socket.MSG_WAITALL))
        rest = read_to_the_end(connection)
    assert rest.endswith(LAST_CHUNK)
    assert received + len(rest) > PORTRAIT_BYTES


def test_a_client_that_takes_longer_for_a_piece_than_it_is_silent_gets_everything(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outflow, "SILENCE_S", 1)
    # What is sent leaves in lumps, for which this client takes seconds each.
    with asked(serve(large, upload_timeout_s=0.5), b"a", buffer_bytes=16_000) as connection:
        received = 0
        for _ in range(30):
            time.sleep(0.1)
            received += len(connection.recv(8000, socket.MSG_WAITALL))
        rest = read_to_the_end(connection)
    assert rest.endswith(LAST_CHUNK)
    assert received + len(rest) > PORTRAIT_BYTES


def test_clients_that_read_too_slowly_make_room_for_a_batch(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outflow, "GRACE_S", 0.5)
    monkeypatch.setattr(outflow, "SILENCE_S", 3)
    client = serve(large)
    with asked(client, b"a") as slow, asked(client, b"a", buffer_bytes=64_000) as slower:
        for connection in (slow, slower):
            read_until(connection, b"\r\n\r\n")
        statuses = [client.post("/batch", files={"file": b"x"}).status_code]
        patience = time.monotonic() + PATIENCE_S
        while statuses[-1] == 503:
            assert time.monotonic() < patience
            time.sleep(0.1)
            slow.recv(200_000, socket.MSG_WAITALL)
            slower.recv(1000)
            statuses.append(client.post("/batch", files={"file": b"x"}).status_code)
        assert len(statuses) > 3
        assert statuses[-1] == 200
        assert read_to_the_end(slow).endswith(LAST_CHUNK)
        with suppress(ConnectionResetError):
            assert not read_to_the_end(slower).endswith(LAST_CHUNK)


@pytest.mark.usefixtures("traced")
def test_a_portrait_is_in_memory_once_while_it_is_sent() -> None:
    before, _ = tracemalloc.get_traced_memory()
    made = [Portrayal(number, 2, large(b"a", Options()), 1) for number in (1, 2)]
    held = []
    for piece in archive("class.jpg", made):
        assert len(piece) <= CHUNK_BYTES
        held.append((tracemalloc.get_traced_memory()[0] - before) / PORTRAIT_BYTES)
    assert max(held) < 2.1
    assert max(held[len(held) * 3 // 4 :]) < 1.1
    assert held[-1] < 0.1
