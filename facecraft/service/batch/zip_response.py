"""Send the response to a batch: a ZIP that grows while it is sent."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import Message, Send

from facecraft.errors import FacecraftError
from facecraft.folders import manifest
from facecraft.folders.manifest import Entry
from facecraft.results import Portrait
from facecraft.service.batch.body import PacedBody
from facecraft.service.batch.entry_names import EntryNames
from facecraft.service.batch.zip_writer import ZipWriter

CHUNK_BYTES = 64 * 1024
"""Size of one message, about the size of the connection's buffer for a client that does not read."""
HEADERS = [
    (b"content-type", b"application/zip"),
    (b"content-disposition", b'attachment; filename="portraits.zip"'),
]


class ZipResponse:
    """Sends portraits, and at the end a manifest of every file.

    Args:
        send: of the request.
        body: of the request; it has the time when the client last sent something.
        timeout_s: time limit for a client that neither reads nor sends.

    Attributes:
        started: whether the response has started; then it cannot become a problem any more.
        entries: of the manifest.
    """

    def __init__(self, send: Send, body: PacedBody, timeout_s: float) -> None:
        self.started = False
        self.entries: list[Entry] = []
        self._send = send
        self._body = body
        self._timeout_s = timeout_s
        self._names = EntryNames()
        self._zip = ZipWriter()

    async def send_portrait(self, file: str, portrait: Portrait, ms: float, mark: str = "") -> None:
        """Send a portrait, without keeping it. `mark` tells those of one photo apart."""
        name = self._names.create(file, portrait.format, mark)
        self.entries.append(Entry.done(file, name, portrait, ms))
        await self._start()
        # In a thread, because the checksum of a large file takes a while.
        await self._send_bytes(await asyncio.to_thread(self._zip.add, name, portrait.data))

    async def record_failure(self, file: str, error: FacecraftError, ms: float | None = None) -> None:
        """Add a failed file to the manifest, or the failed batch with an empty name."""
        self.entries.append(Entry.failed(file, error, ms))
        await self._start()

    async def end(self) -> None:
        """Send the manifests and the end of the archive."""
        await self._start()
        for name, table in (("manifest.json", manifest.as_json), ("manifest.csv", manifest.as_csv)):
            await self._send_bytes(self._zip.add(name, await asyncio.to_thread(table, self.entries)))
        await self._send_bytes(self._zip.end())
        await self._send_message({"type": "http.response.body", "body": b"", "more_body": False})

    async def _start(self) -> None:
        if not self.started:
            self.started = True
            await self._send_message({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})

    async def _send_bytes(self, data: bytes) -> None:
        for start in range(0, len(data), CHUNK_BYTES):
            chunk = data[start : start + CHUNK_BYTES]
            await self._send_message({"type": "http.response.body", "body": chunk, "more_body": True})

    async def _send_message(self, message: Message) -> None:
        """Send a message while the client reads, or at least continues to send.

        Raises:
            ClientDisconnect: the client does neither.
        """
        now = asyncio.get_running_loop().time
        sending = asyncio.ensure_future(self._send(message))
        try:
            while not sending.done():
                await asyncio.wait({sending}, timeout=self._timeout_s)
                if not sending.done() and now() - self._body.received_at >= self._timeout_s:
                    raise ClientDisconnect
            sending.result()
        finally:
            sending.cancel()
