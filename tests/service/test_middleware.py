"""Request ids, protecting headers, log lines and metrics."""

import json
import logging
import re

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from facecraft.errors import InferenceFailed
from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.service.telemetry import logs
from tests.service.conftest import Serve, request_lines

FILE = {"file": ("a secret name.jpg", b"0123456789")}


def samples(client: httpx.Client) -> dict[str, float]:
    """Every sample of /metrics, as `name{label="value"}`."""
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


@pytest.mark.parametrize("given", ["abc-123", "a" * 64, "Root=1-67891233:abcdef/+_."])
def test_a_sane_request_id_is_kept(client: httpx.Client, given: str) -> None:
    assert client.get("/health", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "ä", 'a"', "${jndi:x}", None])
def test_any_other_request_gets_a_new_one(client: httpx.Client, given: str | None) -> None:
    headers = {} if given is None else {b"X-Request-ID": given.encode("latin-1")}
    answers = [client.get("/health", headers=headers).headers["X-Request-ID"] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{32}", answer) for answer in answers)
    assert answers[0] != answers[1]


def test_errors_carry_the_request_id(client: httpx.Client) -> None:
    for path in ("/nonesuch", "/process"):
        response = client.get(path, headers={"X-Request-ID": "my-id"})
        assert response.json()["request_id"] == response.headers["X-Request-ID"] == "my-id"


@pytest.mark.parametrize("path", ["/health", "/ready", "/nonesuch", "/docs", "/models"])
def test_every_answer_has_the_headers_that_protect(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_an_unexpected_error_has_them_too(serve: Serve) -> None:
    def fail(_data: bytes, _options: Options) -> Portrait:
        raise KeyError("something internal")

    response = serve(fail).post("/process", files=FILE)
    assert response.status_code == 500
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "internal" not in response.text.replace("internal_error", "")


def test_no_other_origin_may_call_unless_it_is_named(client: httpx.Client, serve: Serve) -> None:
    ask = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in client.get("/health", headers=ask).headers
    open_to_one = serve(cors_origins="https://example.org")
    allowed = open_to_one.options("/process", headers=ask)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://example.org"
    other = open_to_one.options("/process", headers=ask | {"Origin": "https://example.net"})
    assert other.status_code == 400
    assert "access-control-allow-origin" not in other.headers


def test_each_request_is_one_line_that_names_no_file(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    client = serve()
    with caplog.at_level(logging.INFO, "facecraft.request"):
        client.post("/process", files=FILE, headers={"X-Request-ID": "one"})
        client.get("/health")
        client.post("/process", files={"other": b"x"})
        client.get("/nonesuch/with?a=secret")
        lines = request_lines(caplog, 3)
    facts = [
        {name: vars(record).get(name) for name in ("route", "status", "code", "faces")} for record in lines
    ]
    assert facts == [
        {"route": "/process", "status": 200, "code": None, "faces": 1},
        {"route": "/process", "status": 422, "code": "invalid_option", "faces": None},
        {"route": "unknown", "status": 404, "code": "not_found", "faces": None},
    ]
    assert vars(lines[0])["bytes_in"] > 10
    assert vars(lines[0])["bytes_out"] == 10
    assert vars(lines[0])["detect_ms"] == 20.0
    assert not any("secret" in str(vars(record)) for record in lines)


def test_a_failure_in_a_worker_is_logged_with_the_requests_id(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    ids: list[str] = []

    def fail(_data: bytes, _options: Options) -> Portrait:
        ids.append(logs.REQUEST_ID.get())
        raise InferenceFailed("It failed.")

    serve(fail).post("/process", files=FILE, headers={"X-Request-ID": "mine"})
    assert ids == ["mine"]


@pytest.fixture
def record() -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"name": "facecraft.request", "levelname": "INFO", "msg": "%s", "args": ("hi",)}
    )
    made.status = 200
    made.request_id = "mine"
    return made


def test_a_json_line_has_each_fact_as_a_member(record: logging.LogRecord) -> None:
    line = json.loads(logs.json_formatter().format(record))
    assert {name: line[name] for name in ("level", "logger", "request_id", "message", "status")} == {
        "level": "INFO", "logger": "facecraft.request", "request_id": "mine", "message": "hi", "status": 200,
    }  # fmt: skip
    assert "time" in line


def test_a_console_line_has_them_behind_the_message(record: logging.LogRecord) -> None:
    assert (
        logs.ConsoleFormatter(logs.CONSOLE_FORMAT)
        .format(record)
        .endswith("INFO facecraft.request [mine] hi status=200")
    )


def test_metrics_count_requests_errors_stages_and_faces(serve: Serve) -> None:
    client = serve()
    client.post("/process", files=FILE)
    client.post("/process", files=FILE)
    client.post("/process", files={"other": b"x"})
    found = samples(client)
    assert found['facecraft_requests_total{route="/process",status="200"}'] == 2
    assert found['facecraft_requests_total{route="/process",status="422"}'] == 1
    assert found['facecraft_errors_total{code="invalid_option"}'] == 1
    assert found['facecraft_stage_seconds_count{stage="detect"}'] == 2
    assert abs(found['facecraft_stage_seconds_sum{stage="detect"}'] - 0.04) < 1e-6
    assert found['facecraft_request_seconds_count{route="/process"}'] == 3
    assert found["facecraft_faces_total{}"] == 2
    assert found["facecraft_ready{}"] == 1
    assert found["facecraft_queue_depth{}"] == found["facecraft_in_flight{}"] == 0
    assert found["process_resident_memory_bytes{}"] > 0
    models = [name for name in found if name.startswith("facecraft_model_info")]
    assert any('name="centerface"' in name and 'licence="MIT"' in name for name in models)


def test_the_openapi_document_is_counted_and_logged_by_its_route(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    client = serve()
    with caplog.at_level(logging.INFO, "facecraft.request"):
        client.get("/openapi.json")
        (line,) = request_lines(caplog, 1)
    assert vars(line)["route"] == "/openapi.json"
    assert samples(client)['facecraft_requests_total{route="/openapi.json",status="200"}'] == 1


def test_metrics_need_the_key_where_there_is_one(serve: Serve) -> None:
    client = serve(api_keys="secret")
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200


def test_metrics_tell_batches_of_the_real_restorer(real_client: httpx.Client) -> None:
    found = samples(real_client)
    restored = [name for name in found if name.startswith("facecraft_batch_faces_count")]
    assert restored == ['facecraft_batch_faces_count{restorer="realesrgan-x4plus"}']
    assert found[restored[0]] >= 1
    assert found['facecraft_batch_splits_total{restorer="realesrgan-x4plus"}'] == 0
