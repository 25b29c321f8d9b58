"""The interface of a detector."""

from typing import Protocol

from facecraft.types import Face, RGBImage


class Detector(Protocol):
    """Finds faces. Safe to call from several threads."""

    def detect(self, image: RGBImage) -> list[Face]:
        """Find every face, largest first.

        Args:
            image: (H, W, 3) uint8, RGB, upright.
        """
        ...
