"""Open files: as many as the system allows, and what happens where that is too few."""

import json
import resource
import signal
import socket
import time
from pathlib import Path

import pytest

from facecraft.service.descriptors import connections_within
from tests.service.test_server import PATIENCE_S, client_of, process

# Once it is ready, the limit falls to what is open, so that no connection can be accepted, and comes back.
EXHAUST = """
import os, resource, threading
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
def exhaust():
    open_files = len(os.listdir("/proc/self/fd")) - 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, hard))
    print("exhausted", flush=True)
    time.sleep(2.5)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
threading.Timer(0.5, exhaust).start()
return loaded
"""


@pytest.mark.parametrize(
    ("files", "wanted", "made"), [(20_000, 1000, 1000), (1024, 1000, 924), (40, 1000, 20)]
)
def test_connections_leave_files_for_everything_else(files: int, wanted: int, made: int) -> None:
    assert connections_within(files, wanted) == made


def test_fewer_connections_than_wanted_are_said(caplog: pytest.LogCaptureFixture) -> None:
    connections_within(1024, 1000)
    assert caplog.messages == ["At most 924 connections, not 1000: the process may open only 1024 files."]


def test_the_limit_of_open_files_is_raised_as_far_as_it_may() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard // 2, hard))
    try:
        with process("return loaded") as running, client_of(running) as client:
            assert client.get("/health").status_code == 200
            limits = Path(f"/proc/{running.pid}/limits").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
    assert line.split()[3:5] == [str(hard)] * 2


def test_without_a_file_for_a_connection_it_waits_and_one_line_is_logged() -> None:
    with process(EXHAUST, log_format="json") as running, client_of(running) as client:
        assert running.stdout is not None
        assert running.stdout.readline() == "exhausted\n"
        address = (client.base_url.host, client.base_url.port or 80)
        waiting = [socket.create_connection(address, PATIENCE_S) for _ in range(20)]
        time.sleep(1.5)  # for a second try to fail
        for connection in waiting:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
            connection.close()
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=PATIENCE_S)
    lines = [json.loads(line) for line in errors.splitlines()]
    exhausted = [line["message"] for line in lines if "No new connection can be accepted" in line["message"]]
    assert exhausted == ["No new connection can be accepted: Too many open files."]
    assert "Traceback" not in errors
