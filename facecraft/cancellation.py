"""How work in a thread learns that nobody waits for its result any more."""

from threading import Event

from facecraft.errors import DeadlineExceeded


class Cancellation:
    """A token that is handed down to work in progress. Safe to share between threads.

    Work asks it where stopping is cheap: before a face, a tile, an encoder's run. Once cancelled it stays so.

    Args:
        parent: cancels this one too; it is not cancelled by it.
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
        """Sleep for that long, or until `cancel` is called on this very token."""
        self._event.wait(seconds)

    def check(self) -> None:
        """Raise DeadlineExceeded if it was cancelled."""
        if self.cancelled:
            raise DeadlineExceeded("Nobody waits for this portrait any more.")
