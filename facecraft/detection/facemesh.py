"""MediaPipe's face mesh (Kartynnik et al. 2019, arXiv:1907.06724): 468 points on a face, in LiteRT."""

import math
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from facecraft.imaging.geometry import warp
from facecraft.imaging.mesh import Points, box_of, eyes_of
from facecraft.types import RGBImage

INPUT_PX = 192
MARGIN = 0.25  # of the face's box, on each side
TRACES = 4
PRESENCE_THRESHOLD = 0.5
"""Under which the mesh sees no face."""


class FaceMesh:
    """Finds 468 points on a face whose place is roughly known."""

    name = "facemesh"

    def __init__(self, path: Path) -> None:
        self._interpreter = Interpreter(model_path=str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        outputs = {int(np.prod(o["shape"])): o["index"] for o in self._interpreter.get_output_details()}
        self._points, self._presence = outputs[468 * 3], outputs[1]
        self._lock = Lock()  # an interpreter holds its tensors

    def find(
        self, image: RGBImage, bbox: NDArray[np.float32], eyes: NDArray[np.float32]
    ) -> tuple[Points, float]:
        """Points of one face and how likely it is one.

        Args:
            image: the upright source image.
            bbox: (4,), x1 y1 x2 y2 in its pixels.
            eyes: (2, 2), x y of the eyes, image-left first: the crop is turned so that they are level.

        Returns:
            The points in pixels of `image`, and the presence, 0 to 1.
        """
        to_crop = _crop_matrix(bbox, eyes)
        crop = warp(image, to_crop, INPUT_PX, INPUT_PX, cv2.BORDER_REPLICATE)
        with self._lock:
            self._interpreter.set_tensor(self._input, crop[None].astype(np.float32) / 255)
            self._interpreter.invoke()
            points = self._interpreter.get_tensor(self._points).reshape(468, 3)
            logit = self._interpreter.get_tensor(self._presence).item()
        to_source = cv2.invertAffineTransform(to_crop)
        found = points[:, :2] @ to_source[:, :2].T + to_source[:, 2]
        depth = points[:, 2] * math.sqrt(abs(np.linalg.det(to_source[:, :2])))
        return np.column_stack((found, depth)).astype(np.float32), 1 / (1 + math.exp(-logit))

    def trace(
        self, image: RGBImage, bbox: NDArray[np.float32], eyes: NDArray[np.float32]
    ) -> tuple[Points, float]:
        """As `find`, with less of its scatter: from the points' own box again and again, and averaged.

        The presence is that of the first look: points that went astray find a face anywhere.
        """
        traced = []
        for _ in range(TRACES):
            points, presence = self.find(image, bbox, eyes)
            traced.append((points, presence))
            bbox, eyes = box_of(points), eyes_of(points)
        return np.asarray(np.mean([points for points, _ in traced[1:]], axis=0), np.float32), traced[0][1]


def _crop_matrix(bbox: NDArray[np.float32], eyes: NDArray[np.float32]) -> NDArray[np.float64]:
    """(2, 3): source pixels to a square around the box, with a margin, turned to level the eyes."""
    x1, y1, x2, y2 = bbox
    centre = (float(x1 + x2) / 2, float(y1 + y2) / 2)
    side = max(1.0, float(max(x2 - x1, y2 - y1)) * (1 + 2 * MARGIN))
    dx, dy = (eyes[1] - eyes[0]).tolist()
    matrix = cv2.getRotationMatrix2D(centre, math.degrees(math.atan2(dy, dx)), INPUT_PX / side)
    to_middle = np.array([[0, 0, INPUT_PX / 2 - centre[0]], [0, 0, INPUT_PX / 2 - centre[1]]])
    return np.asarray(matrix + to_middle, np.float64)
