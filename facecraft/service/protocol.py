"""HTTP/1.1 as uvicorn has it, and an end to clients that connect and do not get to their request."""

import asyncio
import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from facecraft.errors import RequestError, problem

HEAD_S = 10.0
"""From a connection's opening, or a request's first byte on it, to the end of the request's head."""
ABORT = "abort"
"""In a request's state: drops its connection, with what was not sent yet."""


class PromptProtocol(H11Protocol):
    """Closes a connection on which a request's head is not there in time. uvicorn waits for ever."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # ASGI has no word for it: an answer has begun, and its client does not read.
        self.app_state = {**self.app_state, ABORT: transport.abort}
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._patience is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or has a head that is too large; uvicorn's own answer is plain text."""
        members = problem(
            400, RequestError.code, msg, "Send a request of HTTP/1.1 with a head of at most 16 kB."
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

    def _wait(self) -> None:
        self._patience = self.loop.call_later(HEAD_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self.transport.close()
