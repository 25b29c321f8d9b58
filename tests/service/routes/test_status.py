import logging
from collections.abc import Callable

import httpx
import pytest

from facecraft.weights.lockfile import default_lock_path, load_lock
from tests.service.conftest import request_lines

Serve = Callable[..., httpx.Client]


def test_health_says_that_the_process_lives(client: httpx.Client) -> None:
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.parametrize(
    "path",
    ["/", "/health", "/ready", "/metrics", "/models", "/presets", "/docs", "/docs/docs.js", "/openapi.json",
     "/page/page.js"],
)  # fmt: skip
def test_head_is_get_without_the_body(client: httpx.Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    if path != "/metrics":  # which grows with each request
        assert head.headers["Content-Length"] == str(len(got.content))
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


def test_head_of_what_is_no_get_is_told_what_is(client: httpx.Client) -> None:
    response = client.head("/process")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert client.head("/nonesuch").status_code == 404


def test_head_wants_a_key_where_get_does(serve: Serve) -> None:
    client = serve(api_keys="key")
    assert client.head("/health").status_code == 200
    assert client.head("/models").status_code == 401
    assert client.head("/models", headers={"X-API-Key": "key"}).status_code == 200


def test_head_is_logged_as_what_it_is(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    client = serve()
    with caplog.at_level(logging.INFO, "facecraft.request"):
        client.head("/models")
        (line,) = request_lines(caplog, 1)
    assert line.getMessage() == "HEAD /models 200"
    assert vars(line)["bytes_out"] == 0


def test_ready_names_the_device_and_each_loaded_model_with_its_licence(client: httpx.Client) -> None:
    response = client.get("/ready")
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["device"]) == ("ready", "cpu")
    assert {model["name"] for model in body["models"]} >= {"centerface", "realesrgan-x4plus"}
    centerface = next(model for model in body["models"] if model["name"] == "centerface")
    assert centerface == {"name": "centerface", "task": "detection", "licence": "MIT", "commercial_use": True}


def test_models_lists_the_whole_lock_and_what_of_it_is_loaded(client: httpx.Client) -> None:
    lock = load_lock(default_lock_path())
    listed = {model.pop("name"): model for model in client.get("/models").json()["models"]}
    assert list(listed) == list(lock.models)
    assert {name for name, model in listed.items() if model["loaded"]} == {
        entry.name for entry in lock.in_set("default")
    }
    entry = lock.named("centerface")
    assert listed["centerface"] == {
        "task": "detection",
        "licence": {"name": "MIT", "url": entry.licence.url, "commercial_use": True},
        "bytes": entry.bytes,
        "sha256": entry.sha256,
        "sets": list(entry.sets),
        "loaded": True,
        "takes": [],
    }
    assert {name: model["takes"] for name, model in listed.items() if model["takes"]} == {
        "codeformer": ["fidelity"]
    }


def test_every_answer_forbids_browsers_to_guess_its_type(client: httpx.Client) -> None:
    for path in ("/health", "/ready", "/models", "/docs", "/openapi.json", "/nothing"):
        assert client.get(path).headers["X-Content-Type-Options"] == "nosniff", path


def test_answers_do_not_name_the_server_software(client: httpx.Client) -> None:
    assert "Server" not in client.get("/health").headers
