"""The portrait's file: as good as it may be in the kilobytes that there are."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.cancellation import Cancellation
from facecraft.errors import CannotFit
from facecraft.imaging import codec
from facecraft.options import Options
from facecraft.types import ImageFormat, Note, RGBImage

KB = 1000
FLOOR = 50
"""Quality under which the picture gets smaller instead: blocks show from there on."""
SMALLEST_PX = 32
"""Shorter side under which no face is left to see."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture's file.

    Attributes:
        quality: of the encoder, None for PNG.
        notes: whether it had to get smaller.
    """

    data: bytes
    width: int
    height: int
    quality: int | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Picture:
    rgb: RGBImage
    alpha: NDArray[np.uint8] | None
    format: ImageFormat
    dpi: int | None
    cancellation: Cancellation

    def encode(self, quality: int | None) -> Encoded:
        self.cancellation.check()  # the largest WebP takes seconds, and some ten tries
        data = codec.encode(self.rgb, self.alpha, self.format, quality, self.dpi)
        height, width = self.rgb.shape[:2]
        return Encoded(data, width, height, quality)

    def smaller(self, scale: float) -> "_Picture":
        height, width = self.rgb.shape[:2]
        least = min(1.0, SMALLEST_PX / min(height, width))
        size = (round(width * max(scale, least)), round(height * max(scale, least)))
        rgb = np.asarray(cv2.resize(self.rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        alpha = None
        if self.alpha is not None:
            alpha = np.asarray(cv2.resize(self.alpha, size, interpolation=cv2.INTER_AREA), np.uint8)
        # On paper it stays as large as it was.
        dpi = None if self.dpi is None else max(1, round(self.dpi * size[0] / width))
        return replace(self, rgb=rgb, alpha=alpha, dpi=dpi)


def encode(
    rgb: RGBImage,
    alpha: NDArray[np.uint8] | None,
    format_: ImageFormat,
    options: Options,
    cancellation: Cancellation | None = None,
) -> Encoded:
    """Encode a portrait; quality, max_kb and dpi are read of the options.

    Under `max_kb` it has the highest quality that fits, found by bisection, at most the one asked for; where
    FLOOR is too much already, the largest size that fits, and then the highest quality at that size.

    Raises:
        CannotFit: it is too large even at SMALLEST_PX.
        DeadlineExceeded: it was cancelled.
    """
    picture = _Picture(rgb, alpha, format_, options.dpi, cancellation or Cancellation())
    best = None if format_ == "png" else options.quality or codec.DEFAULT_QUALITY
    whole = picture.encode(best)
    if options.max_kb is None or len(whole.data) <= options.max_kb * KB:
        return whole
    limit_bytes = options.max_kb * KB
    found = _bisect(picture, best, limit_bytes)
    if found is not None:
        return found
    floor = None if best is None else min(best, FLOOR)
    scale, size_bytes = 1.0, len(picture.encode(floor).data)
    while True:
        scale *= min(max((limit_bytes / size_bytes) ** 0.5, 0.4), 0.95)
        small = picture.smaller(scale)
        tried = small.encode(floor)
        if len(tried.data) <= limit_bytes:
            break
        size_bytes = len(tried.data)
        if min(tried.width, tried.height) <= SMALLEST_PX:
            raise CannotFit(
                f"Even at {tried.width} x {tried.height} pixels the portrait takes {size_bytes} bytes.",
                limit=limit_bytes,
            )
    fit = _bisect(small, best, limit_bytes) or tried
    made = f"{fit.width} x {fit.height} pixels, from {whole.width} x {whole.height}"
    note = Note("smaller", f"To fit into {options.max_kb} kB the portrait was made smaller: {made}.")
    return Encoded(fit.data, fit.width, fit.height, fit.quality, (note,))


def _bisect(picture: _Picture, best: int | None, limit_bytes: int) -> Encoded | None:
    """The highest quality from FLOOR up that fits, None where FLOOR does not."""
    if best is None:
        return None
    fit, low, high = None, min(best, FLOOR), best
    while low <= high:
        middle = (low + high + 1) // 2 if fit is not None else low
        tried = picture.encode(middle)
        if len(tried.data) <= limit_bytes:
            fit, low = tried, middle + 1
        elif fit is None:
            return None
        else:
            high = middle - 1
    return fit
