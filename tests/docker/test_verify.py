"""That verify-image finds what is wrong: each test puts one fault into a layer on top of a good image."""

import subprocess
import sys

import pytest

from docker.release.checks import STILL
from docker.release.engine import CheckFailed, Engine
from docker.release.subject import ROOT, Subject
from tests.docker.conftest import Layer

pytestmark = pytest.mark.docker

VENV = "/opt/venv/lib/python3.11/site-packages"
FLIP = (
    "RUN python -c \"import pathlib; p = pathlib.Path('/opt/models/{file}'); "
    'b = bytearray(p.read_bytes()); b[len(b) // 2] ^= 1; p.write_bytes(b)"'
)
FAULTS = [
    ("labels", 'LABEL org.opencontainers.image.version="9.9.9"', "version is '9.9.9'"),
    ("labels", 'LABEL org.opencontainers.image.licenses="MIT"', "licenses is"),
    ("labels", 'LABEL org.opencontainers.image.revision="main"', "not a commit"),
    ("labels", 'LABEL org.opencontainers.image.created="2099-01-01T00:00:00Z"', "in the future"),
    ("models", FLIP.format(file="centerface.onnx"), "centerface.onnx is"),
    ("models", "RUN touch /opt/models/another.onnx", "another.onnx is"),
    ("models", "RUN sed -i s/09189dea/19189dea/ /opt/facecraft/facecraft/models.lock", "centerface.onnx"),
    ("writable files", "RUN chown appuser /opt/facecraft", "appuser can write /opt/facecraft"),
    ("contents", "RUN mkdir -p /srv/.git", "/srv/.git is version control"),
    ("contents", "RUN mkdir /opt/facecraft/tests", "tests or tools of Facecraft"),
    ("contents", "RUN touch /data/.env", "an .env file"),
    ("contents", f"RUN mkdir -p {VENV}/torch/test", "tests of a package"),
    ("contents", "RUN touch /usr/bin/gcc", "a compiler"),
    ("contents", "RUN touch /opt/facecraft/facecraft/new.py", "have no bytecode"),
    ("secrets", "ENV HUB_TOKEN=abc", "HUB_TOKEN"),
    ("secrets", "ENV PIP_INDEX_URL=https://me:word@example.org/simple", "a URL with a password"),
    ("healthcheck", "HEALTHCHECK NONE", "HEALTHCHECK is"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "instructions", "message"), FAULTS, ids=[f[1][:50] for f in FAULTS])
def test_a_fault_is_found(engine: Engine, layer: Layer, check: str, instructions: str, message: str) -> None:
    with pytest.raises(CheckFailed, match=message):
        STILL[check](Subject(layer(instructions), engine))


def test_an_image_that_runs_as_root_is_found(engine: Engine, layer: Layer) -> None:
    # `layer` ends as the image's own user, so this one is built on top of it.
    name = layer("RUN true")
    engine.run("build", "-q", "-t", name, "-", stdin=f"FROM {name}\nUSER root\n".encode())
    with pytest.raises(CheckFailed, match="not numeric"):
        STILL["user"](Subject(name, engine))


def test_the_command_fails_where_a_check_does(layer: Layer) -> None:
    name = layer("RUN rm /opt/models/centerface.onnx")
    result = subprocess.run(
        [sys.executable, "-m", "docker.release.verify", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    failed = [line for line in result.stdout.splitlines() if line.startswith("FAIL")]
    assert [line.split()[1] for line in failed] == ["models", "running"]
    assert "weights_missing" in failed[1]


def test_a_changed_byte_ends_the_start_with_the_file_and_both_hashes(engine: Engine, layer: Layer) -> None:
    file = "realesrgan-x4plus.bin"
    subject = Subject(layer(FLIP.format(file=file)), engine)
    result = engine.attempt("run", "--rm", "--network", "none", *subject.serve_options, subject.image)
    assert result.code == 1
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("facecraft: "))
    assert line.startswith("facecraft: hash_mismatch: ")
    for part in (f"/opt/models/{file}", subject.lock[file]["sha256"], subject.baked[file]):
        assert part in line
    assert "Ready" not in result.stderr


def test_a_container_with_a_changed_byte_is_never_ready(engine: Engine, layer: Layer) -> None:
    name = layer(FLIP.format(file="centerface.onnx"))
    subject = Subject(name, engine)
    with (
        engine.container(name, *subject.serve_options) as container,
        pytest.raises(CheckFailed, match="exit code 1"),
    ):
        container.wait_for(
            "ready",
            lambda: engine.attempt("exec", container.name, "facecraft", "healthcheck").code == 0 or None,
            60,
        )
