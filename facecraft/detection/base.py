"""What a detector is."""

from typing import Protocol

from facecraft.types import Face, RGBImage


class Detector(Protocol):
    """Finds faces. Safe to call from several threads.

    Attributes:
        name: as in models.lock.
    """

    name: str

    def detect(self, image: RGBImage) -> list[Face]:
        """Every face in an upright image, largest first."""
        ...
