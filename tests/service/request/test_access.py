import socket
from collections.abc import Callable

import httpx
import pytest

Serve = Callable[..., httpx.Client]

KEYS = {"api_keys": "first-key, schlüssel"}
PHOTO = {"file": b"any bytes; the pipeline is made up"}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": "first-key"},
        {"X-API-Key": "schlüssel".encode()},
        {"Authorization": "Bearer first-key"},
        {"Authorization": "bearer first-key"},
    ],
)
def test_a_valid_key_opens_the_service(serve: Serve, headers: dict[str, str]) -> None:
    client = serve(**KEYS)
    assert client.post("/process", files=PHOTO, headers=headers).status_code == 200
    assert client.post("/detect", files=PHOTO, headers=headers).status_code == 200
    assert client.get("/models", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": "first-ke"},
        {"X-API-Key": "first-key, schlüssel".encode()},
        {"Authorization": "first-key"},
        {"Authorization": "Basic first-key"},
        {"Authorization": "Bearer"},
    ],
)
def test_anything_else_is_unauthorized(serve: Serve, headers: dict[str, str]) -> None:
    client = serve(**KEYS)
    answers = [
        client.post("/process", files=PHOTO, headers=headers),
        client.post("/detect", files=PHOTO, headers=headers),
        client.get("/models", headers=headers),
    ]
    for response in answers:
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.json()["code"] == "unauthorized"


@pytest.mark.parametrize("path", ["/health", "/ready", "/docs", "/docs/swagger-ui.css", "/openapi.json"])
def test_probes_and_documentation_stay_open(serve: Serve, path: str) -> None:
    assert serve(**KEYS).get(path).status_code == 200


def test_without_keys_the_service_is_open(client: httpx.Client) -> None:
    assert client.get("/models").status_code == 200


def test_the_key_is_checked_before_the_body_is_read(serve: Serve) -> None:
    url = serve(**KEYS).base_url
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection((url.host, url.port or 80), timeout=5) as connection:
        connection.sendall(head + b"Content-Length: 1000\r\n\r\n")  # and nothing of these 1000 bytes
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")
