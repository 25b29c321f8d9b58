"""A queue that serves those who wait in it in turns."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Takes one item of each caller, then the next of each. Not safe between threads.

    Between two items of one caller, every other caller that waits gets its turn. A new caller is the last of
    the round, so that it waits for at most one item of each other one.
    """

    def __init__(self) -> None:
        self._callers: deque[deque[T]] = deque()

    def __len__(self) -> int:
        return sum(map(len, self._callers))

    def __iter__(self) -> Iterator[T]:
        """Every item that waits, caller by caller."""
        for items in self._callers:
            yield from items

    def add(self, items: Iterable[T]) -> None:
        """Let a new caller wait with its items; they are taken in their order."""
        waiting = deque(items)
        if waiting:
            self._callers.append(waiting)

    def take(self) -> T:
        """Take the next item. The queue must not be empty."""
        items = self._callers.popleft()
        item = items.popleft()
        if items:
            self._callers.append(items)
        return item

    def ahead(self, count: int) -> Iterator[T]:
        """The waiting items that are taken before the last of `count` items of a new caller."""
        for items in self._callers:
            yield from islice(items, count)
