"""The learning rate by step (Hägele et al. 2024, arXiv:2405.18392): rising, constant, falling on a branch."""

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True)
class Schedule:
    """Constant after `warmup` steps, so that a run can continue for ever.

    On a branch it falls to 0, and the branch ends.
    """

    peak: float = 2.5e-4
    warmup: int = 300
    decay_from: int | None = None
    decay_steps: int = 0

    def rate(self, step: int) -> float:
        risen = self.peak * min(1.0, (step + 1) / self.warmup)
        if self.decay_from is None or step < self.decay_from:
            return risen
        return risen * max(0.0, 1 - sqrt((step - self.decay_from) / self.decay_steps))

    def is_over(self, step: int) -> bool:
        return self.decay_from is not None and step >= self.decay_from + self.decay_steps
