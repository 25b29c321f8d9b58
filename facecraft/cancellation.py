"""Tell work in a thread that its result is not needed any more."""

from threading import Event
from time import monotonic

from facecraft.errors import DeadlineExceeded


class Cancellation:
    """A token for running work. Safe to share between threads.

    Work checks it where it can stop easily: before a face, a tile or an encoding. It cannot be undone.

    Args:
        parent: cancelling it also cancels this token, but not the other way round.
        seconds: from now to the deadline, when whoever made the token cancels it. None: it has none of its
            own, but its parent may have one.
    """

    def __init__(self, parent: "Cancellation | None" = None, *, seconds: float | None = None) -> None:
        self._event = Event()
        self._parent = parent
        self._seconds = seconds
        self._start_s = monotonic()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set() or (self._parent is not None and self._parent.cancelled)

    @property
    def seconds(self) -> float | None:
        """All the time that the work has; None if there is no deadline."""
        if self._seconds is None and self._parent is not None:
            return self._parent.seconds
        return self._seconds

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the deadline, negative after it; None if there is none."""
        if self._seconds is None:
            return None if self._parent is None else self._parent.seconds_left
        return self._start_s + self._seconds - monotonic()

    def cancel(self) -> None:
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Sleep for some seconds, or until `cancel` is called on this token, not on its parent."""
        self._event.wait(seconds)

    def check(self) -> None:
        """Raise DeadlineExceeded if the token is cancelled."""
        if self.cancelled:
            raise DeadlineExceeded("Nobody waits for this portrait any more.")
