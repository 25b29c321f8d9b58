"""How fast a restorer works, by its own runs."""

from dataclasses import dataclass
from statistics import median
from time import monotonic

RUNS = 9
"""Number of the last runs that count."""
PERIOD_S = 60.0
"""A run that ended longer ago counts only where there is no later one."""


@dataclass(frozen=True, slots=True)
class _Run:
    ended_s: float
    seconds_per_px: float


class Pace:
    """Measures how long work takes. One thread adds runs; any may ask.

    The median of the last runs counts, so that one slow run changes nothing.
    """

    def __init__(self) -> None:
        self._runs: tuple[_Run, ...] = ()  # replaced whole, so that threads need no lock

    @property
    def fresh(self) -> bool:
        """Whether a run is recent enough to tell how fast it is now."""
        return bool(self._recent())

    def add(self, work_px: int, seconds: float) -> None:
        """Add a run.

        Args:
            work_px: pixels that went into the network, 1 or more.
            seconds: how long it took.
        """
        self._runs = (*self._runs[1 - RUNS :], _Run(monotonic(), seconds / work_px))

    def seconds(self, work_px: int) -> float:
        """How long work takes; 0 before the first run."""
        runs = self._recent() or self._runs
        return work_px * median(run.seconds_per_px for run in runs) if runs else 0.0

    def _recent(self) -> tuple[_Run, ...]:
        since_s = monotonic() - PERIOD_S
        return tuple(run for run in self._runs if run.ended_s >= since_s)
