"""Light and colour as ISO/IEC 29794-5 measures them: on the face, on its cheeks, and behind the person.

Luminance is sRGB made linear, weighed by BT.709, in whole levels from 0 to 255.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.mesh import LEFT_MOUTH, RIGHT_MOUTH, eyes_of
from facecraft.judging.measures import EYES_PX, FACE_PX, UprightFace, background_part
from facecraft.types import Plane, RGBImage

BT709 = np.array([0.2126, 0.7152, 0.0722], np.float32)
CHEEK_PX = round(0.3 * EYES_PX)
"""Side of the square on a cheek, half-way between an eye and its corner of the mouth."""
BRIGHT, DARK = 247, 25
XYZ_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
"""From linear sRGB, adapted to D50 by Bradford's matrix."""
NATURAL_A, NATURAL_B = (5.0, 25.0), (5.0, 35.0)
UNNATURAL = 100.0
"""The distance of a colour that is on the green or the blue side of grey."""


def _linear() -> NDArray[np.float32]:
    levels = np.arange(256) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)


LINEAR = _linear()
"""(256,) float32, 0 to 1, by the level in sRGB."""


def luminance(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) uint8, the luminance of (H, W, 3) uint8, RGB."""
    levels = cv2.transform(cv2.LUT(rgb, LINEAR), 255 * BT709[None])
    return np.asarray(cv2.convertScaleAbs(levels), np.uint8)  # it rounds


@dataclass(frozen=True, slots=True)
class FaceLight:
    """The light on a face.

    Attributes:
        levels: (N,) uint8, luminance of everything inside the mesh.
        cheeks: two (CHEEK_PX, CHEEK_PX, 3) uint8, RGB, image-left first.
    """

    levels: NDArray[np.uint8]
    cheeks: tuple[NDArray[np.uint8], NDArray[np.uint8]]

    @property
    def mean(self) -> float:
        """Mean luminance, 0 to 1."""
        return float(self.levels.mean() / 255)

    @property
    def variance(self) -> float:
        """Variance of the luminance from 0 to 1: at most 0.25."""
        return float((self.levels / 255).var())

    @property
    def entropy(self) -> float:
        """Entropy of the luminance, 0 to 8 bits."""
        shares = _histogram(self.levels)
        shares = shares[shares > 0]
        return float(-(shares * np.log2(shares)).sum())

    @property
    def bright(self) -> float:
        """Share of the pixels that are nearly white, 0 to 1."""
        return float((self.levels >= BRIGHT).mean())

    @property
    def dark(self) -> float:
        """Share of the pixels that are nearly black, 0 to 1."""
        return float((self.levels <= DARK).mean())

    @property
    def overlap(self) -> float:
        """Share that the histograms of the two cheeks have in common, 0 to 1."""
        left, right = (_histogram(luminance(cheek)) for cheek in self.cheeks)
        return float(np.minimum(left, right).sum())

    @property
    def unnatural(self) -> float:
        """Distance of the cheeks' mean colour from those of skin in CIELAB's a and b, by D50."""
        lab = _lab_d50(np.concatenate(self.cheeks)).mean(axis=(0, 1))
        a, b = (round(float(value), 3) for value in lab[1:])  # a grey is not exactly 0
        if a < 0 or b < 0:
            return UNNATURAL
        return math.hypot(_outside(a, NATURAL_A), _outside(b, NATURAL_B))


def face_light(face: UprightFace) -> FaceLight:
    """The light on a face."""
    places = face.points[:, :2]
    inside = np.zeros((FACE_PX, FACE_PX), np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull(np.rint(places).astype(np.int32)), 1)
    middles = (eyes_of(places) + places[[LEFT_MOUTH, RIGHT_MOUTH]]) / 2
    left, right = (_cheek(face.rgb, x, y) for x, y in middles.tolist())
    return FaceLight(luminance(face.rgb)[inside > 0], (left, right))


def roughness(image: RGBImage, person: Plane) -> float | None:
    """Mean gradient (Sobel) of the luminance behind the person; None if there is almost no background."""
    part = background_part(image, person)
    if part is None:
        return None
    small, outside = part
    levels = luminance(small).astype(np.float32)
    across, down = cv2.Sobel(levels, cv2.CV_32F, 1, 0), cv2.Sobel(levels, cv2.CV_32F, 0, 1)
    return float(cv2.magnitude(across, down)[outside].mean())


def _cheek(face: NDArray[np.uint8], x: float, y: float) -> NDArray[np.uint8]:
    left, top = (min(max(round(each) - CHEEK_PX // 2, 0), FACE_PX - CHEEK_PX) for each in (x, y))
    return face[top : top + CHEEK_PX, left : left + CHEEK_PX]


def _histogram(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(256,), the share of each level."""
    return np.bincount(levels.ravel(), minlength=256) / levels.size


def _lab_d50(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(H, W, 3), CIELAB by D50, of (H, W, 3) uint8, RGB."""
    t = LINEAR[rgb] @ XYZ_D50.T / XYZ_D50.sum(axis=1)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


def _outside(value: float, allowed: tuple[float, float]) -> float:
    return max(allowed[0] - value, 0.0, value - allowed[1])
