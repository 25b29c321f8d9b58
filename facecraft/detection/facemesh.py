"""MediaPipe's face mesh (Kartynnik et al. 2019, arXiv:1907.06724): 468 points on a face, in LiteRT."""

import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.geometry import warp
from facecraft.imaging.mesh import Points, box_of, eyes_of
from facecraft.runtime.litert import LiteRTInterpreter
from facecraft.types import RGBImage

INPUT_PX = 192
MARGIN = 0.25  # on each side of the face's box, as a share of the box
TRACES = 4
PRESENCE_THRESHOLD = 0.5
"""Smallest presence of a face."""


class FaceMesh:
    """Finds 468 points on a face with a roughly known place. Safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        self._interpreter = LiteRTInterpreter(path)
        lengths = [math.prod(shape) for shape in self._interpreter.output_shapes]
        self._points, self._presence = lengths.index(468 * 3), lengths.index(1)

    def find(
        self, image: RGBImage, bbox: NDArray[np.float32], eyes: NDArray[np.float32]
    ) -> tuple[Points, float]:
        """Find the points of one face, and the probability that it is a face.

        Args:
            image: (H, W, 3) uint8, RGB, upright.
            bbox: (4,), x1 y1 x2 y2 in pixels of `image`.
            eyes: (2, 2), x y of the eyes, image-left first. The crop is rotated to level them.

        Returns:
            The points, (468, 3) float32 in pixels of `image`, and the presence, 0 to 1.
        """
        to_crop = _crop_matrix(bbox, eyes)
        crop = warp(image, to_crop, INPUT_PX, INPUT_PX, cv2.BORDER_REPLICATE)
        outputs = self._interpreter.run(np.asarray(crop[None].astype(np.float32) / 255, np.float32))
        points, logit = outputs[self._points].reshape(468, 3), outputs[self._presence].item()
        to_source = cv2.invertAffineTransform(to_crop)
        found = points[:, :2] @ to_source[:, :2].T + to_source[:, 2]
        depth = points[:, 2] * math.sqrt(abs(np.linalg.det(to_source[:, :2])))
        return np.column_stack((found, depth)).astype(np.float32), 1 / (1 + math.exp(-logit))

    def trace(
        self, image: RGBImage, bbox: NDArray[np.float32], eyes: NDArray[np.float32]
    ) -> tuple[Points, float]:
        """Find the points more precisely: call `find` four times, each with the last points, and average.

        The presence is from the first call: points that have drifted away from the face report one anywhere.
        """
        traced = []
        for _ in range(TRACES):
            points, presence = self.find(image, bbox, eyes)
            traced.append((points, presence))
            bbox, eyes = box_of(points), eyes_of(points)
        return np.asarray(np.mean([points for points, _ in traced[1:]], axis=0), np.float32), traced[0][1]


def _crop_matrix(bbox: NDArray[np.float32], eyes: NDArray[np.float32]) -> NDArray[np.float64]:
    """The (2, 3) matrix from source pixels to a square around the box, with a margin and level eyes."""
    x1, y1, x2, y2 = bbox
    centre = (float(x1 + x2) / 2, float(y1 + y2) / 2)
    side = max(1.0, float(max(x2 - x1, y2 - y1)) * (1 + 2 * MARGIN))
    dx, dy = (eyes[1] - eyes[0]).tolist()
    matrix = cv2.getRotationMatrix2D(centre, math.degrees(math.atan2(dy, dx)), INPUT_PX / side)
    to_middle = np.array([[0, 0, INPUT_PX / 2 - centre[0]], [0, 0, INPUT_PX / 2 - centre[1]]])
    return np.asarray(matrix + to_middle, np.float64)
