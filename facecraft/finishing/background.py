"""What is put behind a person."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
from PIL import ImageColor

from facecraft.errors import InvalidOption
from facecraft.imaging.geometry import shrunk, strips
from facecraft.matting.matte import Plane
from facecraft.types import RGBImage

Colour: TypeAlias = tuple[int, int, int]
Kind = Literal["keep", "transparent", "blur", "colour", "linear", "radial"]

GRADIENT = re.compile(r"(linear|radial)-gradient\((.+)\)")
BETWEEN = re.compile(r",(?![^(]*\))")
"""A comma outside of parentheses: rgb(0, 0, 0) has some inside."""
BLUR = 0.025
"""Of the portrait's longer side: the radius of the blur."""
BLURRED_PX = 512
"""Longer side of the picture that is blurred in place of a larger one."""


@dataclass(frozen=True, slots=True)
class Background:
    """A background as it was asked for.

    Attributes:
        colours: one for `colour`, two for gradients, none for the rest.
    """

    kind: Kind
    colours: tuple[Colour, ...] = ()


def parse(text: str) -> Background:
    """Read the option `background`.

    Raises:
        InvalidOption: none of what it may be.
    """
    wanted = text.strip().lower()
    if wanted == "keep":
        return Background("keep")
    if wanted == "transparent":
        return Background("transparent")
    if wanted == "blur":
        return Background("blur")
    gradient = GRADIENT.fullmatch(wanted)
    if gradient is None:
        return Background("colour", (colour(wanted),))
    ends = BETWEEN.split(gradient[2])
    if len(ends) != 2:
        raise InvalidOption(f"The option background has a gradient of {len(ends)} colours and not of two.")
    return Background("linear" if gradient[1] == "linear" else "radial", tuple(map(colour, ends)))


def colour(text: str) -> Colour:
    """A CSS colour: a name, #rgb, #rrggbb, rgb() or hsl().

    Raises:
        InvalidOption: it is none, or has transparency.
    """
    try:
        found = ImageColor.getrgb(text.strip())
    except ValueError as error:
        raise InvalidOption(
            f"The option background is wrong: {text.strip()!r} is no colour.",
            hint="Give keep, transparent, blur, a CSS colour as white or #e0e6f0, or "
            "linear-gradient(white, #e0e6f0).",
        ) from error
    if len(found) != 3:
        raise InvalidOption(f"The option background is wrong: the colour {text.strip()!r} has transparency.")
    if min(found) < 0 or max(found) > 255:
        raise InvalidOption(f"The option background is wrong: {text.strip()!r} is no colour of sRGB.")
    return found


def paint(background: Background, width: int, height: int) -> RGBImage:
    """A background of colours, (height, width, 3) uint8."""
    if background.kind == "colour":
        return np.full((height, width, 3), background.colours[0], np.uint8)
    steps = np.arange(256, dtype=np.float32)[:, None] / 255
    first, last = (np.array(each, np.float32) for each in background.colours)
    table = np.rint(first + (last - first) * steps).astype(np.uint8)
    painted = np.empty((height, width, 3), np.uint8)
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    for rows in strips(height):
        if background.kind == "linear":
            share = np.broadcast_to((y[rows] + 1) / 2, (rows.stop - rows.start, width))
        else:
            share = np.minimum(np.hypot(x[None], y[rows]) / np.float32(np.sqrt(2)), 1)
        painted[rows] = table[np.rint(share * 255).astype(np.uint8)]
    return painted


def blurred(image: RGBImage, plane: Plane) -> RGBImage:
    """The picture out of focus, without the person's colours in it.

    Args:
        image: (H, W, 3) uint8, RGB.
        plane: (h, w) float32, 0 to 1: where the person is.
    """
    height, width = image.shape[:2]
    small = shrunk(image, BLURRED_PX)
    away = 1 - np.clip(cv2.resize(plane, small.shape[1::-1]), 0, 1)
    away = np.maximum(cv2.erode(away, np.ones((5, 5), np.uint8)), 1e-3)  # a person may fill it all
    sigma = BLUR * max(small.shape[:2])
    colours = cv2.GaussianBlur(small * away[..., None], (0, 0), sigma)
    soft = colours / cv2.GaussianBlur(away, (0, 0), sigma)[..., None]
    rounded = np.rint(np.clip(soft, 0, 255)).astype(np.uint8)
    return np.asarray(cv2.resize(rounded, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
