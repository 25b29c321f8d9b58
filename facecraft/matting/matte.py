"""A matte at full resolution, and a person without the old background, from a coarse segmentation.

A guided filter refines the plane, with the picture's colours as its guide (He, Sun and Tang 2013). Its
coefficients are computed on a smaller picture and applied to the large one (He and Sun 2015,
arXiv:1505.00996). Blur fusion estimates the person's own colours under soft hair (Forte 2021,
arXiv:2006.14970): it averages the colours of both sides near a pixel, and then corrects them to match the
pixel. At full resolution only the pixels between both sides are computed, in strips, to save memory.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.geometry import shrink, strips
from facecraft.imaging.picture import Picture
from facecraft.types import Plane, RGBImage

WORK_PX = 384
"""Longer side of the small picture for the coefficients."""
RADIUS = 0.012
"""Radius of the guided filter, as a share of the longer side."""
EPSILON = 1e-4
"""Smallest variance of an edge in the guide, for values from 0 to 1."""
LOW, HIGH = 0.12, 0.88
"""Values of a filtered matte that count as 0 and as 1: a linear filter does not quite reach either."""
FAR, NEAR = 0.06, 0.012
"""Radii of the two passes of blur fusion, as shares of the longer side."""
SURE_BACKGROUND, SURE_PERSON = 0.1, 0.97
BACKGROUND_LABEL, PERSON_LABEL = 1, 2
RINGS, DIRECTIONS = (0.02, 0.04, 0.07), 8
"""Samples around a pixel: radii in shares of the longer side, and the number of samples on each ring."""
MAX_DISTANCE = 3 * 255
"""Distance of a side without samples: the largest of two colours."""
NOISE, APART = 2.0, 32.0
"""Difference in levels of two pixels of the same colour, and of two different colours."""


def cut_out(image: RGBImage, plane: Plane) -> Picture:
    """Cut the person out of a picture.

    Args:
        image: (H, W, 3) uint8, RGB.
        plane: the segmented person.

    Returns:
        The person's own colours, without background colours in soft hair, and the matte as alpha.
    """
    height, width = image.shape[:2]
    small = shrink(image, WORK_PX)
    guide = np.asarray(small, np.float32) / np.float32(255)
    coarse = np.clip(cv2.resize(plane, small.shape[1::-1], interpolation=cv2.INTER_LINEAR), 0, 1)
    target = _by_colour(np.asarray(small, np.int16), np.asarray(coarse, np.float32))
    slopes, offset = _guided_filter(guide, target)
    share = _stretch((slopes * guide).sum(axis=2) + offset)
    fields = [slopes, offset, *_sides(guide, share)]
    unsure = cv2.dilate(((share > 0) & (share < 1)).astype(np.uint8), np.ones((5, 5), np.uint8))
    unsure = cv2.resize(unsure, (width, height), interpolation=cv2.INTER_NEAREST)
    levels = np.rint(share * 255).astype(np.uint8)
    alpha = np.asarray(cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    person = image.copy()
    for rows in strips(height):
        y, x = np.nonzero(unsure[rows])
        y += rows.start
        pixels = image[y, x].astype(np.float32) / 255
        slope, intercept, foreground, background = (_sample(field, x, y, width, height) for field in fields)
        shares = _stretch((slope * pixels).sum(axis=1, keepdims=True) + intercept)
        alpha[y, x] = np.rint(shares[:, 0] * 255)
        own = foreground + shares * (pixels - shares * foreground - (1 - shares) * background)
        person[y, x] = np.rint(np.clip(own, 0, 1) * 255)
    return Picture(person, alpha)


def _sample(
    field: NDArray[np.float32], x: NDArray[np.intp], y: NDArray[np.intp], width: int, height: int
) -> NDArray[np.float32]:
    """(N, C) float32, values of a small picture at N pixels of the large one, which is width x height."""
    if not x.size:
        return np.empty((0, 1), np.float32)
    across = ((x + 0.5) * (field.shape[1] / width) - 0.5).astype(np.float32)
    down = ((y + 0.5) * (field.shape[0] / height) - 0.5).astype(np.float32)
    # A side in OpenCV has at most 32767 pixels.
    folded = -(-x.size // 4096)
    across, down = (np.resize(axis, (folded, 4096)) for axis in (across, down))
    values = cv2.remap(field, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values.reshape(folded * 4096, -1)[: x.size], np.float32)


def _box(plane: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    side = 2 * max(1, round(share * max(plane.shape[:2]))) + 1
    return np.asarray(cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def _by_colour(picture: NDArray[np.int16], coarse: Plane) -> Plane:
    """Decide by colour for pixels with an unsure segmentation.

    Each unsure pixel is compared with sure samples around it. It joins the side with a much nearer colour (a
    simple form of the sampling in Gastal and Oliveira 2010).
    """
    height, width = coarse.shape
    side = max(height, width)
    sure = np.zeros((height, width), np.uint8)
    sure[cv2.erode((coarse < SURE_BACKGROUND).astype(np.uint8), _square(0.008, side)) > 0] = BACKGROUND_LABEL
    sure[cv2.erode((coarse > SURE_PERSON).astype(np.uint8), _square(0.02, side)) > 0] = PERSON_LABEL
    y, x = np.nonzero(sure == 0)
    ring, step = np.divmod(np.arange(len(RINGS) * DIRECTIONS), DIRECTIONS)
    angle, radius = math.tau * (step + ring % 2 / 2) / DIRECTIONS, np.array(RINGS)[ring] * side
    near_y = np.clip(y[:, None] + np.rint(np.sin(angle) * radius).astype(int), 0, height - 1)
    near_x = np.clip(x[:, None] + np.rint(np.cos(angle) * radius).astype(int), 0, width - 1)
    distance = np.abs(picture[near_y, near_x] - picture[y, x][:, None]).sum(axis=2)
    labels = sure[near_y, near_x]
    nearest = [
        np.where(labels == label, distance, MAX_DISTANCE).min(axis=1)
        for label in (BACKGROUND_LABEL, PERSON_LABEL)
    ]
    background, person = (each.astype(np.float32) / 3 for each in nearest)
    share = (background + NOISE) / (background + person + 2 * NOISE)
    decision = np.clip((share - 0.3) / 0.4, 0, 1)
    trust = np.clip(np.abs(background - person) / APART, 0, 1) * (
        np.maximum(background, person) < MAX_DISTANCE / 3
    )
    target = coarse.copy()
    target[y, x] += trust * (decision - coarse[y, x])
    return np.asarray(cv2.GaussianBlur(target, (0, 0), 1), np.float32)


def _square(share: float, side: int) -> NDArray[np.uint8]:
    return np.ones((2 * max(1, round(share * side)) + 1,) * 2, np.uint8)


def _guided_filter(guide: NDArray[np.float32], target: Plane) -> tuple[NDArray[np.float32], Plane]:
    """Coefficients of the guided filter: slopes, (h, w, 3), and offset, (h, w)."""
    mean, mean_target = _box(guide, RADIUS), _box(target, RADIUS)
    covariance = _box(guide * target[..., None], RADIUS) - mean * mean_target[..., None]
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    products = np.dstack([guide[..., i] * guide[..., j] for i, j in pairs])
    spread = np.concatenate((_box(products[..., :3], RADIUS), _box(products[..., 3:], RADIUS)), axis=2)
    rr, rg, rb, gg, gb, bb = (spread[..., k] - mean[..., i] * mean[..., j] for k, (i, j) in enumerate(pairs))
    rr, gg, bb = rr + EPSILON, gg + EPSILON, bb + EPSILON
    # The inverse of the symmetric 3 x 3 matrix by its cofactors.
    c_rr, c_rg, c_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * c_rr + rg * c_rg + rb * c_rb
    r, g, b = (covariance[..., channel] / determinant for channel in range(3))
    slopes = np.dstack(
        (c_rr * r + c_rg * g + c_rb * b, c_rg * r + c_gg * g + c_gb * b, c_rb * r + c_gb * g + c_bb * b)
    )
    offset = mean_target - (slopes * mean).sum(axis=2)
    return _box(slopes, RADIUS), _box(offset, RADIUS)


def _stretch(share: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.clip((share - LOW) / (HIGH - LOW), 0, 1), np.float32)


def _sides(guide: NDArray[np.float32], share: Plane) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colours of the person and of the background near each pixel, (h, w, 3) float32 each."""
    alpha, rest = share[..., None], 1 - share[..., None]
    person = background = guide
    for radius in (FAR, NEAR):
        foreground = _box(person * alpha, radius) / (_box(share, radius)[..., None] + 1e-5)
        background = _box(background * rest, radius) / (_box(1 - share, radius)[..., None] + 1e-5)
        person = np.clip(foreground + alpha * (guide - alpha * foreground - rest * background), 0, 1)
    return foreground, background
