"""A server of its own for a measurement, and a client that asks it for portraits."""

import http.client
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import perf_counter, sleep
from typing import Any

from facecraft.errors import StartupError

PATIENCE_S = 300
"""How long a start may take, which may export graphs first."""
LISTENING = re.compile(r"listens on http://\S+:(\d+)")
STAGE = re.compile(r"(\w+);dur=([\d.]+)")
# Everybody waits for as long as it takes: a bench measures a queue, and is not to be turned away from it.
SETTINGS = {
    "FACECRAFT_HOST": "127.0.0.1",
    "FACECRAFT_PORT": "0",
    "FACECRAFT_QUEUE_SIZE": "1000",
    "FACECRAFT_DEADLINE_S": "3600",
    "FACECRAFT_API_KEYS": "",
    "FACECRAFT_LOG_LEVEL": "warning",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one photo.

    Attributes:
        took_ms: from the request's first byte to the answer's last.
        stages_ms: of the server's own clock, by stage.
    """

    took_ms: float
    stages_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Server:
    """A running `facecraft serve`."""

    port: int
    pid: int

    def ready(self) -> dict[str, Any]:
        """What `/ready` says once it is; waits for it.

        Raises:
            StartupError: it is not ready in time.
        """
        patience = perf_counter() + PATIENCE_S
        while perf_counter() < patience:
            status, _, body = self._ask("GET", "/ready")
            if status == http.client.OK:
                return dict(json.loads(body))
            sleep(0.05)
        raise StartupError("The server did not become ready.")

    def process(self, photo: bytes, fields: Mapping[str, str]) -> Answer:
        """Have one photo processed.

        Raises:
            StartupError: the answer was not a portrait.
        """
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="photo"\r\n\r\n'
        body = "".join((*parts, head)).encode() + photo + f"\r\n--{boundary}--\r\n".encode()
        start = perf_counter()
        status, headers, answer = self._ask(
            "POST", "/process", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        )
        took_ms = (perf_counter() - start) * 1000
        if status != http.client.OK:
            raise StartupError(f"The server answered {status}: {answer[:500].decode(errors='replace')}")
        stages = {name: float(ms) for name, ms in STAGE.findall(headers["Server-Timing"])}
        return Answer(took_ms, stages)

    def memory_bytes(self) -> tuple[int, int]:
        """Resident memory now and at its peak."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        now, peak = (int(re.findall(rf"{name}:\s+(\d+) kB", status)[0]) * 1024 for name in ("VmRSS", "VmHWM"))
        return now, peak

    def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise StartupError(f"The server is gone: {error}.", hint="It says why above.") from error
        finally:
            connection.close()


@contextmanager
def serving(settings: Mapping[str, str] = SETTINGS) -> Iterator[Server]:
    """A server with this process's settings, but for those given; it ends with the block.

    Raises:
        StartupError: it did not start; its own message is on stderr.
    """
    command = [sys.executable, "-m", "facecraft", "serve"]
    with subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101  # for the type checker: it is a pipe
        try:
            line = process.stdout.readline()
            found = LISTENING.search(line)
            if found is None:
                raise StartupError(f"The server did not start{': ' + line.strip() if line else ''}.")
            # Whatever else it prints must not fill the pipe.
            Thread(target=process.stdout.read, daemon=True).start()
            yield Server(int(found[1]), process.pid)
        finally:
            process.terminate()
