"""Bytes to RGB and back. Nothing of the input but its pixels reaches the output."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from facecraft.errors import ImageTooLarge, InferenceFailed, UndecodableImage, UploadTooLarge
from facecraft.imaging.formats import count_scans, sniff
from facecraft.imaging.pixels import UPRIGHT, arrays, still_webp, to_srgb
from facecraft.types import ImageFormat, RGBImage, Source

PILLOW_NAMES = {"jpeg": ("JPEG", "MPO"), "png": ("PNG",), "webp": ("WEBP",)}
ORIENTATION_TAG = 0x0112
# What Pillow's decoders raise on broken files, beside its own errors, which are OSErrors.
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
DEFAULT_QUALITY = 90
PNG_HEADER_BYTES = 33  # signature and IHDR
# The longest side that each format can hold, as its encoder has it.
LONGEST_SIDE_PX = {"jpeg": 65_500, "png": 1_000_000, "webp": 16_383}
# Of all that OpenCV offers, for photos: 24 ms for a megapixel, where Pillow's level 1 takes three times as
# long and leaves the file a tenth larger. Runs are kept, so that flat pictures stay small.
PNG_PARAMETERS = (
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is accepted, judged before any pixel is decoded."""

    upload_bytes: int
    pixels: int
    frames: int
    scans: int


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """An upright picture in sRGB.

    Attributes:
        rgb: (H, W, 3) uint8.
        alpha: (H, W) uint8, None where the file has no transparency.
    """

    rgb: RGBImage
    alpha: NDArray[np.uint8] | None
    source: Source


def decode(data: bytes, limits: Limits) -> DecodedImage:
    """Judge a file, then decode its first picture.

    Raises:
        UploadTooLarge, ImageTooLarge: over a limit.
        UnsupportedFormat: not a JPEG, PNG or WebP.
        UndecodableImage: broken.
    """
    if len(data) > limits.upload_bytes:
        raise UploadTooLarge(
            f"The file has {len(data)} bytes; at most {limits.upload_bytes} are accepted.",
            limit=limits.upload_bytes,
        )
    format_ = sniff(data)
    if format_ == "jpeg" and count_scans(data, limits.scans) > limits.scans:
        raise ImageTooLarge(
            f"The JPEG has more than {limits.scans} scans.",
            limit=limits.scans,
            hint="Save it again, as a baseline JPEG.",
        )
    try:
        with Image.open(io.BytesIO(data), formats=PILLOW_NAMES[format_]) as image:
            frames = int(getattr(image, "n_frames", 1))
            _judge(image.width, image.height, frames, limits)
            turn = _orientation(image)
            plain = format_ == "webp" and frames == 1 and "icc_profile" not in image.info
            rgb, alpha = still_webp(data) if plain else arrays(*to_srgb(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(limits) from error
    except BROKEN as error:
        raise UndecodableImage(f"The file starts as a {format_.upper()} but cannot be decoded.") from error
    if turn is not None:
        rgb = np.ascontiguousarray(turn(rgb))
        alpha = None if alpha is None else np.ascontiguousarray(turn(alpha))
    return DecodedImage(rgb, alpha, Source(rgb.shape[1], rgb.shape[0], format_, frames))


def check_pixels(width: int, height: int, limits: Limits) -> None:
    """Refuse a picture that would be too large to hold.

    Raises:
        ImageTooLarge: it has more pixels than the limit.
    """
    if width * height > limits.pixels:
        raise ImageTooLarge(
            f"A portrait of {width} x {height} is over the limit of {limits.pixels} pixels.",
            limit=limits.pixels,
            hint="Send a smaller picture, or ask for less.",
        )


def check_side(width: int, height: int, format_: ImageFormat) -> None:
    """Refuse a picture that the format of the answer cannot hold.

    Raises:
        ImageTooLarge: a side is longer than the format's longest.
    """
    longest = LONGEST_SIDE_PX[format_]
    if max(width, height) > longest:
        raise ImageTooLarge(
            f"The picture of {width} x {height} pixels does not fit a {format_.upper()}, "
            f"whose sides have at most {longest}.",
            limit=longest,
            hint="Scale the picture down." if format_ == "png" else "Ask for format=png, or scale it down.",
        )


def encode(
    rgb: RGBImage,
    alpha: NDArray[np.uint8] | None,
    format_: ImageFormat,
    quality: int | None,
    dpi: int | None = None,
) -> bytes:
    """Encode a picture.

    Args:
        rgb: (H, W, 3) uint8.
        alpha: (H, W) uint8 or None. A JPEG has no transparency: there the picture is laid on white.
        format_: of the result.
        quality: 1 to 100 for JPEG and WebP, None for the default; a PNG has none.
        dpi: written into the file as its resolution, where given.
    """
    if format_ == "png":
        return _encode_png(rgb, alpha, dpi)
    image = Image.fromarray(rgb)
    if alpha is not None and format_ == "jpeg":
        image = Image.composite(image, Image.new("RGB", image.size, "white"), Image.fromarray(alpha))
    elif alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    buffer = io.BytesIO()
    quality = DEFAULT_QUALITY if quality is None else quality
    if format_ == "jpeg":
        # From 90 on colour is kept at full resolution: skin and lips show it.
        subsampling = "4:4:4" if quality >= 90 else "4:2:0"
        image.save(buffer, "JPEG", quality=quality, subsampling=subsampling, dpi=(dpi or 0, dpi or 0))
    else:
        image.save(buffer, "WEBP", quality=quality, method=2, exif=_resolution(dpi))
    return buffer.getvalue()


def _resolution(dpi: int | None) -> bytes:
    """EXIF with a resolution and nothing else: a WebP has no other place for one."""
    if dpi is None:
        return b""
    exif = Image.Exif()
    exif[ExifTags.Base.XResolution] = exif[ExifTags.Base.YResolution] = float(dpi)
    exif[ExifTags.Base.ResolutionUnit] = 2  # inches
    return exif.tobytes()


def _encode_png(rgb: RGBImage, alpha: NDArray[np.uint8] | None, dpi: int | None) -> bytes:
    if alpha is None:
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    else:
        bgr = cv2.merge((rgb[..., 2], rgb[..., 1], rgb[..., 0], alpha))
    whole, data = cv2.imencode(".png", bgr, PNG_PARAMETERS)
    if not whole:
        raise InferenceFailed("The picture could not be encoded.")
    file = data.tobytes()
    if dpi is None:
        return file
    # OpenCV writes no resolution: the chunk pHYs, in pixels a metre, goes behind the header.
    chunk = b"pHYs" + struct.pack(">IIB", *[round(dpi / 0.0254)] * 2, 1)
    chunk = struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return file[:PNG_HEADER_BYTES] + chunk + file[PNG_HEADER_BYTES:]


def _judge(width: int, height: int, frames: int, limits: Limits) -> None:
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


def _orientation(image: Image.Image) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None:
    """What brings the picture upright; EXIF data that cannot be read counts as none."""
    try:
        return UPRIGHT.get(image.getexif().get(ORIENTATION_TAG, 1))
    except BROKEN:
        return None
