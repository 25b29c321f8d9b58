"""The portrait's shape."""

from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.geometry import strips
from facecraft.option_fields import MaskShape
from facecraft.types import Plane

CORNER = 0.12
"""Radius of the corners of a rounded portrait, as a share of its shorter side."""


def shape(mask: MaskShape, width: int, height: int, feather: float) -> NDArray[np.uint8]:
    """Draw a shape, (height, width) uint8: 255 inside, 0 outside, in between along its edge.

    Args:
        mask: oval and rounded fill the portrait; a circle is centred in it.
        width: of the portrait, in pixels.
        height: of the portrait, in pixels.
        feather: width of the soft edge, inwards, as a share of the shorter side, 0 to 0.5.
    """
    drawn = np.full((height, width), 255, np.uint8)
    for rows in strips(height) if mask != "none" else ():
        x = np.abs(np.arange(width, dtype=np.float32) + 0.5 - width / 2)[None]
        y = np.abs(np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5 - height / 2)[:, None]
        drawn[rows] = np.rint(_fade(_inside(mask, x, y, width, height), feather * min(width, height)) * 255)
    return drawn


def _fade(inside: Plane, fade_px: float) -> Plane:
    """Opacity, 0 to 1, by distance from the edge in pixels, positive inside."""
    if fade_px < 1:  # a hard edge is one pixel wide, half a pixel on each side
        return np.asarray(np.clip(inside + 0.5, 0, 1), np.float32)
    ramp = np.clip(inside / fade_px, 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def _inside(mask: MaskShape, x: Plane, y: Plane, width: int, height: int) -> Plane:
    """Distance from the edge, positive inside, of pixels that are x and y pixels away from the middle."""
    shorter = min(width, height)
    match mask:
        case "circle":
            return np.asarray(shorter / 2 - np.hypot(x, y), np.float32)
        case "oval":
            return _inside_oval(x, y, width / 2, height / 2)
        case "rounded":
            return _inside_rounded(x, y, width / 2, height / 2, CORNER * shorter)
        case "none":
            raise ValueError("The mask none has no edge.")
        case _:
            assert_never(mask)


def _inside_rounded(x: Plane, y: Plane, half_width: float, half_height: float, radius: float) -> Plane:
    """Distance from the edge of a rectangle with round corners."""
    beyond_x, beyond_y = x - (half_width - radius), y - (half_height - radius)
    corner = np.hypot(np.maximum(beyond_x, 0), np.maximum(beyond_y, 0))
    return np.asarray(radius - corner - np.minimum(np.maximum(beyond_x, beyond_y), 0), np.float32)


def _inside_oval(x: Plane, y: Plane, half_width: float, half_height: float) -> Plane:
    """Distance from the edge of an ellipse: the value of its equation over the length of its gradient."""
    level = np.hypot(x / half_width, y / half_height)
    slope = np.hypot(x / half_width**2, y / half_height**2) / np.maximum(level, 1e-6)
    return np.asarray((1 - level) / np.maximum(slope, 1 / max(half_width, half_height)), np.float32)
