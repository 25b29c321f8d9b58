"""The portrait's frame: how large the head is in it, where, and how upright."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.errors import NoFaceFound
from facecraft.imaging.geometry import Affine, enlarging, inverse, placed, then, warp
from facecraft.imaging.head import EYES_IN_HEAD, Head
from facecraft.options import Options
from facecraft.types import Note, RGBImage

LEAST_PX, MOST_PX = 64, 4096
ROOM_ABOVE = 0.4
"""Of the room that a head leaves, the share above it where neither eye_line nor margin says more."""
SEAM = 0.04
"""Of the portrait's longer side: over that distance, what lies beyond the source becomes plain."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How the portrait is cut out of the source.

    Attributes:
        matrix: (2, 3) float64, source pixels to the portrait's.
        width: of the portrait, in pixels.
        height: of the portrait, in pixels.
        scale: portrait pixels for a source pixel.
    """

    matrix: Affine
    width: int
    height: int
    scale: float

    def scaled(self, factor: float) -> "Frame":
        """The same cut with `factor` times as many pixels a side; pixel centres lie at half."""
        width, height = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        return Frame(then(self.matrix, enlarging(factor)), width, height, self.scale * factor)


def is_asked_for(options: Options) -> bool:
    """Whether the portrait is another cut of the picture than the whole."""
    return options.width is not None or options.height is not None or _fits_head(options)


def head_share(options: Options) -> float | None:
    """Height of the head over the portrait's that is asked for, None where none is."""
    return options.head if options.margin is None else 1 / (1 + 2 * options.margin)


def _fits_head(options: Options) -> bool:
    return head_share(options) is not None or options.align or options.eye_line is not None


def plan(options: Options, width: int, height: int, head: Head | None) -> Frame | None:
    """The frame that is asked for, None where none is.

    Without `head` or `margin` it is the largest cut of the source that has the shape asked for.

    Args:
        options: width, height, head, margin, align and eye_line are read.
        width: of the source, in pixels.
        height: of the source, in pixels.
        head: whose portrait it is; None where there is no face.

    Raises:
        NoFaceFound: the frame is to fit a head, and there is none.
    """
    if not is_asked_for(options):
        return None
    share = head_share(options)
    if head is None:
        if _fits_head(options):
            raise NoFaceFound("No face was found that the frame could fit.")
        return _cut(*_size(options, width, height, None), width, height, None)
    wide, high = _size(options, width, height, None if share is None else head.height_px / share)
    if share is None and options.eye_line is None and not options.align:
        return _cut(wide, high, width, height, head)
    scale = max(wide / width, high / height) if share is None else share * high / head.height_px
    return _around(head, wide, high, scale=scale, share=share, options=options)


def _size(options: Options, width: int, height: int, natural: float | None) -> tuple[int, int]:
    """The portrait's sides; those that are not given follow the source's shape and resolution.

    `natural` is the height in which the head has its size as in the source, None where no head is fitted.
    """
    wide, high = options.width, options.height
    if wide is None and high is None:
        high = height if natural is None else _clip(natural)
        wide = width if natural is None else _clip(natural * width / height)
    elif wide is None and high is not None:
        wide = _clip(high * width / height)
    elif high is None and wide is not None:
        high = _clip(wide * height / width)
    assert wide is not None  # noqa: S101  # for the type checker
    assert high is not None  # noqa: S101
    return wide, high


def _clip(side: float) -> int:
    return int(min(max(round(side), LEAST_PX), MOST_PX))


def _cut(wide: int, high: int, width: int, height: int, head: Head | None) -> Frame:
    """The largest part of the source of this shape, with the head as near to its place as it gets."""
    scale = max(wide / width, high / height)
    middle = np.array([width / 2, height / 2]) if head is None else head.middle + 0.5
    wanted = np.array([wide / 2, high / 2 if head is None else high * 0.45])
    shift = np.clip(wanted - scale * middle, np.array([wide - scale * width, high - scale * height]), 0)
    shift = np.rint(shift)  # where nothing is scaled, pixels stay what they are; their centres lie at half
    matrix = np.array([[scale, 0, shift[0] + scale / 2 - 0.5], [0, scale, shift[1] + scale / 2 - 0.5]])
    return Frame(matrix, wide, high, scale)


def _around(
    head: Head, wide: int, high: int, *, scale: float, share: float | None, options: Options
) -> Frame:
    """A frame with the eyes where they are to be."""
    turn = math.radians(head.roll_deg) if options.align else 0.0
    linear = scale * np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    shown = head.height_px * scale / high if share is None else share
    if options.eye_line is not None:
        from_top = 1 - options.eye_line
    else:
        above = 0.5 if options.margin is not None else ROOM_ABOVE
        from_top = above * (1 - shown) + (1 - EYES_IN_HEAD) * shown
    wanted = np.array([wide / 2, from_top * high]) - 0.5
    if not (options.width or options.height or share or options.eye_line):  # only turned: the eyes stay
        wanted = head.middle
    return Frame(np.column_stack((linear, wanted - linear @ head.middle)), wide, high, scale)


def cut(image: RGBImage, frame: Frame) -> tuple[RGBImage, NDArray[np.uint8] | None]:
    """Resample a picture into the frame, once.

    Returns:
        The portrait, (H, W, 3) uint8; where the source ends, its edge goes on and gets plain. And where it
        has the source's pixels, (H, W) uint8: 255 there, 0 beyond; None where it has them everywhere.
    """
    size = (frame.width, frame.height)
    portrait = warp(image, frame.matrix, *size, cv2.BORDER_REPLICATE)
    if _within(frame, image.shape[1], image.shape[0]):
        return portrait, None
    whole = np.full(image.shape[:2], 255, np.uint8)
    covered = np.asarray(cv2.warpAffine(whole, frame.matrix, size, flags=cv2.INTER_LINEAR), np.uint8)
    return _extended(portrait, covered), covered


def _within(frame: Frame, width: int, height: int) -> bool:
    """Whether the source reaches to every pixel of the frame, to half of one of its own."""
    right, bottom = frame.width - 1, frame.height - 1
    back = placed(np.array([[0, 0], [right, 0], [0, bottom], [right, bottom]]), inverse(frame.matrix))
    return bool((back >= -0.51).all() and (back <= np.array([width, height]) - 0.49).all())


def _extended(portrait: RGBImage, covered: NDArray[np.uint8]) -> RGBImage:
    """The portrait with the streaks that its repeated edge makes beyond the source smoothed out."""
    reach = max(2, round(SEAM * max(portrait.shape[:2])))
    small = cv2.resize(portrait, None, fx=1 / 4, fy=1 / 4, interpolation=cv2.INTER_AREA)
    for _ in range(2):  # twice a box is nearly a Gaussian
        small = cv2.blur(small, (reach // 2 | 1, reach // 2 | 1), borderType=cv2.BORDER_REPLICATE)
    plain = cv2.resize(small, (portrait.shape[1], portrait.shape[0]), interpolation=cv2.INTER_LINEAR)
    beyond = cv2.distanceTransform((covered < 255).astype(np.uint8), cv2.DIST_L2, 3)
    weight = np.minimum(beyond / reach, 1).astype(np.float32)
    return np.asarray(cv2.blendLinear(plain, portrait, weight, 1 - weight), np.uint8)


def cut_plane(plane: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """The same for one plane, (H, W): beyond the source its edge goes on."""
    return warp(plane, frame.matrix, frame.width, frame.height, cv2.BORDER_REPLICATE)


def notes_on(frame: Frame, covered: NDArray[np.uint8] | None) -> list[Note]:
    """What the frame's asker should know: a source too small for it, or one that ends inside of it."""
    notes = []
    if frame.scale > 1.005:
        detail = f"The photo was enlarged {frame.scale:.2f} times to fill the frame: it has fewer pixels."
        notes.append(Note("source_small", detail))
    if covered is not None:
        share = 1 - float(covered.mean()) / 255
        detail = f"The photo ends inside the frame: {share:.1%} of the portrait lies beyond it."
        notes.append(Note("extended", detail))
    return notes
