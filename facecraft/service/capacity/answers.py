"""Limit the bytes of the answers that are made, or that clients still read.

An answer's room is taken before its portrait is drawn, for the most that its file can take; then it has the
size of the file, until the client has read it. So no portrait is made for which there is no room.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

from facecraft.errors import QueueFull
from facecraft.service.outflow import Outflow, slowest

LOOK_S = 1.0
"""Seconds between two looks of a request that waits for room: who reads too slowly."""


class NoRoom(QueueFull):
    """There is no room for an answer now. `Room.wait` waits for it.

    Attributes:
        room: of the answer.
        size_bytes: that it needs.
    """

    def __init__(self, room: "Room", size_bytes: int) -> None:
        super().__init__(
            "Clients still read so many large answers that there is no room for another.", retry_after_s=10
        )
        self.room = room
        self.size_bytes = size_bytes


class AnswerBudget:
    """Counts the bytes of answers against a limit.

    Args:
        limit_bytes: of all together; at least that of the largest answer.

    Attributes:
        held_bytes: number of bytes now.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.held_bytes = 0
        self._limit_bytes = limit_bytes
        self._lock = Lock()
        self._dropped = asyncio.Event()
        self._rooms: set[Room] = set()

    @contextmanager
    def room(self) -> Iterator["Room"]:
        """The room of one answer, until the block ends. At first it is empty."""
        room = Room(self)
        self._rooms.add(room)
        try:
            yield room
        finally:
            self._rooms.remove(room)
            room.settle(0)

    def add(self, size_bytes: int) -> bool:
        """Count bytes, if there is room for them; return whether there was. Safe in any thread."""
        with self._lock:
            fits = self.held_bytes + size_bytes <= self._limit_bytes
            if fits:
                self.held_bytes += size_bytes
        return fits

    def drop(self, size_bytes: int) -> None:
        """Count so many bytes less. On the event loop only."""
        with self._lock:
            self.held_bytes -= size_bytes
        self._dropped.set()

    async def wait_for_drop(self) -> None:
        """Wait until the next `drop`, or for LOOK_S. End the slowest answer first, if its time is over."""
        self._dropped.clear()
        late = slowest(room.outflow for room in self._rooms)
        if late is not None:
            late.abort()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._dropped.wait()


class Room:
    """The bytes of one answer.

    Attributes:
        size_bytes: number of them now.
        outflow: of the connection on which the answer leaves; None before.
    """

    def __init__(self, budget: AnswerBudget) -> None:
        self.size_bytes = 0
        self.outflow: Outflow | None = None
        self._budget = budget

    def take(self, size_bytes: int) -> None:
        """Make room for so many bytes. Safe in any thread.

        Raises:
            NoRoom: there is none now.
        """
        more_bytes = max(0, size_bytes - self.size_bytes)
        if not self._budget.add(more_bytes):
            raise NoRoom(self, size_bytes)
        self.size_bytes += more_bytes

    async def wait(self, size_bytes: int) -> None:
        """Wait until there is room for so many bytes, and take it. On the event loop only."""
        while True:
            try:
                return self.take(size_bytes)
            except NoRoom:
                await self._budget.wait_for_drop()

    def send(self, outflow: Outflow) -> None:
        """Note that the answer leaves from now on."""
        outflow.begin()
        self.outflow = outflow

    def settle(self, size_bytes: int) -> None:
        """Keep room for what the answer really has. On the event loop only."""
        self._budget.drop(self.size_bytes - size_bytes)
        self.size_bytes = size_bytes
