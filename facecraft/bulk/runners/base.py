"""What every runner can do."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeAlias

from facecraft.bulk.portraits import Task
from facecraft.bulk.row import Row, WorkerLost
from facecraft.bulk.storage import StorageFailed

DEATHS = 2
"""Of a process, with one photo alone in work, after which the photo is given up."""
MOST_FAILURES = 100
"""Photos in a row that fail for the storage. Then it is gone, and the run ends."""
STALL_S = 600.0
"""How long a process may finish nothing of what it has in work, in seconds."""

Add: TypeAlias = Callable[[Sequence[Row]], None]


class Runner(Protocol):
    """Works on photos, somewhere."""

    def models(self) -> tuple[tuple[str, str], ...]:
        """Name and SHA-256 of each model, once they are loaded.

        Raises:
            FacecraftError: they cannot be loaded.
        """

    def run(self, tasks: Iterator[Task], add: Add) -> None:
        """Work on all tasks, and add the rows of each when it is done, in any order.

        Raises:
            StorageFailed: it does not answer any more.
            FacecraftError: the workers do not start any more.
        """


class FailureCount:
    """Counts the photos in a row that fail for the storage."""

    def __init__(self) -> None:
        self._number = 0

    def count(self, rows: Sequence[Row]) -> None:
        """Count a photo by its rows. Raises StorageFailed if they are too many."""
        failed = any(row.code == StorageFailed.code for row in rows)
        self._number = self._number + 1 if failed else 0
        if self._number >= MOST_FAILURES:
            raise StorageFailed(
                f"{self._number} photos in a row could not be read, or their portraits written."
            )


def lost(task: Task, worker: str) -> Row:
    """The row of a photo that ends its process."""
    error = WorkerLost(f"The photo ended {DEATHS} processes in a row in which nothing else was in work.")
    return Row.failed(task.found.key, task.found.stamp, error, worker, time.time())
