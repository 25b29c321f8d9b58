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
SERVICES = {"cpu": ["cpu"], "gpu": ["gpu"], "watch": ["folders", "watch"]}
"""The services that each profile starts."""
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

    def __init__(self, profile: str, image: str, **variables: str) -> None:
        self.project = f"facecraft-test-{secrets.token_hex(4)}"
        self.profile = profile
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port: int = server.getsockname()[1]
        own = {"IMAGE_CPU": image, "FACECRAFT_PORT": str(self.port)}
        self._environment = os.environ | own | variables

    def run(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["docker", "compose", "-f", str(FILE), "-p", self.project]
        if self.profile:
            command += ["--profile", self.profile]
        return subprocess.run(
            [*command, *args], env=self._environment, capture_output=True, text=True, check=check, timeout=300
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
@pytest.mark.parametrize("profile", SERVICES)
def test_a_profile_parses_without_a_warning(profile: str, image: str) -> None:
    result = Compose(profile, image).run("config", "--format", "json")
    assert result.stderr == ""
    services = json.loads(result.stdout)["services"]
    assert sorted(services) == SERVICES[profile]
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["tmpfs"]
        assert service["deploy"]["resources"]["limits"].keys() == {"memory", "pids"}
        assert ("healthcheck" in service) == (profile == "watch")
        assert service["user"] == "10001:10001"
        assert service["logging"] == {
            "driver": "json-file",
            "options": {"max-size": "10m", "max-file": "5"},
        }
        dockerfile = Path(service["build"]["context"]) / service["build"]["dockerfile"]
        assert dockerfile == ROOT / "docker" / f"Dockerfile.{'gpu' if profile == 'gpu' else 'cpu'}"


@pytest.mark.docker
def test_without_a_profile_it_is_cpu_alone(image: str) -> None:
    assert Compose("", image).run("config", "--services").stdout.split() == ["cpu"]
    named = Compose("", image, COMPOSE_PROFILES="gpu")
    assert named.run("config", "--services").stdout.split() == ["gpu"]


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
    assert (limits["Memory"], limits["PidsLimit"]) == (10 * 2**30, 256)
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


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, str]:
    """Two folders of the host, as variables; they belong to the user of the tests."""
    places = {"UPLOADS": tmp_path / "in", "PROCESSED": tmp_path / "out"}
    for place in places.values():
        place.mkdir(mode=0o755)
    return {name: str(place) for name, place in places.items()}


@pytest.mark.docker
def test_folders_of_another_user_end_the_start_once_and_in_one_line(
    image: str, folders: dict[str, str], tmp_path: Path
) -> None:
    compose = Compose("watch", image, **folders)
    try:
        assert compose.run("up", "-d", check=False).returncode != 0
        states = compose.run("ps", "-a", "--format", "{{.Service}} {{.State}}").stdout.splitlines()
        assert sorted(states) == ["folders exited", "watch created"]
        (line,) = compose.run("logs", "--no-log-prefix").stdout.splitlines()
    finally:
        compose.run("down", "-v")
    owner = tmp_path.stat().st_uid
    assert line.startswith(
        "facecraft: startup_failed: The folder /data/uploads/done cannot be written by uid 10001:"
    )
    assert f"/data/uploads belongs to uid {owner}. Give it to uid 10001 (`chown 10001`), or run" in line


@pytest.mark.docker
def test_another_user_can_run_it_on_folders_of_its_own(
    image: str, folders: dict[str, str], engine: Engine, tmp_path: Path
) -> None:
    uid = os.getuid() or 1234  # root can give them to anyone
    for place in folders.values():
        os.chown(place, uid, -1)
    (tmp_path / "in" / "me.jpg").write_bytes(PORTRAIT.read_bytes())
    compose = Compose("watch", image, RUN_AS=f"{uid}:{uid}", **folders)
    try:
        compose.run("up", "-d")
        portrait = tmp_path / "out" / "me.jpg"
        compose.container(engine).wait_for("done", lambda: portrait.exists() or None, TIMEOUT_S)
        assert portrait.stat().st_uid == uid
    finally:
        compose.run("down", "-v")
