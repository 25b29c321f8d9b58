"""The command line as a user runs it: real processes, real models, real sockets."""

import csv
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

import facecraft

FACECRAFT = str(Path(sys.executable).parent / "facecraft")


def environment(**settings: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FACECRAFT_")}
    return inherited | {f"FACECRAFT_{name.upper()}": value for name, value in settings.items()}


def run(*args: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FACECRAFT, *map(str, args)],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_version_is_the_packages() -> None:
    assert run("--version").stdout == f"facecraft {facecraft.__version__}\n"


def test_no_command_is_a_usage_error() -> None:
    assert run().returncode == 2


def test_process_restores_files_and_says_what_failed(group_path: Path, tmp_path: Path) -> None:
    # One real photo, and a text file with a photo's name.
    (tmp_path / "broken.jpg").write_text("not a photo")
    out = tmp_path / "out"
    result = run(
        "process", group_path, tmp_path / "broken.jpg", "-o", out, "--faces", "largest", "--format", "png"
    )
    assert result.returncode == 1
    assert "1 done, 1 failed" in result.stdout
    assert "broken.jpg: unsupported_format" in result.stderr
    assert [path.name for path in out.iterdir()] == ["t1.png"]
    with Image.open(out / "t1.png") as portrait:
        assert portrait.size == (1280, 886)


def test_process_writes_a_manifest_also_when_files_failed(group_path: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_text("not a photo")
    table = tmp_path / "tables" / "portraits.csv"
    result = run(
        *("process", group_path, tmp_path / "broken.jpg", "-o", tmp_path / "out"),
        *("--restorer", "none", "--manifest", table),
    )
    assert result.returncode == 1
    with table.open(newline="") as lines:
        done, failed = csv.DictReader(lines)
    assert (done["status"], done["output"]) == ("done", str(tmp_path / "out" / "t1.jpg"))
    assert done["verdict"] in {"pass", "fail", "unknown"}
    assert (failed["status"], failed["code"]) == ("failed", "unsupported_format")


def test_process_refuses_a_wrong_option_before_it_loads_anything(group_path: Path, tmp_path: Path) -> None:
    result = run("process", group_path, "-o", tmp_path / "out", "--strength", "7")
    assert result.returncode == 1
    assert result.stderr.startswith("facecraft: invalid_option: The option strength is wrong")
    assert not (tmp_path / "out").exists()


def test_process_without_a_photo_fails(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("process", tmp_path / "empty", "-o", tmp_path / "out")
    assert (result.returncode, result.stderr) == (1, f"facecraft: no photo found in {tmp_path / 'empty'}\n")


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
        process = subprocess.Popen([FACECRAFT, "serve"], env=environment(port="0"), stdout=file, stderr=file)
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
        f"{address}/process", files={"file": group_path.read_bytes()}, data={"faces": "largest"}, timeout=60
    )
    assert (answer.status_code, answer.headers["X-Facecraft-Faces"]) == (200, "6")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


def test_healthcheck_of_no_server_fails() -> None:
    result = run("healthcheck", port="1")
    assert result.returncode == 1
    assert "no answer from http://127.0.0.1:1/ready" in result.stderr


def test_watch_turns_dropped_photos_into_portraits_until_sigterm(group_path: Path, tmp_path: Path) -> None:
    incoming, out = tmp_path / "in", tmp_path / "out"
    incoming.mkdir()
    (incoming / "note.jpg").write_bytes(b"\xff\xd8\xff" + b"no photo" * 10)
    photo = incoming / "team.jpg"
    photo.write_bytes(group_path.read_bytes()[:50_000])  # half of it, and the rest later
    command = [FACECRAFT, "process", "--watch", str(incoming), "-o", str(out), "--faces", "largest"]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(6)
        assert not out.exists() or not list(out.iterdir())
        photo.write_bytes(group_path.read_bytes())
        until = time.monotonic() + 60
        while not (incoming / "done" / "team.jpg").exists():
            assert time.monotonic() < until
            time.sleep(0.1)
        with Image.open(out / "team.jpg") as portrait:
            assert portrait.size == (1280, 886)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("inputs", [("a.jpg",), (".", ".")])
def test_watch_takes_one_folder(inputs: tuple[str, ...], tmp_path: Path) -> None:
    result = run("process", "--watch", *inputs, "-o", tmp_path)
    assert (result.returncode, result.stderr[:26]) == (1, "facecraft: invalid_option:")


def test_selftest_loads_every_model() -> None:
    result = run("selftest", device="cpu")
    assert result.returncode == 0, result.stderr
    for name in ("centerface", "realesrgan-x4plus", "facemesh", "selfie-segmentation"):
        assert f"{name} is verified and loads" in result.stdout


def test_selftest_names_a_model_that_does_not_load(tmp_path: Path) -> None:
    # A lock that agrees with the broken file, so that only loading it can tell.
    broken = b"no model at all"
    (tmp_path / "broken.onnx").write_bytes(broken)
    lock = tmp_path / "models.lock"
    lock.write_text(
        f"""[models.broken]
task = "detection"
file = "broken.onnx"
bytes = {len(broken)}
sha256 = "{hashlib.sha256(broken).hexdigest()}"
licence = {{ name = "MIT", spdx = "MIT", url = "https://example.org", commercial_use = true }}
sets = ["default"]
sources = [{{ url = "https://example.org/broken.onnx" }}]
"""
    )
    result = run("selftest", device="cpu", models_dir=str(tmp_path), models_lock=str(lock))
    assert result.returncode == 1
    assert "facecraft: startup_failed: broken does not load" in result.stderr
