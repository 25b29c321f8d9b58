"""The process itself: what it prints, when it answers, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

PATIENCE_S = 15
PRELUDE = """
import sys, time
from threading import current_thread
from types import SimpleNamespace
from facecraft.errors import WeightsMissing
from facecraft.results import Portrait
from facecraft.types import Source
from facecraft.service.server import serve
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock

def process(data, options, cancellation, *, judge, reserve=None):
    time.sleep(float(data))  # each file says how many seconds it takes
    made = {"data": data, "format": "png", "width": 1, "height": 1, "restored": 0, "restorer": "none"}
    return Portrait(source=Source(1, 1, "png", 1), faces=(), timings_ms={}, **made)

pipeline = SimpleNamespace(process=process)
runtime = SimpleNamespace(pipeline=pipeline, device="cpu", models=(), workers=1, deadline_s=30, growing=0)
loaded = SimpleNamespace(runtime=runtime, close=lambda: print("closed by", current_thread().name))
"""


@contextmanager
def process(load: str, **settings: object) -> Iterator[subprocess.Popen[str]]:
    """A server in a process of its own; `load` is the body of its load(settings, lock)."""
    code = PRELUDE + "\ndef load(settings, lock):\n" + textwrap.indent(load, "    ")
    code += "\nsys.exit(serve(Settings.load(), Lock({}), load))"
    environ = {f"FACECRAFT_{name.upper()}": str(value) for name, value in {"port": 0, **settings}.items()}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


@contextmanager
def client_of(running: subprocess.Popen[str]) -> Iterator[httpx.Client]:
    assert running.stdout is not None
    line = running.stdout.readline()
    found = re.fullmatch(r"Facecraft listens on (http://127\.0\.0\.1:[1-9]\d*)\n", line)
    assert found is not None, line
    with httpx.Client(base_url=found[1], trust_env=False, timeout=PATIENCE_S) as client:
        yield client


def test_it_answers_while_the_models_load() -> None:
    with process("time.sleep(2); return loaded") as running, client_of(running) as client:
        assert client.get("/health").status_code == 200
        loading = client.get("/ready")
        assert loading.status_code == 503
        assert loading.json()["code"] == "not_ready"
        assert loading.json()["detail"] == "The models are loading."
        assert int(loading.headers["Retry-After"]) >= 1
        refused = client.post("/process", files={"file": b"0"})
        assert (refused.status_code, refused.json()["code"]) == (503, "not_ready")
        assert "badge" in {preset["name"] for preset in client.get("/presets").json()["presets"]}
        assert client.get("/models").json() == {"models": []}
        assert "facecraft_ready 0.0" in client.get("/metrics").text
        assert client.get("/ready").status_code == 503  # all of that while they still load
        patience = time.monotonic() + PATIENCE_S
        while client.get("/ready").status_code == 503:
            assert time.monotonic() < patience
            time.sleep(0.05)
        assert client.get("/ready").json() == {"status": "ready", "device": "cpu", "models": []}
        assert client.post("/process", files={"file": b"0"}).status_code == 200


def test_models_that_are_missing_end_it_with_one_line() -> None:
    with process('raise WeightsMissing("centerface.onnx is not there.")') as running:
        _, errors = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 1
    assert errors == (
        "facecraft: weights_missing: centerface.onnx is not there. Run `facecraft models pull`.\n"
    )


def test_a_bug_in_loading_ends_it_with_its_traceback_and_one_line() -> None:
    with process('raise RuntimeError("a bug")') as running:
        _, errors = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 1
    assert "Traceback" in errors
    assert errors.splitlines()[-1].startswith(
        "facecraft: startup_failed: Loading the models failed: RuntimeError: a bug."
    )


def test_at_its_end_it_closes_the_models_outside_of_the_event_loop() -> None:
    with process("return loaded") as running, client_of(running) as client:
        while client.get("/ready").status_code == 503:
            time.sleep(0.02)
        running.send_signal(signal.SIGTERM)
        output, errors = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0
    assert output.startswith("closed by asyncio")
    assert "Traceback" not in errors


def test_a_port_that_is_taken_ends_it_with_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with process("return loaded", port=port) as running:
            _, errors = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 1
    assert errors.startswith(
        f"facecraft: startup_failed: Cannot listen on 127.0.0.1 port {port}: Address already in use. "
    )
    assert errors.count("\n") == 1


def test_an_address_of_another_machine_ends_it_with_one_line() -> None:
    with process("return loaded", host="192.0.2.1") as running:  # an address for documentation (RFC 5737)
        _, errors = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 1
    assert errors.startswith("facecraft: startup_failed: Cannot listen on 192.0.2.1 port 0: ")


def test_sigint_ends_it_with_exit_code_0() -> None:
    with process("return loaded") as running, client_of(running) as client:
        assert client.get("/health").status_code == 200
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0
    assert "Traceback" not in errors


def test_sigterm_ends_it_with_exit_code_0_while_the_models_load() -> None:
    with process("time.sleep(60)") as running, client_of(running) as client:
        assert client.get("/health").status_code == 200
        start = time.monotonic()
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(second: signal.Signals) -> None:
    with process("return loaded") as running, client_of(running) as client:
        while client.get("/ready").status_code == 503:
            time.sleep(0.02)
        posting = threading.Thread(target=lambda: _ignore(client, b"10"))
        posting.start()
        time.sleep(0.3)
        start = time.monotonic()
        running.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        running.send_signal(second)
        running.communicate(timeout=PATIENCE_S)
        posting.join()
    assert running.returncode == 128 + second
    assert time.monotonic() - start < 3


def _ignore(client: httpx.Client, photo: bytes) -> None:
    with suppress(httpx.HTTPError):
        client.post("/process", files={"file": photo})


def test_sigterm_lets_the_portraits_in_work_finish_and_takes_no_new_ones() -> None:
    with process("return loaded") as running, client_of(running) as client:
        answers: list[httpx.Response] = []
        posting = threading.Thread(
            target=lambda: answers.append(client.post("/process", files={"file": b"1.5"}))
        )
        while client.get("/ready").status_code == 503:
            time.sleep(0.02)
        posting.start()
        time.sleep(0.3)
        running.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        draining = client.get("/ready")
        refused = client.post("/process", files={"file": b"0"})
        for response in (draining, refused):
            assert response.status_code == 503
            assert response.json()["code"] == "not_ready"
            assert response.json()["detail"] == "The service is shutting down."
        assert client.get("/health").status_code == 200
        posting.join()
        _, errors = running.communicate(timeout=PATIENCE_S)
    assert [answer.status_code for answer in answers] == [200]
    assert running.returncode == 0
    assert "Traceback" not in errors


@pytest.mark.parametrize("silent", [False, True], ids=["it drips", "it stalls"])
def test_sigterm_does_not_wait_for_an_upload_for_long(silent: bool) -> None:
    hasty = "from facecraft.service import state; state.DRAINED_UPLOAD_S = 0.5; return loaded"
    settings = {"deadline_s": 1, "upload_timeout_s": 60, "log_level": "info"}
    with process(hasty, **settings) as running, client_of(running) as client:
        while client.get("/ready").status_code == 503:
            time.sleep(0.02)
        url = client.base_url
        with socket.create_connection((url.host, url.port or 80), PATIENCE_S) as connection:
            connection.sendall(b"POST /process HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n")
            connection.sendall(b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
            assert b" 100 " in connection.recv(4096)
            running.send_signal(signal.SIGTERM)
            connection.settimeout(PATIENCE_S if silent else 0.1)
            answer = b""
            for _ in range(100):
                with suppress(TimeoutError):
                    answer = connection.recv(4096)
                    break
                connection.sendall(b"x")
            connection.settimeout(PATIENCE_S)
            while b"}" not in answer:
                answer += connection.recv(4096)
        _, errors = running.communicate(timeout=PATIENCE_S)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"shutting down" in answer
    assert running.returncode == 0
    assert "Traceback" not in errors


def test_the_log_has_a_line_for_a_probe_only_when_asked() -> None:
    for level, logged in (("info", False), ("debug", True)):
        with process("return loaded", log_level=level) as running, client_of(running) as client:
            assert json.loads(client.get("/health").text) == {"status": "ok"}
            running.send_signal(signal.SIGTERM)
            _, errors = running.communicate(timeout=PATIENCE_S)
        assert ("GET /health 200" in errors) is logged
