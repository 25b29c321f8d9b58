"""Places for batches, and who waits for one.

Few batches run at the same time. A batch that has made no portrait for IDLE_S is idle: its client sends
slowly, or sends what is no photo. It makes room for a batch that has just come, once it has nothing in work,
and waits behind all others. A batch that waits is not read, and goes on where it was when a place is free. If
it has waited for IDLE_S, another idle one makes room for it, so that slow clients take turns.

The portraits of one photo take a place, too, until their client has read them. It makes no room, but where
none is idle the one ends whose client reads too slowly (`Outflow`).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from time import monotonic

from facecraft.errors import QueueFull
from facecraft.service.capacity.budget import ByteBudget
from facecraft.service.outflow import Outflow, slowest

IDLE_S = 30.0
"""Seconds without a portrait after which a batch makes room for others."""
MAX_WAITING = 8
"""Idle batches that wait. One more ends."""
PATIENCE_S = 2.0
"""How long a new batch waits for the last photo in work of an idle one."""
TICK_S = 1.0
"""Seconds between two looks of a batch that waits: whether the service shuts down, and who is idle."""
RETRY_S = 10


class Place:
    """The place of one batch.

    Args:
        places: all of them.
        key: number of the client's key; None if the batch is not counted by key.
        budget: counts the batch's bytes; None if the batch cannot wait.

    Attributes:
        outflow: of the connection on which leaves what cannot wait; None before.
    """

    def __init__(self, places: "Places", key: int | None, budget: ByteBudget | None) -> None:
        self.key = key
        self.budget = budget
        self.outflow: Outflow | None = None
        self.in_work = 0
        self.leaving = False
        self.error: QueueFull | None = None
        self.opened = asyncio.Event()
        self.kept = ExitStack()  # of the memory that the batch holds while it waits
        self._places = places
        self._made_at = monotonic()

    @property
    def idle_s(self) -> float:
        """Seconds since the last portrait, or since the batch came."""
        return monotonic() - self._made_at

    def start_work(self) -> None:
        """Count a photo in work."""
        self.in_work += 1

    def end_work(self, *, made: bool) -> None:
        """Count it off; `made` if it became a portrait."""
        self.in_work -= 1
        if made:
            self._made_at = monotonic()
        if self.leaving:
            self._places.settle(self)

    @property
    def running(self) -> bool:
        """Whether `turn` would return at once."""
        return self.opened.is_set() and self.error is None

    async def turn(self) -> None:
        """Wait until the batch may read, and start work.

        Raises:
            QueueFull: others wait, and this one cannot.
            NotReady: the service is shutting down.
        """
        since = monotonic()
        while not self.opened.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self.opened.wait()
            self._places.ensure_ready()
            if monotonic() - since >= IDLE_S:
                since = monotonic()
                self._places.rotate()
        if self.error is not None:
            raise self.error

    def send(self, outflow: Outflow) -> None:
        """Note that from now on the place is only needed until everything is read."""
        outflow.begin()
        self.outflow = outflow

    def leave(self) -> None:
        """Give the place back, for ever."""
        self._places.leave(self)


class Places:
    """All places. Use them on the event loop only.

    Args:
        uploads: gets the bytes of batches that wait.
        per_key: most batches of one key; None for no limit.
        ensure_ready: raises NotReady if the service shuts down.
    """

    def __init__(
        self, limit: int, uploads: ByteBudget, *, per_key: int | None, ensure_ready: Callable[[], object]
    ) -> None:
        self.ensure_ready = ensure_ready
        self._limit = limit
        self._uploads = uploads
        self._per_key = per_key
        self._running: list[Place] = []
        self._arriving: deque[Place] = deque()
        self._waiting: deque[Place] = deque()

    @property
    def running(self) -> int:
        """Number of batches that are read and worked on."""
        return len(self._running)

    @property
    def busy(self) -> bool:
        return bool(self._running or self._waiting)

    async def enter(self, key: int | None = None, budget: ByteBudget | None = None) -> Place:
        """Take a place.

        Args:
            key: number of the client's key; None if the batch is not counted by key.
            budget: counts the batch's bytes; None if the batch never waits.

        Raises:
            QueueFull: there is none, and nobody makes room; or the key has its share.
        """
        others = sum(each.key == key for each in (*self._running, *self._arriving, *self._waiting))
        if key is not None and self._per_key is not None and others >= self._per_key:
            detail = f"This key has {others} batch in work or waiting already."
            raise QueueFull(detail, limit=self._per_key, retry_after_s=RETRY_S)
        place = Place(self, key, budget)
        if len(self._running) < self._limit:
            self._open(place)
        else:
            await self._arrive(place)
        return place

    def settle(self, place: Place) -> None:
        """Have a place that was asked for wait, once it has no work; keep it if it has made a portrait."""
        if place.idle_s < IDLE_S:
            self._keep(place)
        elif not place.in_work:
            self._suspend(place)

    def rotate(self) -> None:
        """Have an idle batch make room for the first one that waits."""
        if self._waiting and not any(each.leaving for each in self._running) and self._ask() is None:
            self._end_slowest()

    def leave(self, place: Place) -> None:
        for places in (self._running, self._arriving, self._waiting):
            if place in places:
                places.remove(place)
        place.kept.close()
        self._fill()

    async def _arrive(self, place: Place) -> None:
        """Wait for the place of an idle batch, or of one that is read too slowly."""
        self._arriving.append(place)
        asked = self._ask()
        hopeful = asked is not None or self._end_slowest()
        try:
            async with asyncio.timeout(PATIENCE_S if hopeful else 0):
                await place.opened.wait()
        except TimeoutError:
            self._give_up(place, asked)
            detail = f"{self._limit} batches run already."
            raise QueueFull(detail, limit=self._limit, retry_after_s=RETRY_S) from None
        except asyncio.CancelledError:
            self._give_up(place, asked)
            raise

    def _give_up(self, place: Place, asked: Place | None) -> None:
        self.leave(place)
        if asked is not None and asked in self._running and asked.error is None:
            self._keep(asked)

    def _ask(self) -> Place | None:
        """Ask the batch that is idle for longest to make room, first of those that have nothing in work."""
        may_wait = [each for each in self._running if each.budget is not None and not each.leaving]
        idle = [each for each in may_wait if each.idle_s >= IDLE_S]
        if not idle:
            return None
        asked = max(idle, key=lambda each: (not each.in_work, each.idle_s))
        asked.leaving = True
        asked.opened.clear()
        self.settle(asked)
        return asked

    def _end_slowest(self) -> bool:
        """End the sending that has been too slow for longest. Whether there was one."""
        late = slowest(each.outflow for each in self._running)
        if late is not None:
            late.abort()
        return late is not None

    def _suspend(self, place: Place) -> None:
        """Have a batch wait; end it if too many wait, or if there is no memory for what it holds."""
        try:
            if len(self._waiting) == MAX_WAITING:
                raise QueueFull(f"{MAX_WAITING} batches wait already.")
            if place.budget is not None:
                place.kept.enter_context(self._uploads.share())(place.budget.held_bytes)
        except QueueFull:
            place.kept.close()
            detail = f"Other batches wait, and this one has made no portrait for {IDLE_S:g} seconds."
            place.error = QueueFull(detail, limit=IDLE_S, retry_after_s=RETRY_S)
            place.opened.set()
            return
        self._running.remove(place)
        self._waiting.append(place)
        self._fill()

    def _fill(self) -> None:
        while len(self._running) < self._limit and (self._arriving or self._waiting):
            self._open((self._arriving or self._waiting).popleft())

    def _open(self, place: Place) -> None:
        self._running.append(place)
        place.kept.close()
        self._keep(place)

    def _keep(self, place: Place) -> None:
        place.leaving = False
        place.opened.set()
