"""The answer with the portraits of every face of one photo: a ZIP."""

from collections.abc import Iterator
from contextlib import ExitStack

from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from facecraft.folders import manifest
from facecraft.folders.manifest import Entry
from facecraft.results import Portrait, Portrayal
from facecraft.service.batch.entry_names import EntryNames
from facecraft.service.batch.sending import PacedSend, abort, pieces
from facecraft.service.batch.zip_writer import ZipWriter


class ArchiveResponse(StreamingResponse):
    """A ZIP that keeps a batch's place until it is sent, because its bytes are counted there.

    Its client has `timeout_s` to read each piece, or loses its connection and the place.
    """

    def __init__(
        self, parts: Iterator[bytes], headers: dict[str, str], place: ExitStack, timeout_s: float
    ) -> None:
        super().__init__(parts, media_type="application/zip", headers=headers)
        self._place = place
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._place:
                await super().__call__(scope, receive, PacedSend(send, self._timeout_s))
        except ClientDisconnect:
            await abort(scope, receive)


def archive(file: str, made: list[Portrayal]) -> Iterator[bytes]:
    """The portraits of a photo with this name, in the order of its faces, then the manifests of a batch.

    Each portrait leaves the list before it is written, and is gone when its bytes are sent, so that they are
    not in memory twice.
    """
    names, writer, entries = EntryNames(), ZipWriter(), []

    def add(each: Portrayal) -> bytes:
        if not isinstance(each.result, Portrait):
            entries.append(Entry.failed(file, each.result, each.ms))
            return b""
        name = names.create(file, each.result.format, each.mark)
        entries.append(Entry.done(file, name, each.result, each.ms))
        return writer.add(name, each.result.data)

    made.reverse()
    while made:
        yield from pieces(add(made.pop()))
    for name, table in (("manifest.json", manifest.as_json), ("manifest.csv", manifest.as_csv)):
        yield from pieces(writer.add(name, table(entries)))
    yield from pieces(writer.end())
