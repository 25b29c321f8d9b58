"""One process that makes portraits for a runner. If a photo ends it, the runner is still there."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from threading import Lock

from facecraft.bulk.portraits import Maker, PortraitMaker, Task
from facecraft.bulk.storage import Storage
from facecraft.errors import FacecraftError
from facecraft.options import Options

AHEAD = 2
"""Photos in work for each one that keeps the device busy: others are read and written meanwhile."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every worker of a run does.

    Attributes:
        source: URL of the photos.
        target: URL of the portraits.
        options: of each portrait.
    """

    source: str
    target: str
    options: Options


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker has its models.

    Attributes:
        width: how many photos it takes at the same time.
        models: name and SHA-256 of each.
    """

    width: int
    models: tuple[tuple[str, str], ...]


Open = Callable[[Job, str], tuple[Ready, Maker]]


def open_portraits(job: Job, name: str) -> tuple[Ready, Maker]:
    """Load the models of the environment's settings. Raises StartupError or InvalidOption."""
    from facecraft.api import Facecraft  # noqa: PLC0415  # torch takes seconds

    runtime = Facecraft().runtime
    runtime.pipeline.validate(job.options)
    maker = PortraitMaker(Storage(job.source), Storage(job.target), runtime.pipeline, job.options, name)
    models = tuple((model.name, model.sha256) for model in runtime.models)
    return Ready(AHEAD * runtime.workers, models), maker


def serve(connection: Connection, job: Job, name: str, opened: Open) -> None:
    """Work on tasks. Sends Ready or an error, then each task's number with its rows."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's
    try:
        ready, maker = opened(job, name)
    except FacecraftError as error:
        connection.send(error)
        return
    connection.send(ready)
    guard = Lock()

    def work(number: int, task: Task) -> None:
        rows = maker.make(task)
        with guard:
            connection.send((number, rows))

    with ThreadPoolExecutor(ready.width, thread_name_prefix="photo") as pool, suppress(EOFError, OSError):
        while True:  # until the runner has gone
            pool.submit(work, *connection.recv())
