"""What a restorer is."""

from collections.abc import Sequence
from typing import Protocol

from facecraft.types import FaceCrop, RGBImage


class Restorer(Protocol):
    """Restores aligned faces and leaves its input as it is. Safe to call from several threads.

    Attributes:
        name: as in models.lock.
        face_size_px: side of the squares that go in and come out.
        takes_fidelity: whether it uses `fidelities`.
    """

    name: str
    face_size_px: int
    takes_fidelity: bool

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        """Restore faces.

        Args:
            crops: aligned faces, `face_size_px` square.
            fidelities: one for each crop, 0 (best quality) to 1 (closest likeness).

        Returns:
            One square for each crop, in their order.
        """
        ...
