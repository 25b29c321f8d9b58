"""Where keys are set, every path wants one, but for those in OPEN_PATHS."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import cast

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from facecraft.service.request.access import OPEN_PATHS, is_open
from facecraft.service.server import Server
from facecraft.settings import Settings
from facecraft.weights.lockfile import default_lock_path, load_lock
from tests.service.conftest import echo, loading, request_lines, running

Serve = Callable[..., httpx.Client]

KEYS = {"api_keys": "first-key, schlüssel"}
PHOTO = {"file": b"any bytes; the pipeline is made up"}
PATHS = [
    *("/", "/health", "/ready", "/page/page.js", "/page/astronaut.jpg"),
    *("/process", "/detect", "/check", "/batch", "/presets", "/models", "/metrics"),
    *("/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/favicon.svg", "/openapi.json"),
]
POSTED = ("/process", "/detect", "/check", "/batch")


def call(client: httpx.Client, path: str, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"X-API-Key": key}
    if path in POSTED:
        return client.post(path, files=PHOTO, headers=headers)
    return client.get(path, headers=headers)


def asked(app: FastAPI, method: str, path: str, key: str | None = None) -> httpx.Response:
    """What an application answers that does not listen."""

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.request(method, path, headers={} if key is None else {"X-API-Key": key})

    return asyncio.run(ask())


def refused(response: httpx.Response) -> None:
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["code"] == "unauthorized"
    assert response.json()["request_id"] == response.headers["X-Request-ID"]
    assert "X-API-Key" in response.json()["hint"]


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


@pytest.mark.parametrize("path", PATHS)
def test_a_valid_key_opens_each_path(keyed: httpx.Client, path: str) -> None:
    assert call(keyed, path, "first-key").status_code == 200


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
    for response in (
        client.post("/process", files=PHOTO, headers=headers),
        client.post("/detect", files=PHOTO, headers=headers),
        client.get("/models", headers=headers),
    ):
        refused(response)


@pytest.mark.parametrize("path", [path for path in PATHS if is_open(path)])
def test_the_page_and_the_probes_are_open(keyed: httpx.Client, path: str) -> None:
    assert keyed.get(path).status_code == 200


@pytest.mark.parametrize("path", [path for path in PATHS if not is_open(path)])
def test_everything_else_is_closed(keyed: httpx.Client, path: str) -> None:
    refused(call(keyed, path))


def test_the_open_paths_are_those_of_the_contract() -> None:
    assert set(OPEN_PATHS) == {"/", "/health", "/ready", "/page/*"}
    assert {path for path in PATHS if is_open(path)} == {
        *("/", "/health", "/ready", "/page/page.js", "/page/astronaut.jpg")
    }


@pytest.mark.parametrize(
    "path",
    [
        *("/nothing", "/health/", "/ready2", "//health", "/pages", "/page", "/page2/x", "/docs/", "/redoc"),
        *("/openapi.json/", "/models/", "/Health", "/metrics%00", "/x/../health"),
    ],
)
def test_a_path_that_does_not_exist_is_closed_too(keyed: httpx.Client, path: str) -> None:
    with socket.create_connection((keyed.base_url.host, keyed.base_url.port or 80), 5) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())  # httpx would tidy it up
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "path", ["/page/..", "/page/..%2fmetrics", "/page/../metrics", "/page/", "/page/x/y"]
)
def test_below_the_page_there_is_nothing_but_its_files(keyed: httpx.Client, path: str) -> None:
    with socket.create_connection((keyed.base_url.host, keyed.base_url.port or 80), 5) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_a_method_opens_nothing(keyed: httpx.Client, method: str) -> None:
    assert keyed.request(method, "/process").status_code == 401


def test_a_route_that_is_added_is_closed(app: FastAPI) -> None:
    app.add_api_route("/new", lambda: "secret", methods=["GET", "POST"])
    for method in ("GET", "POST"):
        refused(asked(app, method, "/new"))
        assert asked(app, method, "/new", "first-key").json() == "secret"


def test_an_app_that_is_mounted_is_closed(app: FastAPI) -> None:
    inner = FastAPI()
    inner.add_api_route("/health", lambda: "secret")
    app.mount("/inner", inner)
    refused(asked(app, "GET", "/inner/health"))
    assert asked(app, "GET", "/inner/health", "first-key").json() == "secret"


def test_each_route_of_the_app_is_closed_unless_it_is_listed(app: FastAPI) -> None:
    opened = set()
    for route in iter_route_contexts(app.routes):
        assert route.path is not None
        for method in route.methods or ():
            if asked(app, method, route.path.replace("{name}", "page.js")).status_code != 401:
                opened.add((method, route.path))
    assert opened == {("GET", path) for path in ("/", "/health", "/ready", "/page/{name}")}


def test_a_preflight_request_needs_no_key_and_a_refusal_can_be_read(serve: Serve) -> None:
    client = serve(**KEYS, cors_origins="https://example.org")
    origin = {"Origin": "https://example.org"}
    asked = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "X-API-Key"}
    preflight = client.options("/process", headers=asked)
    assert preflight.status_code == 200
    assert "X-API-Key" in preflight.headers["access-control-allow-headers"]
    refusal = client.post("/process", files=PHOTO, headers=origin)
    refused(refusal)
    assert refusal.headers["access-control-allow-origin"] == "https://example.org"


def test_a_refusal_is_logged_and_counted_under_its_route(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    client = serve(**KEYS)
    with caplog.at_level("INFO", "facecraft.request"):
        client.post("/process", files=PHOTO, headers={"X-API-Key": "secret"})
        client.get("/unheard-of")
        lines = [vars(record) for record in request_lines(caplog, 2)]
    assert [(line["route"], line["status"], line["code"]) for line in lines] == [
        ("/process", 401, "unauthorized"),
        ("unknown", 401, "unauthorized"),
    ]
    assert not any("secret" in str(line) or "unheard-of" in str(line) for line in lines)
    metrics = client.get("/metrics", headers={"X-API-Key": "first-key"}).text
    assert 'facecraft_requests_total{route="/process",status="401"} 1.0' in metrics
    assert 'facecraft_errors_total{code="unauthorized"} 2.0' in metrics


def test_the_key_is_compared_in_constant_time_with_every_valid_key(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare_digest(given: bytes, valid: bytes) -> bool:
        compared.append((given, valid))
        return given == valid

    monkeypatch.setattr("hmac.compare_digest", compare_digest)
    asked(app, "GET", "/models", "first-key")
    assert compared == [(b"first-key", b"first-key"), (b"first-key", "schlüssel".encode())]


def test_without_keys_the_service_is_open(client: httpx.Client) -> None:
    for path in PATHS:
        assert call(client, path).status_code == 200, path


def test_the_key_is_checked_before_the_body_is_read(keyed: httpx.Client) -> None:
    head = b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection((keyed.base_url.host, keyed.base_url.port or 80), timeout=5) as connection:
        connection.sendall(head + b"Content-Length: 1000\r\n\r\n")  # and nothing of these 1000 bytes
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")


@pytest.fixture(scope="module")
def keyed() -> Iterator[httpx.Client]:
    """A client without a key, of a service that wants one."""
    with running(loading(echo), **KEYS) as client:
        yield client


@pytest.fixture
def app() -> FastAPI:
    """The application of a service that wants a key."""
    server = Server(Settings.model_validate(KEYS), load_lock(default_lock_path()), loading(echo))
    return cast("FastAPI", server.config.app)
