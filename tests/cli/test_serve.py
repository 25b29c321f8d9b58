"""`facecraft serve`: a real server, and starts that end in one line; with `facecraft healthcheck`."""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import FACECRAFT, environment, run
from tests.test_links import LINKS


@pytest.mark.parametrize("command", [("serve",), ("process", "x.jpg", "-o", "out")])
def test_missing_weights_end_in_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    result = run(*command, models_dir=str(tmp_path), port="0")
    assert result.returncode == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("facecraft: ")]
    assert len(lines) == 1
    assert lines[0].startswith("facecraft: weights_missing: ")
    assert "facecraft models pull" in lines[0]
    assert "Traceback" not in result.stderr


STARTUP_ERRORS = [
    ("setting_invalid", {"colour": "red"}),
    ("setting_invalid", {"port": "many"}),
    ("setting_invalid", {"detector": "scrfd-10g", "license": "commercial"}),
    ("device_unavailable", {"device": "cuda"}),
]


@pytest.mark.parametrize(("code", "settings"), STARTUP_ERRORS, ids=str)
def test_a_wrong_setting_ends_in_one_line(code: str, settings: dict[str, str]) -> None:
    result = run("serve", **({"port": "0"} | settings))
    assert result.returncode == 1
    assert f"facecraft: {code}: " in result.stderr
    assert "Traceback" not in result.stderr


def test_a_lock_that_is_no_toml_ends_in_one_line(tmp_path: Path) -> None:
    lock = tmp_path / "models.lock"
    lock.write_text("{")
    result = run("serve", models_lock=str(lock), port="0")
    assert (result.returncode, result.stderr[:24]) == (1, "facecraft: lock_invalid:")


def test_weights_with_one_byte_changed_end_in_one_line(
    tmp_path: Path, model_path: Callable[[str], Path]
) -> None:
    for name in ("centerface", "facemesh", "realesrgan-x4plus"):
        path = model_path(name)
        (tmp_path / path.name).write_bytes(path.read_bytes())
    changed = bytearray((tmp_path / "centerface.onnx").read_bytes())
    changed[1000] ^= 1
    (tmp_path / "centerface.onnx").write_bytes(changed)
    result = run("serve", models_dir=str(tmp_path), port="0")
    assert result.returncode == 1
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("facecraft: "))
    assert line.startswith("facecraft: hash_mismatch: ")
    assert "centerface.onnx" in line
    assert "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc" in line


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A real server with the default models, and its address once it listens."""
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [FACECRAFT, "serve"], env=environment(port="0", deadline_s="120"), stdout=file, stderr=file
        )
    try:
        until = time.monotonic() + 30
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield process, found.group()
    finally:
        process.kill()
        process.wait()


def test_healthcheck_waits_for_ready_and_sigterm_ends_cleanly(
    server: tuple[subprocess.Popen[bytes], str], group_path: Path
) -> None:
    process, address = server
    assert httpx.get(f"{address}/health").status_code == 200
    port = address.rpartition(":")[2]
    until = time.monotonic() + 60
    while (check := run("healthcheck", port=port)).returncode:
        assert "not ready" in check.stderr
        assert time.monotonic() < until
    assert check.stdout.startswith("ready: cpu")
    answer = httpx.post(
        f"{address}/process", files={"file": group_path.read_bytes()}, data={"faces": "largest"}, timeout=120
    )
    assert (answer.status_code, answer.headers["X-Facecraft-Faces"]) == (200, "6")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


def test_healthcheck_of_no_server_fails() -> None:
    result = run("healthcheck", port="1")
    assert result.returncode == 1
    assert "no answer from http://127.0.0.1:1/ready" in result.stderr


def test_healthcheck_passes_over_links_to_other_services() -> None:
    links = {name.removeprefix("FACECRAFT_").lower(): value for name, value in LINKS.items()}
    result = run("healthcheck", **(links | {"port": "1"}))
    assert "no answer from http://127.0.0.1:1/ready" in result.stderr


def test_a_server_starts_beside_a_service_of_its_name(tmp_path: Path) -> None:
    links = {name.removeprefix("FACECRAFT_").lower(): value for name, value in LINKS.items()}
    result = run("serve", **links, models_dir=str(tmp_path))  # it gets as far as the weights
    assert "facecraft: weights_missing: " in result.stderr
