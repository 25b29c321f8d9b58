"""Aligning a face to a model's square, and pasting it back."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.types import Face, FaceCrop, RGBImage

# Where FFHQ has the five landmarks in a square of 512 px (facexlib's template).
TEMPLATE_PX = 512
TEMPLATE = np.array(
    [
        [192.98138, 239.94708],
        [318.90277, 240.1936],
        [256.63416, 314.01935],
        [201.26117, 371.41043],
        [313.08905, 371.15118],
    ],
    np.float32,
)

# The part of the square that is pasted back, in shares of its side: the face with its hair, fading out over
# FADE. A superellipse has no corners that a straight background could show.
MASK_CENTRE = (0.5, 0.5)
MASK_RADIUS = 0.485
MASK_EXPONENT = 3.5
FADE = 0.14
STRIP_PX = 256


Affine: TypeAlias = NDArray[np.float64]
"""(2, 3) float64: x y of a pixel's centre to where it goes, as OpenCV has it."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where a face lies.

    Attributes:
        to_crop: (2, 3) float64, source pixels to pixels of the square.
        side_px: of the square.
        source_px: how many source pixels the square's side spans.
    """

    to_crop: Affine
    side_px: int
    source_px: float

    def moved(self, matrix: Affine) -> "Alignment":
        """The same face after its picture was moved by a similarity, source pixels to those of the result."""
        scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
        return Alignment(then(inverse(matrix), self.to_crop), self.side_px, self.source_px * scale)

    def reaches(self, width: int, height: int) -> bool:
        """Whether any of the square lies in a picture of this size."""
        x1, y1, x2, y2 = _footprint(inverse(self.to_crop), self.side_px, self.side_px, (height, width))
        return x1 < x2 and y1 < y2


def then(first: Affine, second: Affine) -> Affine:
    """The matrix that does one after the other."""
    linear = second[:, :2] @ first[:, :2]
    return np.column_stack((linear, second[:, :2] @ first[:, 2] + second[:, 2]))


def placed(places: NDArray[np.floating], matrix: Affine) -> NDArray[np.float32]:
    """(N, 2) float32: where a matrix brings places, (N, 2)."""
    return np.asarray(places @ matrix[:, :2].T + matrix[:, 2], np.float32)


def enlarging(factor: float) -> Affine:
    """The matrix of a picture made `factor` times as wide and high; pixel centres lie at half."""
    shift = (factor - 1) / 2
    return np.array([[factor, 0, shift], [0, factor, shift]], np.float64)


def align(face: Face, side_px: int) -> Alignment:
    """The similarity that brings a face's landmarks closest to FFHQ's (Umeyama 1991, least squares)."""
    target = TEMPLATE.astype(np.float64) * (side_px / TEMPLATE_PX)
    source = face.landmarks.astype(np.float64)
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred, wanted = source - source_mean, target - target_mean
    # In the plane the best rotation and scale have a closed form: one complex number.
    spread = max((centred**2).sum(), 1e-6)
    a = (centred * wanted).sum() / spread
    b = (centred[:, 0] * wanted[:, 1] - centred[:, 1] * wanted[:, 0]).sum() / spread
    rotation = np.array([[a, -b], [b, a]])
    to_crop = np.column_stack((rotation, target_mean - rotation @ source_mean))
    scale = max(float(np.hypot(a, b)), 1e-6)
    return Alignment(to_crop, side_px, side_px / scale)


def warp(image: NDArray[np.uint8], matrix: Affine, width: int, height: int, border: int) -> NDArray[np.uint8]:
    """`cv2.warpAffine` that averages where it shrinks; OpenCV's own samples, and aliases.

    Args:
        image: (H, W) or (H, W, C).
        matrix: (2, 3), from pixels of `image` to pixels of the result.
        width: of the result.
        height: of the result.
        border: an OpenCV border mode.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale >= 1:
        moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=border)
        return np.asarray(moved, np.uint8)
    x1, y1, x2, y2 = _footprint(inverse(matrix), width, height, image.shape)
    part = image[y1:y2, x1:x2]
    small_w, small_h = max(1, round((x2 - x1) * scale)), max(1, round((y2 - y1) * scale))
    small = cv2.resize(part, (small_w, small_h), interpolation=cv2.INTER_AREA)
    # Pixel centres lie at half: small = (part + 0.5) * ratio - 0.5.
    ratio = np.array([(x2 - x1) / small_w, (y2 - y1) / small_h])
    linear = matrix[:, :2] * ratio
    shift = matrix[:, :2] @ (np.array([x1, y1]) + ratio / 2 - 0.5) + matrix[:, 2]
    rest = np.column_stack((linear, shift))
    moved = cv2.warpAffine(small, rest, (width, height), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(moved, np.uint8)


def crop(image: RGBImage, alignment: Alignment) -> FaceCrop:
    """The aligned square; beyond the picture's edge its last pixels are repeated."""
    side = alignment.side_px
    square = warp(image, alignment.to_crop, side, side, cv2.BORDER_REPLICATE)
    return FaceCrop(square, alignment.source_px)


def shrunk(image: RGBImage, longest_px: int) -> RGBImage:
    """A copy whose longer side has at most so many pixels, and the shorter one at least one."""
    height, width = image.shape[:2]
    ratio = min(1.0, longest_px / max(height, width))
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def enlarge(plane: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """A plane, (H, W), `factor` times as wide and high."""
    size = (plane.shape[1] * factor, plane.shape[0] * factor)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def paste_back(canvas: RGBImage, restored: RGBImage, alignment: Alignment, strength: float) -> None:
    """Blend a restored square into a picture, in place, under a soft mask.

    Args:
        canvas: (H, W, 3) uint8, RGB; nothing outside the mask changes.
        restored: the square, `alignment.side_px` wide and high.
        alignment: where it belongs.
        strength: weight of the restored pixels at the mask's middle, 0 to 1.
    """
    side = alignment.side_px
    to_source = inverse(alignment.to_crop)
    x1, y1, x2, y2 = _footprint(to_source, side, side, canvas.shape)
    if x1 == x2 or y1 == y2:
        return
    to_region = to_source.copy()
    to_region[:, 2] -= (x1, y1)
    width, height = x2 - x1, y2 - y1
    patch = warp(restored, to_region, width, height, cv2.BORDER_REPLICATE)
    weight = cv2.warpAffine(soft_mask(side) * strength, to_region, (width, height), flags=cv2.INTER_LINEAR)
    region = canvas[y1:y2, x1:x2]
    region[:] = cv2.blendLinear(patch, np.ascontiguousarray(region), weight, 1 - weight)


@cache
def soft_mask(side_px: int) -> NDArray[np.float32]:
    """(side, side) float32, 1 on the face, 0 at the square's edge, smooth between."""
    axis = (np.arange(side_px, dtype=np.float32) + 0.5) / side_px
    x, y = np.abs(axis - MASK_CENTRE[0]), np.abs(axis - MASK_CENTRE[1])[:, None]
    distance = (x**MASK_EXPONENT + y**MASK_EXPONENT) ** (1 / MASK_EXPONENT)
    t = np.clip((MASK_RADIUS - distance) / FADE, 0, 1)
    mask = np.asarray(t * t * (3 - 2 * t), np.float32)
    mask.flags.writeable = False
    return mask


def strips(height: int) -> Iterator[slice]:
    """The rows of a picture, a few at a time: what is computed on strips takes no memory worth a mention."""
    for top in range(0, height, STRIP_PX):
        yield slice(top, min(top + STRIP_PX, height))


def inverse(matrix: Affine) -> Affine:
    """The matrix of the way back."""
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def _footprint(
    to_source: Affine, width: int, height: int, shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """x1 y1 x2 y2 of the source pixels under a rectangle, cut to the source."""
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
    found = corners @ to_source[:, :2].T + to_source[:, 2]
    # Two pixels more: interpolation reaches beyond the pixel it starts from.
    x1, y1 = np.floor(found.min(axis=0)).astype(int) - 2
    x2, y2 = np.ceil(found.max(axis=0)).astype(int) + 2
    x1, x2 = np.clip((x1, x2), 0, shape[1]).tolist()
    y1, y2 = np.clip((y1, y2), 0, shape[0]).tolist()
    return x1, y1, x2, y2
