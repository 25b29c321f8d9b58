"""Portraits on their way to clients: how long, in how much memory, and that nothing is left of them."""

import base64
import socket
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import Event

import httpx
import pytest

from facecraft.imaging.encoders import largest_bytes
from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.service import outflow
from facecraft.service.capacity import admission, answers
from tests.service.batch.wire import BOUNDARY, END, PATIENCE_S, part
from tests.service.conftest import Serve, echo

FILE_BYTES = 20_000_000
JSON = {"Accept": "application/json"}


def large(data: bytes, options: Options) -> Portrait:
    return echo(data[:1] * FILE_BYTES, options)


def asked(client: httpx.Client, accept: bytes = b"image/*") -> socket.socket:
    """A connection on which a portrait was asked for, and nothing was read."""
    url = client.base_url
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    connection.settimeout(PATIENCE_S)
    connection.connect((url.host, url.port or 80))
    body = part("file", b"x", "a.png") + END
    head = (
        b"POST /process HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(body),
        b"Accept: %s\r\nContent-Type: multipart/form-data; boundary=%s\r\n\r\n" % (accept, BOUNDARY),
    )
    connection.sendall(b"".join(head) + body)
    return connection


def read_to_the_end(connection: socket.socket, received: bytes = b"") -> bytes:
    """The whole answer, or what came of it before the connection ended."""
    read = bytearray(received)
    with suppress(ConnectionResetError):
        while len(read) < expected_bytes(bytes(read[:2000])) and (piece := connection.recv(1 << 20)):
            read += piece
    return bytes(read)


def expected_bytes(start: bytes) -> int:
    """Of head and body, by the head."""
    head, end, _ = start.lower().partition(b"\r\n\r\n")
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(head + end) + int(length) if end else 1 << 30


def gauge(client: httpx.Client, name: str = "facecraft_answer_bytes") -> float:
    lines = client.get("/metrics").text.splitlines()
    (value,) = (line.split()[1] for line in lines if line.startswith(f"{name} "))
    return float(value)


def await_held(client: httpx.Client, least: float, most: float) -> None:
    patience = time.monotonic() + PATIENCE_S
    while not least <= gauge(client) <= most:
        assert time.monotonic() < patience
        time.sleep(0.02)


@pytest.mark.parametrize("accept", [b"image/*", b"application/json"])
def test_a_client_that_reads_nothing_loses_its_connection_and_the_memory_is_free(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, accept: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outflow, "SILENCE_S", 0.5)
    client = serve(large)
    with asked(client, accept) as connection:
        await_held(client, FILE_BYTES, FILE_BYTES)
        await_held(client, 0, 0)
        assert len(read_to_the_end(connection)) < FILE_BYTES
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_client_that_reads_slowly_gets_everything(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outflow, "SILENCE_S", 0.5)
    client = serve(large)
    with asked(client) as connection:
        received = bytearray()
        for _ in range(12):  # longer than the limit, and never silent for as long
            time.sleep(0.15)
            received += connection.recv(100_000)
        head, _, body = read_to_the_end(connection, bytes(received)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b"x" * FILE_BYTES


def test_json_has_the_same_file_in_base64(serve: Serve) -> None:
    client = serve(lambda data, options: echo(data * 123_457, options))
    response = client.post("/process", files={"file": b"ab"}, headers=JSON)
    assert int(response.headers["Content-Length"]) == len(response.content)
    body = response.json()
    assert base64.b64decode(body["image"]["base64"], validate=True) == b"ab" * 123_457
    assert list(body)[-1] == "image"


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("headers", [{}, JSON], ids=["image", "json"])
def test_a_portrait_is_in_memory_once_and_gone_with_its_answer(serve: Serve, headers: dict[str, str]) -> None:
    client = serve(large)
    client.post("/process", files={"file": b"x"}, headers=headers)
    tracemalloc.clear_traces()
    with client.stream("POST", "/process", files={"file": b"x"}, headers=headers) as response:
        received = sum(len(piece) for piece in response.iter_raw())
        _, peak_bytes = tracemalloc.get_traced_memory()
    assert received >= FILE_BYTES
    await_held(client, 0, 0)  # on the same connection, which stays open
    held_bytes, _ = tracemalloc.get_traced_memory()
    assert FILE_BYTES < peak_bytes < 1.2 * FILE_BYTES
    assert held_bytes < 0.1 * FILE_BYTES


SIDE_PX = 700
ROOM_BYTES = largest_bytes(SIDE_PX, SIDE_PX)
SMALL = {"workers": 2, "queue_size": 64, "max_pixels": SIDE_PX**2, "max_upload_bytes": 10_000}
READERS = 40


class Counted:
    """Makes portraits of the largest size, and counts them."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, data: bytes, options: Options) -> Portrait:
        self.made += 1
        return echo(data[:1] * ROOM_BYTES, options)


def test_however_many_read_slowly_the_bytes_of_answers_stay_within_their_budget(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "ROOM_TIMEOUT_S", 0.5)
    monkeypatch.setattr(outflow, "SILENCE_S", 60)
    process = Counted()
    client = serve(process, planned_bytes=ROOM_BYTES, **SMALL)
    with ExitStack() as stack, ThreadPoolExecutor(READERS) as pool:
        unread = [stack.enter_context(asked(client)) for _ in range(3)]  # as many as there is room for
        await_held(client, 3 * ROOM_BYTES, 3 * ROOM_BYTES)
        late = [pool.submit(client.post, "/process", files={"file": b"y"}) for _ in range(READERS - 3)]
        while not all(each.done() for each in late):
            assert gauge(client) <= 3 * ROOM_BYTES
        refused = [each.result() for each in late]
        assert {(each.status_code, each.json()["code"]) for each in refused} == {(503, "queue_full")}
        assert all(int(each.headers["Retry-After"]) >= 1 for each in refused)
        assert process.made == 3  # and none in vain
        for each in unread:
            assert read_to_the_end(each).endswith(b"x" * 1000)
    await_held(client, 0, 0)
    assert client.post("/process", files={"file": b"z"}).status_code == 200


def test_who_finds_no_room_waits_for_those_who_read(serve: Serve) -> None:
    process = Counted()
    client = serve(process, planned_bytes=ROOM_BYTES, **SMALL)
    with ThreadPoolExecutor(READERS) as pool:
        several = [pool.submit(client.post, "/process", files={"file": b"y"}) for _ in range(READERS)]
        assert {each.result().status_code for each in several} == {200}
    assert process.made == READERS
    await_held(client, 0, 0)


def test_a_small_portrait_needs_no_more_room_than_it_takes(serve: Serve) -> None:
    client = serve(Counted(), planned_bytes=ROOM_BYTES // 100, **SMALL)
    with asked(client), asked(client):
        await_held(client, 2 * ROOM_BYTES, 2 * ROOM_BYTES)
        started = time.monotonic()
        assert client.post("/process", files={"file": b"y"}).status_code == 200
        assert time.monotonic() - started < 2


def test_an_answer_that_keeps_others_waiting_for_long_ends(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve(Counted(), planned_bytes=ROOM_BYTES, **SMALL)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(asked(client))
        await_held(client, 3 * ROOM_BYTES, 3 * ROOM_BYTES)
        monkeypatch.setattr(outflow, "PATIENCE_S", 0)
        assert client.post("/process", files={"file": b"y"}).status_code == 200


def test_of_clients_that_read_too_slowly_the_slowest_makes_room(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outflow, "GRACE_S", 0.5)
    monkeypatch.setattr(outflow, "SILENCE_S", 1)
    monkeypatch.setattr(answers, "LOOK_S", 0.05)
    client = serve(Counted(), planned_bytes=ROOM_BYTES, **SMALL)
    with ExitStack() as stack:
        readers = [stack.enter_context(asked(client)) for _ in range(3)]
        await_held(client, 3 * ROOM_BYTES, 3 * ROOM_BYTES)
        received = [bytearray() for _ in readers]
        for _ in range(8):
            time.sleep(0.1)
            for reader, read, size in zip(readers, received, (1000, 50_000, 50_000), strict=True):
                read.extend(reader.recv(size))
        assert client.post("/process", files={"file": b"y"}).status_code == 200
        whole = [
            len(read_to_the_end(reader, bytes(read))) > ROOM_BYTES
            for reader, read in zip(readers, received, strict=True)
        ]
    assert whole == [False, True, True]


def test_without_room_a_full_queue_refuses_at_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    client = serve(Counted(), planned_bytes=ROOM_BYTES, **SMALL | {"queue_size": 1})
    with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        unread = []
        for count in range(1, 4):
            unread.append(stack.enter_context(asked(client)))
            await_held(client, count * ROOM_BYTES, count * ROOM_BYTES)
        waiting = pool.submit(client.post, "/process", files={"file": b"y"})
        patience = time.monotonic() + PATIENCE_S
        while gauge(client, "facecraft_queue_depth") < 1:
            assert time.monotonic() < patience
        assert client.post("/process", files={"file": b"z"}).json()["code"] == "queue_full"
        read_to_the_end(unread[0])
        assert waiting.result().status_code == 200


def test_the_room_of_work_that_nobody_waits_for_is_kept_until_it_ends(serve: Serve) -> None:
    opened = Event()

    def process(data: bytes, options: Options) -> Portrait:
        assert opened.wait(PATIENCE_S)
        return echo(data, options)

    client = serve(process, planned_bytes=ROOM_BYTES, **SMALL)
    with pytest.raises(httpx.ReadTimeout):
        client.post("/process", files={"file": b"x"}, timeout=0.3)
    time.sleep(0.2)  # for the service to see that the client has left
    assert gauge(client) == ROOM_BYTES
    opened.set()
    await_held(client, 0, 0)
