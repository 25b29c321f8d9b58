"""uvicorn's HTTP/1.1 protocol, with limits for clients that are slow, many, or do not speak HTTP."""

import asyncio
import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import h11
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol

from facecraft.errors import FacecraftError, QueueFull, RequestError
from facecraft.service.linger import LingeringTransport
from facecraft.service.response.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

HEAD_TIMEOUT_S = 10.0
"""Time limit for a request's head, in seconds.

It starts with the connection or, for a later request on it, with the request's first byte."""
MAX_REFUSED = 64
"""Most connections over the limit that are told so at the same time. Any others are only closed."""
ABORT = "abort"
"""Name in a request's state: a function that drops the connection with all unsent data."""
READS_ON = "reads_on"
"""Name in a request's state: set if the body is still read when a response without an error has started."""

logger = logging.getLogger(__name__)


class BoundedProtocol(H11Protocol):
    """Serves one connection.

    uvicorn would wait for ever for a request's head, drop any amount of a body that no one reads, and answer
    errors with plain text. Here, a connection whose request does not arrive in time is closed, and so is one
    with an unread body after its response, which says so. Over the limit of connections, the one that has
    waited longest for a request is closed; if none waits, the new one is refused.

    Attributes:
        refused: whether there was no place for the connection.
        idle_since: time of its last response, or of its beginning, by the event loop's clock.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._app = cast("ASGIApp", self.app)
        self.app = cast("ASGI3Application", self._serve)
        # uvicorn would refuse requests, and not connections, with plain text.
        self._max_connections, self.limit_concurrency = self.limit_concurrency, None
        self._head_timer: asyncio.TimerHandle | None = None
        self.refused = False
        self.idle_since = self.loop.time()

    @property
    def idle(self) -> bool:
        """Whether the connection waits for a request, or for the rest of its head."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and self.conn.their_state is h11.IDLE and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._lingering = LingeringTransport(transport, self._is_sending)
        super().connection_made(self._lingering)
        # ASGI has no message to end a response that has started, if its client does not read.
        self.app_state = {**self.app_state, ABORT: transport.abort}
        if self._find_place():
            self._start_head_timer()
        else:
            self._refuse()

    def data_received(self, data: bytes) -> None:
        if self._lingering.lingering:
            self._lingering.drop(len(data))
            return
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_head_timer()
        elif self._head_timer is None:
            self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self.idle_since = self.loop.time()
        if self._is_sending() and not self.transport.is_closing():
            self.transport.close()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or a head that is too large, with a problem."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()  # a response has begun
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # the body breaks the rules of HTTP: its request ends here
            self.cycle.message_event.set()
        hint = "Send an HTTP/1.1 request with a head of at most 16 kB."
        self._send_problem(RequestError(msg, hint=hint), [])

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Its response says if the connection ends because the body stays unread."""

        async def closing_send(message: Message) -> None:
            if message["type"] == "http.response.start" and self._is_sending():
                refused = message["status"] >= HTTPStatus.BAD_REQUEST
                if refused or READS_ON not in scope["state"]:
                    message = {**message, "headers": [*message.get("headers", ()), CLOSE_HEADER]}
            await send(message)

        await self._app(scope, receive, closing_send)

    def _is_sending(self) -> bool:
        """Whether the client may have more to send that will not be read."""
        return self.refused or self.conn.their_state in (h11.SEND_BODY, h11.ERROR)

    def _find_place(self) -> bool:
        """Whether there is a place for this connection, if need be that of an idle one, which is closed."""
        limit = self._max_connections
        if limit is None or len(self.connections) <= limit:
            return True
        others = cast("set[BoundedProtocol]", self.connections - {self})
        if sum(not each.refused for each in others) < limit:
            return True
        idle = [each for each in others if each.idle]
        if idle:
            min(idle, key=lambda each: each.idle_since).transport.close()
        return bool(idle)

    def _refuse(self) -> None:
        """Answer before there is a request, and close."""
        refused = sum(cast("BoundedProtocol", each).refused for each in self.connections)
        self.refused = True
        limit = self._max_connections
        logger.warning("All %d connections are in use: new ones are refused.", limit)
        if refused >= MAX_REFUSED:
            self.transport.abort()
            return
        error = QueueFull(f"All {limit} connections are in use.", limit=limit, retry_after_s=1)
        self._send_problem(error, [("retry-after", "1")])

    def _send_problem(self, error: FacecraftError, headers: list[tuple[str, str]]) -> None:
        """Answer instead of the application, with which uvicorn would answer in plain text, and close."""
        headers = [
            ("content-type", MEDIA_TYPE),
            ("x-content-type-options", "nosniff"),
            ("connection", "close"),
            *headers,
        ]
        reason = HTTPStatus(error.status).phrase.encode()
        for event in (
            h11.Response(status_code=error.status, headers=headers, reason=reason),
            h11.Data(data=json.dumps(error.problem()).encode()),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_TIMEOUT_S, self._close)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _close(self) -> None:
        self.transport.close()
