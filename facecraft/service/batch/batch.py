"""Process many photos in one request, and send their portraits in one ZIP while it is made.

Three tasks run at the same time, with a queue between them:

    reading -> files -> working -> outcomes, in order -> writing

*Reading* parses the body while it arrives. *Working* waits for a worker for one photo at a time, like a
single request, and passes the running work on. So a batch uses all idle workers, and a single request waits
for at most one photo of a batch. *Writing* awaits the outcomes in order and sends each portrait immediately.
A client that reads while it sends, such as curl, gets the first portraits before it has sent the last photos.

Most clients read only after they have sent everything. For them the service holds finished portraits, and
photos that arrive faster than they are processed. The limit for both is FACECRAFT_BATCH_BYTES. Above it the
service reads nothing and starts no photo, except the next one to send, until it has sent something.

If a client neither sends nor reads for a while, although it could, its connection is closed (`Outflow`).
What it sends must also arrive at FACECRAFT_MIN_UPLOAD_RATE (`UploadDeadline`); time with photos in
work does not count. So a client cannot stay connected by sending a byte or a tiny file now and then. (A file
is complete when the next boundary has arrived. A client that waits for a portrait before it sends the next
photo must send that boundary first.)

The response starts with the first outcome. An error of the whole request before that is an ordinary problem.
A later error ends the batch: the last entry of the manifest has the problem, with the name of the unfinished
file or an empty name. A shutdown of the service ends a batch in the same way. An error of one file is in the
entry of that file, and the batch continues.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Send

from facecraft.cancellation import Cancellation
from facecraft.errors import FacecraftError, InvalidOption, ServiceError
from facecraft.results import Portrait
from facecraft.service.batch.body import PacedBody
from facecraft.service.batch.form import BatchForm
from facecraft.service.batch.processing import FileProcessor, Outcome
from facecraft.service.batch.workload import Workload
from facecraft.service.batch.zip_response import ZipResponse
from facecraft.service.capacity.budget import ByteBudget
from facecraft.service.request.deadline import UploadDeadline
from facecraft.service.request.fields import merge_fields, parse_options
from facecraft.service.request.media import EXAMPLE

if TYPE_CHECKING:
    from facecraft.service.capacity.places import Place
    from facecraft.service.request.files import ReceivedFile
    from facecraft.service.state import Service


@dataclass(frozen=True, slots=True)
class BatchEnd:
    """The end of the batch.

    Attributes:
        name: of the unfinished file, or empty.
        error: the reason for an early end, or None.
    """

    name: str = ""
    error: FacecraftError | None = None


class Batch:
    """One request, read and answered at the same time.

    Args:
        service: it must be ready.
        boundary: between the parts of the body.
        query: the fields in the query string.
        receive: of the request.
        send: of the request.

    Attributes:
        response: the response so far.
    """

    def __init__(
        self, service: "Service", boundary: bytes, query: Mapping[str, str], receive: Receive, send: Send
    ) -> None:
        settings = service.settings
        self._service = service
        self._query = query
        self._cancellation = Cancellation()
        self._budget = ByteBudget(service.batch_bytes)
        self._form = BatchForm(boundary, settings.max_upload_bytes, self._budget)
        self._workload = Workload()
        deadline = UploadDeadline(settings.upload_timeout_s, settings.min_upload_rate)
        self._body = PacedBody(receive, self._budget, self._workload, deadline)
        self.response = ZipResponse(send)
        self._processor = FileProcessor(service, self._budget, self._cancellation)
        self._files: asyncio.Queue[ReceivedFile | BatchEnd] = asyncio.Queue()
        self._outcomes: asyncio.Queue[asyncio.Task[Outcome] | BatchEnd] = asyncio.Queue()
        self._unfinished: set[asyncio.Task[Outcome]] = set()
        self._unsent = 0
        self._answered = 0
        self._refusal: FacecraftError | None = None
        self._place: Place

    def counts(self) -> dict[str, int]:
        """The numbers of files, of portraits if a file may have several, and of failures, for the log."""
        entries = self.response.entries
        failed = sum(entry.status == "failed" for entry in entries)
        if self._processor.each:
            return {"files": self._answered, "portraits": len(entries) - failed, "failed": failed}
        return {"files": len(entries), "failed": failed}

    async def run(self, key: int | None) -> None:
        """Answer the request.

        Args:
            key: number of the client's key; None without keys.

        Raises:
            FacecraftError: the request is refused before the response starts.
            ClientDisconnect: the client left, or it neither sends nor reads.
        """
        self._place = await self._service.places.enter(key, self._budget)
        try:
            await self._run()
        finally:
            self._place.leave()

    async def _run(self) -> None:
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
            self._cancellation.cancel()  # work in threads stops at its next face
            tasks = [reading, working, writing, *self._unfinished]
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._release()

    def _release(self) -> None:
        """Free all files and portraits now, because an error's traceback may keep this object alive."""
        self._form.close()
        self._form.received.clear()
        self._files, self._outcomes = asyncio.Queue(), asyncio.Queue()

    async def _read(self) -> None:
        try:
            async for chunk in self._body.chunks():
                try:
                    self._form.write(chunk)
                finally:
                    self._queue_files()
                if not self._place.running:
                    await self._body.pause(self._place.turn())
            self._form.validate_complete()
            if not self._form.file_count:
                raise InvalidOption("The form has no part named file.", hint=EXAMPLE)
            self._files.put_nowait(BatchEnd())
        except FacecraftError as error:
            self._files.put_nowait(self._end(self._form.unfinished_file, error))
        await self._body.wait_for_disconnect()
        if not self._cancellation.cancelled:
            raise ClientDisconnect

    def _queue_files(self) -> None:
        """Pass complete files to the working task. The first file fixes the options."""
        if self._form.file_count and not self._processor.configured:
            self._processor.configure(parse_options(merge_fields(self._form.fields, self._query)))
        while self._form.received:
            self._files.put_nowait(self._form.received.popleft())
            self._body.record_file()

    async def _work(self) -> None:
        end = None
        while end is None:
            end = await self._work_next()
        self._outcomes.put_nowait(end)

    async def _work_next(self) -> BatchEnd | None:
        """Start the next file as soon as a worker is idle, without keeping a reference to the file."""
        file = await self._files.get()
        if isinstance(file, BatchEnd):
            return file
        while self._budget.exceeded and self._unsent:
            await self._budget.wait_for_drop()
        try:
            await self._place.turn()
            self._workload.start()
            self._place.start_work()
            task = await self._processor.start(file)
        except ServiceError as error:
            return self._end(file.name, error)
        self._unsent += 1
        self._unfinished.add(task)
        task.add_done_callback(self._end_work)
        self._outcomes.put_nowait(task)
        return None

    def _end_work(self, task: asyncio.Task[Outcome]) -> None:
        self._unfinished.discard(task)
        self._body.extend_deadline(self._workload.end())
        ended = not task.cancelled() and task.exception() is None
        results = task.result().results if ended else ()
        self._place.end_work(made=any(isinstance(each.result, Portrait) for each in results))

    async def _write(self) -> None:
        end = None
        while end is None:
            end = await self._write_next()
        if end.error is not None:
            await self.response.record_failure(end.name, end.error)
        self._cancellation.cancel()
        await self.response.end()

    async def _write_next(self) -> BatchEnd | None:
        """Send the next outcome, without keeping a reference to its portrait."""
        task = await self._outcomes.get()
        if isinstance(task, BatchEnd):
            return task
        outcome = await task
        if self._refusal is not None:
            raise self._refusal
        for each in outcome.results:
            if isinstance(each.result, Portrait):
                await self.response.send_portrait(outcome.name, each.result, each.ms or 0.0, each.mark)
            else:
                await self.response.record_failure(outcome.name, each.result, each.ms)
        self._answered += 1
        self._unsent -= 1
        self._budget.drop(sum(each.size_bytes for each in outcome.results))
        return None

    def _end(self, name: str, error: FacecraftError) -> BatchEnd:
        """The end of the batch after an error. If the response has not started, raise the error instead."""
        if not self.response.started:
            self._refusal = error
            raise error
        self._service.metrics.count_error(error.code)
        return BatchEnd(name, error)
