"""Measure what of a face can be seen: the mesh has points for all of it, also where it only guesses.

The limits in rules.py were chosen on 300 official portraits, and on 43 of them with sunglasses, masks,
scarves, hands and hair drawn over the face.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.head import head_of
from facecraft.imaging.mesh import LIPS, Points, face_mask
from facecraft.judging.measures import UprightFace, upright_face
from facecraft.types import RGBImage

# The contour of each eye from corner to corner and back, and the cheek under it.
EYE_LIDS = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)
UNDER_EYES = ((50, 205, 187), (280, 425, 411))
CHEEKS, FOREHEAD = (50, 280, 205, 425), (151, 9, 108, 337)
LEAST_EYES_PX = 20
"""Smallest distance between the eyes. At 20 px no more than 5 of the 300 are refused, at 14 px 15."""
LASHES_PX = 5
"""Width by which the contour of an eye is widened, so that lashes and lids count."""
SPOT_PX = 11
"""Side of the square around a point whose median is the colour of the skin there."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
COVER_LAB = 35.0
"""Distance of the colours of cheeks and forehead, (a, b) of CIELAB, that counts as much as a contrast that is
lower by a factor of e. Masks and scarves are 20 to 60 away, skin under 16 in nineteen of twenty portraits."""
REDNESS = 0.02
"""Contrast that a difference of 1 in a of CIELAB is worth."""
AROUND_LIPS_PX = (5, 15)
"""By how much the lips are widened to get the inner and the outer edge of the skin around them, twice."""
GLASS = (0.65, 0.5)
"""Half the width and half the height of the area around an eye where glare is looked for, in its widths."""
WHITE, BRIGHTER, BRIGHTEST = 240, 60, 252
"""Glare is at least so bright in each channel, and so much brighter than the skin, as far as that can be."""


def face_in(photo: RGBImage, points: Points) -> UprightFace | None:
    """The face under these points of a photo; None if it is too small to tell what covers it."""
    return None if head_of(points).eyes_px < LEAST_EYES_PX else upright_face(photo, points)


def eyes_contrast(face: UprightFace) -> float:
    """Contrast of the eye that has less, over the brightness of the skin: irises and whites differ."""
    luma = np.asarray(cv2.cvtColor(face.rgb, cv2.COLOR_RGB2GRAY), np.float32)
    skin, found = _skin(face), []
    usual = _brightness(skin, face, (*FOREHEAD, *CHEEKS))
    for lids, cheek in zip(EYE_LIDS, UNDER_EYES, strict=True):
        eye = cv2.dilate(_area(face, lids), np.ones((LASHES_PX, LASHES_PX), np.uint8)) > 0
        found.append(_contrast(luma[eye]) * 2 / (usual + _brightness(skin, face, cheek)))
    return min(found)


def mouth_contrast(face: UprightFace) -> float:
    """Contrast and redness of the lips, less where the colours of cheeks and forehead differ.

    Something over the mouth hides the line between the lips and is no redder there than beside it, and it has
    seldom the colour of the forehead.
    """
    skin, lips = _skin(face), _area(face, LIPS)
    green = np.asarray(face.rgb[..., 1], np.float32)  # where lips and skin differ most
    brightness = max(float(np.median(_colours(skin, face, (*FOREHEAD, *CHEEKS))[:, 1])), 1.0)
    contrast = _contrast(green[lips > 0]) / brightness + REDNESS * _redness(face, lips)
    apart = float(np.linalg.norm(_chroma(skin, face, CHEEKS) - _chroma(skin, face, FOREHEAD)))
    return contrast * math.exp(-apart / COVER_LAB)


def glare(face: UprightFace) -> float:
    """Share of white around the eye that has more of it, as a lamp leaves on glasses."""
    skin = float(np.median(_colours(_skin(face), face, CHEEKS).min(axis=1)))
    white = face.rgb.min(axis=2) >= max(WHITE, min(skin + BRIGHTER, BRIGHTEST))
    shown, found = face_mask(face.points, *white.shape[::-1]) > 0, []
    for lids in EYE_LIDS:
        corners = face.points[[lids[0], lids[8]], :2]
        width = float(np.linalg.norm(corners[1] - corners[0]))
        axes = [max(1, round(share * width)) for share in GLASS]
        glass = np.zeros(white.shape, np.uint8)
        cv2.ellipse(glass, np.rint(corners.mean(axis=0)).astype(int).tolist(), axes, 0, 0, 360, 1, cv2.FILLED)
        inside = (glass > 0) & shown
        found.append(float(white[inside].mean()) if inside.any() else 0.0)
    return max(found)


def _area(face: UprightFace, contour: Sequence[int]) -> NDArray[np.uint8]:
    area = np.zeros(face.rgb.shape[:2], np.uint8)
    cv2.fillPoly(area, [np.rint(face.points[list(contour), :2]).astype(np.int32)], 1)
    return area


def _redness(face: UprightFace, lips: NDArray[np.uint8]) -> float:
    """By how much lips are redder than what is around them, a of CIELAB, at least 0."""
    near, far = (cv2.dilate(lips, np.ones((side, side), np.uint8)) > 0 for side in AROUND_LIPS_PX)
    around, inside = far & ~near, lips > 0
    if not inside.any() or not around.any():
        return 0.0
    red = cv2.cvtColor(face.rgb, cv2.COLOR_RGB2LAB)[..., 1]
    return max(0.0, float(np.median(red[inside])) - float(np.median(red[around])))


def _contrast(levels: NDArray[np.float32]) -> float:
    return float(np.subtract(*np.percentile(levels, (95, 5)))) if levels.size else 0.0


def _skin(face: UprightFace) -> RGBImage:
    """The face without fine detail, so that one pixel has the colour of the skin around it."""
    return np.asarray(cv2.medianBlur(face.rgb, SPOT_PX), np.uint8)


def _brightness(skin: RGBImage, face: UprightFace, places: Sequence[int]) -> float:
    """Median luma of the skin at some points, at least 1."""
    return max(float(np.median(_colours(skin, face, places) @ LUMA)), 1.0)


def _chroma(skin: RGBImage, face: UprightFace, places: Sequence[int]) -> NDArray[np.float32]:
    """(2,) float32, median a and b of CIELAB at some points."""
    levels = np.asarray(_colours(skin, face, places)[None] / 255, np.float32)
    return np.asarray(np.median(cv2.cvtColor(levels, cv2.COLOR_RGB2LAB)[0, :, 1:], axis=0), np.float32)


def _colours(skin: RGBImage, face: UprightFace, places: Sequence[int]) -> NDArray[np.float32]:
    """(N, 3) float32, the colours at some points; those at the picture's edge for points outside of it."""
    columns, rows = np.clip(np.rint(face.points[list(places), :2]).astype(int), 0, len(skin) - 1).T
    return np.asarray(skin[rows, columns], np.float32)
