"""What goes wrong around a service: each in a real process, over real sockets."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from facecraft.checks.bench.measure import PHOTO
from facecraft.checks.bench.server import SETTINGS, Server, serving
from facecraft.weights.store import default_models_dir

PATIENCE_S = 60
TAIL = b"\r\n--b--\r\n"
SLOW = {"restorer": "realesrgan-x4plus"}
"""A good photo would not be restored, and a cleaned one would be done too soon."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        running.ready()
        yield running


def body(photo: bytes) -> bytes:
    fields = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in SLOW.items()
    )
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="photo"\r\n\r\n'
    return fields + head + photo + TAIL


def head(length: int) -> bytes:
    return (
        b"POST /process HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: %d\r\n\r\n" % length
    )


def gauges(server: Server) -> dict[str, float]:
    text = httpx.get(f"http://127.0.0.1:{server.port}/metrics", timeout=5, trust_env=False).text
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def wait_for(condition: Callable[[], bool]) -> None:
    patience = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < patience, "it did not happen"
        time.sleep(0.02)


def idle(server: Server) -> bool:
    seen = gauges(server)
    return all(seen[f"facecraft_{name}"] == 0 for name in ("in_flight", "queue_depth", "upload_bytes"))


def accepted(server: Server) -> float:
    seen = gauges(server)
    return seen["facecraft_in_flight"] + seen["facecraft_queue_depth"]


def test_a_client_that_leaves_during_its_upload_leaves_nothing_behind(server: Server) -> None:
    photo = body(PHOTO.read_bytes())
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.sendall(head(len(photo)) + photo[: len(photo) // 2])
        wait_for(lambda: gauges(server)["facecraft_upload_bytes"] > 0)
    wait_for(lambda: idle(server))


def test_a_client_that_leaves_during_inference_costs_no_more_than_that_face(server: Server) -> None:
    photo = body(PHOTO.read_bytes())
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.sendall(head(len(photo)) + photo)
        wait_for(lambda: gauges(server)["facecraft_in_flight"] == 1)
    wait_for(lambda: idle(server))
    assert server.process(PHOTO.read_bytes(), SLOW).stages_ms["restore"] > 0


def test_sigterm_under_load_finishes_what_was_accepted_and_ends_with_0() -> None:
    with serving() as running, ThreadPoolExecutor(6) as pool:
        running.ready()
        asked = [pool.submit(running.process, PHOTO.read_bytes(), SLOW) for _ in range(6)]
        wait_for(lambda: accepted(running) == 6)
        os.kill(running.pid, signal.SIGTERM)
        url = f"http://127.0.0.1:{running.port}/ready"
        wait_for(lambda: httpx.get(url, timeout=5, trust_env=False).status_code == 503)
        assert all(each.result().stages_ms["restore"] > 0 for each in asked)


def test_it_starts_again_after_it_was_killed() -> None:
    for _ in range(2):
        with serving() as running, ThreadPoolExecutor(1) as pool:
            assert running.ready()["status"] == "ready"
            pool.submit(running.process, PHOTO.read_bytes(), SLOW)
            os.kill(running.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "hash_mismatch"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"), "hash_mismatch"),
        (lambda path: path.write_bytes(b""), "hash_mismatch"),
        (lambda path: path.unlink(), "weights_missing"),
    ],
    ids=["short", "changed", "empty", "missing"],
)
def test_a_model_that_is_not_what_it_should_be_ends_it_with_one_line(
    harm: Callable[[Path], None], code: str, tmp_path: Path
) -> None:
    shutil.copytree(default_models_dir(), tmp_path / "models")
    harm(tmp_path / "models" / "centerface.onnx")
    ended = subprocess.run(
        [sys.executable, "-m", "facecraft", "serve"],
        env=os.environ | SETTINGS | {"FACECRAFT_MODELS_DIR": str(tmp_path / "models")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 1
    (line,) = [each for each in ended.stderr.splitlines() if each.startswith("facecraft: ")]
    assert line.startswith(f"facecraft: {code}: ")
    assert "Traceback" not in ended.stderr


def test_nowhere_to_write_does_not_stop_it(tmp_path: Path) -> None:
    """Neither the graphs nor a temporary folder can be kept: both are places that do not exist."""
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file" / "folder")
    own = {
        "FACECRAFT_GRAPHS_DIR": nowhere,
        "FACECRAFT_ENGINE": "onnxruntime",
        "XDG_CACHE_HOME": nowhere,
        "FACECRAFT_MODELS_DIR": str(default_models_dir()),
    }
    with serving(SETTINGS | own) as running:
        running.ready()
        assert running.process(PHOTO.read_bytes(), SLOW).stages_ms["restore"] > 0
