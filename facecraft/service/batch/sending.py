"""Send an archive only while its client takes part."""

import asyncio
from collections.abc import Iterator

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from facecraft.service.batch.body import PacedBody
from facecraft.service.scope import ABORT

CHUNK_BYTES = 64 * 1024
"""Size of one message, about the size of the connection's buffer for a client that does not read."""


class PacedSend:
    """Sends messages, and gives up a client that neither reads nor sends.

    Args:
        send: of the request.
        timeout_s: time limit for such a client.
        body: of the request, if it still arrives; it has the time when the client last sent something.
    """

    def __init__(self, send: Send, timeout_s: float, body: PacedBody | None = None) -> None:
        self._send = send
        self._timeout_s = timeout_s
        self._body = body

    async def __call__(self, message: Message) -> None:
        """Send a message while the client reads, or at least continues to send.

        Raises:
            ClientDisconnect: the client does neither.
        """
        sending = asyncio.ensure_future(self._send(message))
        try:
            while not sending.done():
                await asyncio.wait({sending}, timeout=self._timeout_s)
                if not sending.done() and self._silent:
                    raise ClientDisconnect
            sending.result()
        finally:
            sending.cancel()

    @property
    def _silent(self) -> bool:
        """Whether the client has sent nothing within the time limit."""
        now = asyncio.get_running_loop().time()
        return self._body is None or now - self._body.received_at >= self._timeout_s


def pieces(data: bytes) -> Iterator[bytes]:
    """The bodies of the messages that send `data`."""
    for start in range(0, len(data), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]


async def abort(scope: Scope, receive: Receive) -> None:
    """Drop the connection with all unsent data. A response that has started cannot end otherwise."""
    scope["state"][ABORT]()
    while (await receive())["type"] != "http.disconnect":
        pass
