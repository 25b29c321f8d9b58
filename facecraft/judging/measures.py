"""Measurements of a portrait. Each function returns one number, or None if there is nothing to measure.

Points are those of the face mesh, in the portrait's pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.colours import Colour
from facecraft.imaging.geometry import warp
from facecraft.imaging.head import head_of
from facecraft.imaging.mesh import CHIN, FOREHEAD, LEFT_SIDE, RIGHT_SIDE, Points, skin_mask, transform_points
from facecraft.types import Plane, RGBImage

FACE_PX = 256
"""Side of the square that a face is scaled to; its eyes are then EYES_PX apart."""
EYES_PX = 80
BEST_PSNR_DB = 99.0
"""PSNR of two equal pictures."""
CLIPPED_DARK, CLIPPED_BRIGHT = 6, 250
# Pairs of points on the inner lips, and the corners of the mouth.
INNER_LIPS = ((13, 14), (82, 87), (312, 317))
MOUTH_CORNERS = (78, 308)
# The edge of the upper and of the lower inner lip, from one corner to the other.
INNER_LIP_EDGES = (
    (191, 80, 81, 82, 13, 312, 311, 310, 415),
    (95, 88, 178, 87, 14, 317, 402, 318, 324),
)


def yaw_deg(points: Points) -> float:
    """Angle of the head to the left or right; 0 if it faces the camera."""
    across = points[RIGHT_SIDE] - points[LEFT_SIDE]
    return math.degrees(math.atan2(across[2], math.hypot(across[0], across[1])))


def pitch_deg(points: Points) -> float:
    """Angle of the head up or down: 0 for the mesh's neutral face, positive with the chin forward."""
    down = points[CHIN] - points[FOREHEAD]
    return math.degrees(math.atan2(-down[2], math.hypot(down[0], down[1])))


def head_inside(points: Points, width: int, height: int) -> float:
    """Distance of the head from the nearest edge of the picture, in its heights; below 0 if it is cut."""
    head = head_of(points)
    outline = np.vstack((points[:, :2].astype(np.float64), head.crown)) + 0.5
    return float(np.minimum(outline, np.array([width, height]) - outline).min() / max(head.height_px, 1e-6))


def mouth_open(points: Points) -> float:
    """Gap between the lips over the width of the mouth."""
    gap = np.mean([np.linalg.norm(points[a, :2] - points[b, :2]) for a, b in INNER_LIPS])
    left, right = points[list(MOUTH_CORNERS), :2]
    return float(gap / max(np.linalg.norm(right - left), 1e-6))


def lip_gap_px(points: Points) -> float:
    """Largest distance between the inner lips."""
    upper, lower = (points[list(lip), :2] for lip in INNER_LIP_EDGES)
    return float(np.linalg.norm(upper - lower, axis=1).max())


@dataclass(frozen=True, slots=True)
class UprightFace:
    """The pixels of a face, upright and at a fixed size.

    Attributes:
        rgb: (FACE_PX, FACE_PX, 3) uint8, RGB.
        points: in its pixels.
    """

    rgb: RGBImage
    points: Points


@dataclass(frozen=True, slots=True)
class FacePatch:
    """A face, upright and at a fixed size.

    Attributes:
        grey: (FACE_PX, FACE_PX) float32, luma, 0 to 255.
        skin: (FACE_PX, FACE_PX) bool, true on skin.
    """

    grey: NDArray[np.float32]
    skin: NDArray[np.bool_]

    @property
    def levels(self) -> NDArray[np.float32]:
        """(N,) float32, luma of the skin; a middle grey if the picture shows none."""
        return self.grey[self.skin] if self.skin.any() else np.array([128], np.float32)


def upright_face(image: RGBImage, points: Points) -> UprightFace:
    """Scale and turn the face under these points to the fixed size."""
    head = head_of(points)
    scale, turn = EYES_PX / max(head.eyes_px, 1e-6), math.radians(head.roll_deg)
    linear = scale * np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    middle = np.array([FACE_PX / 2, FACE_PX * 0.42])
    matrix = np.column_stack((linear, middle - linear @ head.middle))
    face = warp(image, matrix, FACE_PX, FACE_PX, cv2.BORDER_REPLICATE)
    return UprightFace(face, transform_points(points, matrix))


def face_patch(face: UprightFace) -> FacePatch:
    """The luma and the skin of a face."""
    grey = cv2.cvtColor(face.rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return FacePatch(grey, skin_mask(face.points, FACE_PX, FACE_PX) > 0)


def lightness(patch: FacePatch) -> float:
    """Mean lightness of the skin: L* of CIELAB, 0 to 100."""
    levels = patch.levels
    y = np.where(levels <= 10.3, levels / 3294.6, ((levels / 255 + 0.055) / 1.055) ** 2.4)  # sRGB, linear
    return float((116 * np.cbrt(np.maximum(y, 0.008856)) - 16).mean())


def clipped(patch: FacePatch) -> float:
    """Share of the skin that is black or white, without detail."""
    return float(((patch.levels < CLIPPED_DARK) | (patch.levels > CLIPPED_BRIGHT)).mean())


def shadow(patch: FacePatch) -> float:
    """Difference in luma between the two halves of the face, over their mean."""
    half = FACE_PX // 2
    halves = [patch.grey[:, part][patch.skin[:, part]] for part in (slice(0, half), slice(half, None))]
    if not all(each.size for each in halves):
        return 1.0
    left, right = (float(each.mean()) for each in halves)
    return abs(left - right) / max((left + right) / 2, 1.0)


def background_part(image: RGBImage, person: Plane) -> tuple[RGBImage, NDArray[np.bool_]] | None:
    """The picture at 256 x 256, and where it surely is background; None if that is almost nowhere."""
    small = cv2.resize(image, (256, 256), interpolation=cv2.INTER_AREA)
    outside = (
        cv2.erode((cv2.resize(person, (256, 256)) < 0.05).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    )
    return None if outside.mean() < 0.02 else (np.asarray(small, np.uint8), outside)


def background_lab(image: RGBImage, person: Plane) -> NDArray[np.float32] | None:
    """(N, 3) float32, CIELAB of pixels that are surely background; None if there are almost none."""
    part = background_part(image, person)
    if part is None:
        return None
    small, outside = part
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab[outside], np.float32)


def unevenness(background: NDArray[np.float32]) -> float:
    """Root mean square distance (CIE 1976) of a background's colours from their mean."""
    return float(np.sqrt(((background - background.mean(axis=0)) ** 2).sum(axis=1).mean()))


def nearest_distance(background: NDArray[np.float32], colours: Sequence[Colour]) -> float:
    """Distance (CIE 1976) of a background's mean colour from the nearest of the colours."""
    levels = np.array(colours, np.float32)[None] / 255
    accepted = cv2.cvtColor(levels, cv2.COLOR_RGB2LAB)[0]
    return float(np.linalg.norm(accepted - background.mean(axis=0), axis=1).min())


def displacement(before: Points, after: Points) -> float:
    """Mean distance of the points before and after restoration, as a multiple of the eye distance."""
    distance = np.linalg.norm(after[:, :2] - before[:, :2], axis=1).mean()
    return float(distance / max(head_of(before).eyes_px, 1e-6))


def coarse_psnr(before: RGBImage, after: RGBImage) -> float:
    """PSNR in dB of two aligned squares at 32 px, which keep only the coarse face."""
    coarse = [
        cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
        for image in (before, after)
    ]
    error = float(((coarse[0] - coarse[1]) ** 2).mean())
    return min(BEST_PSNR_DB, 10 * math.log10(255**2 / max(error, 1e-6)))
