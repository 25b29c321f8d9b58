"""A request to an application that does not listen, with the memory that it took."""

import asyncio
import tracemalloc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

from starlette.types import ASGIApp, Message, Scope

from facecraft.service.scope import OUTFLOW
from facecraft.service.server import Server
from facecraft.settings import Settings
from facecraft.weights.lockfile import default_lock_path, load_lock
from tests.service.conftest import Process, loading

CHUNK_BYTES = 64 * 1024
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
NEXT = b"\r\n" + HEAD
END = b"\r\n--b--\r\n"


class Exchange:
    """One request to an application that does not listen, in chunks as uvicorn hands them over.

    Args:
        pieces: of the body; a number stands for as many fillers.
        content_type: of the body.
        filler: one byte.
        pause_s: before each chunk of 64 kB.

    Attributes:
        status: of the response.
        peak_bytes: the most that Python's memory had grown by when the response started.
        held_bytes: what it had grown by then.
    """

    def __init__(
        self,
        *pieces: bytes | int,
        content_type: str = "multipart/form-data; boundary=b",
        filler: bytes = b"\0",
        pause_s: float = 0,
    ) -> None:
        self._content_type = content_type
        self._filler = filler
        self._pause_s = pause_s
        self.status = self.peak_bytes = self.held_bytes = 0
        self._messages = self._chunks(pieces)

    def run(self, path: str, process: Process, **settings: object) -> None:
        lock = load_lock(default_lock_path())
        server = Server(Settings.model_validate(settings), lock, loading(process))
        app = cast("ASGIApp", server.config.app)
        scope: Scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"content-type", self._content_type.encode())],
            "client": ("test", 1),
            "server": ("test", 80),
            "state": {OUTFLOW: SimpleNamespace(begin=lambda: None)},
        }

        async def exchange() -> None:
            server.service.open(loading(process)(server.service.settings, lock))
            await app(scope, self._receive, self._send)

        asyncio.run(exchange())

    def _chunks(self, pieces: tuple[bytes | int, ...]) -> Iterator[Message]:
        for piece in pieces:
            size = piece if isinstance(piece, int) else len(piece)
            for start in range(0, size, CHUNK_BYTES):
                length = min(CHUNK_BYTES, size - start)
                body = self._filler * length if isinstance(piece, int) else piece[start : start + length]
                yield {"type": "http.request", "body": body, "more_body": True}
        yield {"type": "http.request", "body": b"", "more_body": False}

    async def _receive(self) -> Message:
        await asyncio.sleep(self._pause_s)
        message = next(self._messages, None)
        if message is None:
            await asyncio.sleep(3600)  # the client waits for its response
        assert message is not None
        return message

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(0.1)  # for the thread to let go
            self.status = message["status"]
            self.held_bytes, self.peak_bytes = tracemalloc.get_traced_memory()
