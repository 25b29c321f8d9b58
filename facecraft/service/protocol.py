"""uvicorn's HTTP/1.1 protocol, with time limits: for the head of a request, and for who does not read."""

import asyncio
import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from facecraft.errors import RequestError, problem
from facecraft.service.outflow import Outflow

HEAD_TIMEOUT_S = 10.0
"""Time limit for a request's head, in seconds.

It starts with the connection or, for a later request on it, with the request's first byte."""
ABORT = "abort"
"""Name in a request's state: a function that drops the connection with all unsent data."""


class HeadTimeoutProtocol(H11Protocol):
    """Closes a connection if the request head does not arrive in time, or the answer is not read.

    uvicorn would wait for ever.
    """

    _head_timer: asyncio.TimerHandle | None = None
    _outflow: Outflow

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # ASGI has no message to end a response that has started, if its client does not read.
        self.app_state = {**self.app_state, ABORT: transport.abort}
        self._outflow = Outflow(transport, self.loop)
        self._start_head_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.SEND_BODY:
            self._outflow.renew()  # a client may read its batch after it has sent everything
        if self.conn.their_state is not h11.IDLE:
            self._stop_head_timer()
        elif self._head_timer is None:
            self._start_head_timer()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._outflow.watch()

    def resume_writing(self) -> None:
        self._outflow.rest()
        super().resume_writing()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._outflow.watch()  # the last pieces are on their way

    def connection_lost(self, exc: Exception | None) -> None:
        self._outflow.rest()
        self._stop_head_timer()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer invalid HTTP, or a head that is too large, with a problem. uvicorn would send plain text."""
        members = problem(
            400, RequestError.code, msg, "Send an HTTP/1.1 request with a head of at most 16 kB."
        )
        headers = [
            ("content-type", "application/problem+json"),
            ("x-content-type-options", "nosniff"),
            ("connection", "close"),
        ]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=json.dumps(members).encode()),
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
