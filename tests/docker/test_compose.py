"""docker-compose.yml, on a real engine with the image under test."""

import json
import os
import re
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docker.release.engine import Container, Engine
from docker.release.portrait import PORTRAIT, check_portrait
from docker.release.smoke import over_http
from docker.release.subject import ROOT
from facecraft.settings import PREFIX, Settings

FILE = ROOT / "docker-compose.yml"
PROFILES = ("cpu", "gpu", "watch")
# What an image sets otherwise than the package does.
OF_THE_IMAGE = {"HOST": "0.0.0.0", "MODELS_DIR": "/opt/models", "GRAPHS_DIR": "/opt/graphs"}  # noqa: S104
TIMEOUT_S = 60


def test_each_variable_is_documented_inline_with_its_default() -> None:
    rows = re.findall(r"^  (FACECRAFT_\w+): \$\{\1:-(.*?)\} # \S.*$", FILE.read_text(), re.MULTILINE)
    expected = {}
    for name, field in Settings.model_fields.items():
        plain = "" if field.default_factory or field.default in (None, ()) else str(field.default)
        expected[PREFIX + name.upper()] = OF_THE_IMAGE.get(name.upper(), plain)
    del expected["FACECRAFT_DEVICE"]  # differs by service
    assert dict(rows) == expected
    devices = re.findall(r"FACECRAFT_DEVICE: \$\{FACECRAFT_DEVICE:-(\w+)\}", FILE.read_text())
    assert devices == ["cpu", "cuda", "cpu"]


class Compose:
    """A project of its own, so that nothing of another one is touched."""

    def __init__(self, profile: str, image: str) -> None:
        self.project = f"facecraft-test-{secrets.token_hex(4)}"
        self.profile = profile
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port: int = server.getsockname()[1]
        self._environment = os.environ | {"IMAGE_CPU": image, "FACECRAFT_PORT": str(self.port)}

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = ["docker", "compose", "-f", str(FILE), "-p", self.project, "--profile", self.profile]
        return subprocess.run(
            [*command, *args], env=self._environment, capture_output=True, text=True, check=True, timeout=300
        )

    def container(self, engine: Engine) -> Container:
        return Container(engine, f"{self.project}-{self.profile}-1")


@pytest.fixture
def cpu(image: str) -> Iterator[Compose]:
    yield from _up(Compose("cpu", image))


@pytest.fixture
def watch(image: str) -> Iterator[Compose]:
    yield from _up(Compose("watch", image))


def _up(compose: Compose) -> Iterator[Compose]:
    try:
        compose.run("up", "-d")
        yield compose
    finally:
        compose.run("down", "-v")


@pytest.mark.docker
@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_parses_without_a_warning(profile: str, image: str) -> None:
    result = Compose(profile, image).run("config", "--format", "json")
    assert result.stderr == ""
    services = json.loads(result.stdout)["services"]
    assert list(services) == [profile]
    service = services[profile]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"]
    assert service["deploy"]["resources"]["limits"].keys() == {"memory", "pids"}
    assert ("healthcheck" in service) == (profile == "watch")


@pytest.mark.docker
def test_the_gpu_profile_reserves_a_gpu(image: str) -> None:
    config = json.loads(Compose("gpu", image).run("config", "--format", "json").stdout)
    (device,) = config["services"]["gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}


def _limits(engine: Engine, container: Container) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(engine.run("inspect", "-f", "{{json .HostConfig}}", container.name))
    return found


@pytest.mark.docker
def test_the_cpu_profile_comes_up_healthy_and_restores_a_portrait(cpu: Compose, engine: Engine) -> None:
    container = cpu.container(engine)
    container.wait_for(
        "healthy", lambda: container.state()["Health"]["Status"] == "healthy" or None, TIMEOUT_S
    )
    check_portrait(over_http("127.0.0.1", cpu.port), PORTRAIT.read_bytes())
    limits = _limits(engine, container)
    assert (limits["ReadonlyRootfs"], limits["CapDrop"]) == (True, ["ALL"])
    assert (limits["Memory"], limits["PidsLimit"]) == (8 * 2**30, 256)
    owner = container.python(
        "import os; print(os.stat('/data/cache').st_uid, os.access('/data/cache', os.W_OK))"
    )
    assert owner.split() == [b"10001", b"True"]


@pytest.mark.docker
def test_the_watch_profile_turns_a_dropped_photo_into_a_portrait(
    watch: Compose, engine: Engine, tmp_path: Path
) -> None:
    watch.run("cp", str(PORTRAIT), "watch:/data/uploads/me.jpg")
    container = watch.container(engine)
    done = "import os; print(os.path.exists('/data/uploads/done/me.jpg'))"
    container.wait_for("done", lambda: container.python(done).strip() == b"True" or None, TIMEOUT_S)
    watch.run("cp", "watch:/data/processed/me.jpg", str(tmp_path / "me.jpg"))
    portrait = (tmp_path / "me.jpg").read_bytes()
    assert portrait[:3] == b"\xff\xd8\xff"
    assert portrait != PORTRAIT.read_bytes()
    started = time.monotonic()
    watch.run("stop")
    assert container.state()["ExitCode"] == 0
    assert time.monotonic() - started < 20
