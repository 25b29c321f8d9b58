"""`facecraft healthcheck`: what it asks, what it says, and what it costs."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from threading import Thread

import pytest

from tests.cli.conftest import FACECRAFT, environment, run

READY = b'HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n{"status":"ready","device":"cpu, 2 threads"}'
LOADING = json.dumps({"code": "not_ready", "detail": "The models are loading."}, separators=(",", ":"))
NOT_READY = f"HTTP/1.1 503 Service Unavailable\r\n\r\n{LOADING}".encode()
COST = """
import os, sys
child = os.fork()
if not child:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(child, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
"""


class Peer:
    """A server on a port of its own that says the same to everyone."""

    def __init__(self, host: str, answer: bytes) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.asked: list[bytes] = []
        self._answer = answer
        self._listener = socket.create_server((host, 0), family=family)
        self.port = str(self._listener.getsockname()[1])
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.asked.append(connection.recv(65536))
                connection.sendall(self._answer)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    host, answer = getattr(request, "param", ("127.0.0.1", READY))
    with closing(Peer(host, answer)) as made:
        yield made


def test_a_server_that_is_ready_is_asked_once_and_by_its_path(peer: Peer) -> None:
    result = run("healthcheck", port=peer.port)
    assert (result.returncode, result.stdout, result.stderr) == (0, "ready: cpu, 2 threads\n", "")
    (asked,) = peer.asked
    assert asked.startswith(b"GET /ready HTTP/1.")


@pytest.mark.parametrize("peer", [("::1", READY)], indirect=True)
@pytest.mark.parametrize("host", ["::", "::1"])
def test_a_server_is_found_at_an_address_of_ipv6(peer: Peer, host: str) -> None:
    assert run("healthcheck", port=peer.port, host=host).returncode == 0


def test_a_server_that_listens_on_all_addresses_is_asked_on_this_machine(peer: Peer) -> None:
    assert run("healthcheck", port=peer.port, host="0.0.0.0").returncode == 0  # noqa: S104


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        (("127.0.0.1", NOT_READY), "not ready: The models are loading."),
        (("127.0.0.1", b"HTTP/1.1 200 OK\r\n\r\nHello"), "no Facecraft listens there"),
        (("127.0.0.1", b'HTTP/1.1 500 Oops\r\n\r\n{"device":"cpu"}'), "no Facecraft listens there"),
        (("127.0.0.1", b""), "no Facecraft listens there"),
    ],
    indirect=["peer"],
)
def test_what_is_not_ready_fails_and_says_why(peer: Peer, words: str) -> None:
    result = run("healthcheck", port=peer.port)
    assert (result.returncode, result.stdout) == (1, "")
    assert words in result.stderr


@pytest.mark.parametrize(
    ("port", "words"), [("0", "FACECRAFT_PORT is 0"), ("many", "FACECRAFT_PORT is wrong")]
)
def test_a_port_that_is_no_port_is_a_wrong_setting(port: str, words: str) -> None:
    result = run("healthcheck", port=port)
    assert result.returncode == 1
    assert result.stderr.startswith("facecraft: setting_invalid: ")
    assert words in result.stderr


def test_the_url_that_links_of_containers_put_into_the_port_is_not_the_port() -> None:
    result = run("healthcheck", port="tcp://172.17.0.2:9000", host="127.0.0.99")
    assert "http://127.0.0.99:8000/ready" in result.stderr


def test_it_costs_under_50_ms_of_a_processor_and_20_mb(peer: Peer) -> None:
    command = [sys.executable, "-c", COST, FACECRAFT, "healthcheck"]
    costs = []
    for _ in range(7):
        shown = subprocess.run(command, env=environment(port=peer.port), capture_output=True, check=True)
        assert shown.stdout.startswith(b"ready: ")
        costs.append(tuple(map(float, shown.stderr.split())))
    assert min(seconds for seconds, _ in costs) < 0.050
    assert max(kb for _, kb in costs) < 20_000


def test_it_imports_none_of_what_is_slow_to_import(peer: Peer) -> None:
    code = "import sys; from facecraft.cli.main import main; main(['healthcheck']); print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env=environment(port=peer.port) | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(shown.stdout.splitlines()[-1].split())
    assert {"typer", "pydantic", "urllib", "http", "json", "socket", "typing", "re"} & loaded == set()
