"""The portrait's crop: size, place and tilt of the head in it."""

from dataclasses import dataclass

import cv2
import numpy as np

from facecraft.finishing.frame import Frame, Lack
from facecraft.imaging.geometry import Affine, compose, invert, scaling, shifted, transform, warp
from facecraft.imaging.head import Head
from facecraft.imaging.picture import Picture
from facecraft.options import Options
from facecraft.types import Alpha, Note, RGBImage

LEAST_PX, MOST_PX = 64, 4096
EYES_FROM_TOP = 0.45
"""Distance of the eyes from the top, as a share of the height, in a crop that only has a shape."""
SEAM = 0.04
"""Width of the transition from the photo's edge to a plain area, as a share of the portrait's longer side."""
LEAST_MISSING = 0.0005
"""Smallest share of the portrait outside of the photo that a note names."""
LEAST_LACK = 0.005
"""Smallest missing room that a note names, as a share of the portrait's height."""
ENLARGED = 1.005
"""Above this scale the portrait has more pixels than the photo."""


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of a picture that becomes the portrait.

    Attributes:
        matrix: (2, 3) float64, from the picture's pixels to the portrait's.
        width: of the portrait, in pixels.
        height: of the portrait, in pixels.
        scale: portrait pixels per pixel of the picture.
    """

    matrix: Affine
    width: int
    height: int
    scale: float

    def scaled(self, factor: float) -> "Crop":
        """The same crop with `factor` times as many pixels on each side."""
        width, height = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        return Crop(compose(self.matrix, scaling(factor)), width, height, self.scale * factor)


def largest(width: int, height: int, size: tuple[int, int], head: Head | None) -> Crop:
    """The largest part of a picture with the portrait's shape, with the head near its place.

    Args:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        size: width and height of the portrait, in pixels.
        head: of the portrait's person, in the picture's pixels; None if no face was found.
    """
    wide, high = size
    scale = max(wide / width, high / height)
    middle = np.array([width / 2, height / 2]) if head is None else head.middle + 0.5
    target = np.array([wide / 2, high / 2 if head is None else high * EYES_FROM_TOP])
    shift = np.clip(target - scale * middle, np.array([wide - scale * width, high - scale * height]), 0)
    shift = np.rint(shift)  # without scaling, pixels are copied unchanged; their centres are at half
    matrix = np.array([[scale, 0, shift[0] + scale / 2 - 0.5], [0, scale, shift[1] + scale / 2 - 0.5]])
    return Crop(matrix, wide, high, scale)


def of_frame(frame: Frame, size: tuple[int, int]) -> Crop:
    """The crop of a frame, with this width and height in pixels."""
    wide, high = size
    to_portrait = compose(compose(shifted(0.5, 0.5), frame.matrix * high), shifted(-0.5, -0.5))
    return Crop(to_portrait, wide, high, high / frame.height_px)


def portrait_size(options: Options, width: int, height: int, natural_px: float | None) -> tuple[int, int]:
    """The portrait's width and height. A missing side follows from the picture's shape and resolution.

    Args:
        options: width, height and head are read.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        natural_px: height of the portrait if the picture is not scaled; None for the picture's own size.
    """
    wide, high = options.width, options.height
    if wide is not None and high is not None:
        return wide, high
    if wide is not None:
        return wide, _clip(wide * height / width)
    if high is not None:
        return _clip(high * width / height), high
    if natural_px is None:
        return width, height
    natural = natural_px * width / height, natural_px
    if options.head_range is None:  # a part of the picture in its own resolution
        return max(1, round(natural[0])), max(1, round(natural[1]))
    factor = min(1.0, MOST_PX / max(natural)) * max(1.0, LEAST_PX / min(natural))
    return _clip(natural[0] * factor), _clip(natural[1] * factor)


def _clip(side_px: float) -> int:
    return int(min(max(round(side_px), LEAST_PX), MOST_PX))


def apply(picture: Picture, crop: Crop) -> Picture:
    """Resample a picture into the crop, once.

    Outside of the picture its edge is repeated and becomes plain; `covered` is 0 there.
    """
    size = (crop.width, crop.height)
    rgb = warp(picture.rgb, crop.matrix, *size, cv2.BORDER_REPLICATE)
    alpha = None
    if picture.alpha is not None:
        alpha = warp(picture.alpha, crop.matrix, *size, cv2.BORDER_REPLICATE)
    if _is_inside(crop, picture.width, picture.height):
        return Picture(rgb, alpha)
    full = np.full(picture.rgb.shape[:2], 255, np.uint8)
    covered = np.asarray(cv2.warpAffine(full, crop.matrix, size, flags=cv2.INTER_LINEAR), np.uint8)
    return Picture(_plain_beyond(rgb, covered), alpha, covered)


def _is_inside(crop: Crop, width: int, height: int) -> bool:
    """Whether the picture covers every pixel of the crop, to half a pixel of the picture."""
    right, bottom = crop.width - 1, crop.height - 1
    corners = transform(np.array([[0, 0], [right, 0], [0, bottom], [right, bottom]]), invert(crop.matrix))
    return bool((corners >= -0.51).all() and (corners <= np.array([width, height]) - 0.49).all())


def _plain_beyond(rgb: RGBImage, covered: Alpha) -> RGBImage:
    """Smooth the streaks of the repeated edge, where `covered` is 0."""
    reach = max(2, round(SEAM * max(rgb.shape[:2])))
    small = cv2.resize(rgb, None, fx=1 / 4, fy=1 / 4, interpolation=cv2.INTER_AREA)
    for _ in range(2):  # two box filters are nearly a Gaussian
        small = cv2.blur(small, (reach // 2 | 1, reach // 2 | 1), borderType=cv2.BORDER_REPLICATE)
    plain = cv2.resize(small, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_LINEAR)
    distance = cv2.distanceTransform((covered < 255).astype(np.uint8), cv2.DIST_L2, 3)
    weight = np.minimum(distance / reach, 1).astype(np.float32)
    return np.asarray(cv2.blendLinear(plain, rgb, weight, 1 - weight), np.uint8)


def notes_on(crop: Crop, missing: float, lack: Lack | None) -> tuple[Note, ...]:
    """Notes if the photo is too small for the crop, ends inside of it, or is too tight for the ranges.

    `missing` is the share of the portrait outside of the photo, 0 to 1.
    """
    notes = []
    if crop.scale > ENLARGED:
        detail = f"The photo was enlarged {crop.scale:.2f} times to fill the frame: it has fewer pixels."
        notes.append(Note("source_small", detail))
    if missing >= LEAST_MISSING:
        detail = f"The photo ends inside the frame: {missing:.1%} of the portrait is outside of it."
        notes.append(Note("extended", detail))
    if lack is not None:
        detail = f"The photo is too tight. The requested frame needs {_rooms(lack)}, in shares of its height."
        notes.append(Note("photo_tight", f"{detail} This one is closer."))
    return tuple(notes)


def _rooms(lack: Lack) -> str:
    rooms = [f"{share:.0%} more room {side}" for side, share in lack.sides.items() if share >= LEAST_LACK]
    return ", ".join(rooms) or "a little more room"
