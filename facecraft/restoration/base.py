"""What a restorer is."""

from collections.abc import Sequence
from typing import Protocol

from facecraft.types import FaceCrop, RGBImage


class Restorer(Protocol):
    """Restores aligned face crops without changing its input. Safe to call from several threads.

    Attributes:
        name: as in models.lock.
        face_size_px: side of the square that crops are aligned to, and of what comes back.
        takes_fidelity: whether `fidelity` means anything to it.
    """

    name: str
    face_size_px: int
    takes_fidelity: bool

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        """One restored crop per input, same length, same order.

        Args:
            crops: aligned faces, each `face_size_px` square.
            fidelities: one for each crop, 0 (best quality) to 1 (closest likeness); ignored unless
                `takes_fidelity`.
        """
        ...
