"""What is drawn behind the person."""

import cv2
import numpy as np

from facecraft.colours import Background
from facecraft.imaging.geometry import shrink, strips
from facecraft.types import Plane, RGBImage

BLUR = 0.025
"""Radius of the blur, as a share of the portrait's longer side."""
BLURRED_PX = 512
"""Longer side at which a picture is blurred."""


def paint(background: Background, width: int, height: int) -> RGBImage:
    """Draw a colour or a gradient, (height, width, 3) uint8."""
    if background.kind == "colour":
        return np.full((height, width, 3), background.colours[0], np.uint8)
    ramp = np.arange(256, dtype=np.float32)[:, None] / 255
    first, last = (np.array(each, np.float32) for each in background.colours)
    table = np.rint(first + (last - first) * ramp).astype(np.uint8)
    painted = np.empty((height, width, 3), np.uint8)
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    for rows in strips(height):
        if background.kind == "linear":
            share = np.broadcast_to((y[rows] + 1) / 2, (rows.stop - rows.start, width))
        else:
            share = np.minimum(np.hypot(x[None], y[rows]) / np.float32(np.sqrt(2)), 1)
        painted[rows] = table[np.rint(share * 255).astype(np.uint8)]
    return painted


def blurred(image: RGBImage, person: Plane) -> RGBImage:
    """Blur the picture, without the person's colours bleeding into it.

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
