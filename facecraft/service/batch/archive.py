"""The answer with the portraits of every face of one photo: a ZIP."""

from collections.abc import Iterator
from contextlib import ExitStack

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from facecraft.folders import manifest
from facecraft.folders.manifest import Entry
from facecraft.results import Portrait, Portrayal
from facecraft.service.batch.entry_names import EntryNames
from facecraft.service.batch.sending import DISPOSITION, MEDIA_TYPE, pieces
from facecraft.service.batch.zip_writer import ZipWriter
from facecraft.service.capacity.places import Place
from facecraft.service.scope import OUTFLOW


class ArchiveResponse(StreamingResponse):
    """A ZIP that keeps a batch's place until it is sent, because its bytes are counted there.

    Args:
        parts: of the ZIP.
        place: of a batch.
        kept: gives the place back.
    """

    def __init__(self, parts: Iterator[bytes], place: Place, kept: ExitStack) -> None:
        super().__init__(parts, media_type=MEDIA_TYPE, headers={"Content-Disposition": DISPOSITION})
        self._place = place
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._kept:
            self._place.send(scope["state"][OUTFLOW])
            await super().__call__(scope, receive, send)


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
