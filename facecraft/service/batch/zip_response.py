"""The answer to a batch: a ZIP, sent as it grows."""

import asyncio
from collections.abc import Callable

from starlette.requests import ClientDisconnect
from starlette.types import Message, Send

from facecraft.errors import FacecraftError
from facecraft.folders import manifest
from facecraft.folders.manifest import Entry
from facecraft.service.batch.zipped import Names, ZipStream
from facecraft.types import Portrait

PIECE_BYTES = 64 * 1024
"""What is handed to the connection at once, which keeps about as much for a client that does not read."""
HEADERS = [
    (b"content-type", b"application/zip"),
    (b"content-disposition", b'attachment; filename="portraits.zip"'),
]


class ZipResponse:
    """Sends portraits, and at the end what became of every file.

    Args:
        send: of the request.
        received_at: when the client last sent something, on the clock of the event loop.
        timeout_s: how long the client may neither read nor send.

    Attributes:
        started: the answer has begun; from then on it cannot become a problem.
        entries: what the manifest will say.
    """

    def __init__(self, send: Send, received_at: Callable[[], float], timeout_s: float) -> None:
        self.started = False
        self.entries: list[Entry] = []
        self._send = send
        self._received_at = received_at
        self._timeout_s = timeout_s
        self._names = Names()
        self._zip = ZipStream()

    async def portrait(self, file: str, portrait: Portrait, ms: float) -> None:
        """Send a portrait; when this returns, it is held no more."""
        name = self._names.of(file, portrait.format)
        self.entries.append(Entry.done(file, name, portrait, ms))
        await self._start()
        # Its checksum takes a while, if it is large.
        await self._send_all(await asyncio.to_thread(self._zip.add, name, portrait.data))

    async def failed(self, file: str, error: FacecraftError, ms: float | None = None) -> None:
        self.entries.append(Entry.failed(file, error, ms))
        await self._start()

    async def end(self) -> None:
        """Send the manifests, and the end of the archive."""
        await self._start()
        for name, table in (("manifest.json", manifest.as_json), ("manifest.csv", manifest.as_csv)):
            await self._send_all(self._zip.add(name, await asyncio.to_thread(table, self.entries)))
        await self._send_all(self._zip.end())
        await self._push({"type": "http.response.body", "body": b"", "more_body": False})

    async def _start(self) -> None:
        if not self.started:
            self.started = True
            await self._push({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})

    async def _send_all(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE_BYTES):
            piece = data[start : start + PIECE_BYTES]
            await self._push({"type": "http.response.body", "body": piece, "more_body": True})

    async def _push(self, message: Message) -> None:
        """Send a message, while the client reads, or at least goes on sending.

        Raises:
            ClientDisconnect: it does neither, which is as good as having left.
        """
        now = asyncio.get_running_loop().time
        sending = asyncio.ensure_future(self._send(message))
        try:
            while not sending.done():
                await asyncio.wait({sending}, timeout=self._timeout_s)
                if not sending.done() and now() - self._received_at() >= self._timeout_s:
                    raise ClientDisconnect
            sending.result()
        finally:
            sending.cancel()
