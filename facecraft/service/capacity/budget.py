"""Limit the bytes of uploads and portraits in memory."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from facecraft.errors import QueueFull


class ByteBudget:
    """Counts bytes in memory against a limit. Use it on the event loop only.

    Args:
        limit_bytes: limit of all shares together. `add` may exceed it.

    Attributes:
        held_bytes: number of bytes in memory now.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.held_bytes = 0
        self._limit_bytes = limit_bytes
        self._drop = asyncio.Event()

    @property
    def exceeded(self) -> bool:
        return self.held_bytes > self._limit_bytes

    def add(self, size_bytes: int) -> None:
        self.held_bytes += size_bytes

    def drop(self, size_bytes: int) -> None:
        self.held_bytes -= size_bytes
        self._drop.set()

    async def wait_for_drop(self) -> None:
        """Wait until the next `drop`."""
        self._drop.clear()
        await self._drop.wait()

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """Count the bytes of one upload until the block ends.

        Yields:
            A function that adds a number of bytes to the share. It raises QueueFull at the limit.
        """
        share_bytes = 0

        def reserve(size_bytes: int) -> None:
            nonlocal share_bytes
            if self.held_bytes + size_bytes > self._limit_bytes:
                raise QueueFull("Too many bytes are being uploaded at the same time.", retry_after_s=1)
            self.add(size_bytes)
            share_bytes += size_bytes

        try:
            yield reserve
        finally:
            self.drop(share_bytes)
