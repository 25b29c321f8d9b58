"""Process the files of a batch."""

import asyncio
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from facecraft.cancellation import Cancellation
from facecraft.errors import FacecraftError
from facecraft.results import Portrait
from facecraft.service.portrayal import count, portray

if TYPE_CHECKING:
    from facecraft.options import Options
    from facecraft.service.capacity.budget import ByteBudget
    from facecraft.service.request.files import ReceivedFile
    from facecraft.service.state import Service


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results of one file.

    Attributes:
        name: of the file.
        results: its portraits, or their errors; one, or with `each` one for each face.
    """

    name: str
    results: "tuple[Marked, ...]"


@dataclass(frozen=True, slots=True)
class Marked:
    """One result of a file.

    Attributes:
        mark: after the file's name, which tells portraits of one photo apart; empty for a single one.
        result: the portrait, or the error.
        ms: milliseconds of work; None if there was none.
    """

    mark: str
    result: Portrait | FacecraftError
    ms: float | None

    @property
    def size_bytes(self) -> int:
        """Of the portrait's file; 0 without one."""
        return len(self.result.data) if isinstance(self.result, Portrait) else 0


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

    @property
    def each(self) -> bool:
        """Whether a file may become several portraits."""
        return self._options is not None and self._options.each

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

        def work() -> tuple[Marked, ...]:
            token = Cancellation(cancellation, seconds=runtime.deadline_s)  # its time begins with the work
            if options.each:
                limit_bytes = self._service.portraits_bytes
                made = portray(pipeline, content, options, token, limit_bytes=limit_bytes)
                return tuple(Marked(each.mark, each.result, each.ms) for each in made)
            start = perf_counter()
            portrait = pipeline.process(content, options, token, judge=True)
            return (Marked("", portrait, (perf_counter() - start) * 1000),)

        running = await self._service.admission.begin(work)
        return asyncio.create_task(self._finish(file.name, len(content), running, cancellation))

    async def _finish(
        self,
        name: str,
        size_bytes: int,
        running: asyncio.Future[tuple[Marked, ...]],
        cancellation: Cancellation,
    ) -> Outcome:
        start = perf_counter()
        try:
            results = await self._service.admission.finish(running)
        except FacecraftError as error:
            return await self._fail(name, error, (perf_counter() - start) * 1000)
        finally:
            cancellation.cancel()  # after the deadline, work in a thread stops at its next face
            self._budget.drop(size_bytes)
        self._budget.add(sum(each.size_bytes for each in results))
        count(self._service.metrics, [each.result for each in results])
        for each in results:
            if isinstance(each.result, FacecraftError):
                _forget(each.result)
        return Outcome(name, results)

    async def _fail(self, name: str, error: FacecraftError, ms: float | None = None) -> Outcome:
        self._service.metrics.count_error(error.code)
        _forget(error)
        return Outcome(name, (Marked("", error, ms),))


def _forget(error: FacecraftError) -> None:
    """Drop its traceback, which would keep the file, because the budget does not count that any more."""
    error.__traceback__ = error.__cause__ = error.__context__ = None
