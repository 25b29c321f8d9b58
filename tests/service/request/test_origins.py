"""Posts that a page of another site has a browser send."""

import socket

import httpx
import pytest

from tests.service.conftest import Serve

PHOTO = {"file": b"any bytes; the pipeline is made up"}
ORIGIN = "https://example.org"
CROSS = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}


@pytest.mark.parametrize("path", ["/process", "/check", "/detect", "/batch"])
@pytest.mark.parametrize("origin", [{}, {"Origin": ORIGIN}, {"Origin": "null"}], ids=str)
def test_they_are_refused(client: httpx.Client, path: str, origin: dict[str, str]) -> None:
    response = client.post(path, files=PHOTO, headers=CROSS | origin)
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "cross_site"
    assert "FACECRAFT_CORS_ORIGINS" in response.json()["hint"]


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none", None])
def test_posts_of_the_own_site_and_of_programs_pass(client: httpx.Client, site: str | None) -> None:
    headers = {} if site is None else {"Sec-Fetch-Site": site, "Origin": ORIGIN}
    assert client.post("/process", files=PHOTO, headers=headers).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://x:9", "http://y", "null", "", "x"])
def test_over_plain_http_the_origin_tells(client: httpx.Client, origin: str) -> None:
    response = client.post("/process", files=PHOTO, headers={"Host": "x", "Origin": origin})
    assert (response.status_code, response.json()["code"]) == (403, "cross_site")


@pytest.mark.parametrize(
    ("host", "origin"),
    [("x", "http://x"), ("x:9", "http://x:9"), ("X", "https://x"), ("[::1]:9", "http://[::1]:9")],
)
def test_over_plain_http_the_own_page_may_post(client: httpx.Client, host: str, origin: str) -> None:
    headers = {"Host": host, "Origin": origin}
    assert client.post("/process", files=PHOTO, headers=headers).status_code == 200


def test_over_plain_http_an_origin_that_is_named_may_post(serve: Serve) -> None:
    client = serve(cors_origins=ORIGIN)
    headers = {"Host": "internal", "Origin": ORIGIN}
    assert client.post("/process", files=PHOTO, headers=headers).status_code == 200


def test_links_from_other_sites_pass(client: httpx.Client) -> None:
    for path in ("/", "/health", "/models"):
        assert client.get(path, headers=CROSS).status_code == 200


def test_an_origin_that_is_named_may_post(serve: Serve) -> None:
    client = serve(cors_origins=f"{ORIGIN},https://example.com")
    allowed = client.post("/process", files=PHOTO, headers=CROSS | {"Origin": ORIGIN})
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    for origin in ({}, {"Origin": "https://example.net"}, {"Origin": "null"}):
        refused = client.post("/process", files=PHOTO, headers=CROSS | origin)
        assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")


def test_a_star_lets_every_site_post(serve: Serve) -> None:
    client = serve(cors_origins="*")
    assert client.post("/process", files=PHOTO, headers=CROSS | {"Origin": ORIGIN}).status_code == 200


def test_they_are_refused_before_their_body_comes(client: httpx.Client) -> None:
    url = client.base_url
    head = (b"POST /process HTTP/1.1", b"Host: x", b"Sec-Fetch-Site: cross-site", b"Content-Length: 1000000")
    with socket.create_connection((url.host, url.port or 80), timeout=5) as connection:
        connection.sendall(b"\r\n".join((*head, b"Content-Type: multipart/form-data; boundary=b", b"", b"")))
        assert connection.recv(1024).startswith(b"HTTP/1.1 403 ")
