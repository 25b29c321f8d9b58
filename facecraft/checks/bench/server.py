"""Start a server in its own process, and send requests to it."""

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

START_TIMEOUT_S = 300
"""Long, because the first start may export graphs."""
LISTENING = re.compile(r"listens on http://\S+:(\d+)")
STAGE = re.compile(r"(\w+);dur=([\d.]+)")
# The queue is measured, so no request may be refused or cancelled.
SETTINGS = {
    "FACECRAFT_HOST": "127.0.0.1",
    "FACECRAFT_PORT": "0",
    "FACECRAFT_QUEUE_SIZE": "1000",
    "FACECRAFT_DEADLINE_S": "3600",
    "FACECRAFT_API_KEYS": "",
    "FACECRAFT_LOG_LEVEL": "warning",
}


@dataclass(frozen=True, slots=True)
class TimedResponse:
    """The response to one photo.

    Attributes:
        duration_ms: from the request's first byte to the response's last, measured by the client.
        stages_ms: by stage, measured by the server.
    """

    duration_ms: float
    stages_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Server:
    """A running `facecraft serve`.

    Attributes:
        port: its port on 127.0.0.1.
        pid: its process id.
    """

    port: int
    pid: int

    def ready(self) -> dict[str, Any]:
        """Wait until the server is ready. Return the body of GET /ready.

        Raises:
            StartupError: the server is not ready in time.
        """
        deadline_s = perf_counter() + START_TIMEOUT_S
        while perf_counter() < deadline_s:
            status, _, body = self._request("GET", "/ready")
            if status == http.client.OK:
                return dict(json.loads(body))
            sleep(0.05)
        raise StartupError("The server did not become ready.")

    def process(self, photo: bytes, fields: Mapping[str, str]) -> TimedResponse:
        """Send one photo, and the options as form fields.

        Raises:
            StartupError: the response is not a portrait.
        """
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="photo"\r\n\r\n'
        body = "".join((*parts, head)).encode() + photo + f"\r\n--{boundary}--\r\n".encode()
        start = perf_counter()
        status, headers, content = self._request(
            "POST", "/process", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        )
        duration_ms = (perf_counter() - start) * 1000
        if status != http.client.OK:
            raise StartupError(f"The server answered {status}: {content[:500].decode(errors='replace')}")
        stages = {name: float(ms) for name, ms in STAGE.findall(headers["Server-Timing"])}
        return TimedResponse(duration_ms, stages)

    def memory_bytes(self) -> tuple[int, int]:
        """The current and the largest resident memory of the process."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        now, peak = (int(re.findall(rf"{name}:\s+(\d+) kB", status)[0]) * 1024 for name in ("VmRSS", "VmHWM"))
        return now, peak

    def _request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise StartupError(f"The server has ended: {error}.", hint="See its message above.") from error
        finally:
            connection.close()


@contextmanager
def serving(settings: Mapping[str, str] = SETTINGS) -> Iterator[Server]:
    """Run a server for the block.

    Args:
        settings: FACECRAFT_* variables; all other variables are inherited.

    Raises:
        StartupError: the server did not start; its message is on stderr.
    """
    command = [sys.executable, "-m", "facecraft", "serve"]
    with subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101  # it is a pipe; mypy cannot know
        try:
            line = process.stdout.readline()
            found = LISTENING.search(line)
            if found is None:
                raise StartupError(f"The server did not start{': ' + line.strip() if line else ''}.")
            # Read the rest, because a full pipe would block the server.
            Thread(target=process.stdout.read, daemon=True).start()
            yield Server(int(found[1]), process.pid)
        finally:
            process.terminate()
