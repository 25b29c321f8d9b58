"""The kinds of body that have one photo: a form, the photo alone, and JSON."""

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from facecraft.options import Options
from facecraft.results import Portrait
from tests.service.conftest import echo
from tests.service.request.forms import FILE, LIMIT, form, post, refused

Serve = Callable[..., httpx.Client]
Send = Callable[..., httpx.Response]

PHOTO = bytes(range(256)) * 20
IMAGE = {"Content-Type": "image/jpeg"}


def send_form(client: httpx.Client, path: str, photo: bytes, **options: str) -> httpx.Response:
    return client.post(path, files={"file": photo}, data=options)


def send_raw(client: httpx.Client, path: str, photo: bytes, **options: str) -> httpx.Response:
    return client.post(path, content=photo, params=options, headers=IMAGE)


def send_json(client: httpx.Client, path: str, photo: bytes, **options: str) -> httpx.Response:
    return client.post(path, json={**options, "file": base64.b64encode(photo).decode()})


KINDS = pytest.mark.parametrize("send", [send_form, send_raw, send_json], ids=["form", "raw", "JSON"])


def post_json(client: httpx.Client, text: str | bytes) -> httpx.Response:
    return client.post("/process", content=text, headers={"Content-Type": "application/json; charset=utf-8"})


@KINDS
@pytest.mark.parametrize("path", ["/process", "/check", "/detect"])
def test_each_kind_is_taken_by_each_call(client: httpx.Client, send: Send, path: str) -> None:
    response = send(client, path, PHOTO)
    assert response.status_code == 200
    assert path != "/process" or response.content == PHOTO


@KINDS
def test_options_mean_the_same_in_each_kind(serve: Serve, send: Send) -> None:
    seen: list[Options] = []

    def process(data: bytes, options: Options) -> Portrait:
        seen.append(options)
        return echo(data, options)

    client = serve(process)
    fields = {"strength": "0.5", "require_face": "false", "format": "webp", "tone": ""}
    assert send(client, "/process", PHOTO, **fields).status_code == 200
    assert seen == [Options(strength=0.5, require_face=False, format="webp")]


@KINDS
@pytest.mark.parametrize(
    ("path", "fields", "told"),
    [
        ("/process", {"strenght": "1"}, "Did you mean strength?"),
        ("/process", {"strength": "2"}, "strength"),
        ("/process", {"restorer": "x" * 1025}, "'restorer' is longer than 1024 bytes"),
        ("/process", {f"x{number}": "1" for number in range(33)}, "more than 32 fields"),
        ("/detect", {"strength": "1"}, "/detect takes only the file"),
        ("/check", {"strength": "1"}, "/check takes only the file and a preset"),
    ],
)
def test_options_are_refused_alike(
    client: httpx.Client, send: Send, path: str, fields: dict[str, str], told: str
) -> None:
    refused(send(client, path, PHOTO, **fields), 422, "invalid_option", told)


@KINDS
def test_the_limit_of_the_photo_is_the_same(client: httpx.Client, send: Send) -> None:
    assert send(client, "/process", bytes(LIMIT)).status_code == 200
    for size in (LIMIT + 1, 3 * LIMIT):
        response = send(client, "/process", bytes(size))
        refused(response, 413, "upload_too_large", "at most 0.1 are taken")
        assert response.json()["limit"] == LIMIT


@KINDS
def test_an_empty_photo_is_refused(client: httpx.Client, send: Send) -> None:
    refused(send(client, "/process", b""), 400, "undecodable_image", "empty")


@pytest.mark.parametrize("kind", ["image/png", "image/heic", "IMAGE/JPEG; x=y", "application/octet-stream"])
def test_a_photo_alone_may_call_itself_any_image(client: httpx.Client, kind: str) -> None:
    assert client.post("/process", content=PHOTO, headers={"Content-Type": kind}).content == PHOTO


def test_a_photo_alone_may_come_without_its_length(client: httpx.Client) -> None:
    response = client.post("/process", content=iter([PHOTO, PHOTO]), headers=IMAGE)
    assert response.content == PHOTO * 2


def test_an_option_twice_in_the_query_is_refused(client: httpx.Client) -> None:
    response = client.post("/process?preset=ad&preset=badge", content=PHOTO, headers=IMAGE)
    refused(response, 422, "invalid_option", "'preset' is given more than once")


def test_a_photo_alone_has_the_name_of_its_disposition(client: httpx.Client) -> None:
    headers = IMAGE | {"Content-Disposition": "attachment; filename*=utf-8''%D1%84%D0%BE%D1%82%D0%BE.jpg"}
    response = client.post("/process?each=true&preset=badge", content=b"a", headers=headers)
    assert zipfile.ZipFile(io.BytesIO(response.content)).namelist()[0] == "фото-01.png"


@pytest.mark.parametrize("path", ["/process", "/check"])
def test_json_takes_the_preset_from_the_query_too(client: httpx.Client, path: str) -> None:
    assert send_json(client, f"{path}?preset=badge", PHOTO).status_code == 200
    both = client.post(f"{path}?preset=badge", json={"file": "AAAA", "preset": "ad"})
    refused(both, 422, "invalid_option", "preset is given twice")
    refused(send_json(client, f"{path}?width=9", PHOTO), 422, "invalid_option", "takes only preset")


def test_values_of_json_are_read_as_the_form_writes_them(serve: Serve) -> None:
    seen: list[Options] = []

    def process(data: bytes, options: Options) -> Portrait:
        seen.append(options)
        return replace(echo(data, options), data=b"made")

    text = '{"strength": 0.50, "quality": 80, "format": "webp", "require_face": false, "preset": null, %s}'
    assert post_json(serve(process), text % '"file": "AAAA"').status_code == 200
    assert seen == [Options(strength=0.5, quality=80, format="webp", require_face=False)]


@pytest.mark.parametrize(
    "text",
    [
        '{"file":"AAAA"}',
        ' { "file" :\n\t"AAAA" } ',
        '\ufeff{"file": "AAAA"}',
        '{"preset": "a \\" file", "file": "A\\/\\u002BA"}',
        '{"file": "data:image/jpeg;base64,AAAA", "preset": "{[,\\"file\\":"}',
    ],
)
def test_json_may_be_written_in_any_way(client: httpx.Client, text: str) -> None:
    assert post_json(client, text).status_code == 200
    pieces = iter([text.encode()[index : index + 1] for index in range(len(text.encode()))])
    headers = {"Content-Type": "application/json"}
    assert client.post("/process", content=pieces, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("text", "status", "code", "told"),
    [
        ("{}", 422, "invalid_option", "no member file"),
        ('{"file": null}', 422, "invalid_option", "The member file is not base64"),
        ('{"file": 1}', 422, "invalid_option", "The member file is not base64"),
        ('{"file": "AAAA", "file": "AAAA"}', 422, "invalid_option", "more than one member file"),
        ('{"file": "AAAA", "f\\u0069le": ""}', 422, "invalid_option", "more than one member file"),
        ('{"file": "AAAA", "preset": "ad", "preset": "ad"}', 422, "invalid_option", "more than once"),
        ('{"file": "AAAA", "width": [1]}', 422, "invalid_option", "a list or an object"),
        ('{"options": {"file": "AAAA"}}', 422, "invalid_option", "a list or an object"),
        ("[" * 100_000, 422, "invalid_option", "a list or an object"),
        ('{"x": "' + "y" * 70_000 + '"}', 422, "invalid_option", "more than 65536 bytes besides"),
        ('{"file": "AAAA", "restorer": "\\ud800"}', 422, "invalid_option", "not UTF-8"),
        ('{"file": "AAAA", "\\ud800": 1}', 422, "invalid_option", "not UTF-8"),
        ('{"file": "AAAA", "width": 1' + "0" * 900 + "}", 422, "invalid_option", "width"),
        ('{"file": "AAAA", "strength": NaN}', 422, "invalid_option", "strength"),
        ('{"file": "§"}', 400, "bad_request", "not base64"),
        ('{"file": "AAAA', 400, "bad_request", "malformed"),
        ('{"file": "AAAA"', 400, "bad_request", "malformed"),
        ('{"file": "AAAA"} x', 400, "bad_request", "malformed"),
        ("", 400, "bad_request", "malformed"),
        ("any bytes", 400, "bad_request", "malformed"),
        ('"file"', 400, "bad_request", "not a JSON object"),
        ('["a"]', 400, "bad_request", "not a JSON object"),
    ],
)
def test_json_that_is_wrong_is_refused(
    client: httpx.Client, text: str, status: int, code: str, told: str
) -> None:
    refused(post_json(client, text), status, code, told)


def test_json_that_is_not_utf_8_is_refused(client: httpx.Client) -> None:
    refused(post_json(client, b'{"file": "AAAA", "x": "\xff"}'), 400, "bad_request", "not UTF-8")


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "gzip, identity"])
@pytest.mark.parametrize("path", ["/process", "/check", "/detect", "/batch"])
def test_a_compressed_body_is_refused_and_told_what_is_taken(
    client: httpx.Client, path: str, encoding: str
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Encoding": encoding}
    response = client.post(path, content=gzip.compress(form(FILE)), headers=headers)
    refused(response, 415, "unsupported_encoding", encoding.lower())
    assert response.headers["Accept-Encoding"] == "identity"


def test_a_body_that_says_it_is_not_compressed_is_taken(client: httpx.Client) -> None:
    response = client.post("/process", content=PHOTO, headers=IMAGE | {"Content-Encoding": "identity"})
    assert response.status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "image/jpeg"])
def test_a_batch_takes_only_forms(client: httpx.Client, kind: str) -> None:
    response = client.post("/batch", content=b"{}", headers={"Content-Type": kind})
    refused(response, 422, "invalid_option", "not multipart/form-data")


def test_json_keeps_the_keys_of_a_photo_that_is_no_json_apart(client: httpx.Client) -> None:
    body = json.dumps({"file": base64.b64encode(b'{"file": "x"}').decode()})
    assert post_json(client, body).content == b'{"file": "x"}'


def test_a_part_of_another_encoding_is_refused(client: httpx.Client) -> None:
    part = '; name="file"; filename="a.jpg"\r\nContent-Transfer-Encoding: base64'
    response = post(client, form((part, b"AAAA")))
    refused(response, 415, "unsupported_encoding", "'file' has the Content-Transfer-Encoding base64")
    binary = part.replace("base64", "binary")
    assert post(client, form((binary, b"any bytes"))).status_code == 200
