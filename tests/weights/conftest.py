"""Sources without the internet: a server on this machine, and wheels in a folder that pip is pointed to."""

import hashlib
import os
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from facecraft.weights import lockfile
from facecraft.weights.lockfile import Licence, ModelEntry, PackageSource, Source, UrlSource

Serve = Callable[..., str]
MakeEntry = Callable[..., ModelEntry]
MakeWheel = Callable[..., str]
WriteLock = Callable[..., Path]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Iterable[bytes]


@dataclass
class Site:
    answers: dict[str, Answer] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requested.append(self.path)
                answer = site.answers[self.path]
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for chunk in answer.body:
                        self.wfile.write(chunk)
                except ConnectionError:  # the client has read enough
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as in the base class
                pass

        return Handler


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def requested(site: Site) -> list[str]:
    """The paths that were requested, in order."""
    return site.requested


@pytest.fixture
def serve(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve a body under a path; `serve("/a", b"1")` is its URL. Bytes come with their length."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), site.handler())
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def add(
        path: str,
        body: bytes | Iterable[bytes] = b"",
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> str:
        given = headers or {}
        if isinstance(body, bytes):
            given = {"Content-Length": str(len(body))} | given
            body = [body]
        site.answers[path] = Answer(status, given, body)
        return f"http://127.0.0.1:{server.server_port}{path}"

    yield add
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def make_entry() -> MakeEntry:
    """A model whose right content is `content`; sources are Source objects or URLs."""

    def make(name: str, content: bytes, *sources: Source | str) -> ModelEntry:
        return ModelEntry(
            name=name,
            task="detection",
            file=f"{name}.onnx",
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            licence=Licence("MIT", "MIT", "https://a.b/licence", commercial_use=True),
            sets=("default",),
            sources=tuple(UrlSource(source) if isinstance(source, str) else source for source in sources),
        )

    return make


@pytest.fixture
def make_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeWheel:
    """Put a wheel where pip looks, and nowhere else; gives the requirement for it."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in os.environ:
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))

    def make(name: str, members: dict[str, bytes], tag: str = "py3-none-any") -> str:
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(wheels / f"{name}-1.0-{tag}.whl", "w") as wheel:
            for member, content in members.items():
                wheel.writestr(member, content)
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            wheel.writestr(f"{info}/RECORD", "")
        return f"{name}==1.0"

    return make


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the files that come with the package."""
    monkeypatch.setattr(lockfile, "__file__", str(tmp_path / "weights" / "lockfile.py"))
    folder = tmp_path / "weights" / "packaged"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def write_lock(tmp_path: Path) -> WriteLock:
    """Write entries into a models.lock, laid out as the one of the repository."""

    def write(*entries: ModelEntry) -> Path:
        path = tmp_path / "models.lock"
        path.write_text("# kept by hand\n\n" + "\n".join(map(_toml, entries)))
        return path

    return write


def _toml(entry: ModelEntry) -> str:
    sources = "".join(f"    {_toml_source(source)},\n" for source in entry.sources)
    return (
        f'[models."{entry.name}"]\n'
        f'task = "{entry.task}"\n'
        f'file = "{entry.file}"\n'
        f"bytes = {entry.bytes}  # as of today\n"
        f'sha256 = "{entry.sha256}"\n'
        'licence = { name = "MIT", spdx = "MIT", url = "https://a.b/licence", commercial_use = true }\n'
        f'sets = ["default"]\n'
        f"sources = [\n{sources}]\n"
    )


def _toml_source(source: Source) -> str:
    if isinstance(source, UrlSource):
        member = f', member = "{source.member}"' if source.member else ""
        return f'{{ url = "{source.url}"{member} }}'
    if isinstance(source, PackageSource):
        return f'{{ package = "{source.file}" }}'
    return f'{{ wheel = "{source.requirement}", member = "{source.member}" }}'
