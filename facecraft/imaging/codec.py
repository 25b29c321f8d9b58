"""From a file's bytes, or an image of Pillow, to pixels and back. Only pixels pass to the output."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from math import floor
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facecraft.errors import ImageTooLarge, UndecodableImage, UploadTooLarge
from facecraft.imaging import jpeg, scans
from facecraft.imaging.encoders import Encoding
from facecraft.imaging.formats import sniff, writer_of, written_format
from facecraft.imaging.picture import Picture
from facecraft.imaging.pixels import UPRIGHT, arrays, still_webp, to_srgb
from facecraft.types import Alpha, ImageFormat, RGBImage, Source

Turn: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
ORIENTATION_TAG = 0x0112
DAMAGED_HINT = (
    "Send the camera's own file, or copy it again. For a portrait of what is there, use damaged=accept."
)
# Errors of Pillow's decoders on broken files. Its own errors are OSErrors.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    AssertionError,  # a palette image without a palette
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a photo. Those of its file are checked before any pixel is decoded.

    Attributes:
        faces: largest number that is restored; 0 for no limit.
    """

    upload_bytes: int
    pixels: int
    frames: int
    scans: int
    faces: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a photo is taken.

    Attributes:
        damaged: whether a damaged file is taken, as far as it is there.
    """

    damaged: bool = False


def decode(data: bytes, limits: Limits, terms: Terms | None = None) -> tuple[Picture, Source]:
    """Check the structure of a file, then decode its first picture.

    Raises:
        UploadTooLarge: the file has more bytes than the limit.
        ImageTooLarge: it has more pixels, frames or scans than the limits.
        UnsupportedFormat: its format is not accepted.
        UndecodableImage: it is broken, or is damaged and the terms do not allow that.
    """
    terms = terms or Terms()
    if len(data) > limits.upload_bytes:
        raise UploadTooLarge(
            f"The file has {len(data)} bytes; at most {limits.upload_bytes} are accepted.",
            limit=limits.upload_bytes,
        )
    format_, reader = sniff(data)
    structure = jpeg.read(data, limits.scans) if format_ == "jpeg" else None
    if structure is not None and len(structure.scans) > limits.scans:
        raise ImageTooLarge(
            f"The JPEG has more than {limits.scans} scans.",
            limit=limits.scans,
            hint="Save it again as a baseline JPEG.",
        )
    try:
        with Image.open(io.BytesIO(data), formats=reader.pillow) as image:
            frames = int(getattr(image, "n_frames", 1))
            tables = getattr(image, "quantization", {})
            _check_size(image.width, image.height, frames, limits)
            turn = _orientation(image)
            share = 1.0 if structure is None else scans.load(image, data, structure, damaged=terms.damaged)
            check_whole(share, format_, terms)
            plain = format_ == "webp" and frames == 1 and "icc_profile" not in image.info
            rgb, alpha = still_webp(data) if plain else arrays(*to_srgb(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(limits) from error
    except BROKEN as error:
        raise UndecodableImage(f"The file starts as a {format_.upper()} but cannot be decoded.") from error
    picture = _turned(rgb, alpha, turn)
    # Number 0 is the luma's, by custom.
    jpeg_quality = jpeg.quality(tables[0]) if format_ == "jpeg" and 0 in tables else None
    return picture, Source(picture.width, picture.height, format_, frames, jpeg_quality, share=share)


def convert(image: Image.Image, limits: Limits) -> tuple[Picture, Source]:
    """Convert the current frame of an image of Pillow, which stays as it is. Only the limit of pixels counts.

    Raises:
        ImageTooLarge: it has more pixels than the limit.
        UndecodableImage: it is broken or closed, or Pillow cannot convert its mode.
    """
    _check_size(image.width, image.height, 1, limits)
    try:
        turn = _orientation(image)
        # A copy has one frame. Pillow clips the 32 bits of "I" to 255.
        frame = image.convert("L") if image.mode == "I" else image.copy()
        rgb, alpha = arrays(*to_srgb(frame))
    except BROKEN as error:
        raise UndecodableImage(
            f"The image of mode {image.mode} cannot be read.", hint="Give an open image, in mode RGB."
        ) from error
    picture = _turned(rgb, alpha, turn)
    return picture, Source(picture.width, picture.height, written_format(image.format), 1)


def encode(picture: Picture, format_: str, quality: int | None = None, dpi: int | None = None) -> bytes:
    """Encode a picture.

    Args:
        picture: in a format without transparency it gets a white background.
        format_: one with a writer in formats.TABLE.
        quality: 1 to 100, None for the default; lossless formats ignore it.
        dpi: resolution to store in the file, in pixels per inch.

    Raises:
        UnsupportedFormat: the format is unknown, or it cannot be written.
    """
    encoding = Encoding(dpi=dpi) if quality is None else Encoding(quality, dpi)
    return writer_of(format_).encode(picture, encoding)


def check_pixels(width: int, height: int, limits: Limits) -> None:
    """Raise ImageTooLarge for a result with more pixels than the limit."""
    if width * height > limits.pixels:
        raise ImageTooLarge(
            f"A portrait of {width} x {height} is over the limit of {limits.pixels} pixels.",
            limit=limits.pixels,
            hint="Send a smaller picture, or ask for a smaller portrait.",
        )


def check_whole(share: float, format_: ImageFormat, terms: Terms) -> None:
    """Raise UndecodableImage for a file of which a share, 0 to 1, is there, unless damaged ones are taken."""
    if share < 1 and not terms.damaged:
        raise UndecodableImage(
            f"The {format_.upper()} is damaged: {percent(share)} of the photo is there.", hint=DAMAGED_HINT
        )


def percent(share: float) -> str:
    """A share, 0 to 1, in whole per cent, rounded down: a damaged photo never has all of them."""
    return f"{floor(100 * share)} %"


def check_side(width: int, height: int, format_: ImageFormat) -> None:
    """Raise ImageTooLarge for a result with a side that is too long for its format."""
    longest = writer_of(format_).longest_side_px
    if max(width, height) > longest:
        raise ImageTooLarge(
            f"The picture of {width} x {height} pixels does not fit a {format_.upper()}, "
            f"which has at most {longest} on each side.",
            limit=longest,
            hint="Scale the picture down."
            if format_ == "png"
            else "Use format=png, or scale the picture down.",
        )


def _check_size(width: int, height: int, frames: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise _too_many_pixels(limits, f" of {width} x {height}")
    if frames > limits.frames:
        raise ImageTooLarge(
            f"The file holds {frames} pictures; at most {limits.frames} are accepted.",
            limit=limits.frames,
            hint="Send a single picture.",
        )


def _too_many_pixels(limits: Limits, size: str = "") -> ImageTooLarge:
    return ImageTooLarge(
        f"The picture{size} is over the limit of {limits.pixels} pixels.", limit=limits.pixels
    )


def _turned(rgb: RGBImage, alpha: Alpha | None, turn: Turn | None) -> Picture:
    if turn is None:
        return Picture(rgb, alpha)
    return Picture(
        np.ascontiguousarray(turn(rgb)), None if alpha is None else np.ascontiguousarray(turn(alpha))
    )


def _orientation(image: Image.Image) -> Turn | None:
    """The turn that makes the picture upright; unreadable EXIF data means no turn."""
    try:
        return UPRIGHT.get(image.getexif().get(ORIENTATION_TAG, 1))
    except BROKEN:
        return None
