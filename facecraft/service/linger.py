"""Close a connection so that its client can read the answer first."""

import asyncio
from collections.abc import Callable
from typing import Any

LINGER_S = 5.0
LINGER_BYTES = 64 * 1024


class LingeringTransport(asyncio.Transport):
    """A transport whose `close` lets a client finish that is still sending.

    A system that closes a connection with unread bytes resets it, and the client may lose the answer. So
    this one ends only its own side, and drops what still arrives, for at most LINGER_S and about
    LINGER_BYTES: a read that goes beyond them ends it.

    Args:
        transport: of the connection.
        is_sending: whether the client has more to send.

    Attributes:
        lingering: whether what arrives is for `drop`.
        written_bytes: number of bytes that were given to it.
    """

    def __init__(self, transport: asyncio.Transport, is_sending: Callable[[], bool]) -> None:
        super().__init__()
        self.lingering = False
        self.written_bytes = 0
        self._transport = transport
        self._is_sending = is_sending
        self._dropped_bytes = 0

    def close(self) -> None:
        if self.lingering or self._transport.is_closing() or not self._is_sending():
            self._transport.close()
            return
        self.lingering = True
        try:
            self._transport.write_eof()
        except OSError:  # the client has closed the connection, too
            self._transport.abort()
            return
        self._transport.resume_reading()
        asyncio.get_running_loop().call_later(LINGER_S, self._transport.close)

    def drop(self, size_bytes: int) -> None:
        """Count bytes that arrived while lingering."""
        self._dropped_bytes += size_bytes
        if self._dropped_bytes > LINGER_BYTES:
            self._transport.close()

    def is_closing(self) -> bool:
        return self.lingering or self._transport.is_closing()

    # Everything else is the transport's own.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written_bytes += len(data)
        self._transport.write(data)

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()

    def abort(self) -> None:
        self._transport.abort()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)
