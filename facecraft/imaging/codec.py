"""From a file's bytes, or an image of Pillow, to pixels and back. Only pixels pass to the output."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facecraft.errors import ImageTooLarge, UndecodableImage, UploadTooLarge
from facecraft.imaging import jpeg
from facecraft.imaging.encoders import Encoding
from facecraft.imaging.formats import FORMATS, sniff, writer_of, written_format
from facecraft.imaging.picture import Picture
from facecraft.imaging.pixels import UPRIGHT, arrays, still_by_opencv, to_srgb
from facecraft.imaging.structure import TURN, Structure
from facecraft.types import Alpha, ImageFormat, RGBImage, Source

Turn: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
ORIENTATION_TAG = 0x0112
PIXEL_BYTES = 5
"""Most bytes that a decoder may make of each allowed pixel: 4, and tiles reach over the picture's edge."""
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


def decode(data: bytes, limits: Limits) -> tuple[Picture, Source]:
    """Check the structure of a file, then decode its first picture.

    Raises:
        UploadTooLarge: the file has more bytes than the limit.
        ImageTooLarge: it has more pixels, frames or scans than the limits.
        UnsupportedFormat: its format is not accepted.
        UndecodableImage: it is broken.
    """
    if len(data) > limits.upload_bytes:
        raise UploadTooLarge(
            f"The file has {len(data)} bytes; at most {limits.upload_bytes} are accepted.",
            limit=limits.upload_bytes,
        )
    format_, reader = sniff(data)
    if format_ == "jpeg" and jpeg.count_scans(data, limits.scans) > limits.scans:
        raise ImageTooLarge(
            f"The JPEG has more than {limits.scans} scans.",
            limit=limits.scans,
            hint="Save it again as a baseline JPEG.",
        )
    try:
        frames = None if reader.measure is None else _judge(reader.measure(data, limits.frames), limits)
        with reader.open(data) as image:
            frames = frames or int(getattr(image, "n_frames", 1))
            tables = getattr(image, "quantization", {})
            _check_size(image.width, image.height, frames, limits)
            turn = _orientation(image)
            plain = format_ == "webp" and frames == 1 and "icc_profile" not in image.info
            rgb, alpha = still_by_opencv(data) if plain else arrays(*to_srgb(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(limits) from error
    except BROKEN as error:
        raise UndecodableImage(
            f"The file starts as a {FORMATS[format_].title} but cannot be decoded."
        ) from error
    picture = _turned(rgb, alpha, turn)
    # Number 0 is the luma's, by custom.
    jpeg_quality = jpeg.quality(tables[0]) if format_ == "jpeg" and 0 in tables else None
    return picture, Source(picture.width, picture.height, format_, frames, jpeg_quality)


def convert(image: Image.Image, limits: Limits) -> tuple[Picture, Source]:
    """Convert the current frame of an image of Pillow, which stays as it is. Only the limit of pixels counts.

    Raises:
        ImageTooLarge: it has more pixels than the limit.
        UndecodableImage: it is broken or closed, or Pillow cannot convert its mode.
    """
    _check_size(image.width, image.height, 1, limits)
    try:
        # A copy has one frame. Pillow clips the 32 bits of "I" to 255.
        frame = image.convert("L") if image.mode == "I" else image.copy()
        turn = _orientation(image)  # after Pillow has decoded it: a TIFF is upright then
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


def check_format(width: int, height: int, format_: ImageFormat, limits: Limits) -> None:
    """Raise ImageTooLarge for a result with too long a side, or too many pixels, for its format."""
    writer = writer_of(format_)
    longest, most = writer.longest_side_px, int(limits.pixels * writer.share)
    if width * height > most:
        raise ImageTooLarge(
            f"The picture of {width} x {height} is over the limit of {most} pixels of an {format_.upper()}, "
            "which takes more memory than other formats.",
            limit=most,
            hint="Use another format, such as format=webp, or scale the picture down.",
        )
    if max(width, height) > longest:
        raise ImageTooLarge(
            f"The picture of {width} x {height} pixels does not fit a {format_.upper()}, "
            f"which has at most {longest} on each side.",
            limit=longest,
            hint="Scale the picture down."
            if format_ == "png"
            else "Use format=png, or scale the picture down.",
        )


def _judge(structure: Structure, limits: Limits) -> int:
    """Check what a file says about itself, and return the number of its pictures."""
    _check_size(structure.width, structure.height, structure.frames, limits)
    most = limits.pixels * PIXEL_BYTES
    if structure.decoded_bytes > most:
        raise ImageTooLarge(
            f"The picture of {structure.width} x {structure.height} is decoded to {structure.decoded_bytes} "
            f"bytes; at most {most} are accepted.",
            limit=most,
            hint="Save it with 8 bits a sample, or scale it down.",
        )
    return structure.frames


def _check_size(width: int, height: int, frames: int, limits: Limits) -> None:
    if width < 1 or height < 1:
        raise ValueError("The picture has no pixels.")
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
    if TURN in image.info:
        return UPRIGHT.get(image.info[TURN])
    try:
        return UPRIGHT.get(image.getexif().get(ORIENTATION_TAG, 1))
    except BROKEN:
        return None
