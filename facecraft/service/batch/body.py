"""Read the body of a batch as fast as its memory limit allows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from facecraft.service.batch.workload import Workload
from facecraft.service.capacity.budget import ByteBudget
from facecraft.service.request.deadline import UploadDeadline


class PacedBody:
    """Pauses reading while the batch exceeds its budget, and disconnects clients that are too slow.

    Args:
        receive: of the request.
        budget: of the batch.
        workload: of the batch. While photos are in work, the client may wait for their portraits.
        deadline: of the file that arrives.
    """

    def __init__(
        self, receive: Receive, budget: ByteBudget, workload: Workload, deadline: UploadDeadline
    ) -> None:
        self._receive = receive
        self._budget = budget
        self._workload = workload
        self._deadline = deadline

    def record_file(self) -> None:
        """Record a complete file."""
        self._deadline.start_file()

    def extend_deadline(self, seconds: float) -> None:
        """Extend the deadline by the time of work, when the client may have waited for portraits."""
        self._deadline.extend(seconds)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The pieces of the body.

        Raises:
            UploadTimeout: the client was too slow.
            ClientDisconnect: the client left.
        """
        more = True
        while more:
            while self._budget.exceeded:
                await self._budget.wait_for_drop()
                self._deadline.renew()  # the client could not send during this time
            message = await self._next_message()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            self._deadline.record(len(message.get("body", b"")))
            more = message.get("more_body", False)
            yield message.get("body", b"")

    async def pause(self, end: Awaitable[None]) -> None:
        """Read nothing until the end of the pause. The client cannot send during this time."""
        await end
        self._deadline.renew()

    async def wait_for_disconnect(self) -> None:
        """Wait until the client leaves or the response is complete."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _next_message(self) -> Message:
        while True:
            deadline = self._deadline.at
            try:
                async with asyncio.timeout_at(deadline):
                    return await self._receive()
            except TimeoutError as error:
                if self._workload.busy:
                    self._deadline.renew()
                elif self._deadline.at == deadline:  # it was not extended in the meantime
                    raise self._deadline.missed() from error
