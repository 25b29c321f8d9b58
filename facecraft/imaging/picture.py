"""Pixels with their transparency: the input and output of every drawing step."""

from dataclasses import dataclass, replace

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

    @property
    def missing(self) -> float:
        """The share of it that lies outside of the photo, 0 to 1."""
        return 0.0 if self.covered is None else 1 - float(self.covered.mean()) / 255


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


def hide_colour(picture: Picture) -> Picture:
    """Make every pixel under alpha 0 black. Else whoever drops the alpha channel sees what was cut away."""
    if picture.alpha is None:
        return picture
    return replace(picture, rgb=np.asarray(cv2.bitwise_and(picture.rgb, picture.rgb, mask=picture.alpha)))


def scale_down(picture: Picture, width: int, height: int) -> Picture:
    """Scale a picture down. Pixels count as much as they are opaque, so that no hidden colour appears."""
    if picture.alpha is None:
        return Picture(np.asarray(cv2.resize(picture.rgb, (width, height), interpolation=cv2.INTER_AREA)))
    from PIL import Image  # noqa: PLC0415  # it takes longer than all the rest of this module

    image = Image.fromarray(cv2.merge((picture.rgb, picture.alpha)))
    pixels = np.asarray(image.resize((width, height), Image.Resampling.BOX))
    return Picture(np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3]))


def multiply_alpha(first: Alpha | None, second: Alpha | None) -> Alpha | None:
    """The product of two alpha channels; None counts as opaque."""
    if first is None or second is None:
        return second if first is None else first
    return np.asarray(cv2.multiply(first, second, scale=1 / 255), np.uint8)
