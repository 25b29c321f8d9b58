"""Two eyes in a picture: their lids and irises, from the points of MediaPipe's iris model."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

EyePoints: TypeAlias = NDArray[np.float32]
"""(N, 2) float32, x y in pixels of the picture."""

INNER_CORNER, OUTER_CORNER, LIDS_END = 0, 8, 16
LIDS = ((11, 3), (12, 4), (13, 5))
"""Pairs of points on the upper and the lower lid, in the middle of the eye."""
STRAIGHT = np.array([0, -0.067])
"""Place of the irises if someone looks into the camera: the median of 300 official portraits."""


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye.

    Attributes:
        contour: (71, 2): the inner corner, seven points of the lower lid, the outer corner, seven points of
            the upper lid from the inner corner on, then points around the eye.
        iris: (5, 2), the middle first.
    """

    contour: EyePoints
    iris: EyePoints

    @property
    def openness(self) -> float:
        """Distance of the lids over that of the corners: the eye aspect ratio (Soukupova and Cech 2016)."""
        heights = [np.linalg.norm(self.contour[above] - self.contour[below]) for above, below in LIDS]
        return float(np.mean(heights)) / self.width_px

    @property
    def gap_px(self) -> float:
        """Largest distance of the lids."""
        lower = self.contour[INNER_CORNER + 1 : OUTER_CORNER]
        upper = self.contour[OUTER_CORNER + 1 : LIDS_END]
        return float(np.linalg.norm(upper - lower, axis=1).max())

    @property
    def middle(self) -> EyePoints:
        """(2,), x y of the point between the corners."""
        return np.asarray((self.contour[OUTER_CORNER] + self.contour[INNER_CORNER]) / 2, np.float32)

    @property
    def width_px(self) -> float:
        """Distance between the corners."""
        return max(float(np.linalg.norm(self._across)), 1e-6)

    def iris_place(self, *, left: bool) -> NDArray[np.float64]:
        """(2,), x y of the iris from the middle between the corners, in widths of the eye.

        x is along the face, from its left to its right eye, y is down the face: the picture may be turned.

        Args:
            left: whether it is the eye on the left of an upright picture.
        """
        across = self._across if left else -self._across
        x, y = across / self.width_px
        offset = (self.iris[0] - self.middle) / self.width_px
        return np.asarray(np.array([[x, y], [-y, x]]) @ offset, np.float64)

    @property
    def _across(self) -> EyePoints:
        return np.asarray(self.contour[INNER_CORNER] - self.contour[OUTER_CORNER], np.float32)


@dataclass(frozen=True, slots=True)
class Eyes:
    """Both eyes.

    Attributes:
        left: on the left of an upright picture.
        right: on its right.
    """

    left: Eye
    right: Eye

    @property
    def openness(self) -> float:
        """Of the eye that is less open."""
        return min(self.left.openness, self.right.openness)

    @property
    def gap_px(self) -> float:
        """Largest distance of the lids of the eye where that is smaller."""
        return min(self.left.gap_px, self.right.gap_px)

    @property
    def distance_px(self) -> float:
        """Distance between the eyes."""
        return max(float(np.linalg.norm(self.right.middle - self.left.middle)), 1e-6)

    @property
    def gaze(self) -> float:
        """Distance of the irises from where they are in a look into the camera, in widths of an eye."""
        place = (self.left.iris_place(left=True) + self.right.iris_place(left=False)) / 2
        return float(np.linalg.norm(place - STRAIGHT))
