"""The response with a portrait: it leaves in pieces, and keeps its place in memory until it has left."""

import asyncio
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from fastapi import Response
from starlette.types import Receive, Scope, Send

from facecraft.service.capacity.answers import Room
from facecraft.service.scope import OUTFLOW

PIECE_BYTES = 48 * 1024
"""Size of one message, a multiple of 3, which base64 makes 64 kB of. The connection takes one at a time."""


class PortraitResponse(Response):
    """A file, or JSON that has the file in base64.

    The whole base64 is never in memory, so JSON needs no more of it than the file.

    Args:
        file: the portrait.
        media_type: of the response.
        headers: of the response, too.
        around: the JSON before and after the base64; None for the file itself.
    """

    def __init__(
        self,
        file: bytes,
        media_type: str,
        headers: Mapping[str, str],
        around: tuple[bytes, bytes] | None = None,
    ) -> None:
        self._file = file
        self._around = around
        self._place = ExitStack()
        self._room: Room | None = None
        size_bytes = len(file) if around is None else 4 * ((len(file) + 2) // 3) + sum(map(len, around))
        super().__init__(None, media_type=media_type, headers={**headers, "Content-Length": str(size_bytes)})

    def keep(self, place: ExitStack, room: Room) -> "PortraitResponse":
        """Hold a place until the response has left, with room for the file."""
        room.settle(len(self._file))
        place.callback(self._forget)
        self._place, self._room = place, room
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            if self._room is not None:
                self._room.send(scope["state"][OUTFLOW])
            start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            leaving = asyncio.ensure_future(_client_left(receive))
            try:
                await send(start)
                for piece in self._pieces():
                    if leaving.done():
                        return
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    # A fast client takes every piece at once, and one that is gone is only noticed here.
                    await asyncio.sleep(0)
                await send({"type": "http.response.body", "body": b""})
            finally:
                leaving.cancel()

    def _pieces(self) -> Iterator[bytes]:
        before, after = self._around or (b"", b"")
        if before:
            yield before
        for start in range(0, len(self._file), PIECE_BYTES):
            piece = self._file[start : start + PIECE_BYTES]
            yield piece if self._around is None else b64encode(piece)
        if after:
            yield after

    def _forget(self) -> None:
        self._file = b""


async def _client_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
