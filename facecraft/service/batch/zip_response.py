"""Send the response to a batch: a ZIP that grows while it is sent."""

import asyncio

from starlette.types import Send

from facecraft.errors import FacecraftError
from facecraft.folders import manifest
from facecraft.folders.manifest import Entry
from facecraft.results import Portrait
from facecraft.service.batch.entry_names import EntryNames
from facecraft.service.batch.sending import DISPOSITION, MEDIA_TYPE, pieces
from facecraft.service.batch.zip_writer import ZipWriter

HEADERS = [(b"content-type", MEDIA_TYPE.encode()), (b"content-disposition", DISPOSITION.encode())]


class ZipResponse:
    """Sends portraits, and at the end a manifest of every file.

    Args:
        send: to the client.

    Attributes:
        started: whether the response has started; then it cannot become a problem any more.
        entries: of the manifest.
    """

    def __init__(self, send: Send) -> None:
        self.started = False
        self.entries: list[Entry] = []
        self._send = send
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
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _start(self) -> None:
        if not self.started:
            self.started = True
            await self._send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})

    async def _send_bytes(self, data: bytes) -> None:
        for piece in pieces(data):
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
