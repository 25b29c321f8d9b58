"""Traces go to a collector that the test is itself."""

import builtins
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from facecraft.errors import SettingInvalid
from facecraft.service.server import Server
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock
from tests.service.conftest import echo, loading, running


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, bytes]]]:
    """Paths and bodies of what was sent."""
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    yield received
    server.shutdown()
    server.server_close()


def test_a_request_is_a_span_and_a_probe_is_none(collected: list[tuple[str, bytes]]) -> None:
    with running(loading(echo)) as client:
        assert client.post("/process", files={"file": b"0123"}).status_code == 200
        assert client.get("/health").status_code == 200
    assert {path for path, _ in collected} == {"/v1/traces"}
    sent = b"".join(body for _, body in collected)
    assert b"POST /process" in sent
    assert b"facecraft" in sent
    assert b"/health" not in sent


def test_traces_that_are_asked_for_and_cannot_be_made_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_otel(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setattr(builtins, "__import__", without_otel)
    with pytest.raises(SettingInvalid, match="OTEL_EXPORTER_OTLP_ENDPOINT is set"):
        Server(Settings(), Lock({}), loading(echo))
