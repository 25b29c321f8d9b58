"""Process the files of a batch."""

import asyncio
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from facecraft.cancellation import Cancellation
from facecraft.errors import FacecraftError
from facecraft.results import Portrait

if TYPE_CHECKING:
    from facecraft.options import Options
    from facecraft.service.capacity.budget import ByteBudget
    from facecraft.service.request.files import ReceivedFile
    from facecraft.service.state import Service


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one file.

    Attributes:
        name: of the file.
        result: its portrait, or the error.
        ms: milliseconds of work; None if there was none.
    """

    name: str
    result: Portrait | FacecraftError
    ms: float | None


class FileProcessor:
    """Processes the files of one batch, all with the same options.

    Args:
        service: it must be ready.
        budget: counts a file's bytes until its work ends, then its portrait's.
        cancellation: ends all work.
    """

    def __init__(self, service: "Service", budget: "ByteBudget", cancellation: Cancellation) -> None:
        self._service = service
        self._budget = budget
        self._cancellation = cancellation
        self._options: Options | None = None

    @property
    def configured(self) -> bool:
        return self._options is not None

    def configure(self, options: "Options") -> None:
        """Set the options.

        Raises:
            InvalidOption: no picture can be processed with them.
            NotReady: the service is shutting down.
        """
        self._service.ensure_ready().pipeline.validate(options)
        self._options = options

    async def start(self, file: "ReceivedFile") -> asyncio.Task[Outcome]:
        """Start the work on a file as soon as a worker is idle; a file with a problem needs no work.

        Raises:
            NotReady: the service is shutting down.
        """
        if file.problem is not None:
            return asyncio.create_task(self._fail(file.name, file.problem))
        runtime = self._service.ensure_ready()
        pipeline = runtime.pipeline
        options, content = self._options, file.content
        assert options is not None  # noqa: S101  # `configure` was called before
        cancellation = Cancellation(self._cancellation)

        def work() -> Portrait:
            token = Cancellation(cancellation, seconds=runtime.deadline_s)  # its time begins with the work
            return pipeline.process(content, options, token, judge=True)

        running = await self._service.admission.begin(work)
        return asyncio.create_task(self._finish(file.name, len(content), running, cancellation))

    async def _finish(
        self, name: str, size_bytes: int, running: asyncio.Future[Portrait], cancellation: Cancellation
    ) -> Outcome:
        start = perf_counter()
        try:
            portrait = await self._service.admission.finish(running)
        except FacecraftError as error:
            return await self._fail(name, error, (perf_counter() - start) * 1000)
        finally:
            cancellation.cancel()  # after the deadline, work in a thread stops at its next face
            self._budget.drop(size_bytes)
        self._budget.add(len(portrait.data))
        self._service.metrics.count_stages(portrait.timings_ms, len(portrait.faces))
        return Outcome(name, portrait, (perf_counter() - start) * 1000)

    async def _fail(self, name: str, error: FacecraftError, ms: float | None = None) -> Outcome:
        self._service.metrics.count_error(error.code)
        # Its traceback would keep the file, but the budget does not count it any more.
        error.__traceback__ = error.__cause__ = error.__context__ = None
        return Outcome(name, error, ms)
