"""The end of a connection whose client does not read its answer."""

import asyncio
import fcntl
import struct
import sys
import termios

SILENCE_S = 30.0
"""How long a client may read nothing of an answer that waits for it, in seconds."""
LOOKS = 10
"""How often it is looked within that time."""


class Outflow:
    """Watches what of an answer has not left yet.

    Args:
        transport: of the connection.
        loop: it must run.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._unread_bytes = 0
        self._progress_at = 0.0

    def watch(self) -> None:
        """Begin to watch, if bytes wait. When the client reads none of them in time, the connection ends."""
        if self._timer is None and self._transport.get_write_buffer_size():
            self._unread_bytes = unread_bytes(self._transport)
            self.renew()
            self._look_later()

    def renew(self) -> None:
        """Give the client its whole time again; it does its part."""
        self._progress_at = self._loop.time()

    def rest(self) -> None:
        """Stop watching: nothing waits any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_later(self) -> None:
        self._timer = self._loop.call_later(SILENCE_S / LOOKS, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._transport.get_write_buffer_size():
            return
        unread = unread_bytes(self._transport)
        if unread < self._unread_bytes:
            self.renew()
        self._unread_bytes = unread
        if self._loop.time() - self._progress_at >= SILENCE_S:
            self._transport.abort()
        else:
            self._look_later()


def unread_bytes(transport: asyncio.Transport) -> int:
    """Bytes that the client has not received: in the process's buffer, and on Linux in the system's.

    The system takes a large piece at once and sends it slowly; without its part a slow client looks silent.
    """
    queued = struct.pack("i", 0)
    connection = transport.get_extra_info("socket")
    if sys.platform == "linux" and connection is not None and connection.fileno() >= 0:
        queued = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, queued)
    return transport.get_write_buffer_size() + int(struct.unpack("i", queued)[0])
