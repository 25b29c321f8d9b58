"""The rules of a form."""

from collections.abc import Callable

import httpx
import pytest

from tests.service.request.forms import FILE, form, post, refused

Serve = Callable[..., httpx.Client]


def test_bytes_that_look_like_a_boundary_stay_in_the_file(client: httpx.Client) -> None:
    # The boundary's beginning, cut off at every place, where the parser has to look ahead.
    content = b"\r\n-\r\n--\r\n--a\r\n\r\n--b\r".replace(b"--b\r", b"--c\r") * 5000
    response = post(client, form(('; name="file"; filename=""', content)))
    assert response.content == content


def test_a_form_without_a_file_is_refused_and_told_how(client: httpx.Client) -> None:
    response = post(client, form(('; name="strength"', b"1")))
    refused(response, 422, "invalid_option", "no part named file")
    assert "curl -F file=@" in response.json()["hint"]


def test_an_empty_form_has_no_file(client: httpx.Client) -> None:
    refused(post(client, form()), 422, "invalid_option", "no part named file")


def test_an_empty_file_is_refused(client: httpx.Client) -> None:
    refused(client.post("/process", files={"file": b""}), 400, "undecodable_image", "empty")


def test_two_files_are_refused(client: httpx.Client) -> None:
    refused(post(client, form(FILE, FILE)), 422, "invalid_option", "more than one part named file")


def test_a_file_of_another_name_is_refused(client: httpx.Client) -> None:
    response = client.post("/process", files={"photo": b"any bytes"})
    refused(response, 422, "invalid_option", "'photo' is a file")


@pytest.mark.parametrize("kind", ["", "Content-Type: text/plain", "Content-Type: application/json"])
def test_a_file_sent_as_text_is_refused(client: httpx.Client, kind: str) -> None:
    response = post(client, form((f'; name="file"\r\n{kind}'.rstrip(), b"any bytes")))
    refused(response, 422, "invalid_option", "is text and not a file")


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream", "IMAGE/PNG; x=y"])
def test_a_file_needs_no_name_where_its_part_says_that_it_is_one(client: httpx.Client, kind: str) -> None:
    response = post(client, form((f'; name="file"\r\nContent-Type: {kind}', b"any bytes")))
    assert response.content == b"any bytes"
    other = post(client, form((f'; name="photo"\r\nContent-Type: {kind}', b"any bytes")))
    refused(other, 422, "invalid_option", "'photo' is a file")


def test_options_may_say_that_they_are_text(client: httpx.Client) -> None:
    option = ("; name=restorer\r\nContent-Type: text/plain; charset=utf-8", b"none")
    assert post(client, form(option, FILE)).status_code == 200


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_kind_is_refused_and_told_how(
    client: httpx.Client, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    response = client.post("/process", content=b"any bytes", headers=headers)
    refused(response, 422, "invalid_option", content_type or "Content-Type is missing")
    assert "curl -F file=@" in response.json()["hint"]
    assert "Content-Type: image/jpeg" in response.json()["hint"]


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'b' * 300}"],
)
def test_a_form_without_a_usable_boundary_is_refused(client: httpx.Client, content_type: str) -> None:
    response = client.post("/process", content=b"--b--", headers={"Content-Type": content_type})
    refused(response, 400, "bad_request", "oundary")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (form(FILE, end=b""), "breaks off"),
        (form(FILE, end=b"--b-"), "breaks off"),
        (form(end=b""), "breaks off"),
        (form(end=b"no boundary at all"), "malformed"),
        (form(FILE, end=b"--b\r\nno header\r\n\r\n--b--\r\n"), "malformed"),
        (form(("", b"a part without a name")), "has no name"),
        (form(('; filename="a.png"', b"a file without a name")), "has no name"),
    ],
)
def test_a_broken_form_is_refused(client: httpx.Client, body: bytes, told: str) -> None:
    refused(post(client, body), 400, "bad_request", told)


def test_a_repeated_option_is_refused(client: httpx.Client) -> None:
    strength = ('; name="strength"', b"1")
    response = post(client, form(FILE, strength, strength))
    refused(response, 422, "invalid_option", "'strength' is given more than once")


def test_as_many_fields_as_the_limit_are_read(client: httpx.Client) -> None:
    fields = [(f'; name="x{number}"', b"1") for number in range(32)]
    # They are read, and then the first is refused, as there is no such option.
    refused(post(client, form(FILE, *fields)), 422, "invalid_option", "no option 'x0'")


def test_one_field_more_is_refused(client: httpx.Client) -> None:
    fields = [(f'; name="x{number}"', b"1") for number in range(33)]
    response = post(client, form(FILE, *fields))
    refused(response, 422, "invalid_option", "more than 32 fields")
    assert response.json()["limit"] == 32


def test_an_option_of_exactly_the_longest_length_is_read(client: httpx.Client) -> None:
    # The pipeline that is made up takes any restorer.
    assert post(client, form(FILE, ('; name="restorer"', b"x" * 1024))).status_code == 200


def test_a_longer_option_is_refused(client: httpx.Client) -> None:
    response = post(client, form(FILE, ('; name="restorer"', b"x" * 1025)))
    refused(response, 422, "invalid_option", "'restorer' is longer than 1024 bytes")
    assert response.json()["limit"] == 1024


def test_an_option_that_is_not_utf_8_is_refused(client: httpx.Client) -> None:
    response = post(client, form(FILE, ('; name="restorer"', b"\xff")))
    refused(response, 422, "invalid_option", "'restorer' is not UTF-8")


def test_a_file_name_of_any_length_that_fits_its_head_is_fine_and_never_used(client: httpx.Client) -> None:
    for name in ("../../etc/passwd", "a" * 3000, "\u202e\u0000.jpg"):
        assert client.post("/process", files={"file": (name, b"0123")}).status_code == 200


def test_a_longer_one_is_refused(client: httpx.Client) -> None:
    response = client.post("/process", files={"file": ("a" * 5000, b"0123")})
    refused(response, 400, "bad_request", "Maximum header size exceeded")
