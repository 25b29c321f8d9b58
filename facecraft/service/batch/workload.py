"""Count the photos of a batch in work, and measure the time."""

from time import perf_counter


class Workload:
    """Counts photos from their wait for a worker until their portrait is done."""

    def __init__(self) -> None:
        self._photos = 0
        self._started_at = 0.0

    @property
    def busy(self) -> bool:
        return self._photos > 0

    def start(self) -> None:
        """Add a photo."""
        if not self.busy:
            self._started_at = perf_counter()
        self._photos += 1

    def end(self) -> float:
        """Remove a photo.

        Returns:
            If it was the last one in work, the seconds since the first one started; else 0.
        """
        self._photos -= 1
        return 0.0 if self.busy else perf_counter() - self._started_at
