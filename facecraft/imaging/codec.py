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
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import jpeg_factory

from facecraft.errors import ImageTooLarge, UndecodableImage, file_too_large, in_millions
from facecraft.imaging import jpeg, scans
from facecraft.imaging.encoders import Encoding
from facecraft.imaging.formats import Reader, sniff, writer_of, written_format
from facecraft.imaging.jpeg import Structure
from facecraft.imaging.picture import Picture
from facecraft.imaging.pixels import UPRIGHT, arrays, still_webp, to_srgb
from facecraft.imaging.reduction import check_scans, reduction_of, shrink, too_large
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
        reduced: whether a JPEG with too many pixels is decoded at 1/2, 1/4 or 1/8.
    """

    damaged: bool = False
    reduced: bool = False


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
        raise file_too_large(limits.upload_bytes, len(data))
    format_, reader = sniff(data)
    structure = jpeg.read(data, limits.scans) if format_ == "jpeg" else None
    try:
        with _open(data, reader, structure) as image:
            stored, tables = image.size, getattr(image, "quantization", {})
            times = reduction_of(*stored, structure, limits.pixels, allowed=terms.reduced)
            frames, turn = _count_frames(image, limits), _orientation(image)
            share = 1.0
            if structure is not None:
                check_scans(structure, limits.scans, limits.pixels)
                shrink(image, times)
                share = scans.load(image, data, structure, damaged=terms.damaged)
                check_whole(share, format_, terms)
            plain = format_ == "webp" and frames == 1 and "icc_profile" not in image.info
            rgb, alpha = still_webp(data) if plain else arrays(*to_srgb(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(
            f"The picture is over the limit of {in_millions(limits.pixels)} megapixels.", limit=limits.pixels
        ) from error
    except BROKEN as error:
        raise UndecodableImage(f"The file starts as a {format_.upper()} but cannot be decoded.") from error
    # Number 0 is the luma's, by custom.
    jpeg_quality = jpeg.quality(tables[0]) if format_ == "jpeg" and 0 in tables else None
    size = _upright_size(stored, turn)
    return _turned(rgb, alpha, turn), Source(*size, format_, frames, jpeg_quality, share=share, reduced=times)


def convert(image: Image.Image, limits: Limits) -> tuple[Picture, Source]:
    """Convert the current frame of an image of Pillow, which stays as it is. Only the limit of pixels counts.

    Raises:
        ImageTooLarge: it has more pixels than the limit.
        UndecodableImage: it is broken or closed, or Pillow cannot convert its mode.
    """
    if image.width * image.height > limits.pixels:
        raise too_large(image.width, image.height, limits.pixels)
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
            f"A portrait of {width} x {height} has {in_millions(width * height, up=True)} megapixels; "
            f"at most {in_millions(limits.pixels)} are made.",
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


def _open(data: bytes, reader: Reader, structure: Structure | None) -> ImageFile:
    """Open a file; nothing is decoded yet."""
    if structure is not None:  # without the limit of `Image.open`, which does not know that less is decoded
        return jpeg_factory(io.BytesIO(data))
    return Image.open(io.BytesIO(data), formats=reader.pillow)


def _count_frames(image: ImageFile, limits: Limits) -> int:
    frames = int(getattr(image, "n_frames", 1))
    if frames > limits.frames:
        raise ImageTooLarge(
            f"The file holds {frames} pictures; at most {limits.frames} are accepted.",
            limit=limits.frames,
            hint="Send a single picture.",
        )
    return frames


def _upright_size(size: tuple[int, int], turn: Turn | None) -> tuple[int, int]:
    """Width and height of a stored picture after the turn."""
    width, height = size
    if turn is None:
        return width, height
    turned = turn(np.broadcast_to(np.uint8(0), (height, width)))
    return turned.shape[1], turned.shape[0]


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
