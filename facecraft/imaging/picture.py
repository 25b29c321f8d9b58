"""Pixels with their transparency: the input and output of every drawing step."""

from dataclasses import dataclass

import cv2
import numpy as np

from facecraft.colours import Colour
from facecraft.imaging.geometry import strips
from facecraft.types import Alpha, RGBImage


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright picture in sRGB.

    Attributes:
        rgb: (H, W, 3) uint8.
        alpha: (H, W) uint8, 255 is opaque; None if all pixels are.
        covered: (H, W) uint8, 255 for pixels of the photo, 0 outside of it; None if all are of the photo.
    """

    rgb: RGBImage
    alpha: Alpha | None = None
    covered: Alpha | None = None

    @property
    def width(self) -> int:
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        return int(self.rgb.shape[0])


def composite(picture: Picture, backdrop: RGBImage) -> RGBImage:
    """Draw a picture over a backdrop, (H, W, 3) uint8, in place; without alpha the picture is returned."""
    if picture.alpha is None:
        return picture.rgb
    for rows in strips(picture.height):
        weight = picture.alpha[rows].astype(np.float32) / 255
        backdrop[rows] = cv2.blendLinear(picture.rgb[rows], backdrop[rows], weight, 1 - weight)
    return backdrop


def flatten(picture: Picture, colour: Colour) -> RGBImage:
    """The picture on a colour, without transparency; (H, W, 3) uint8."""
    if picture.alpha is None:
        return picture.rgb
    return composite(picture, np.full_like(picture.rgb, colour))


def multiply_alpha(first: Alpha | None, second: Alpha | None) -> Alpha | None:
    """The product of two alpha channels; None counts as opaque."""
    if first is None or second is None:
        return second if first is None else first
    return np.asarray(cv2.multiply(first, second, scale=1 / 255), np.uint8)
