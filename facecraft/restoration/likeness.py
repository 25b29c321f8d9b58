"""What a restored picture keeps of its source: colours, greyness, and the detail that was there."""

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.geometry import strips
from facecraft.types import RGBImage

LIGHTNESS_SPAN = 1 / 10
"""Lightness is the source's, averaged over this share of the face's square; finer steps are the result's."""
COLOUR_SPAN = 1 / 24
"""The same for colour, whose detail matters less."""
CELLS = 48  # in a face's square, of the grid on which the averages are compared
GREY_ROUNDING = 1  # levels; the YUV of a lossy WebP has no exact grey for some
SMALLEST = 0.25  # levels; a smaller difference is not worth a pass over the picture
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
BLUR_OF_DETAIL = 1.18  # sqrt(2 ln 2): the blur that halves the amplitude


def keep_colour(source: RGBImage, restored: RGBImage, span_px: float) -> None:
    """Give a restored picture the average lightness and colours of its source, in place.

    Args:
        source: (H, W, 3) uint8.
        restored: (H, W, 3) uint8; changed in place.
        span_px: side of the face's aligned square, in pixels.
    """
    height, width = source.shape[:2]
    cell = max(1.0, span_px / CELLS)
    grid = (max(1, round(width / cell)), max(1, round(height / cell)))
    before, after = (cv2.resize(each, grid, interpolation=cv2.INTER_AREA) for each in (source, restored))
    missing = before.astype(np.float32) - after
    lightness = np.asarray(missing @ LUMA, np.float32)[..., None]
    colour = np.asarray(missing - lightness, np.float32)
    span = span_px / cell
    coarse = _blur(lightness, span * LIGHTNESS_SPAN)[..., None] + _blur(colour, span * COLOUR_SPAN)
    if np.abs(coarse).max() < SMALLEST:
        return
    # From a pixel's centre to the place in the grid.
    scale_x, scale_y = grid[0] / width, grid[1] / height
    for rows in strips(height):
        to_grid = np.array(
            [[scale_x, 0, (scale_x - 1) / 2], [0, scale_y, scale_y * (rows.start + 0.5) - 0.5]], np.float64
        )
        size = (width, rows.stop - rows.start)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        added = cv2.warpAffine(coarse, to_grid, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        restored[rows] = cv2.add(restored[rows], added, dtype=cv2.CV_8U)  # rounded, within 0 to 255


def make_grey(rgb: RGBImage) -> None:
    """Remove the colours, (H, W, 3) uint8, in place: the three channels become equal."""
    for rows in strips(len(rgb)):
        rgb[rows] = cv2.cvtColor(rgb[rows], cv2.COLOR_RGB2GRAY)[..., None]


def is_grey(rgb: RGBImage) -> bool:
    """Whether the three channels, (H, W, 3) uint8, are equal everywhere, but for the rounding of a WebP."""

    def differ(rows: slice, one: int) -> bool:
        return bool(cv2.absdiff(rgb[rows, :, one], rgb[rows, :, 1]).max() > GREY_ROUNDING)

    return not any(differ(rows, one) for rows in strips(len(rgb)) for one in (0, 2))


def keep_detail(source: RGBImage, restored: RGBImage, detail: float) -> RGBImage:
    """Let a restored face agree with its source as far as the source has detail; the rest is the result's.

    Args:
        source: (side, side, 3) uint8, aligned, without noise.
        restored: (side, side, 3) uint8.
        detail: of the source, in cycles a side.

    Returns:
        (side, side, 3) uint8.
    """
    sigma = BLUR_OF_DETAIL * source.shape[0] / (np.pi * detail)
    missing = source.astype(np.float32) - restored
    return np.asarray(np.rint(np.clip(restored + _blur(missing, sigma), 0, 255)), np.uint8)


def _blur(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)
