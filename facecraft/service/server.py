"""The process that serves."""

import os
import socket
import sys
from math import ceil
from typing import TYPE_CHECKING

import uvicorn

from facecraft.errors import StartupError
from facecraft.runtime.allocator import limit_arenas
from facecraft.service.app import create_app
from facecraft.service.protocol import PromptProtocol
from facecraft.service.telemetry.logs import configure

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from fastapi import FastAPI

    from facecraft.bootstrap import Runtime
    from facecraft.service.state import Service
    from facecraft.settings import Settings
    from facecraft.weights.lockfile import Lock

    Load = Callable[[Settings, Lock], Runtime]

MAX_HEAD_BYTES = 16 * 1024
LONGEST_DEADLINE_S = 30  # of those that a device may have where none is set
KEEP_ALIVE_S = 75  # longer than the 60 s after which common load balancers drop an idle connection


def _load(settings: "Settings", lock: "Lock") -> "Runtime":
    from facecraft.bootstrap import load  # noqa: PLC0415  # torch takes seconds; the port is open meanwhile

    return load(settings, lock)


def serve(settings: "Settings", lock: "Lock", load: "Load" = _load) -> int:
    """Serve until SIGTERM or SIGINT.

    Returns:
        The exit code: 0, or 1 when the service could not start, after one line on stderr that says why.
    """
    limit_arenas()
    configure(settings.log_level, settings.log_format)
    try:
        server = Server(settings, lock, load)
        server.listen_and_run()
    except StartupError as error:
        sys.stderr.write(f"facecraft: {error.code}: {error.detail} {error.hint}\n")
        return 1
    if server.service.loaded is None:
        # The models still load, in native code that nothing can interrupt and that may abort when the
        # interpreter goes away beneath it. There is nothing left to clean up.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    return 0


class Server(uvicorn.Server):
    """uvicorn, which goes on answering until the portraits in work are done."""

    def __init__(self, settings: "Settings", lock: "Lock", load: "Load") -> None:
        self._settings = settings
        self._failure: StartupError | None = None
        app = create_app(settings, lock, lambda: load(settings, lock), self._fail)
        self.service: Service = app.state.service
        super().__init__(_config(settings, app))

    def listen_and_run(self) -> None:
        """Serve until a signal comes.

        Raises:
            StartupError: the address is taken, or the models cannot be loaded.
        """
        self._listener = _listen(self._settings.host, self._settings.port)
        self.run(sockets=[self._listener])
        if self._failure is not None:
            raise self._failure

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self._listener.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        sys.stdout.write(f"Facecraft listens on http://{host}:{port}\n")
        sys.stdout.flush()

    async def on_tick(self, counter: int) -> bool:
        # While portraits are in work the port stays open, so that /ready can say that it drains.
        return await super().on_tick(counter) and not self.service.busy

    def handle_exit(self, sig: int, _frame: "FrameType | None") -> None:
        # uvicorn's own would raise the signal again at the end, and the exit code would not be 0.
        if self.should_exit:
            # The second one: at once, whatever runs in native code.
            os._exit(128 + sig)
        self.should_exit = True
        self.service.draining = True

    def _fail(self, error: StartupError) -> None:
        self._failure = error
        self.should_exit = True


def _config(settings: "Settings", app: "FastAPI") -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=PromptProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        # uvicorn's own start and stop are worth no line at info.
        log_level="warning" if settings.log_level == "info" else settings.log_level,
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_S,
        # By then every request that was accepted has its answer.
        timeout_graceful_shutdown=ceil(settings.deadline_s or LONGEST_DEADLINE_S) + 1,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason, _, _ = str(error.strerror).partition(" (while")  # create_server repeats the address there
        raise StartupError(
            f"Cannot listen on {host} port {port}: {reason}.",
            hint="Stop what listens there, or set FACECRAFT_HOST and FACECRAFT_PORT (0 takes a free port).",
        ) from error
