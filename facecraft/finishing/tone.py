"""Measure exposure, white balance, contrast and sharpness, and correct them within limits.

No correction assumes how skin should look: a dark face in a well exposed picture stays dark. The corrections
depend only on the picture's own range and on a background that is nearly neutral.
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
MAX_HUE_DEG = 5.0
"""Largest change of the skin's mean hue in CIELAB."""
BLACK, WHITE = 16, 225
"""Targets, 0 to 255, for the darkest and the brightest tone."""
RANGE_SHARE = 0.6
"""The darkest and brightest tone move by this share of the distance to their target."""
MIN_GAMMA, MAX_GAMMA, MAX_GAIN = 0.8, 1.2, 1.6
DARK, BRIGHT, DIM = 85, 190, 190
"""Limits for the mean luma of a face: below DARK it is raised if no tone of the picture is above DIM; above
BRIGHT it is lowered."""
NEUTRAL_CHROMA = 14.0
"""A background with less chroma in CIELAB counts as grey or white."""
CAST_SHARE = 0.8
"""Share of the background's colour cast to remove."""
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
    background = small[cv2.resize(person, small.shape[1::-1]) < 0.1].astype(np.float32)
    gains = _gains(skin, background) if skin.size and background.size else np.ones(3, np.float32)
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


def _gains(skin: NDArray[np.float32], background: NDArray[np.float32]) -> NDArray[np.float32]:
    """Factors that make the background neutral, without turning the skin's hue by more than MAX_HUE_DEG."""
    neutral = np.ones(3, np.float32)
    grey = np.median(background, axis=0)
    _, a, b = _lab(grey)
    if np.hypot(a, b) > NEUTRAL_CHROMA or grey.min() < 40:
        return neutral
    full = 1 + CAST_SHARE * (float(grey @ LUMA) / grey - 1)
    colour = skin.mean(axis=0)
    share = 1.0
    while share > 0.01:
        gains = np.asarray(1 + share * (full - 1), np.float32)
        if (
            abs(hue_difference_deg(colour, colour * gains)) <= MAX_HUE_DEG - 1
        ):  # the curve and rounding change it too
            return gains
        share *= 0.8
    return neutral


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
