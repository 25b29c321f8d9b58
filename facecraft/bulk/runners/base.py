"""What every runner can do."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeAlias

from facecraft.bulk.portraits import Task
from facecraft.bulk.row import Row

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
