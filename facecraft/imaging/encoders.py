"""The encoders: one function for each format.

Each imports OpenCV or Pillow when it is called, so that the table of formats is cheap to import.
"""

# ruff: noqa: PLC0415

import io
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facecraft.errors import InferenceFailed

if TYPE_CHECKING:
    from facecraft.imaging.picture import Picture

DEFAULT_QUALITY = 90
FULL_COLOUR_QUALITY = 90
"""At this quality or more, the colour of a JPEG or AVIF keeps its full resolution: skin and lips show it."""
AVIF_SPEED = 9
"""Of 0 to 10. A megapixel takes half a second on two cores; 8 takes twice as long, for a twelfth less."""
PNG_HEADER_BYTES = 33  # signature and IHDR
METRES_PER_INCH = 0.0254


@dataclass(frozen=True, slots=True)
class Encoding:
    """The settings of an encoder.

    Attributes:
        quality: 1 to 100; lossless formats ignore it.
        dpi: resolution to store in the file, in pixels per inch; None to store none.
    """

    quality: int = DEFAULT_QUALITY
    dpi: int | None = None


def encode_jpeg(picture: "Picture", encoding: Encoding) -> bytes:
    """A JPEG has no transparency: the picture gets a white background."""
    from PIL import Image

    image = Image.fromarray(picture.rgb)
    if picture.alpha is not None:
        image = Image.composite(image, Image.new("RGB", image.size, "white"), Image.fromarray(picture.alpha))
    buffer = io.BytesIO()
    dpi = (encoding.dpi or 0, encoding.dpi or 0)
    image.save(buffer, "JPEG", quality=encoding.quality, subsampling=_subsampling(encoding), dpi=dpi)
    return buffer.getvalue()


def encode_webp(picture: "Picture", encoding: Encoding) -> bytes:
    from PIL import Image

    image = Image.fromarray(picture.rgb)
    if picture.alpha is not None:
        image.putalpha(Image.fromarray(picture.alpha))
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=encoding.quality, method=2, exif=_resolution_exif(encoding.dpi))
    return buffer.getvalue()


def encode_avif(picture: "Picture", encoding: Encoding) -> bytes:
    from PIL import Image

    from facecraft.runtime.device import usable_processors

    image = Image.fromarray(picture.rgb)
    if picture.alpha is not None:
        image.putalpha(Image.fromarray(picture.alpha))
    buffer = io.BytesIO()
    image.save(
        buffer,
        "AVIF",
        quality=encoding.quality,
        speed=AVIF_SPEED,
        subsampling=_subsampling(encoding),
        max_threads=usable_processors(),
        exif=_resolution_exif(encoding.dpi),
    )
    return buffer.getvalue()


def encode_png(picture: "Picture", encoding: Encoding) -> bytes:
    import cv2

    # OpenCV's fastest settings for photos: 24 ms for a megapixel. Pillow's level 1 takes three times as long,
    # and its file is a tenth larger. RLE keeps pictures with plain areas small.
    parameters = (
        *(cv2.IMWRITE_PNG_COMPRESSION, 1),
        *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
        *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG),
    )
    rgb = picture.rgb
    if picture.alpha is None:
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    else:
        bgr = cv2.merge((rgb[..., 2], rgb[..., 1], rgb[..., 0], picture.alpha))
    succeeded, data = cv2.imencode(".png", bgr, parameters)
    if not succeeded:
        raise InferenceFailed("The picture could not be encoded.")
    file = data.tobytes()
    if encoding.dpi is None:
        return file
    # OpenCV writes no resolution: insert the chunk pHYs, in pixels per metre, after the header.
    chunk = b"pHYs" + struct.pack(">IIB", *[round(encoding.dpi / METRES_PER_INCH)] * 2, 1)
    chunk = struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return file[:PNG_HEADER_BYTES] + chunk + file[PNG_HEADER_BYTES:]


def _subsampling(encoding: Encoding) -> str:
    return "4:4:4" if encoding.quality >= FULL_COLOUR_QUALITY else "4:2:0"


def _resolution_exif(dpi: int | None) -> bytes:
    """EXIF with only a resolution; a WebP or AVIF has no other place for it."""
    from PIL import ExifTags, Image

    if dpi is None:
        return b""
    exif = Image.Exif()
    exif[ExifTags.Base.XResolution] = exif[ExifTags.Base.YResolution] = float(dpi)
    exif[ExifTags.Base.ResolutionUnit] = 2  # inches
    return exif.tobytes()
