"""The portrait's shape."""

import numpy as np
from numpy.typing import NDArray

from facecraft.options import MaskShape

CORNER = 0.12
"""Radius of a rounded portrait's corners, as a share of its shorter side."""


def shape(mask: MaskShape, width: int, height: int, feather: float) -> NDArray[np.uint8]:
    """(height, width) uint8: 255 inside, 0 outside, and between them what a pixel has inside of the edge.

    Args:
        mask: oval and rounded fill the portrait; a circle lies in its middle.
        width: of the portrait, in pixels.
        height: of the portrait, in pixels.
        feather: over which share of the shorter side it fades, from the edge inwards, 0 to 0.5.
    """
    x = np.abs(np.arange(width, dtype=np.float32) + 0.5 - width / 2)[None]
    y = np.abs(np.arange(height, dtype=np.float32) + 0.5 - height / 2)[:, None]
    shorter = min(width, height)
    if mask == "none":
        return np.full((height, width), 255, np.uint8)
    if mask == "circle":
        inside = shorter / 2 - np.hypot(x, y)
    elif mask == "oval":
        inside = _inside_oval(x, y, width / 2, height / 2)
    else:
        radius = CORNER * shorter
        beyond_x, beyond_y = x - (width / 2 - radius), y - (height / 2 - radius)
        corner = np.hypot(np.maximum(beyond_x, 0), np.maximum(beyond_y, 0))
        inside = radius - corner - np.minimum(np.maximum(beyond_x, beyond_y), 0)
    fade_px = feather * shorter
    if fade_px < 1:  # a hard edge is one pixel wide, half of it on each side
        ramp = np.clip(inside + 0.5, 0, 1)
    else:
        ramp = np.clip(inside / fade_px, 0, 1)
        ramp = ramp * ramp * (3 - 2 * ramp)
    return np.asarray(np.rint(ramp * 255), np.uint8)


def _inside_oval(
    x: NDArray[np.float32], y: NDArray[np.float32], half_width: float, half_height: float
) -> NDArray[np.float32]:
    """How far inside of an ellipse each pixel is: its equation over the length of its gradient."""
    level = np.hypot(x / half_width, y / half_height)
    slope = np.hypot(x / half_width**2, y / half_height**2) / np.maximum(level, 1e-6)
    return np.asarray((1 - level) / np.maximum(slope, 1 / max(half_width, half_height)), np.float32)
