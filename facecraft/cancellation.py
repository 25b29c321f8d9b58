"""Tell work in a thread that its result is not needed any more."""

from threading import Event

from facecraft.errors import DeadlineExceeded


class Cancellation:
    """A token for running work. Safe to share between threads.

    Work checks it where it can stop easily: before a face, a tile or an encoding. It cannot be undone.

    Args:
        parent: cancelling it also cancels this token, but not the other way round.
    """

    def __init__(self, parent: "Cancellation | None" = None) -> None:
        self._event = Event()
        self._parent = parent

    @property
    def cancelled(self) -> bool:
        return self._event.is_set() or (self._parent is not None and self._parent.cancelled)

    def cancel(self) -> None:
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Sleep for some seconds, or until `cancel` is called on this token, not on its parent."""
        self._event.wait(seconds)

    def check(self) -> None:
        """Raise DeadlineExceeded if the token is cancelled."""
        if self.cancelled:
            raise DeadlineExceeded("Nobody waits for this portrait any more.")
