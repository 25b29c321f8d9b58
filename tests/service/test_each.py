"""A portrait of each face of a photo, from /process and in a batch."""

import io
import json
import logging
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from facecraft.options import Options
from facecraft.results import Portrait
from tests.service.conftest import PATIENCE_S, Serve, echo, request_lines

EACH = {"preset": "badge", "each": "true"}
NAMES = ["class-01.png", "class-02.png", "class-04.png"]


def unpacked(response: httpx.Response) -> tuple[dict[str, bytes], list[dict[str, object]]]:
    """The portraits by name, and the rows of the manifest."""
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert files.pop("manifest.csv").startswith(b'"file","output","status"')
    return files, json.loads(files.pop("manifest.json"))["files"]


@pytest.mark.parametrize("path", ["/process", "/batch"])
def test_the_answer_is_a_zip_with_a_portrait_and_a_row_for_each_face(client: httpx.Client, path: str) -> None:
    response = client.post(path, data=EACH, files={"file": ("class.jpg", b"ab3d")})
    files, rows = unpacked(response)
    assert files == dict(zip(NAMES, (b"a", b"b", b"d"), strict=True))
    assert [(row["file"], row["output"], row["status"]) for row in rows] == [
        ("class.jpg", NAMES[0], "done"),
        ("class.jpg", NAMES[1], "done"),
        ("class.jpg", None, "failed"),
        ("class.jpg", NAMES[2], "done"),
    ]


def test_photos_of_a_batch_keep_their_names_apart(client: httpx.Client) -> None:
    photos = [("file", ("a.jpg", b"xy")), ("file", ("a.png", b"z")), ("file", ("b.jpg", b"12"))]
    files, rows = unpacked(client.post("/batch", data=EACH, files=photos))
    assert files == {"a-01.png": b"x", "a-02.png": b"y", "a-01-2.png": b"z"}
    assert [row["output"] for row in rows] == ["a-01.png", "a-02.png", "a-01-2.png", None]


@pytest.mark.parametrize("photo", [b"1", b"12"])
def test_a_photo_without_any_portrait_is_the_error_of_its_first_face(
    client: httpx.Client, photo: bytes
) -> None:
    response = client.post("/process", data=EACH, files={"file": ("class.jpg", photo)})
    assert (response.status_code, response.json()["code"]) == (422, "no_face_found")


def test_a_zip_is_no_json(client: httpx.Client) -> None:
    response = client.post(
        "/process", data=EACH, files={"file": b"ab"}, headers={"Accept": "application/json"}
    )
    assert (response.status_code, response.json()["code"]) == (422, "invalid_option")
    assert "ZIP" in response.json()["detail"]


@pytest.mark.parametrize("path", ["/process", "/batch"])
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"each": "true"}, "needs a frame around each head: preset, head or margin"),
        ({"each": "true", "width": "300", "align": "true"}, "needs a frame around each head"),
        ({"each": "true", "preset": "badge", "face": "2"}, "each and face exclude each other"),
    ],
)
def test_what_has_no_meaning_is_refused(
    client: httpx.Client, path: str, fields: dict[str, str], words: str
) -> None:
    response = client.post(path, data=fields, files={"file": b"ab"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_option")
    assert words in response.json()["detail"]


def test_portraits_that_are_too_large_together_are_refused(serve: Serve) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        return echo(data * 3000, options)

    client = serve(process, max_upload_bytes=10_000, max_pixels=2_500)
    assert client.post("/process", data=EACH, files={"file": b"abc"}).status_code == 200
    response = client.post("/process", data=EACH, files={"file": b"abcd"})
    problem = response.json()
    assert (response.status_code, problem["code"], problem["limit"]) == (422, "too_many_faces", 10_000)
    _, rows = unpacked(client.post("/batch", data=EACH, files={"file": b"abcd"}))
    assert [row["problem"]["code"] for row in rows] == ["too_many_faces"]  # type: ignore[index]


def test_the_log_counts_the_portraits_and_the_faces_without_one(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    client = serve()
    with caplog.at_level(logging.INFO, "facecraft.request"):
        unpacked(client.post("/process", data=EACH, files={"file": b"ab3d"}))
        (line,) = request_lines(caplog, 1)
    facts = {name: vars(line).get(name) for name in ("portraits", "failed", "files")}
    assert facts == {"portraits": 3, "failed": 1, "files": None}


class Gate:
    """Work that begins, and goes on when the test opens the gate."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.opened = threading.Event()

    def process(self, data: bytes, options: Options) -> Portrait:
        self.begun.release()
        assert self.opened.wait(PATIENCE_S)
        return echo(data, options)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opened.set()


def ask(client: httpx.Client, path: str = "/process", timeout_s: float = PATIENCE_S) -> httpx.Response:
    return client.post(path, data=EACH, files={"file": ("class.jpg", b"a")}, timeout=timeout_s)


def test_two_run_at_the_same_time_and_count_as_batches(serve: Serve, gate: Gate) -> None:
    client = serve(gate.process, workers=3)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(ask, client) for _ in range(2)]
        for _ in both:
            assert gate.begun.acquire(timeout=PATIENCE_S)
        for path in ("/process", "/batch"):
            refused = ask(client, path)
            assert (refused.status_code, refused.json()["code"]) == (503, "queue_full")
            assert refused.json()["limit"] == 2
            assert int(refused.headers["Retry-After"]) >= 1
        gate.opened.set()
        for each in both:
            unpacked(each.result())
    for path in ("/process", "/batch") * 2:
        unpacked(ask(client, path))


def test_a_key_of_several_has_one_place_for_these_and_batches_together(serve: Serve, gate: Gate) -> None:
    client = serve(gate.process, workers=3, api_keys="one,two")
    client.headers["X-API-Key"] = "one"
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ask, client)
        assert gate.begun.acquire(timeout=PATIENCE_S)
        for path in ("/process", "/batch"):
            refused = ask(client, path)
            assert (refused.status_code, refused.json()["limit"]) == (503, 1)
        gate.opened.set()
        unpacked(running.result())
    unpacked(ask(client))


def test_an_error_gives_the_place_back(client: httpx.Client) -> None:
    for _ in range(5):
        assert client.post("/process", data=EACH, files={"file": b"1"}).status_code == 422
    unpacked(ask(client))


def test_the_place_comes_back_when_the_work_ends_that_nobody_waits_for(serve: Serve, gate: Gate) -> None:
    client = serve(gate.process, workers=3)
    for _ in range(2):
        with pytest.raises(httpx.ReadTimeout):
            ask(client, timeout_s=0.3)
        assert gate.begun.acquire(timeout=PATIENCE_S)
    time.sleep(0.3)  # for the service to see that the clients have left
    assert ask(client).status_code == 503
    gate.opened.set()
    patience = time.monotonic() + PATIENCE_S
    while (response := ask(client)).status_code == 503:
        assert time.monotonic() < patience
        time.sleep(0.05)
    unpacked(response)
