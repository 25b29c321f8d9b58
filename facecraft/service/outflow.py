"""How fast clients read their answers, and the end of connections whose clients do not."""

import asyncio
import fcntl
import struct
import sys
import termios
from collections.abc import Callable, Iterable

from facecraft.service.linger import LingeringTransport

SILENCE_S = 30.0
"""How long a client may read nothing of an answer that waits for it, in seconds."""
LOOKS = 10
"""How often it is looked within that time."""
LEAST_RATE = 32_000
"""Least rate at which a client reads its answer while others wait for its room, in bytes per second."""
GRACE_S = 30.0
"""How long it may be slower, in seconds."""
PATIENCE_S = 600.0
"""Longest time of an answer while others wait for its room, in seconds."""


class Outflow:
    """Watches what of a connection's answers has not left yet.

    When the client reads nothing for SILENCE_S, the connection ends. Where others wait for the room of an
    answer, its time is over GRACE_S after its beginning. Each byte that is read moves that by the time of a
    byte at LEAST_RATE, but never to more than GRACE_S from now: a client may be slow or pause for a moment,
    but not for long.

    Args:
        transport: of the connection.
        loop: it must run.
        on_empty: called when everything has left the process, after `watch`.
    """

    def __init__(
        self, transport: LingeringTransport, loop: asyncio.AbstractEventLoop, on_empty: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._on_empty = on_empty
        self._timer: asyncio.TimerHandle | None = None
        self._taken_bytes = 0
        self._progress_at = 0.0
        self.begin()

    @property
    def empty(self) -> bool:
        """Whether everything has left the process."""
        return not self._transport.get_write_buffer_size()

    @property
    def unread_bytes(self) -> int:
        """Bytes that the client has not received: in the process's buffer, and on Linux in the system's.

        The system takes a large piece at once and sends it slowly; without its part a slow client looks
        silent.
        """
        queued = struct.pack("i", 0)
        connection = self._transport.get_extra_info("socket")
        if sys.platform == "linux" and connection is not None and connection.fileno() >= 0:
            queued = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, queued)
        return self._transport.get_write_buffer_size() + int(struct.unpack("i", queued)[0])

    @property
    def taken_bytes(self) -> int:
        """Bytes that the client has received since the connection began."""
        return self._transport.written_bytes - self.unread_bytes

    def begin(self) -> None:
        """Begin to count the time of an answer."""
        self._since = self._loop.time()
        self._due = self._since + GRACE_S

    def late_s(self) -> float:
        """Seconds since the answer's time was over; negative before."""
        self._count()
        return self._loop.time() - min(self._due, self._since + PATIENCE_S)

    def watch(self) -> None:
        """Begin to watch, if bytes wait."""
        if self._timer is None and not self.empty:
            self._count()
            self.renew()
            self._look_later()

    def renew(self) -> None:
        """Give the client its whole time again; it does its part."""
        self._progress_at = self._loop.time()

    def rest(self) -> None:
        """Stop watching: the connection has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def abort(self) -> None:
        """End the connection with all that is unread."""
        self._transport.abort()

    def _look_later(self) -> None:
        self._timer = self._loop.call_later(SILENCE_S / LOOKS, self._look)

    def _look(self) -> None:
        self._timer = None
        if self.empty:
            self._on_empty()
            return
        self._count()
        if self._loop.time() - self._progress_at >= SILENCE_S:
            self.abort()
        else:
            self._look_later()

    def _count(self) -> None:
        """Count what the client has read since the last time."""
        now, taken = self._loop.time(), self.taken_bytes
        read = taken - self._taken_bytes
        self._taken_bytes = taken
        if read > 0:
            self.renew()
        full = now + GRACE_S
        self._due = full if self.empty else min(self._due + read / LEAST_RATE, full)


def slowest(outflows: Iterable[Outflow | None]) -> Outflow | None:
    """The one whose time has been over for longest; None if that of none is."""
    late = {each: each.late_s() for each in outflows if each is not None}
    over = [each for each, late_s in late.items() if late_s > 0]
    return max(over, key=lambda each: late[each], default=None)
