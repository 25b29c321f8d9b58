"""Draw the background behind the person."""

from collections.abc import Callable
from typing import assert_never

import cv2
import numpy as np

from facecraft.colours import Background, BackgroundKind
from facecraft.imaging.geometry import shrink, strips
from facecraft.types import Plane, RGBImage

BLUR = 0.025
"""Radius of the blur, as a share of the portrait's longer side."""
BLURRED_PX = 512
"""Longer side of the small picture that is blurred."""


def paint(background: Background, width: int, height: int) -> RGBImage:
    """Draw a colour or a gradient, (height, width, 3) uint8."""
    if background.kind == "colour":
        return np.full((height, width, 3), background.colours[0], np.uint8)
    shares = _gradient_shares(background.kind)
    ramp = np.arange(256, dtype=np.float32)[:, None] / 255
    first, last = (np.array(each, np.float32) for each in background.colours)
    table = np.rint(first + (last - first) * ramp).astype(np.uint8)
    painted = np.empty((height, width, 3), np.uint8)
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    for rows in strips(height):
        painted[rows] = table[np.rint(shares(x[None], y[rows]) * 255).astype(np.uint8)]
    return painted


def _gradient_shares(kind: BackgroundKind) -> Callable[[Plane, Plane], Plane]:
    """Choose the function for the share of the last colour, 0 to 1, at x and y from -1 to 1."""
    match kind:
        case "linear":
            return _linear
        case "radial":
            return _radial
        case "keep" | "transparent" | "blur" | "colour":
            raise ValueError(f"The background {kind} is not a gradient.")
        case _:
            assert_never(kind)


def _linear(x: Plane, y: Plane) -> Plane:
    return np.broadcast_to((y + 1) / 2, (y.shape[0], x.shape[1]))


def _radial(x: Plane, y: Plane) -> Plane:
    return np.minimum(np.hypot(x, y) / np.float32(np.sqrt(2)), 1)


def blur(image: RGBImage, person: Plane) -> RGBImage:
    """Blur the picture without spreading the person's colours into the background.

    Args:
        image: (H, W, 3) uint8, RGB.
        person: (h, w) float32, 0 to 1.
    """
    height, width = image.shape[:2]
    small = shrink(image, BLURRED_PX)
    outside = 1 - np.clip(cv2.resize(person, small.shape[1::-1]), 0, 1)
    outside = np.maximum(
        cv2.erode(outside, np.ones((5, 5), np.uint8)), 1e-3
    )  # the person may fill the picture
    sigma = BLUR * max(small.shape[:2])
    colours = cv2.GaussianBlur(small * outside[..., None], (0, 0), sigma)
    soft = colours / cv2.GaussianBlur(outside, (0, 0), sigma)[..., None]
    rounded = np.rint(np.clip(soft, 0, 255)).astype(np.uint8)
    return np.asarray(cv2.resize(rounded, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
