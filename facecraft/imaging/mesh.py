"""The 468 points of MediaPipe's face mesh, with names for some of them."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.geometry import Affine, transform

Points: TypeAlias = NDArray[np.float32]
"""(468, 3) float32: x, y and depth (smaller is nearer) in pixels, in MediaPipe's order."""

# Image-left first. Each eye: its corners and lids.
LEFT_EYE = (33, 133, 144, 145, 153, 158, 159, 160)
RIGHT_EYE = (263, 362, 373, 374, 380, 385, 386, 387)
LEFT_CORNERS, RIGHT_CORNERS = (33, 133), (362, 263)
NOSE, LEFT_MOUTH, RIGHT_MOUTH = 4, 61, 291
FOREHEAD, CHIN = 10, 152
LEFT_SIDE, RIGHT_SIDE = 234, 454

# Parts of a face that are not skin.
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
LEFT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
RIGHT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)


def eyes_of(points: Points) -> NDArray[np.float32]:
    """(2, 2) float32, x y of the middle of each eye."""
    return np.stack([points[list(eye), :2].mean(axis=0) for eye in (LEFT_EYE, RIGHT_EYE)])


def box_of(points: Points) -> NDArray[np.float32]:
    """(4,) float32, x1 y1 x2 y2 around the points."""
    return np.concatenate((points[:, :2].min(axis=0), points[:, :2].max(axis=0)))


def transform_points(points: Points, matrix: Affine) -> Points:
    """Apply a similarity matrix to points, and scale their depth."""
    scale = np.float32(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    return np.column_stack((transform(points[:, :2], matrix), points[:, 2] * scale))


def face_mask(points: Points, width: int, height: int) -> NDArray[np.uint8]:
    """(height, width) uint8: 255 on a face, 0 outside of it."""
    mask = np.zeros((height, width), np.uint8)
    flat = points[:, :2].astype(np.float32)
    middle = flat.mean(axis=0)
    _fill(mask, middle + 0.92 * (flat - middle), 255)  # hair and shadow begin at the outline
    return mask


def skin_mask(points: Points, width: int, height: int) -> NDArray[np.uint8]:
    """(height, width) uint8: 255 on the skin of a face, 0 on eyes, brows, lips, and outside of it."""
    mask, flat = face_mask(points, width, height), points[:, :2].astype(np.float32)
    for part in (LEFT_EYE + LEFT_BROW, RIGHT_EYE + RIGHT_BROW, LIPS):
        _fill(mask, flat[list(part)], 0)
    return mask


def _fill(mask: NDArray[np.uint8], points: NDArray[np.float32], level: int) -> None:
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points).astype(np.int32)), level)
