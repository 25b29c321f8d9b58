"""Many photos in one request, and their portraits in one ZIP that leaves while it is made.

Three tasks run at once, with a queue between each two:

    reading -> photos -> working -> portraits, in order -> writing

*Reading* parses the body as it comes. *Working* waits for a worker with one photo at a time, like one more
request, and hands the portrait to be on before it is done: so a batch keeps every worker busy that nobody
else wants, and a single request waits for one photo of it at most. *Writing* awaits the portraits in order
and sends each at once. A client that reads while it sends, as curl does, has the first portraits before it
has sent the last photos.

Most clients read nothing until they have sent everything. For them finished portraits are held, and so are
photos that arrive faster than they are processed, together up to FACECRAFT_BATCH_BYTES. Over that nothing is
read, and no photo begun but the one that is next to be sent, until something has left. If the client neither
sends nor reads for FACECRAFT_UPLOAD_TIMEOUT_S while it could, the connection is given up; and each file has
that long to come whole, or the files that make up 64 kB together, not counting while photos are in work: so
one who sends a byte or a tiny file now and then ends too. (A parser knows that a file is
whole by the boundary that follows it: who waits for a portrait before sending the next photo sends that.)

The answer begins with the first file that is done. What goes wrong before that with the request as a whole
is an ordinary problem; after it, the batch ends there, and the last entry of its manifest, with the name of
the file that was to come or with none, says why. That is also how a batch ends when the service shuts down.
What goes wrong with one file is its entry, and the rest goes on.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Send

from facecraft.cancellation import Cancellation
from facecraft.errors import FacecraftError, InvalidOption, NotReady
from facecraft.service.batch.body import Files, Held, PacedBody, Photo
from facecraft.service.batch.zip_response import ZipResponse
from facecraft.service.request.fields import merged, options_of
from facecraft.service.request.multipart import EXAMPLE
from facecraft.types import Portrait

if TYPE_CHECKING:
    from facecraft.options import Options
    from facecraft.service.state import Service


@dataclass(frozen=True, slots=True)
class _Made:
    """What became of a photo."""

    name: str
    result: Portrait | FacecraftError
    ms: float | None


@dataclass(frozen=True, slots=True)
class _End:
    """Of the batch: where it went wrong, and why, or neither."""

    name: str = ""
    error: FacecraftError | None = None


class Batch:
    """One request, read and answered at the same time.

    Args:
        service: that is ready.
        boundary: of the parts of its body.
        named: a preset, if the query string names one.
        receive: of the request.
        send: likewise.

    Attributes:
        answer: what was answered so far.
    """

    def __init__(
        self, service: "Service", boundary: bytes, named: Mapping[str, str], receive: Receive, send: Send
    ) -> None:
        settings = service.settings
        self._service = service
        self._named = named
        self._held = Held(service.batch_bytes)
        self._files = Files(boundary, settings.max_upload_bytes, self._held)
        self._unmade = 0
        self._at_work_since = 0.0
        self._body = PacedBody(receive, self._held, settings.upload_timeout_s, lambda: self._unmade > 0)
        self.answer = ZipResponse(send, lambda: self._body.received_at, settings.upload_timeout_s)
        self._options: Options | None = None
        self._photos: asyncio.Queue[Photo | _End] = asyncio.Queue()
        self._portraits: asyncio.Queue[asyncio.Task[_Made] | _End] = asyncio.Queue()
        self._making: set[asyncio.Task[_Made]] = set()
        self._unsent = 0
        self._refusal: FacecraftError | None = None
        self._over = Cancellation()

    async def to_its_end(self) -> None:
        """Answer the request.

        Raises:
            FacecraftError: the request is refused; the answer has not begun.
            ClientDisconnect: the client left, or does nothing any more.
        """
        reading = asyncio.create_task(self._read())
        working = asyncio.create_task(self._work())
        writing = asyncio.create_task(self._write())
        pending: set[asyncio.Task[None]] = {reading, working, writing}
        try:
            while writing in pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            self._over.cancel()  # whatever still runs stops at its next face
            tasks = [reading, working, writing, *self._making]
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def gone(self) -> None:
        """Wait until the connection is."""
        await self._body.left()

    async def _read(self) -> None:
        try:
            async for chunk in self._body.chunks():
                try:
                    self._files.write(chunk)
                finally:
                    self._hand_on()
            self._files.require_complete()
            if not self._files.begun:
                raise InvalidOption("The form has no part named file.", hint=EXAMPLE)
            self._photos.put_nowait(_End())
        except FacecraftError as error:
            self._photos.put_nowait(self._ended(self._files.unfinished, error))
        await self._body.left()
        if not self._over.cancelled:
            raise ClientDisconnect

    def _hand_on(self) -> None:
        """To work with what has arrived, once it is known what is to be done with it."""
        if self._files.begun and self._options is None:
            options = options_of(merged(self._files.fields, self._named))
            self._service.require_ready().pipeline.validate(options)
            self._options = options
        while self._files.arrived:
            self._photos.put_nowait(self._files.arrived.popleft())
            self._body.file_came()

    async def _work(self) -> None:
        while isinstance(photo := await self._photos.get(), Photo):
            while self._held.over and self._unsent:
                await self._held.fewer()
            if self._unmade == 0:
                self._at_work_since = perf_counter()
            self._unmade += 1
            try:
                making = asyncio.create_task(await self._begun(photo))
            except NotReady as error:
                self._portraits.put_nowait(self._ended(photo.name, error))
                return
            self._unsent += 1
            self._making.add(making)
            making.add_done_callback(self._is_made)
            self._portraits.put_nowait(making)
        self._portraits.put_nowait(photo)

    def _is_made(self, made: asyncio.Task[_Made]) -> None:
        self._making.discard(made)
        self._unmade -= 1
        if self._unmade == 0:
            self._body.grant(perf_counter() - self._at_work_since)

    async def _begun(self, photo: Photo) -> Coroutine[None, None, _Made]:
        """What becomes of a photo, whose work has begun if there is any."""
        if photo.problem is not None:
            return self._failed(photo.name, photo.problem)
        pipeline = self._service.require_ready().pipeline
        options, content = self._options, photo.content
        assert options is not None  # noqa: S101  # they come before the first photo
        cancellation = Cancellation(self._over)

        def work() -> Portrait:
            return pipeline.process(bytes(content), options, cancellation, judge=True)

        running = await self._service.admission.begin(work)
        return self._made(photo, running, cancellation.cancel)

    async def _made(
        self, photo: Photo, running: asyncio.Future[Portrait], give_up: Callable[[], None]
    ) -> _Made:
        start = perf_counter()
        try:
            portrait = await self._service.admission.finish(running)
        except FacecraftError as error:
            return await self._failed(photo.name, error, (perf_counter() - start) * 1000)
        finally:
            give_up()  # past its deadline, the thread stops at its next face
            self._held.drop(len(photo.content))
        self._held.add(len(portrait.data))
        self._service.metrics.count_stages(portrait.timings_ms, len(portrait.faces))
        return _Made(photo.name, portrait, (perf_counter() - start) * 1000)

    async def _failed(self, name: str, error: FacecraftError, ms: float | None = None) -> _Made:
        self._service.metrics.count_error(error.code)
        return _Made(name, error, ms)

    async def _write(self) -> None:
        end = None
        while end is None:
            end = await self._write_next()
        if end.error is not None:
            await self.answer.failed(end.name, end.error)
        self._over.cancel()
        await self.answer.end()

    async def _write_next(self) -> _End | None:
        """Send what became of the next photo; it is not held when this returns."""
        making = await self._portraits.get()
        if isinstance(making, _End):
            return making
        made, size = await making, 0
        if self._refusal is not None:
            raise self._refusal
        if isinstance(made.result, Portrait):
            size = len(made.result.data)
            await self.answer.portrait(made.name, made.result, made.ms or 0.0)
        else:
            await self.answer.failed(made.name, made.result, made.ms)
        self._unsent -= 1
        self._held.drop(size)
        return None

    def _ended(self, name: str, error: FacecraftError) -> _End:
        """The end of the batch; an error that comes before the answer has begun is raised instead."""
        if not self.answer.started:
            self._refusal = error
            raise error
        self._service.metrics.count_error(error.code)
        return _End(name, error)
