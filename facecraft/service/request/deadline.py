"""When an upload ends: after silence, below the least rate, or after ten minutes."""

import asyncio

from facecraft.errors import UploadTimeout

MAX_UPLOAD_S = 600.0
"""Longest time of one file, in seconds."""


class UploadDeadline:
    """The time by which more bytes have to arrive.

    It is `silence_s` away at first. A byte moves it by the time that one byte takes at the least rate, but
    never to more than `silence_s` from now. So a client may be slow or pause for a moment, but not for long.

    Args:
        silence_s: longest time without a byte, in seconds.
        min_rate: least rate in bytes per second; 0 for none.
        max_s: longest time in all, in seconds.
    """

    def __init__(self, silence_s: float, min_rate: int, max_s: float = MAX_UPLOAD_S) -> None:
        self._silence_s = silence_s
        self._min_rate = min_rate
        self._max_s = max_s
        self._now = asyncio.get_running_loop().time
        self.renew()

    @property
    def at(self) -> float:
        """By the event loop's clock."""
        return min(self._due, self._end)

    def renew(self) -> None:
        """Start again, after a time in which the client could not send."""
        self._received_at = self._now()
        self._due = self._received_at + self._silence_s
        self.start_file()

    def start_file(self) -> None:
        """Start the longest time again."""
        self._end = self._now() + self._max_s

    def extend(self, seconds: float) -> None:
        """Do not count this time."""
        self._due += seconds
        self._end += seconds

    def record(self, size_bytes: int) -> None:
        """Count bytes that have arrived."""
        if not size_bytes:
            return
        self._received_at = self._now()
        latest = self._received_at + self._silence_s
        self._due = min(self._due + size_bytes / self._min_rate, latest) if self._min_rate else latest

    def missed(self) -> UploadTimeout:
        """The error of a client that did not keep it."""
        now = self._now()
        if now >= self._received_at + self._silence_s:
            return UploadTimeout(
                f"Nothing arrived for {self._silence_s:g} seconds.",
                hint="Send the request again over a connection that does not stall.",
                limit=self._silence_s,
            )
        if now >= self._end:
            return UploadTimeout(f"The upload took over {self._max_s:g} seconds.", limit=self._max_s)
        return UploadTimeout(
            f"The upload is slower than {self._min_rate} bytes per second.", limit=self._min_rate
        )
