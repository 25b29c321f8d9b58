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

from facecraft.errors import FacecraftError, NotReady, QueueFull, RequestError
from facecraft.service.connections import Connections
from facecraft.service.linger import LingeringTransport
from facecraft.service.outflow import Outflow
from facecraft.service.response.problems import MEDIA_TYPE
from facecraft.service.scope import OUTFLOW, READS_ON

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

HEAD_TIMEOUT_S = 10.0
"""Time limit for a request's head, in seconds.

It starts with the connection or, for a later request on it, with the request's first byte."""
logger = logging.getLogger(__name__)


class BoundedProtocol(H11Protocol):
    """Serves one connection.

    uvicorn would wait for ever for a request's head, drop any amount of a body that no one reads, and answer
    errors with plain text. Here, a connection whose request does not arrive in time is closed, and so is one
    with an unread body after its response, which says so, and one whose response is not read.

    Args:
        connections: all of the server.
        *args: of uvicorn.
        **kwargs: of uvicorn.
    """

    def __init__(self, connections: Connections, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections = connections
        self._app = cast("ASGIApp", self.app)
        self.app = cast("ASGI3Application", self._serve)
        self._head_timer: asyncio.TimerHandle | None = None
        self._refused = False
        self._outflow: Outflow

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._lingering = LingeringTransport(transport, self._is_sending)
        super().connection_made(self._lingering)
        self._outflow = Outflow(self._lingering, self.loop, self._settle)
        # ASGI has no message to end a response that has started, if its client does not read.
        self.app_state = {**self.app_state, OUTFLOW: self._outflow}
        if self._connections.take(self):
            self._start_head_timer()
        else:
            self._refuse()

    def abort(self) -> None:
        """End the connection with all unsent data."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._lingering.lingering:
            self._lingering.drop(len(data))
            return
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.conn.their_state is h11.SEND_BODY:
            self._outflow.renew()  # a client may read its batch after it has sent everything
        if self.conn.their_state is not h11.IDLE:
            self._stop_head_timer()
            self._settle()
        elif self._head_timer is None:
            self._start_head_timer()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._outflow.watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._outflow.rest()
        self._stop_head_timer()
        self._connections.leave(self)
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        if self._is_sending() and not self.transport.is_closing():
            self.transport.close()
        super().on_response_complete()
        self._outflow.watch()  # the last pieces are on their way
        self._settle()  # the next request may have arrived already

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

    def _should_upgrade(self) -> bool:
        return False  # Java's client asks for HTTP/2 with each request; uvicorn would log each

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Its response says if the connection ends because the body stays unread."""

        async def closing_send(message: Message) -> None:
            if message["type"] == "http.response.start" and self._is_sending():
                refused = message["status"] >= HTTPStatus.BAD_REQUEST
                if refused or READS_ON not in scope["state"]:
                    message = {**message, "headers": [*message.get("headers", ()), CLOSE_HEADER]}
            await send(message)
            if message["type"] == "http.response.start":
                self._settle()

        try:
            await self._app(scope, receive, closing_send)
        except asyncio.CancelledError:  # uvicorn does that to what has not ended a while after SIGTERM
            self._leave()

    def _leave(self) -> None:
        """End a request that the server does not wait for any longer, because it shuts down."""
        if self.conn.our_state is h11.SEND_RESPONSE:
            self._send_problem(NotReady("The service is shutting down."), [])
        else:
            self.transport.abort()
        self.cycle.disconnected = True

    def _settle(self) -> None:
        """Say whether the connection gives way to others: with nothing to do, and while a body arrives.

        It keeps its place until its answer has left, and while a batch is read and answered at once.
        """
        if self.cycle is None or self.cycle.response_complete or self.cycle.disconnected:
            if self._outflow.empty:
                self._connections.wait(self)
            else:
                self._connections.work(self)
        elif self.conn.their_state is h11.SEND_BODY and not self.cycle.response_started:
            self._connections.upload(self)
        else:
            self._connections.work(self)

    def _is_sending(self) -> bool:
        """Whether the client may have more to send that will not be read."""
        return self._refused or self.conn.their_state in (h11.SEND_BODY, h11.ERROR)

    def _refuse(self) -> None:
        """Answer before there is a request, and close."""
        limit = self._connections.limit
        logger.warning("All %d connections are in use: new ones are refused.", limit)
        if not self._connections.refuse(self):
            self.transport.abort()
            return
        self._refused = True
        error = QueueFull(f"All {limit} connections are in use.", limit=limit)
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
        self._outflow.watch()
        self._settle()
        self.transport.close()

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_TIMEOUT_S, self._end)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end(self) -> None:
        self.transport.close()
