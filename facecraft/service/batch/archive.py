"""The answer with the portraits of every face of one photo: a ZIP."""

from collections.abc import Sequence
from contextlib import ExitStack

from fastapi import Response
from starlette.types import Receive, Scope, Send

from facecraft.folders import manifest
from facecraft.folders.manifest import Entry
from facecraft.results import Portrait, Portrayal
from facecraft.service.batch.entry_names import EntryNames
from facecraft.service.batch.zip_writer import ZipWriter


class ArchiveResponse(Response):
    """A ZIP that keeps a batch's place until it is sent, because its bytes are counted there."""

    def __init__(self, content: bytes, headers: dict[str, str], place: ExitStack) -> None:
        super().__init__(content, media_type="application/zip", headers=headers)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            await super().__call__(scope, receive, send)


def archive(file: str, made: Sequence[Portrayal]) -> bytes:
    """The portraits of a photo with this name, in the order of its faces, then the manifests of a batch."""
    names, writer, entries, parts = EntryNames(), ZipWriter(), [], []
    for each in made:
        if isinstance(each.result, Portrait):
            name = names.create(file, each.result.format, each.mark)
            entries.append(Entry.done(file, name, each.result, each.ms))
            parts.append(writer.add(name, each.result.data))
        else:
            entries.append(Entry.failed(file, each.result, each.ms))
    for name, table in (("manifest.json", manifest.as_json), ("manifest.csv", manifest.as_csv)):
        parts.append(writer.add(name, table(entries)))
    return b"".join((*parts, writer.end()))
