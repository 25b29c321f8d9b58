"""The server process."""

import asyncio
import os
import socket
import sys
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, cast

import uvicorn

from facecraft.errors import StartupError
from facecraft.runtime.allocator import limit_arenas
from facecraft.service.app import create_app
from facecraft.service.connections import Connections
from facecraft.service.descriptors import connections_within, log_loop_error, raise_limit
from facecraft.service.protocol import BoundedProtocol
from facecraft.service.state import DRAINED_UPLOAD_S
from facecraft.service.telemetry.logs import configure
from facecraft.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from fastapi import FastAPI

    from facecraft.api import Facecraft
    from facecraft.service.state import Service
    from facecraft.settings import Settings
    from facecraft.weights.lockfile import Lock

    Load = Callable[[Settings, Lock], Facecraft]

MAX_HEAD_BYTES = 16 * 1024
MAX_DEFAULT_DEADLINE_S = 30  # the longest deadline of any device if the setting is 0
EVERY_ADDRESS = "::"  # of IPv6, and of IPv4 too where the system can serve both with one socket
UNSENT_BYTES = 256 * 1024  # of one connection, in the system's buffer
KEEP_ALIVE_S = 75  # longer than the 60 s after which common load balancers drop an idle connection


def _load(settings: "Settings", lock: "Lock") -> "Facecraft":
    from facecraft.api import Facecraft  # noqa: PLC0415  # importing torch takes seconds; the port is open first

    return Facecraft(settings=settings, lock=lock)


def serve(settings: "Settings", lock: "Lock", load: "Load" = _load) -> int:
    """Serve until SIGTERM or SIGINT.

    Returns:
        The exit code: 0, or 1 if the service could not start; one line on stderr says why.
    """
    limit_arenas()
    configure(settings.log_level, settings.log_format)
    try:
        server = Server(settings, lock, load)
        server.listen_and_run()
    except StartupError as error:
        sys.stderr.write(printable(f"facecraft: {error.code}: {error.detail} {error.hint}") + "\n")
        return 1
    if server.service.facecraft is None:
        # The models still load in native code, which cannot be interrupted and may crash while Python
        # shuts down. There is nothing to clean up.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    return 0


class Server(uvicorn.Server):
    """uvicorn, which answers until all portraits in work are done."""

    def __init__(self, settings: "Settings", lock: "Lock", load: "Load") -> None:
        self._settings = settings
        self._failure: StartupError | None = None
        app = create_app(settings, lock, lambda: load(settings, lock), self._fail)
        self.service: Service = app.state.service
        connections = Connections(connections_within(raise_limit(), settings.max_connections))
        super().__init__(_config(settings, app, connections))

    def listen_and_run(self) -> None:
        """Serve until a signal.

        Raises:
            StartupError: the address is in use, or the models cannot be loaded.
        """
        self._listener = _listen(self._settings.host, self._settings.port)
        self.run(sockets=[self._listener])
        if self._failure is not None:
            raise self._failure

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(log_loop_error)
        await super().startup(sockets)
        host, port = self._listener.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        sys.stdout.write(f"Facecraft listens on http://{host}:{port}\n")
        sys.stdout.flush()

    async def on_tick(self, counter: int) -> bool:
        # The port stays open while portraits are in work, so that /ready can tell that the service drains.
        return await super().on_tick(counter) and not self.service.busy

    def handle_exit(self, sig: int, _frame: "FrameType | None") -> None:
        # uvicorn's own handler raises the signal again at the end, and the exit code would not be 0.
        if self.should_exit:
            # A second signal ends the process at once, whatever runs in native code.
            os._exit(128 + sig)
        self.should_exit = True
        self.service.drain()

    def _fail(self, error: StartupError) -> None:
        self._failure = error
        self.should_exit = True


def _config(settings: "Settings", app: "FastAPI", connections: Connections) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", partial(BoundedProtocol, connections)),  # uvicorn only calls it
        ws="none",
        lifespan="on",
        log_config=None,
        # At info, uvicorn logs its start and stop.
        log_level="warning" if settings.log_level == "info" else settings.log_level,
        access_log=False,
        server_header=False,
        # uvicorn would believe X-Forwarded-For by variables of its own; see client_address.
        proxy_headers=False,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_S,
        # Every accepted request has its response by then, also one whose upload had begun.
        timeout_graceful_shutdown=ceil(
            DRAINED_UPLOAD_S + (settings.deadline_s or MAX_DEFAULT_DEADLINE_S) + 1
        ),
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == EVERY_ADDRESS and socket.has_dualstack_ipv6()
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048, dualstack_ipv6=both)
    except OSError as error:
        reason, _, _ = str(error.strerror).partition(" (while")  # then create_server repeats the address
        raise StartupError(
            f"Cannot listen on {host} port {port}: {reason}.",
            hint="Stop the other program, or set FACECRAFT_HOST and FACECRAFT_PORT (0 takes a free port).",
        ) from error
    # Connections inherit it. asyncio sets it only on sockets that name their protocol, and these do not: the
    # body of an answer would leave 40 ms after its head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # The system would take megabytes of an answer that its client does not read, and count them as ours.
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    return listener
