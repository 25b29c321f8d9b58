"""Transforms of pictures: align a face to a model's square, and paste it back."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.box import Box
from facecraft.types import Face, FaceCrop, RGBImage

# The places of FFHQ's five landmarks in a square of 512 px (facexlib's template).
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

# The part of the square that is pasted back, in shares of its side: the face with its hair, with a soft edge
# of width FADE. It is a superellipse, because corners would show on a plain background.
MASK_CENTRE = (0.5, 0.5)
MASK_RADIUS = 0.485
MASK_EXPONENT = 3.5
FADE = 0.14
STRIP_PX = 256


Affine: TypeAlias = NDArray[np.float64]
"""(2, 3) float64, transforms x y of pixel centres, as in OpenCV."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """The square around a face in a picture.

    Attributes:
        to_crop: (2, 3) float64, from the picture's pixels to the square's.
        side_px: side of the square.
        source_px: length of the square's side in the picture's pixels.
    """

    to_crop: Affine
    side_px: int
    source_px: float

    def transformed(self, matrix: Affine) -> "Alignment":
        """The square around the same face in the picture transformed by a similarity matrix."""
        scale = scale_of(matrix)
        return Alignment(compose(invert(matrix), self.to_crop), self.side_px, self.source_px * scale)

    def overlaps(self, width: int, height: int) -> bool:
        """Whether a part of the square lies inside a picture of this size."""
        return not footprint(invert(self.to_crop), self.side_px, self.side_px, (height, width)).empty


def compose(first: Affine, second: Affine) -> Affine:
    """The matrix that applies `first`, then `second`."""
    linear = second[:, :2] @ first[:, :2]
    return np.column_stack((linear, second[:, :2] @ first[:, 2] + second[:, 2]))


def transform(places: NDArray[np.floating], matrix: Affine) -> NDArray[np.float32]:
    """Apply a matrix to places, (N, 2); returns (N, 2) float32."""
    return np.asarray(places @ matrix[:, :2].T + matrix[:, 2], np.float32)


def scale_of(matrix: Affine) -> float:
    """How many times as long a matrix makes lengths, on average."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))


def scaling(factor: float) -> Affine:
    """The matrix that makes a picture `factor` times as wide and high."""
    shift = (factor - 1) / 2
    return np.array([[factor, 0, shift], [0, factor, shift]], np.float64)


def quarter_turns(count: int, width: int, height: int) -> Affine:
    """The matrix of `numpy.rot90(picture, count)` for a picture of this size."""
    right, bottom = width - 1, height - 1
    matrices = (
        [[1, 0, 0], [0, 1, 0]],
        [[0, 1, 0], [-1, 0, right]],
        [[-1, 0, right], [0, -1, bottom]],
        [[0, -1, bottom], [1, 0, 0]],
    )
    return np.array(matrices[count % 4], np.float64)


def shifted(x_px: float, y_px: float) -> Affine:
    """The matrix that moves a picture."""
    return np.array([[1, 0, x_px], [0, 1, y_px]], np.float64)


def align(face: Face, side_px: int) -> Alignment:
    """Align a face's landmarks to FFHQ's (least squares, Umeyama 1991)."""
    target = TEMPLATE.astype(np.float64) * (side_px / TEMPLATE_PX)
    source = face.landmarks.astype(np.float64)
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred, centred_target = source - source_mean, target - target_mean
    # In two dimensions the best rotation and scale have a closed form: one complex number.
    spread = max((centred**2).sum(), 1e-6)
    a = (centred * centred_target).sum() / spread
    cross = centred[:, 0] * centred_target[:, 1] - centred[:, 1] * centred_target[:, 0]
    b = cross.sum() / spread
    rotation = np.array([[a, -b], [b, a]])
    to_crop = np.column_stack((rotation, target_mean - rotation @ source_mean))
    scale = max(float(np.hypot(a, b)), 1e-6)
    return Alignment(to_crop, side_px, side_px / scale)


def warp(image: NDArray[np.uint8], matrix: Affine, width: int, height: int, border: int) -> NDArray[np.uint8]:
    """`cv2.warpAffine`, but average when it shrinks: OpenCV would alias.

    Args:
        image: (H, W) or (H, W, C).
        matrix: (2, 3), from pixels of `image` to pixels of the result.
        width: of the result.
        height: of the result.
        border: an OpenCV border mode.
    """
    scale = scale_of(matrix)
    if scale >= 1:
        warped = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=border)
        return np.asarray(warped, np.uint8)
    box = _with_pixels(footprint(invert(matrix), width, height, image.shape), image.shape)
    part = image[box.inside]
    (part_h, part_w), (x1, y1) = part.shape[:2], (box.x1, box.y1)
    small_w, small_h = max(1, round(part_w * scale)), max(1, round(part_h * scale))
    small = cv2.resize(part, (small_w, small_h), interpolation=cv2.INTER_AREA)
    # Pixel centres are at half: small = (part + 0.5) * ratio - 0.5.
    ratio = np.array([part_w / small_w, part_h / small_h])
    linear = matrix[:, :2] * ratio
    shift = matrix[:, :2] @ (np.array([x1, y1]) + ratio / 2 - 0.5) + matrix[:, 2]
    rest = np.column_stack((linear, shift))
    warped = cv2.warpAffine(small, rest, (width, height), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(warped, np.uint8)


def _with_pixels(box: Box, shape: tuple[int, ...]) -> Box:
    """The box, or the nearest pixel of the picture if it has none."""
    x1, y1 = min(box.x1, shape[1] - 1), min(box.y1, shape[0] - 1)
    return Box(x1, y1, max(box.x2, x1 + 1), max(box.y2, y1 + 1))


def crop(image: RGBImage, alignment: Alignment) -> FaceCrop:
    """Cut out the square; outside of the picture its edge pixels are repeated."""
    side = alignment.side_px
    square = warp(image, alignment.to_crop, side, side, cv2.BORDER_REPLICATE)
    return FaceCrop(square, alignment.source_px)


def shrink(image: RGBImage, longest_px: float) -> RGBImage:
    """Copy a picture and limit its longer side to this many pixels."""
    height, width = image.shape[:2]
    ratio = min(1.0, longest_px / max(height, width))
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def enlarge(plane: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Make a plane, (H, W) uint8, `factor` times as wide and high."""
    size = (plane.shape[1] * factor, plane.shape[0] * factor)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def paste_back(canvas: RGBImage, restored: RGBImage, alignment: Alignment, strength: float) -> None:
    """Blend a restored square into a picture, in place, under a soft mask.

    Args:
        canvas: (H, W, 3) uint8, RGB; changed inside of the mask only.
        restored: the square, `alignment.side_px` wide and high.
        alignment: its place in the canvas.
        strength: weight of the restored pixels in the middle of the mask, 0 to 1.
    """
    side = alignment.side_px
    to_source = invert(alignment.to_crop)
    box = footprint(to_source, side, side, canvas.shape)
    if box.empty:
        return
    to_region = to_source.copy()
    to_region[:, 2] -= (box.x1, box.y1)
    width, height = box.x2 - box.x1, box.y2 - box.y1
    patch = warp(restored, to_region, width, height, cv2.BORDER_REPLICATE)
    weight = cv2.warpAffine(soft_mask(side) * strength, to_region, (width, height), flags=cv2.INTER_LINEAR)
    region = canvas[box.inside]
    region[:] = cv2.blendLinear(patch, np.ascontiguousarray(region), weight, 1 - weight)


@cache
def soft_mask(side_px: int) -> NDArray[np.float32]:
    """(side, side) float32: 1 on the face, 0 at the edge of the square, smooth in between."""
    axis = (np.arange(side_px, dtype=np.float32) + 0.5) / side_px
    x, y = np.abs(axis - MASK_CENTRE[0]), np.abs(axis - MASK_CENTRE[1])[:, None]
    distance = (x**MASK_EXPONENT + y**MASK_EXPONENT) ** (1 / MASK_EXPONENT)
    t = np.clip((MASK_RADIUS - distance) / FADE, 0, 1)
    mask = np.asarray(t * t * (3 - 2 * t), np.float32)
    mask.flags.writeable = False
    return mask


def strips(height: int) -> Iterator[slice]:
    """Divide the rows of a picture into strips, which need little memory to compute."""
    for top in range(0, height, STRIP_PX):
        yield slice(top, min(top + STRIP_PX, height))


def invert(matrix: Affine) -> Affine:
    """The inverse of a matrix."""
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def footprint(to_source: Affine, width: int, height: int, shape: tuple[int, ...]) -> Box:
    """The pixels of a picture under a rectangle, clipped to the picture.

    Args:
        to_source: from the rectangle's pixels to the picture's.
        width: of the rectangle.
        height: of the rectangle.
        shape: of the picture: height, width.
    """
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
    found = corners @ to_source[:, :2].T + to_source[:, 2]
    # Two more pixels, because interpolation reads the neighbours.
    x1, y1 = np.floor(found.min(axis=0)).astype(int) - 2
    x2, y2 = np.ceil(found.max(axis=0)).astype(int) + 2
    x1, x2 = np.clip((x1, x2), 0, shape[1]).tolist()
    y1, y2 = np.clip((y1, y2), 0, shape[0]).tolist()
    return Box(x1, y1, x2, y2)
