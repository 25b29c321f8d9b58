"""Size and place of the head, from the 468 points of MediaPipe's face mesh."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.mesh import CHIN, Points, eyes_of

# The mesh ends at the hairline, and rules do not count hair as part of the head. The distance from the pupils
# to the top of the skull is 0.95 times the distance to the chin: measured on seven heads, and in
# anthropometry (113 of 119 mm).
CROWN = 0.95
EYES_IN_HEAD = 1 / (1 + CROWN)
"""Height of the eyes above the chin, in heights of the head."""


@dataclass(frozen=True, slots=True)
class Head:
    """A head in a picture, in its pixels.

    Attributes:
        eyes: (2, 2), x y of the middle of each eye, image-left first.
        chin: (2,), x y.
    """

    eyes: NDArray[np.float64]
    chin: NDArray[np.float64]

    @property
    def middle(self) -> NDArray[np.float64]:
        """(2,), x y of the point between the eyes."""
        return np.asarray(self.eyes.mean(axis=0))

    @property
    def roll_deg(self) -> float:
        """Angle of the line through the eyes, clockwise in the picture."""
        dx, dy = (self.eyes[1] - self.eyes[0]).tolist()
        return math.degrees(math.atan2(dy, dx))

    @property
    def eyes_px(self) -> float:
        """Distance between the eyes, at least a millionth: a mesh that is nowhere has both in one place."""
        return max(float(np.linalg.norm(self.eyes[1] - self.eyes[0])), 1e-6)

    @property
    def face_px(self) -> float:
        """Distance from the eyes to the chin, perpendicular to the line through the eyes."""
        across = (self.eyes[1] - self.eyes[0]) / max(self.eyes_px, 1e-6)
        return float(np.array([-across[1], across[0]]) @ (self.chin - self.middle))

    @property
    def chin_px(self) -> float:
        """Distance from the middle of the eyes to the chin, straight, at least 1e-6."""
        return max(float(np.linalg.norm(self.chin - self.middle)), 1e-6)

    @property
    def crown(self) -> NDArray[np.float64]:
        """(2,), x y of the top of the skull."""
        across = (self.eyes[1] - self.eyes[0]) / max(self.eyes_px, 1e-6)
        return np.asarray(self.middle + CROWN * self.face_px * np.array([across[1], -across[0]]))

    @property
    def height_px(self) -> float:
        """Distance from the chin to the top of the skull."""
        return self.face_px * (1 + CROWN)


def head_of(points: Points) -> Head:
    """The head with these points of a face."""
    return Head(eyes_of(points).astype(np.float64), points[CHIN, :2].astype(np.float64))


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the person reaches in a photo, in its pixels.

    Attributes:
        left: left end of the head with its hair.
        top: top of the hair.
        right: right end of the head with its hair.
        left_from: row below which the photo's left edge cuts the person; infinite if it does not.
        right_from: likewise at the right edge.
        top_cut: whether the photo's upper edge cuts the hair.
    """

    left: float
    top: float
    right: float
    left_from: float = math.inf
    right_from: float = math.inf
    top_cut: bool = False
