"""POST /batch, when more batches come than there are places."""

import logging
import threading
import time

import pytest

from facecraft.errors import UndecodableImage
from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.service.capacity import places
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
from tests.service.conftest import Serve, echo, request_lines

IDLE_S = 0.4
FIRST = chunk(part("file", b"the first", "a.png") + b"--" + BOUNDARY + b"\r\n")
SECOND = chunk(part("file", b"the second", "b.png").removeprefix(b"--" + BOUNDARY + b"\r\n") + END)
LAST = SECOND + b"0\r\n\r\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "IDLE_S", IDLE_S)
    monkeypatch.setattr(places, "PATIENCE_S", 0.5)


def test_batches_that_bring_nothing_wait_behind_one_that_does(serve: Serve) -> None:
    client = serve(upload_timeout_s=5)
    with connected(client) as slow, connected(client) as slower:
        for connection in (slow, slower):
            connection.sendall(FIRST)
            read_until(connection, b"the first")
        assert client.post("/batch", files=files(b"x")).status_code == 503
        time.sleep(IDLE_S)
        for _ in range(3):
            opened(client.post("/batch", files=files(b"x")))
        for connection in (slow, slower):
            connection.sendall(LAST)
            got = read_until(connection, b"0\r\n\r\n")
            assert b"the second" in got
            assert b"manifest.json" in got


def test_a_batch_that_waits_is_not_read_and_loses_nothing_by_it(serve: Serve) -> None:
    begun, gate = threading.Semaphore(0), threading.Event()

    def process(data: bytes, options: Options) -> Portrait:
        if data.startswith(b"wait"):
            begun.release()
            assert gate.wait(PATIENCE_S)
        return echo(data, options)

    client = serve(process, workers=3, upload_timeout_s=2.5)
    waiting = FIRST.replace(b"the first", b"wait 4 it")
    with connected(client) as first, connected(client) as second:
        first.sendall(FIRST)
        read_until(first, b"the first")
        second.sendall(waiting)
        assert begun.acquire(timeout=PATIENCE_S)
        time.sleep(IDLE_S)
        with connected(client) as third:
            third.sendall(waiting)
            assert begun.acquire(timeout=PATIENCE_S)
            first.sendall(LAST)
            first.settimeout(3)  # longer than an upload may pause
            with pytest.raises(TimeoutError):
                read_until(first, b"the second")
            first.settimeout(PATIENCE_S)
            gate.set()
            third.sendall(LAST)
            read_until(third, b"manifest.csv")
            got = read_until(first, b"0\r\n\r\n")
            assert b"the second" in got
            assert b"upload_timeout" not in got


def test_files_that_are_no_photos_do_not_keep_a_place(serve: Serve) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        if data == b"junk":
            raise UndecodableImage("It is no photo.")
        return echo(data, options)

    client = serve(process, workers=2)
    stop = threading.Event()

    def flood() -> None:
        with connected(client) as connection:
            while not stop.is_set():
                connection.sendall(chunk(part("file", b"junk", "a.png") * 20))
                time.sleep(0.01)

    floods = [threading.Thread(target=flood) for _ in range(2)]
    try:
        for each in floods:
            each.start()
        time.sleep(2 * IDLE_S)
        for _ in range(3):
            opened(client.post("/batch", files=files(b"x")))
    finally:
        stop.set()
        for each in floods:
            each.join(PATIENCE_S)


def test_an_idle_batch_that_cannot_wait_ends_with_an_entry(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MAX_WAITING", 0)
    client = serve()
    with connected(client) as slow, connected(client) as slower:
        for connection in (slow, slower):
            connection.sendall(FIRST)
            read_until(connection, b"the first")
        time.sleep(IDLE_S)
        client.post("/batch", files=files(b"x"))
        slow.sendall(LAST)
        assert b"queue_full" in read_until(slow, b"0\r\n\r\n")


def test_where_there_are_keys_none_has_both_places(serve: Serve) -> None:
    client = serve(api_keys="one,two")
    with connected(client, b"X-API-Key: one") as connection:
        connection.sendall(FIRST)
        read_until(connection, b"the first")
        refused = client.post("/batch", files=files(b"x"), headers={"X-API-Key": "one"})
        assert (refused.status_code, refused.json()["limit"]) == (503, 1)
        assert int(refused.headers["Retry-After"]) >= 1
        opened(client.post("/batch", files=files(b"x"), headers={"X-API-Key": "two"}))


def test_a_single_key_has_both_places(serve: Serve) -> None:
    client = serve(api_keys="one")
    with connected(client, b"X-API-Key: one") as connection:
        connection.sendall(FIRST)
        read_until(connection, b"the first")
        opened(client.post("/batch", files=files(b"x"), headers={"X-API-Key": "one"}))


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({}, {"files": 2, "failed": 0, "portraits": None}),
        ({"preset": "badge", "each": "true"}, {"files": 2, "failed": 1, "portraits": 3}),
    ],
    ids=str,
)
def test_the_log_counts_files_as_files_and_portraits_as_portraits(
    serve: Serve, caplog: pytest.LogCaptureFixture, fields: dict[str, str], counts: dict[str, int | None]
) -> None:
    client = serve()
    with caplog.at_level(logging.INFO, "facecraft.request"):
        opened(client.post("/batch", data=fields, files=files(b"ab3", b"d")))
        (line,) = request_lines(caplog, 1)
    assert {name: vars(line).get(name) for name in counts} == counts
