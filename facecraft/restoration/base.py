"""The interface of a restorer."""

from collections.abc import Sequence
from typing import Protocol

from facecraft.types import FaceCrop, RGBImage


class Restorer(Protocol):
    """Restores aligned faces without changing its input. Safe to call from several threads.

    Attributes:
        name: the model's name in models.lock.
        face_size_px: side of the input and output squares.
        takes_fidelity: whether it uses `fidelities`.
    """

    name: str
    face_size_px: int
    takes_fidelity: bool

    def input_side_px(self, source_px: float) -> int:
        """Side of the network's input for a face. The time that it takes grows with the square.

        Args:
            source_px: length of the face's square in pixels of the photo.
        """
        ...

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        """Restore faces.

        Args:
            crops: aligned faces, `face_size_px` square.
            fidelities: one for each crop, 0 (best quality) to 1 (closest likeness).

        Returns:
            One square for each crop, in their order.
        """
        ...
