"""Encode the portrait's file with the best quality within a limit of bytes."""

from dataclasses import dataclass, replace

from facecraft.cancellation import Cancellation
from facecraft.errors import CannotFit
from facecraft.imaging import codec
from facecraft.imaging.encoders import DEFAULT_QUALITY
from facecraft.imaging.formats import writer_of
from facecraft.imaging.metadata import Metadata
from facecraft.imaging.picture import Picture, scale_down
from facecraft.types import ImageFormat, Note

KB = 1000
FLOOR = 50
"""Lowest quality: below it blocks are visible, so the picture is made smaller instead."""
SMALLEST_PX = 32
"""Smallest shorter side: below it no face can be seen."""


@dataclass(frozen=True, slots=True)
class Target:
    """The requested file.

    Attributes:
        quality: the highest quality, 1 to 100; None for the default.
        max_kb: largest file, in kilobytes of 1000 bytes; None for no limit.
        dpi: resolution to store in the file, in pixels per inch.
        metadata: to store in the file; it counts for `max_kb`.
    """

    format: ImageFormat
    quality: int | None = None
    max_kb: int | None = None
    dpi: int | None = None
    metadata: Metadata | None = None


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """A finished file.

    Attributes:
        quality: the encoder's quality; None for a lossless format.
        notes: a note if the picture was made smaller.
    """

    data: bytes
    width: int
    height: int
    quality: int | None
    notes: tuple[Note, ...] = ()


def encode(picture: Picture, target: Target, cancellation: Cancellation | None = None) -> EncodedFile:
    """Encode a portrait.

    With `max_kb` it gets the highest quality that fits, found by bisection. If FLOOR does not fit, the
    picture is made smaller until it does, and then gets the highest quality that fits.

    Raises:
        CannotFit: it does not fit even at SMALLEST_PX.
        DeadlineExceeded: it was cancelled.
    """
    encoder = _Encoder(picture, target, target.dpi, cancellation or Cancellation())
    best = None if writer_of(target.format).lossless else target.quality or DEFAULT_QUALITY
    full = encoder.encode(best)
    if target.max_kb is None or len(full.data) <= target.max_kb * KB:
        return full
    limit_bytes = target.max_kb * KB
    return encoder.bisect(best, limit_bytes) or _shrink(encoder, full, best, limit_bytes)


@dataclass(frozen=True, slots=True)
class _Encoder:
    """Encodes one picture with different qualities and sizes."""

    picture: Picture
    target: Target
    dpi: int | None
    cancellation: Cancellation

    def encode(self, quality: int | None) -> EncodedFile:
        self.cancellation.check()  # the largest WebP takes seconds, about ten times
        target = self.target
        data = codec.encode(self.picture, target.format, quality, self.dpi, target.metadata)
        return EncodedFile(data, self.picture.width, self.picture.height, quality)

    def smaller(self, scale: float) -> "_Encoder":
        width, height = self.picture.width, self.picture.height
        least = min(1.0, SMALLEST_PX / min(height, width))
        size = (round(width * max(scale, least)), round(height * max(scale, least)))
        # Keep its size on paper.
        dpi = None if self.dpi is None else max(1, round(self.dpi * size[0] / width))
        return replace(self, picture=scale_down(self.picture, *size), dpi=dpi)

    def bisect(self, best: int | None, limit_bytes: int) -> EncodedFile | None:
        """The file with the highest quality that fits; None if even FLOOR does not."""
        if best is None:
            return None
        fit, low, high = None, min(best, FLOOR), best
        while low <= high:
            middle = (low + high + 1) // 2 if fit is not None else low
            trial = self.encode(middle)
            if len(trial.data) <= limit_bytes:
                fit, low = trial, middle + 1
            elif fit is None:
                return None
            else:
                high = middle - 1
        return fit


def _shrink(encoder: _Encoder, full: EncodedFile, best: int | None, limit_bytes: int) -> EncodedFile:
    floor = None if best is None else min(best, FLOOR)
    scale, size_bytes = 1.0, len(encoder.encode(floor).data)
    while True:
        scale *= min(max((limit_bytes / size_bytes) ** 0.5, 0.4), 0.95)
        small = encoder.smaller(scale)
        trial = small.encode(floor)
        if len(trial.data) <= limit_bytes:
            break
        size_bytes = len(trial.data)
        if min(trial.width, trial.height) <= SMALLEST_PX:
            raise CannotFit(
                f"Even at {trial.width} x {trial.height} pixels the portrait takes {size_bytes} bytes.",
                limit=limit_bytes,
            )
    fit = small.bisect(best, limit_bytes) or trial
    sizes = f"{fit.width} x {fit.height} pixels, from {full.width} x {full.height}"
    note = Note("smaller", f"To fit into {encoder.target.max_kb} kB the portrait was made smaller: {sizes}.")
    return replace(fit, notes=(note,))
