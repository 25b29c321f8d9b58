import socket
import tempfile
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

Serve = Callable[..., httpx.Client]

LIMIT = 100_000
"""Of the shared client's service."""


def form(*parts: tuple[str, bytes], end: bytes = b"--b--\r\n") -> bytes:
    """A multipart body, written by hand: (what stands behind `form-data`, content) for each part."""
    body = b"".join(
        b"--b\r\nContent-Disposition: form-data" + disposition.encode() + b"\r\n\r\n" + content + b"\r\n"
        for disposition, content in parts
    )
    return body + end


def post(client: httpx.Client, body: bytes | Iterator[bytes]) -> httpx.Response:
    """Iterators go without a declared length."""
    return client.post("/process", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})


FILE = ('; name="file"; filename="a.png"', b"any bytes; the pipeline is made up")


def refused(response: httpx.Response, status: int, code: str, told: str) -> None:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert told in response.json()["detail"]


def test_a_file_of_exactly_the_limit_is_accepted(client: httpx.Client) -> None:
    # Zeros, of which the pipeline that is made up knows nothing.
    response = client.post("/process", files={"file": bytes(LIMIT)})
    assert response.status_code == 200
    assert response.content == bytes(LIMIT)


def test_a_file_of_one_byte_more_is_refused(client: httpx.Client) -> None:
    response = client.post("/process", files={"file": bytes(LIMIT + 1)})
    refused(response, 413, "upload_too_large", "larger than 100000 bytes")
    assert response.json()["limit"] == LIMIT


def test_a_much_larger_file_is_refused_and_its_sender_can_read_why(client: httpx.Client) -> None:
    refused(client.post("/process", files={"file": bytes(30_000_000)}), 413, "upload_too_large", "100000")


@pytest.mark.parametrize("size", [LIMIT + 1, 30_000_000])
def test_a_body_of_undeclared_length_is_cut_at_the_limit(client: httpx.Client, size: int) -> None:
    def body() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for start in range(0, size, 50_000):
            yield bytes(min(50_000, size - start))
        yield b"\r\n--b--\r\n"

    refused(post(client, body()), 413, "upload_too_large", "100000")


@pytest.mark.parametrize("padding", ["before", "after"])
def test_what_stands_outside_of_the_parts_counts_too(client: httpx.Client, padding: str) -> None:
    filler = b"\r\n" * LIMIT
    body = filler + form(FILE) if padding == "before" else form(FILE) + filler
    refused(post(client, iter([body])), 413, "upload_too_large", "100000")


def test_a_declared_length_over_the_limit_is_refused_before_the_body_is_read(client: httpx.Client) -> None:
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), 5) as connection:
        connection.sendall(head + b"Content-Length: 1000000000\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_no_temporary_file_is_made(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    client = serve()
    for name in ("mkstemp", "_mkstemp_inner", "TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile"):
        monkeypatch.setattr(tempfile, name, fail)
    # 5 MB, at which Starlette's own parser has long gone to the disk.
    assert client.post("/process", files={"file": bytes(5_000_000)}).status_code == 200


def test_the_file_name_and_declared_type_mean_nothing(client: httpx.Client) -> None:
    response = client.post("/process", files={"file": ("../../x.html", b"any bytes", "text/html")})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/png"


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


def test_a_file_sent_as_text_is_refused(client: httpx.Client) -> None:
    response = post(client, form(('; name="file"', b"any bytes")))
    refused(response, 422, "invalid_option", "holds text and not a file")


@pytest.mark.parametrize(
    "content_type", [None, "image/png", "application/json", "application/x-www-form-urlencoded"]
)
def test_a_body_that_is_no_form_is_refused_and_told_how(
    client: httpx.Client, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    response = client.post("/process", content=b"any bytes", headers=headers)
    refused(response, 422, "invalid_option", "not multipart/form-data")
    assert "curl -F file=@" in response.json()["hint"]


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


def test_an_upload_that_stalls_is_given_up(serve: Serve) -> None:
    url = serve(upload_timeout_s=0.2).base_url
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection((url.host, url.port or 80), 5) as connection:
        connection.sendall(head + b"Content-Length: 1000\r\n\r\n--b\r\n")
        answer = b""
        while b"}" not in answer:
            answer += connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"upload_timeout"' in answer


def test_an_upload_that_drips_is_given_up(serve: Serve) -> None:
    url = serve(upload_timeout_s=0.5).base_url
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection((url.host, url.port or 80), 5) as connection:
        connection.sendall(head + b"Content-Length: 99000\r\n\r\n" + form(FILE, end=b"")[:-2])
        connection.settimeout(0.1)
        answer = b""
        for _ in range(50):
            connection.sendall(b"-")
            try:
                answer = connection.recv(4096)
                break
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_file_name_of_any_length_that_fits_its_head_is_fine_and_never_used(client: httpx.Client) -> None:
    for name in ("../../etc/passwd", "a" * 3000, "\u202e\u0000.jpg"):
        assert client.post("/process", files={"file": (name, b"0123")}).status_code == 200


def test_a_longer_one_is_refused(client: httpx.Client) -> None:
    response = client.post("/process", files={"file": ("a" * 5000, b"0123")})
    refused(response, 400, "bad_request", "Maximum header size exceeded")


def test_uploads_together_hold_no_more_memory_than_they_may(serve: Serve) -> None:
    client = serve(max_upload_bytes=LIMIT, workers=1, queue_size=0)  # so 200 000 bytes
    url = client.base_url
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    unfinished = []
    for _ in range(2):
        connection = socket.create_connection((url.host, url.port or 80), 5)
        connection.sendall(head + b"Content-Length: 99000\r\n\r\n" + form(FILE, end=b"")[:-2] + bytes(98_000))
        unfinished.append(connection)
    time.sleep(0.2)  # for them to arrive
    response = client.post("/process", files={"file": bytes(90_000)})
    refused(response, 503, "queue_full", "Too much is being uploaded")
    assert int(response.headers["Retry-After"]) >= 1
    for connection in unfinished:
        connection.close()
    time.sleep(0.2)  # for that to be noticed
    assert client.post("/process", files={"file": bytes(90_000)}).status_code == 200
