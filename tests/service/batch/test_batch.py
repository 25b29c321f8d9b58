"""POST /batch: many photos in, a ZIP with their portraits out, while they still come."""

import io
import json
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from facecraft.errors import NoFaceFound
from facecraft.options import Options
from facecraft.service.batch import body
from facecraft.types import Portrait, RuleResult, Verdict
from tests.service.conftest import echo

Serve = Callable[..., httpx.Client]
Json = dict[str, Any]
PATIENCE_S = 20
BOUNDARY = b"limit"


def files(*contents: bytes, name: str = "photo") -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", (f"{name}{index}.png", content)) for index, content in enumerate(contents)]


def opened(response: httpx.Response) -> tuple[dict[str, bytes], list[Json]]:
    """The portraits by name, and the entries of the manifest."""
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert archive.testzip() is None
    contents = {name: archive.read(name) for name in archive.namelist()}
    assert list(contents)[-2:] == ["manifest.json", "manifest.csv"]
    entries: list[Json] = json.loads(contents.pop("manifest.json"))["files"]
    assert len(contents.pop("manifest.csv").splitlines()) == len(entries) + 1
    return contents, entries


def picky(data: bytes, options: Options) -> Portrait:
    """As `echo`, but for a photo that is called bad."""
    if data.startswith(b"bad"):
        raise NoFaceFound("No face was found in the picture.")
    if data.startswith(b"broken"):
        raise RuntimeError("out of order")
    return echo(data, options)


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    head = f'--{BOUNDARY.decode()}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = b"--" + BOUNDARY + b"--\r\n"
TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}


def test_every_photo_comes_back_in_order_under_its_name(client: httpx.Client) -> None:
    contents, entries = opened(client.post("/batch", files=files(b"one", b"two", b"three")))
    assert contents == {"photo0.png": b"one", "photo1.png": b"two", "photo2.png": b"three"}
    assert [entry["file"] for entry in entries] == ["photo0.png", "photo1.png", "photo2.png"]
    assert {entry["status"] for entry in entries} == {"done"}


def test_the_options_are_those_of_process_and_hold_for_all(serve: Serve) -> None:
    seen: list[Options] = []

    def process(data: bytes, options: Options) -> Portrait:
        seen.append(options)
        return echo(data, options)

    client = serve(process)
    fields = {"preset": "badge", "width": "200", "format": "webp"}
    contents, _ = opened(client.post("/batch", files=files(b"1", b"2"), data=fields))
    assert seen == [Options.parse(fields)] * 2
    assert list(contents) == ["photo0.webp", "photo1.webp"]
    opened(client.post("/batch?preset=ad", files=files(b"3")))
    assert seen[-1].preset == "ad"


def test_a_photo_that_fails_is_an_entry_and_the_rest_goes_on(serve: Serve) -> None:
    client = serve(picky, max_upload_bytes=1000)
    photos = files(b"one", b"bad", b"", b"broken", b"x" * 1001, b"two")
    contents, entries = opened(client.post("/batch", files=photos))
    assert list(contents.values()) == [b"one", b"two"]
    codes = [entry["problem"] and entry["problem"]["code"] for entry in entries]
    assert codes == [
        *(None, "no_face_found", "undecodable_image", "inference_failed", "upload_too_large"),
        None,
    ]
    assert "out of order" not in json.dumps(entries)
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"width": "20"}, "The option width is wrong"),
        ({"no-such": "1"}, "There is no option 'no-such'"),
        ({"restorer": "impossible"}, "There is no restorer"),
    ],
)
def test_options_that_cannot_be_are_refused_before_any_work(
    serve: Serve, fields: dict[str, str], detail: str
) -> None:
    worked: list[bytes] = []

    def process(data: bytes, options: Options) -> Portrait:
        worked.append(data)
        return echo(data, options)

    response = serve(process).post("/batch", files=files(b"1"), data=fields)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_option")
    assert detail in response.json()["detail"]
    assert worked == []


def test_a_form_without_a_file_is_refused(client: httpx.Client) -> None:
    response = client.post("/batch", content=part("format", b"png") + END, headers=TYPE)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_option")


def test_a_body_that_is_no_form_is_refused(client: httpx.Client) -> None:
    response = client.post("/batch", content=b"{}", headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_option")


def test_an_option_after_a_file_ends_the_batch_with_an_entry_that_says_so(serve: Serve) -> None:
    client = serve()
    body = [part("file", b"one", "a.png"), part("file", b"two", "b.png")]

    def slowly() -> Iterator[bytes]:
        yield from body
        time.sleep(0.5)  # the answer has begun by now
        yield part("format", b"png") + END

    contents, entries = opened(client.post("/batch", content=slowly(), headers=TYPE))
    assert list(contents.values())[:1] == [b"one"]
    assert entries[-1]["status"] == "failed"
    assert "comes after a file" in entries[-1]["problem"]["detail"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\photos\\me.JPG", "me.png"),
        ("/", "photo.png"),
        ("con.jpg", "_con.png"),
        ("a\u202egnp.exe", "agnp.png"),
        ("..", "photo.png"),
        ("naïve 写真.jpeg", "naïve 写真.png"),
        ("=cmd|'/c calc'!A1.png", "c calc'!A1.png"),
    ],
)
def test_names_in_the_archive_are_harmless(client: httpx.Client, given: str, expected: str) -> None:
    body = part("file", b"one", given.replace("\\", "\\\\")) + END
    contents, entries = opened(client.post("/batch", content=body, headers=TYPE))
    assert list(contents) == [expected]
    assert entries[0]["output"] == expected


def test_photos_of_one_name_get_numbers(client: httpx.Client) -> None:
    photos = [("file", (name, b"x")) for name in ("me.jpg", "me.png", "ME.webp", "me-2.jpg")]
    contents, _ = opened(client.post("/batch", files=photos))
    assert list(contents) == ["me.png", "me-2.png", "ME-3.png", "me-2-2.png"]


def connected(client: httpx.Client, head: bytes = b"") -> socket.socket:
    """A connection on which the head of a batch was sent; its body comes in chunks."""
    url = client.base_url
    connection = socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S)
    lines = (b"POST /batch HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked", head or b"X-A: b")
    content_type = b"Content-Type: multipart/form-data; boundary=" + BOUNDARY
    connection.sendall(b"\r\n".join((*lines, content_type, b"", b"")))
    return connection


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    got = b""
    while wanted not in got:
        piece = connection.recv(65536)
        assert piece, got
        got += piece
    return got


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


def test_a_body_that_breaks_off_ends_with_what_was_done(serve: Serve) -> None:
    client = serve()

    def broken() -> Iterator[bytes]:
        yield part("file", b"one", "a.png") + part("file", b"two", "b.png")
        time.sleep(0.5)

    contents, entries = opened(client.post("/batch", content=broken(), headers=TYPE))
    assert b"one" in contents.values()
    assert entries[-1]["problem"]["code"] == "bad_request"


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


def test_more_files_than_a_batch_takes_end_it_with_an_entry(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "MAX_FILES", 3)
    client = serve()

    def slowly() -> Iterator[bytes]:
        yield b"".join(part("file", b"x", f"{index}.png") for index in range(3))
        time.sleep(0.5)
        yield part("file", b"x", "3.png") + END

    _, entries = opened(client.post("/batch", content=slowly(), headers=TYPE))
    assert entries[-1]["problem"]["code"] == "too_many_files"


def test_a_batch_needs_the_key_where_one_is_set(serve: Serve) -> None:
    client = serve(api_keys="secret")
    assert client.post("/batch", files=files(b"x")).status_code == 401
    opened(client.post("/batch", files=files(b"x"), headers={"X-API-Key": "secret"}))


def test_the_verdict_of_each_portrait_stands_in_the_manifest(serve: Serve) -> None:
    kept = RuleResult("roll", "pass", 1.0, -8, 8, "deg", "tilt")
    broken = RuleResult("yaw", "fail", 20.0, -10, 10, "deg", "turn")

    def process(data: bytes, options: Options) -> Portrait:
        return replace(echo(data, options), verdict=Verdict((kept, broken)))

    _, (entry,) = opened(serve(process).post("/batch", files=files(b"x")))
    assert (entry["width"], entry["height"], entry["bytes"]) == (64, 80, 1)
    assert (entry["verdict"], entry["failed_rules"]) == ("fail", ["yaw"])


def test_no_name_of_a_file_is_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        opened(serve().post("/batch", files=files(b"x", name="secret-")))
    assert "secret-" not in caplog.text


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


def test_a_client_that_neither_reads_nor_sends_loses_its_connection(serve: Serve) -> None:
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
