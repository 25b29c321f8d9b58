"""Work on a Ray cluster: a pool of actors, each with the models in memory.

Ray Data carries the photos' names to the actors and the rows back. It knows nothing of photos that end their
process: it gives up a block whose actors die. The photos without a row are then tried again, each by an actor
of its own, one after another. One that ends two of these is `worker_lost`.
"""

import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import ray
from ray.exceptions import RayError

from facecraft.bulk.portraits import Task
from facecraft.bulk.row import Row
from facecraft.bulk.runners import base
from facecraft.bulk.runners.base import Add, FailureCount
from facecraft.bulk.runners.worker import Job, Open, open_portraits
from facecraft.errors import FacecraftError, InferenceFailed

WINDOW = 10_000
"""Photos that are given to Ray at a time."""
BLOCK = 16
"""Photos that an actor is given at a time, and that are tried again one by one if it dies."""
TRIES = 3
"""Of a block whose actors die."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The actors.

    Attributes:
        least: their smallest number.
        most: their largest number.
        cpus: of each, which uses as many threads.
        gpus: of each; may be a fraction.
    """

    least: int = 1
    most: int = 1
    cpus: float = 1
    gpus: float = 0


class _Actor:
    """Makes portraits in a process of the cluster.

    Ray would start an actor whose constructor fails again and again, so it keeps the error.
    """

    def __init__(self, job: Job, cpus: float, opened: Open) -> None:
        # Else it would use all processors of its machine, as each actor beside it.
        os.environ["FACECRAFT_THREADS"] = str(max(1, int(cpus)))
        self._name = f"{ray.get_runtime_context().get_node_id()[:8]}-{os.getpid()}"
        self._error: FacecraftError | None = None
        try:
            self._ready, self._maker = opened(job, self._name)
        except FacecraftError as error:
            self._error = error

    def models(self) -> tuple[tuple[str, str], ...] | FacecraftError:
        return self._error or self._ready.models

    def make(self, task: Task) -> list[Row]:
        return self._maker.make(task)

    def __call__(self, block: Mapping[str, Sequence[bytes]]) -> dict[str, list[bytes]]:
        """The rows of each photo of a block."""
        return {"rows": [pickle.dumps(self.make(pickle.loads(task))) for task in block["task"]]}  # noqa: S301


class RayRunner:
    """A pool of actors on a cluster. Use it in a `with` block, which leaves the cluster.

    Args:
        job: what they do.
        address: HOST:PORT of the cluster; "auto" for the one of this machine.
        pool: the actors.
        opened: loads what makes the portraits, in each actor.
    """

    def __init__(self, job: Job, address: str, pool: Pool, opened: Open = open_portraits) -> None:
        self._job, self._address, self._pool, self._opened = job, address, pool, opened
        self._failures = FailureCount()
        self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        ray.shutdown()

    def models(self) -> tuple[tuple[str, str], ...]:
        """As in Runner: those of one actor."""
        actor = self._alone()
        found = ray.get(actor.models.remote(), timeout=base.STALL_S)
        ray.kill(actor)
        if isinstance(found, FacecraftError):
            raise found
        return tuple(found)

    def run(self, tasks: Iterator[Task], add: Add) -> None:
        """As in Runner."""
        while window := list(islice(tasks, WINDOW)):
            left = {task.found.key: task for task in window}
            for rows in self._together(window):
                self._failures.count(rows)
                add(rows)
                del left[rows[0].entry.file]
            for task in left.values():
                add(self._make_alone(task))

    def _together(self, tasks: Sequence[Task]) -> Iterator[list[Row]]:
        """The rows of each photo that ends no actor, and of some others."""
        items = [{"task": pickle.dumps(task)} for task in tasks]
        blocks = ray.data.from_items(items, override_num_blocks=-(-len(items) // BLOCK))
        made = blocks.map_batches(
            _Actor,
            fn_constructor_args=(self._job, self._pool.cpus, self._opened),
            batch_size=None,
            concurrency=(self._pool.least, self._pool.most),
            num_cpus=self._pool.cpus,
            num_gpus=self._pool.gpus,
            max_restarts=TRIES,
            max_task_retries=TRIES,
        )
        rows = iter(made.iter_rows())
        with ThreadPoolExecutor(1) as waiting:
            while True:
                try:
                    row = waiting.submit(next, rows, None).result(timeout=base.STALL_S)
                except (TimeoutError, RayError):
                    self._connect()  # else what hangs would keep its actor and its processors
                    return
                if row is None:
                    return
                yield pickle.loads(row["rows"])  # noqa: S301  # made by our own actors

    def _make_alone(self, task: Task) -> list[Row]:
        """The rows of a photo, by an actor that does nothing else."""
        for _ in range(base.DEATHS):
            actor = self._alone()
            try:
                rows: list[Row] = ray.get(actor.make.remote(task), timeout=base.STALL_S)
            except RayError:  # it has died, or takes too long
                continue
            finally:
                ray.kill(actor)
            return rows
        return [base.lost(task, "ray")]

    def _alone(self) -> Any:
        remote = ray.remote(_Actor).options(
            num_cpus=self._pool.cpus, num_gpus=self._pool.gpus, max_restarts=0, max_task_retries=0
        )
        return remote.remote(self._job, self._pool.cpus, self._opened)

    def _connect(self) -> None:
        """Connect to the cluster, or do it anew.

        Raises:
            InferenceFailed: there is none.
        """
        ray.shutdown()
        try:
            ray.init(address=self._address, log_to_driver=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            hint = "Start it with `ray start --head`, or give its HOST:PORT."
            raise InferenceFailed(
                f"There is no Ray cluster at {self._address}: {error}.", hint=hint
            ) from error
        context = ray.data.DataContext.get_current()
        context.max_errored_blocks = -1  # the photos of such a block have no row, and are tried again
        context.enable_progress_bars = False
