import logging
from collections.abc import Callable

import httpx
import pytest

from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.service.routes import status

Serve = Callable[..., httpx.Client]


def test_an_unknown_path_is_a_problem(client: httpx.Client) -> None:
    response = client.get("/nothing")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "urn:facecraft:problem:not_found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no /nothing.",
        "code": "not_found",
        "hint": "GET /openapi.json lists every path and its methods.",
        "request_id": response.headers["X-Request-ID"],
    }


@pytest.mark.parametrize("host", ["photos.example.org", "a/b?c", "[::1", "", "x:99999"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/process/"), ("POST", "/batch//"), ("GET", "/docs/"), ("GET", "/health/")]
)
def test_a_slash_at_the_end_is_a_problem_and_no_redirect(
    client: httpx.Client, method: str, path: str, host: str
) -> None:
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    response = client.request(method, path, headers=headers, content=b"a photo")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert "Location" not in response.headers
    assert response.json()["detail"] == f"There is no {path}."
    assert response.json()["hint"] == f"Leave out the slash at the end: {path.rstrip('/')}."


def test_a_wrong_method_is_a_problem_that_names_the_right_one(client: httpx.Client) -> None:
    response = client.get("/process")
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert response.json()["code"] == "method_not_allowed"
    assert response.json()["detail"] == "/process does not take GET."
    assert client.request("PURGE", "/process").json()["detail"] == "/process does not take PURGE."


def test_a_failed_inference_is_logged_and_not_told(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        raise RuntimeError("secret of the inside")

    response = serve(process).post("/process", files={"file": b"a photo"})
    assert response.status_code == 500
    assert response.json()["code"] == "inference_failed"
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert "secret of the inside" in caplog.text
    assert "Traceback" in caplog.text


def test_an_unexpected_error_is_logged_and_not_told(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(status, "ModelsBody", broken)
    client = serve()
    response = client.get("/models")
    assert response.status_code == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.json()["code"] == "internal_error"
    assert "secret" not in response.text
    with httpx.Client(base_url=client.base_url, trust_env=False) as another:
        assert another.get("/health").status_code == 200  # it lives on, and by now the log is written
    assert "secret of the inside" in caplog.text
    assert caplog.records[-1].levelno == logging.ERROR
