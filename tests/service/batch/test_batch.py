"""POST /batch: many photos in, a ZIP with their portraits out."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest

from facecraft.errors import NoFaceFound
from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.service.batch import form
from facecraft.types import RuleResult, Verdict
from tests.service.batch.wire import END, TYPE, files, opened, part
from tests.service.conftest import echo

Serve = Callable[..., httpx.Client]


def picky(data: bytes, options: Options) -> Portrait:
    """As `echo`, but for a photo that is called bad."""
    if data.startswith(b"bad"):
        raise NoFaceFound("No face was found in the picture.")
    if data.startswith(b"broken"):
        raise RuntimeError("out of order")
    return echo(data, options)


def test_every_photo_comes_back_in_order_under_its_name(client: httpx.Client) -> None:
    contents, entries = opened(client.post("/batch", files=files(b"one", b"two", b"three")))
    assert contents == {"photo0.png": b"one", "photo1.png": b"two", "photo2.png": b"three"}
    assert [entry["file"] for entry in entries] == ["photo0.png", "photo1.png", "photo2.png"]
    assert {entry["status"] for entry in entries} == {"done"}


def test_names_come_out_as_their_users_read_them(client: httpx.Client) -> None:
    heads = (
        "; filename=\"=?utf-8?B?0YTQvtGC0L4uanBn?=\"; filename*=utf-8''%D1%84%D0%BE%D1%82%D0%BE.jpg",
        '; filename="=?utf-8?Q?M=C3=BCller.jpg?="',
        "\r\nContent-Type: image/jpeg",
    )
    parts = [f"--limit\r\nContent-Disposition: form-data; name=file{head}\r\n\r\nx\r\n" for head in heads]
    contents, entries = opened(client.post("/batch", content="".join(parts).encode() + END, headers=TYPE))
    assert list(contents) == ["фото.png", "Müller.png", "photo.png"]
    assert [entry["file"] for entry in entries] == ["фото.jpg", "Müller.jpg", ""]


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


def test_a_body_that_breaks_off_ends_with_what_was_done(serve: Serve) -> None:
    client = serve()

    def broken() -> Iterator[bytes]:
        yield part("file", b"one", "a.png") + part("file", b"two", "b.png")
        time.sleep(0.5)

    contents, entries = opened(client.post("/batch", content=broken(), headers=TYPE))
    assert b"one" in contents.values()
    assert entries[-1]["problem"]["code"] == "bad_request"


def test_more_files_than_a_batch_takes_end_it_with_an_entry(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form, "MAX_FILES", 3)
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
