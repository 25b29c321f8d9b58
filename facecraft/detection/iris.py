"""MediaPipe's iris model (Ablavatski et al. 2020, arXiv:2006.11341): lids and iris of an eye, in LiteRT."""

import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.eyes import Eye, EyePoints, Eyes
from facecraft.imaging.geometry import Affine, invert, transform, warp
from facecraft.imaging.mesh import LEFT_CORNERS, RIGHT_CORNERS, Points
from facecraft.runtime.litert import LiteRTInterpreter
from facecraft.types import RGBImage

INPUT_PX = 64
INPUT_SHARES = (1.6, 2.0, 2.3)
"""Sides of the squares around an eye, in widths of the eye. The mean is steadier than 2.3 alone."""
CONTOUR_POINTS, IRIS_POINTS = 71, 5


class IrisModel:
    """Finds the lids and irises of a face with known points. Safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        self._interpreter = LiteRTInterpreter(path)
        lengths = [math.prod(shape) for shape in self._interpreter.output_shapes]
        self._contour, self._iris = lengths.index(CONTOUR_POINTS * 3), lengths.index(IRIS_POINTS * 3)

    def find(self, image: RGBImage, points: Points) -> Eyes:
        """Find both eyes.

        Args:
            image: (H, W, 3) uint8, RGB.
            points: of the face, in pixels of `image`.
        """
        left, right = points[list(LEFT_CORNERS), :2], points[list(RIGHT_CORNERS), :2]
        across = right.mean(axis=0) - left.mean(axis=0)
        turn = math.atan2(across[1], across[0])
        # The model knows eyes with the nose on their left.
        return Eyes(
            self._mean(image, left, turn, mirrored=True),
            self._mean(image, right, turn, mirrored=False),
        )

    def _mean(self, image: RGBImage, corners: NDArray[np.float32], turn: float, *, mirrored: bool) -> Eye:
        looks = [
            self._find(image, _crop_matrix(corners, turn, share, mirrored=mirrored)) for share in INPUT_SHARES
        ]
        contour = np.mean([eye.contour for eye in looks], axis=0)
        return Eye(
            np.asarray(contour, np.float32),
            np.asarray(np.mean([eye.iris for eye in looks], axis=0), np.float32),
        )

    def _find(self, image: RGBImage, to_crop: Affine) -> Eye:
        crop = warp(image, to_crop, INPUT_PX, INPUT_PX, cv2.BORDER_REPLICATE)
        outputs = self._interpreter.run(np.asarray(crop[None].astype(np.float32) / 255, np.float32))
        to_image = invert(to_crop)

        def in_image(output: NDArray[np.float32]) -> EyePoints:
            return np.asarray(transform(output.reshape(-1, 3)[:, :2], to_image), np.float32)

        return Eye(in_image(outputs[self._contour]), in_image(outputs[self._iris]))


def _crop_matrix(corners: NDArray[np.float32], turn: float, share: float, *, mirrored: bool) -> Affine:
    """The (2, 3) matrix from source pixels to the level square around an eye."""
    scale = INPUT_PX / max(share * float(np.linalg.norm(corners[1] - corners[0])), 1.0)
    cos, sin = scale * math.cos(turn), scale * math.sin(turn)
    linear = np.array([[cos, sin], [-sin, cos]])
    if mirrored:
        linear[0] = -linear[0]
    return np.column_stack((linear, (INPUT_PX - 1) / 2 - linear @ corners.mean(axis=0)))
