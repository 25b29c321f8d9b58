"""How a process starts by its settings: where it listens, what stops it, and how its log looks."""

import json
import re
import signal
import socket
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.service.test_server import PATIENCE_S, client_of, process


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this system has no sockets of both families")
def test_the_address_of_both_families_serves_both() -> None:
    with process("return loaded", host="::", log_level="debug") as running:
        assert running.stdout is not None
        found = re.fullmatch(r"Facecraft listens on http://\[::\]:(\d+)\n", running.stdout.readline())
        assert found is not None
        for host in ("127.0.0.1", "[::1]"):
            url = f"http://{host}:{found[1]}/health"
            assert httpx.get(url, trust_env=False, timeout=PATIENCE_S).status_code == 200
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=PATIENCE_S)
    assert re.findall(r"GET /health 200 client=(\S+)", errors) == ["127.0.0.1", "::1"]


def test_an_address_of_one_family_serves_that_one() -> None:
    with process("return loaded", host="::1") as running:
        assert running.stdout is not None
        port = running.stdout.readline().strip().rpartition(":")[2]
        assert httpx.get(f"http://[::1]:{port}/health", trust_env=False).status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)


def test_a_file_of_keys_that_cannot_be_read_ends_it_with_one_line() -> None:
    with process("return loaded", api_keys_file="/no/such/file") as running:
        _, errors = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 1
    assert errors.startswith(
        "facecraft: setting_invalid: FACECRAFT_API_KEYS_FILE is wrong: /no/such/file cannot be read: "
        "No such file or directory. "
    )
    assert errors.count("\n") == 1


def test_a_log_in_json_has_times_in_utc() -> None:
    with (
        process("return loaded", log_format="json", log_level="debug") as running,
        client_of(running) as client,
    ):
        assert client.get("/health").status_code == 200
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=PATIENCE_S)
    times = [datetime.fromisoformat(json.loads(line)["time"]) for line in errors.splitlines()]
    assert times
    for each in times:
        assert each.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - each) < timedelta(minutes=1)
