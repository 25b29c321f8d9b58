"""The programs in examples/, each run as its user runs it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image

from facecraft.settings import PREFIX
from tests.docs.conftest import KEY, Serve
from tests.docs.documents import ROOT


def run(example: str, *args: str | Path, port: int, key: str = "") -> subprocess.CompletedProcess[str]:
    url = f"http://127.0.0.1:{port}"
    own = {"PORTRAITS_URL": url, "PORTRAITS_KEY": key, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return subprocess.run(
        [sys.executable, ROOT / "examples" / example, *map(str, args)],
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.fixture
def folder(tmp_path: Path, photo: bytes) -> Path:
    """photos/anna.jpg, photos/team/ben.jpg and photos/text.jpg, which is no photo."""
    (tmp_path / "photos" / "team").mkdir(parents=True)
    (tmp_path / "photos" / "anna.jpg").write_bytes(photo)
    (tmp_path / "photos" / "team" / "ben.jpg").write_bytes(photo)
    (tmp_path / "photos" / "text.jpg").write_text("no photo")
    return tmp_path


class Busy(BaseHTTPRequestHandler):
    """Answers 503 once, and then with a portrait."""

    asked = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked += 1
        busy = type(self).asked == 1
        body = b'{"code": "queue_full", "detail": "Busy.", "hint": "Wait."}' if busy else b"portrait"
        self.send_response(503 if busy else 200)
        self.send_header("Content-Type", "application/problem+json" if busy else "image/jpeg")
        self.send_header("Content-Length", str(len(body)))
        if busy:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class has it so
        pass


@contextmanager
def busy_server() -> Iterator[int]:
    class Handler(Busy):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_the_client_saves_a_portrait_and_tells_its_verdict(folder: Path, serve: Serve) -> None:
    portrait = folder / "badge.jpg"
    result = run("client.py", folder / "photos" / "anna.jpg", portrait, "badge", port=serve())
    assert result.returncode == 0, result.stderr
    assert size(portrait) == (328, 437)
    assert "image/jpeg, verdict" in result.stdout


def test_the_client_tells_why_a_photo_is_refused(folder: Path, serve: Serve) -> None:
    result = run("client.py", folder / "photos" / "text.jpg", folder / "out.jpg", port=serve())
    assert result.returncode == 1
    assert "unsupported_format" in result.stderr
    assert not (folder / "out.jpg").exists()


def test_the_client_sends_a_key(folder: Path, serve: Serve) -> None:
    args = ("client.py", folder / "photos" / "anna.jpg", folder / "out.jpg")
    assert "unauthorized" in run(*args, port=serve(api_keys=KEY)).stderr
    assert run(*args, port=serve(api_keys=KEY), key=KEY).returncode == 0


def test_the_async_client_makes_two_portraits(folder: Path, serve: Serve) -> None:
    result = run("async_client.py", folder / "photos" / "anna.jpg", folder / "out", port=serve())
    assert result.returncode == 0, result.stderr
    assert size(folder / "out" / "badge.jpg") == (328, 437)
    assert size(folder / "out" / "linkedin.jpg") == (800, 800)
    assert "anna.jpg as it is: " in result.stdout


@pytest.mark.parametrize("example", ["client.py", "async_client.py", "bulk.py"])
def test_without_arguments_an_example_says_how_it_is_used(example: str) -> None:
    result = run(example, port=0)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: ")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_an_example_has_no_variable_that_stops_facecraft_as_an_unknown_setting(path: Path) -> None:
    assert PREFIX not in path.read_text()


def bulk(folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    url = f"http://127.0.0.1:{port}"
    args = (folder / "photos", folder / "portraits", "--url", url, "--option", "preset=badge")
    return run("bulk.py", *args, port=port)


def test_the_bulk_script_does_a_folder_and_names_what_failed(folder: Path, serve: Serve) -> None:
    result = bulk(folder, serve())
    assert result.returncode == 1
    assert result.stdout.endswith("2 done, 1 failed\n")
    assert "text.jpg: unsupported_format: " in result.stderr
    portraits = {path.relative_to(folder / "portraits") for path in (folder / "portraits").rglob("*.*")}
    assert portraits == {Path("anna.jpg"), Path("team/ben.jpg")}


def test_the_bulk_script_started_again_does_only_what_is_missing(folder: Path, serve: Serve) -> None:
    (folder / "photos" / "text.jpg").unlink()
    (folder / "portraits").mkdir()
    (folder / "portraits" / "anna.jpg").write_text("done before")
    result = bulk(folder, serve())
    assert result.returncode == 0
    assert result.stdout.endswith("\n1 done, 0 failed\n")
    assert (folder / "portraits" / "anna.jpg").read_text() == "done before"


@pytest.mark.parametrize("example", ["client.py", "bulk.py"])
def test_a_busy_server_is_asked_again(folder: Path, example: str) -> None:
    with busy_server() as port:
        (folder / "photos" / "text.jpg").unlink()
        if example == "bulk.py":
            result, portrait = bulk(folder, port), folder / "portraits" / "anna.jpg"
        else:
            portrait = folder / "out.jpg"
            result = run(example, folder / "photos" / "anna.jpg", portrait, port=port)
    assert result.returncode == 0, result.stderr
    assert portrait.read_text() == "portrait"
