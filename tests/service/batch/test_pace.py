"""POST /batch as a conversation: who waits for whom, how long, and what is held meanwhile."""

import socket
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.service import outflow
from tests.service.batch.wire import (
    BOUNDARY,
    END,
    PATIENCE_S,
    chunk,
    connected,
    files,
    opened,
    part,
    read_until,
)
from tests.service.conftest import echo

Serve = Callable[..., httpx.Client]


def test_a_portrait_leaves_before_the_last_photo_has_come(serve: Serve) -> None:
    with connected(serve()) as connection:
        # The boundary that follows a file is what tells that it is whole.
        connection.sendall(chunk(part("file", b"the first", "a.png") + b"--" + BOUNDARY + b"\r\n"))
        assert b"the first" in read_until(connection, b"the first")
        rest = part("file", b"the second", "b.png").removeprefix(b"--" + BOUNDARY + b"\r\n")
        connection.sendall(chunk(rest + END) + b"0\r\n\r\n")
        got = read_until(connection, b"0\r\n\r\n")
        assert b"the second" in got
        assert b"manifest.json" in got


def test_a_client_that_only_reads_when_it_has_sent_everything_gets_everything(serve: Serve) -> None:
    photos = files(*(bytes([index]) * 100_000 for index in range(60)))
    contents, entries = opened(serve().post("/batch", files=photos))
    assert len(contents) == len(entries) == 60
    assert contents["photo59.png"] == bytes([59]) * 100_000


def test_what_a_batch_holds_is_bounded_however_many_photos_come(serve: Serve) -> None:
    client = serve(max_upload_bytes=50_000, batch_bytes=200_000)
    sent = 0

    def send(connection: socket.socket) -> None:
        nonlocal sent
        photo = chunk(part("file", b"x" * 40_000, "a.png"))
        try:
            for _ in range(2000):  # 80 MB, of which the service may hold 0.2
                connection.sendall(photo)
                sent += len(photo)
            connection.sendall(chunk(END) + b"0\r\n\r\n")
        except OSError:
            return

    with connected(client) as connection:
        sender = threading.Thread(target=send, args=(connection,))
        sender.start()
        time.sleep(1.5)
        stopped_at = sent
        time.sleep(0.5)
        assert sent == stopped_at  # nothing is read while nobody reads
        assert stopped_at < 40_000_000
        received, tail = 0, b""
        while not tail.endswith(b"\r\n0\r\n\r\n"):  # which may come in pieces
            piece = connection.recv(1 << 20)
            received, tail = received + len(piece), (tail + piece)[-16:]
        sender.join(PATIENCE_S)
    assert received > 2000 * 40_000


def held_bytes(client: httpx.Client) -> float:
    lines = client.get("/metrics").text.splitlines()
    (held,) = (line for line in lines if line.startswith("facecraft_upload_bytes "))
    return float(held.split()[1])


def test_a_client_that_leaves_leaves_nothing_behind(serve: Serve) -> None:
    started = threading.Event()

    def process(data: bytes, options: Options) -> Portrait:
        started.set()
        time.sleep(0.3)
        return echo(data, options)

    client = serve(process)
    with connected(client) as connection:
        connection.sendall(chunk(b"".join(part("file", b"x", f"{index}.png") for index in range(20))))
        assert started.wait(PATIENCE_S)
    patience = time.monotonic() + PATIENCE_S
    while held_bytes(client) > 0:
        assert time.monotonic() < patience
        time.sleep(0.05)
    assert client.post("/process", files={"file": b"0"}).status_code == 200


def test_a_body_that_stalls_ends(serve: Serve) -> None:
    with connected(serve(upload_timeout_s=0.5)) as connection:
        connection.sendall(chunk(part("file", b"one", "a.png")[:-10]))
        assert b" 408 " in read_until(connection, b"\r\n").splitlines()[0]


def test_a_single_portrait_waits_for_one_photo_of_a_batch_at_most(serve: Serve) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        time.sleep(0.2)
        return echo(data, options)

    client = serve(process, workers=1)
    batch: list[httpx.Response] = []
    url = client.base_url
    thread = threading.Thread(
        target=lambda: batch.append(
            httpx.post(f"{url}/batch", files=files(*[b"x"] * 20), timeout=PATIENCE_S, trust_env=False)
        )
    )
    thread.start()
    time.sleep(0.5)
    start = time.monotonic()
    assert client.post("/process", files={"file": b"0"}).status_code == 200
    assert time.monotonic() - start < 1.2
    thread.join(PATIENCE_S)
    assert len(opened(batch[0])[0]) == 20


def test_a_third_batch_at_once_is_told_to_come_back(serve: Serve) -> None:
    client = serve()
    with connected(client) as first, connected(client) as second:
        for connection in (first, second):
            connection.sendall(chunk(part("file", b"one", "a.png") + b"--" + BOUNDARY + b"\r\n"))
            read_until(connection, b"one")
        refused = client.post("/batch", files=files(b"x"))
        assert (refused.status_code, refused.json()["code"]) == (503, "queue_full")
        assert int(refused.headers["Retry-After"]) >= 1


def test_tiny_files_now_and_then_are_not_enough_to_stay(serve: Serve) -> None:
    with connected(serve(upload_timeout_s=0.5)) as connection:
        start = time.monotonic()
        sender = threading.Thread(target=send_tiny_files, args=(connection,))
        sender.start()
        got = read_until(connection, b"0\r\n\r\n")
        assert time.monotonic() - start < 3
        sender.join(PATIENCE_S)
    assert b"upload_timeout" in got


def send_tiny_files(connection: socket.socket) -> None:
    try:
        for index in range(30):
            connection.sendall(chunk(part("file", b"x", f"{index}.png")))
            time.sleep(0.1)
    except OSError:
        return


def test_a_client_may_wait_for_a_portrait_that_takes_longer_than_an_upload(serve: Serve) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        time.sleep(1)
        return echo(data, options)

    with connected(serve(process, upload_timeout_s=0.4)) as connection:
        connection.sendall(chunk(part("file", b"the first", "a.png") + b"--" + BOUNDARY + b"\r\n"))
        read_until(connection, b"the first")
        rest = part("file", b"the second", "b.png").removeprefix(b"--" + BOUNDARY + b"\r\n")
        connection.sendall(chunk(rest + END) + b"0\r\n\r\n")
        assert b"the second" in read_until(connection, b"0\r\n\r\n")


def test_a_client_that_neither_reads_nor_sends_loses_its_connection(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outflow, "SILENCE_S", 0.5)
    client = serve(upload_timeout_s=0.5, batch_bytes=200_000, max_upload_bytes=200_000)
    with connected(client) as connection:
        photo = chunk(part("file", b"x" * 150_000, "a.png"))
        with pytest.raises(ConnectionError):  # and no timeout, which is this client's own
            connection.sendall(photo * 1000)
    assert held_bytes(client) == 0


def test_a_client_that_waits_for_each_small_portrait_is_not_cut_off(serve: Serve) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        time.sleep(0.15)
        return echo(data, options)

    boundary = b"--" + BOUNDARY + b"\r\n"
    with connected(serve(process, upload_timeout_s=0.4)) as connection:
        connection.sendall(chunk(boundary))
        for index in range(15):
            photo = part("file", b"photo %d" % index, f"{index}.png").removeprefix(boundary)
            connection.sendall(chunk(photo + boundary))
            read_until(connection, b"photo %d" % index)
        rest = part("file", b"the last", "z.png").removeprefix(boundary)
        connection.sendall(chunk(rest + END) + b"0\r\n\r\n")
        assert b"upload_timeout" not in read_until(connection, b"0\r\n\r\n")


def test_a_large_photo_may_come_slowly_but_steadily(serve: Serve) -> None:
    with connected(serve(upload_timeout_s=0.4, min_upload_rate=1000)) as connection:
        photo = part("file", b"x" * 20_000, "a.png") + END
        for start in range(0, len(photo), 1000):
            connection.sendall(chunk(photo[start : start + 1000]))
            time.sleep(0.05)
        connection.sendall(b"0\r\n\r\n")
        got = read_until(connection, b"0\r\n\r\n")
    assert b"upload_timeout" not in got
    assert b"x" * 20_000 in got


def test_a_photo_below_the_least_rate_ends_the_batch(serve: Serve) -> None:
    with connected(serve(upload_timeout_s=0.4, min_upload_rate=100_000)) as connection:
        sender = threading.Thread(target=send_slowly, args=(connection,))
        sender.start()
        assert b" 408 " in read_until(connection, b"slower than 100000 bytes").splitlines()[0]
        sender.join(PATIENCE_S)


def send_slowly(connection: socket.socket) -> None:
    try:
        connection.sendall(chunk(part("file", b"", "a.png")[:-2]))
        for _ in range(100):
            connection.sendall(chunk(b"x" * 1000))
            time.sleep(0.1)
    except OSError:
        return
