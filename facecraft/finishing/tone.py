"""Measure exposure, white balance, contrast and sharpness, and correct them within limits.

A dark face in a well exposed picture stays dark: nothing assumes how bright skin should be. Colours change
only where there is a cast: the brightest tones of the person and of the background lean to the same side, the
skin's colour is unnatural, and natural without that lean. So a coloured wall stays, and an old print loses
its yellow.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.geometry import shrink, strips
from facecraft.imaging.mesh import Points, skin_mask
from facecraft.types import Plane, RGBImage

MEASURED_PX = 256
"""Longer side of the small picture for all measurements."""
BLACK, WHITE = 16, 225
"""Targets, 0 to 255, for the darkest and the brightest tone."""
RANGE_SHARE = 0.6
"""The darkest and brightest tone move by this share of the distance to their target."""
MIN_GAMMA, MAX_GAMMA, MAX_GAIN = 0.8, 1.2, 1.6
DARK, BRIGHT, DIM = 85, 190, 190
"""Limits for the mean luma of a face: below DARK it is raised if no tone of the picture is above DIM; above
BRIGHT it is lowered."""
SKIN_A, SKIN_B = (20.0, 6.0), (22.0, 8.0)
"""Natural skin in CIELAB: median and standard deviation of a and b in 300 official portraits."""
UNNATURAL, NEARER = 1.5, 0.6
"""A cast leaves skin at least so many standard deviations from the medians, and takes it there by so many."""
BRIGHTEST = 97
"""Percentile of luma from which tones count as the brightest."""
SAME_SIDE = 0.7
"""Least cosine of the angle between the colours of the brightest tones of person and background."""
LEAST_CHROMA, MOST_CHROMA = 6.0, 60.0
"""Chroma of the brightest tones in CIELAB; less is grey, and more is a colour and no cast."""
CAST_SHARE = 0.9
"""Share of a cast to remove."""
AMOUNT, THRESHOLD = 0.3, 2.0
"""Strength and threshold of the unsharp mask; a difference below THRESHOLD levels is noise."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction of a picture.

    Attributes:
        gains: (3,) float32, factors of red, green and blue.
        curve: (256,) float32, luma to luma.
        sigma_px: of the unsharp mask.
    """

    gains: NDArray[np.float32]
    curve: NDArray[np.float32]
    sigma_px: float


def measure(image: RGBImage, face: Points | None, person: Plane) -> Correction:
    """Measure the correction that a portrait needs.

    Args:
        image: (H, W, 3) uint8, RGB.
        face: points of the face, in the portrait's pixels; None without a face.
        person: the segmented person.
    """
    small, longest = shrink(image, MEASURED_PX), max(image.shape[:2])
    inside = np.zeros(small.shape[:2], np.uint8)
    if face is not None:
        inside = skin_mask(face * min(1.0, MEASURED_PX / longest), small.shape[1], small.shape[0])
    skin = small[inside > 0].astype(np.float32)
    gains = np.ones(3, np.float32)
    if skin.size:
        plane = np.asarray(cv2.resize(person, small.shape[1::-1]), np.float32)
        gains = _gains(skin.mean(axis=0), small, plane)
    curve = _curve((small @ LUMA).ravel(), float((skin @ LUMA).mean()) if skin.size else 128.0)
    return Correction(gains, curve, max(0.8, 0.001 * longest))


def apply(image: RGBImage, correction: Correction) -> RGBImage:
    """Correct a copy. After the white balance all channels get the same factor, which keeps the hue."""
    table = np.clip(np.arange(256)[:, None] * correction.gains, 0, 255)
    balanced = cv2.LUT(image, np.rint(table).astype(np.uint8)[None])
    luma = cv2.cvtColor(balanced, cv2.COLOR_RGB2GRAY)
    soft = cv2.GaussianBlur(luma, (0, 0), correction.sigma_px)
    for rows in strips(image.shape[0]):
        before = luma[rows].astype(np.float32)
        edges = before - soft[rows]
        edges = np.where(np.abs(edges) < THRESHOLD, 0, edges)
        scale = (cv2.LUT(luma[rows], correction.curve) + AMOUNT * edges) / np.maximum(before, 1)
        scaled = cv2.multiply(balanced[rows].astype(np.float32), cv2.merge([np.clip(scale, 0, 2)] * 3))
        balanced[rows] = np.rint(np.minimum(scaled, 255))
    return np.asarray(balanced, np.uint8)


def _gains(skin: NDArray[np.float32], image: RGBImage, person: Plane) -> NDArray[np.float32]:
    """Factors that take a cast away, without another brightness of the skin; 1 where there is none.

    Args:
        skin: (3,) float32, mean colour of the skin.
        image: (h, w, 3) uint8, the small picture.
        person: (h, w), of the same size.
    """
    none, lean = np.ones(3, np.float32), _lean(image, person)
    if lean is None:
        return none
    gains = 1 + CAST_SHARE * (float(lean @ LUMA) / lean - 1)
    before, after = _unnatural(skin), _unnatural(skin * gains)
    if before < UNNATURAL or after > before - NEARER or _chroma(image * gains) >= _chroma(image):
        return none
    return np.asarray(gains * float(skin @ LUMA) / max(float((skin * gains) @ LUMA), 1.0), np.float32)


def _lean(image: RGBImage, person: Plane) -> NDArray[np.float32] | None:
    """(3,) float32, the colour that grey has in the picture; None if it is grey, or cannot be told."""
    inside, outside = person > 0.9, person < 0.1
    if not inside.any() or not outside.any():
        return None
    bright = [_brightest(image[part]) for part in (inside, outside)]
    one, other = (np.array(_lab(colour)[1:]) for colour in bright)
    lengths = [float(np.linalg.norm(one)), float(np.linalg.norm(other))]
    least = int(np.argmin(lengths))
    same_side = float(one @ other) >= SAME_SIDE * math.prod(lengths)
    return bright[least] if same_side and LEAST_CHROMA <= lengths[least] <= MOST_CHROMA else None


def _brightest(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(3,) float32, the median colour of the brightest of some pixels, (N, 3); at least 1."""
    luma = pixels @ LUMA
    bright = np.median(pixels[luma >= np.percentile(luma, BRIGHTEST)], axis=0)
    return np.asarray(np.maximum(bright, 1), np.float32)


def _chroma(image: NDArray[np.generic]) -> float:
    """Chroma of a picture's mean colour in CIELAB; levels above 255 are clipped."""
    levels = np.asarray(np.clip(image, 0, 255), np.float32) / 255
    return float(np.linalg.norm(cv2.cvtColor(levels, cv2.COLOR_RGB2LAB)[..., 1:].mean(axis=(0, 1))))


def _unnatural(skin: NDArray[np.float32]) -> float:
    """How far a colour is from that of natural skin, in standard deviations."""
    _, a, b = _lab(skin)
    return math.hypot((a - SKIN_A[0]) / SKIN_A[1], (b - SKIN_B[0]) / SKIN_B[1])


def _curve(luma: NDArray[np.float32], skin: float) -> NDArray[np.float32]:
    """Black and white points for a picture with too little range, and a gamma for a dark or bright face."""
    low, high = np.percentile(luma, (0.5, 99.5)).tolist()
    black = RANGE_SHARE * max(low - BLACK, 0)
    white = high + RANGE_SHARE * max(WHITE - high, 0)
    gain = min(white / max(high - black, 1), MAX_GAIN)
    levels = np.clip((np.arange(256) - black) * gain / 255, 0, 1)
    gamma = 1.0
    if skin < DARK and high < DIM:
        gamma = max(MIN_GAMMA, math.log(DARK / 255) / math.log(max(skin, 1) / 255))
    elif skin > BRIGHT:
        gamma = min(MAX_GAMMA, math.log(BRIGHT / 255) / math.log(min(skin, 250) / 255))
    return np.asarray(levels**gamma * 255, np.float32)


def hue_difference_deg(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """Difference of hue in CIELAB between two colours, (3,), levels of sRGB; -180 to 180."""
    hues = [np.degrees(np.arctan2(b, a)) for _, a, b in (_lab(before), _lab(after))]
    return float((hues[1] - hues[0] + 180) % 360 - 180)


def _lab(colour: NDArray[np.float32]) -> tuple[float, float, float]:
    pixel = np.clip(np.asarray(colour, np.float32) / 255, 0, 1)[None, None]
    lightness, a, b = cv2.cvtColor(pixel, cv2.COLOR_RGB2LAB)[0, 0].tolist()
    return lightness, a, b
