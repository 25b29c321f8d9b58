"""Limit how far restoration moves the points of a face."""

from dataclasses import dataclass

import cv2
import numpy as np

from facecraft.detection.facemesh import FaceMesh
from facecraft.imaging import geometry
from facecraft.imaging.mesh import Points
from facecraft.judging import measures
from facecraft.judging.evidence import Drift
from facecraft.types import RGBImage

BISECTIONS = 6
"""Bisection steps: the strength is exact to 1/64."""
# The box of a face in FFHQ's square, in shares of the square's side.
SQUARE_BOX = np.array([0.22, 0.25, 0.78, 0.93], np.float32)


@dataclass(frozen=True, slots=True)
class Restored:
    """An aligned face before and after a restoration. All three are (side, side, 3) uint8.

    Attributes:
        photo: as it was.
        base: what the result is blended with: the photo, or the cleaned photo.
        result: restored.
    """

    photo: RGBImage
    base: RGBImage
    result: RGBImage

    def blended(self, strength: float) -> RGBImage:
        """The result with a strength, 0 to 1, over the base."""
        return np.asarray(cv2.addWeighted(self.result, strength, self.base, 1 - strength, 0), np.uint8)


def limit(
    restored: Restored, strength: float, max_drift: float | None, mesh: FaceMesh
) -> tuple[float, Drift]:
    """Find the highest strength with a drift within the limit. Return the strength and its drift."""
    before = _points(restored.photo, mesh)
    drift = _drift(restored, strength, before, mesh)
    if max_drift is None or drift.displacement <= max_drift:
        return strength, drift
    low, high, drift = 0.0, strength, _drift(restored, 0, before, mesh)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        trial = _drift(restored, middle, before, mesh)
        if trial.displacement <= max_drift:
            low, drift = middle, trial
        else:
            high = middle
    return low, drift


def _drift(restored: Restored, strength: float, before: Points, mesh: FaceMesh) -> Drift:
    blend = restored.blended(strength)
    displacement = measures.displacement(before, _points(blend, mesh))
    return Drift(displacement, measures.coarse_psnr(restored.photo, blend))


def _points(square: RGBImage, mesh: FaceMesh) -> Points:
    """The points of an aligned face."""
    side = square.shape[0]
    eyes = geometry.TEMPLATE[:2] * np.float32(side / geometry.TEMPLATE_PX)
    points, _ = mesh.trace(square, SQUARE_BOX * np.float32(side), eyes)
    return points
