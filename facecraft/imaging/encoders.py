"""The encoders: one function for each format.

Each imports OpenCV or Pillow when it is called, so that the table of formats is cheap to import.
"""

# ruff: noqa: PLC0415

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facecraft.errors import InferenceFailed

if TYPE_CHECKING:
    from facecraft.imaging.metadata import Metadata
    from facecraft.imaging.picture import Picture

DEFAULT_QUALITY = 90
FULL_COLOUR_QUALITY = 90
"""At this quality or more, the colour of a JPEG or AVIF keeps its full resolution: skin and lips show it."""
AVIF_SPEED = 9
"""Of 0 to 10. A megapixel takes half a second on two cores; 8 takes twice as long, for a twelfth less."""
PNG_HEADER_BYTES = 33  # signature and IHDR
METRES_PER_INCH = 0.0254
MOST_BYTES_A_PIXEL = 5
"""Of a file. Noise is not compressed: with transparency it takes 4.01 in a PNG, and in a JPEG 4.2."""
HEADER_BYTES = 64 * 1024
"""Of a file, besides its pixels."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """The settings of an encoder.

    Attributes:
        quality: 1 to 100; lossless formats ignore it.
        dpi: resolution to store in the file, in pixels per inch; None to store none.
        metadata: to store in the file; None to store none.
    """

    quality: int = DEFAULT_QUALITY
    dpi: int | None = None
    metadata: "Metadata | None" = None


def largest_bytes(width: int, height: int) -> int:
    """The most that the file of a picture can take in any format."""
    return MOST_BYTES_A_PIXEL * width * height + HEADER_BYTES


def encode_jpeg(picture: "Picture", encoding: Encoding) -> bytes:
    """A JPEG has no transparency: the picture gets a white background."""
    from PIL import Image

    image = Image.fromarray(picture.rgb)
    if picture.alpha is not None:
        image = Image.composite(image, Image.new("RGB", image.size, "white"), Image.fromarray(picture.alpha))
    buffer = io.BytesIO()
    dpi = (encoding.dpi or 0, encoding.dpi or 0)
    told = {} if encoding.metadata is None else told_by(encoding)
    image.save(buffer, "JPEG", quality=encoding.quality, subsampling=_subsampling(encoding), dpi=dpi, **told)
    return buffer.getvalue()


def encode_webp(picture: "Picture", encoding: Encoding) -> bytes:
    from PIL import Image

    from facecraft.imaging import webp

    image = Image.fromarray(picture.rgb)
    costly = picture.alpha is not None and webp.is_costly(picture.alpha)
    if picture.alpha is not None and not costly:
        image.putalpha(Image.fromarray(picture.alpha))
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=encoding.quality, method=2, **told_by(encoding))
    file = buffer.getvalue()
    return webp.add_alpha(file, picture.alpha) if picture.alpha is not None and costly else file


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
        **told_by(encoding),
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
    # OpenCV writes pixels alone: the other chunks are inserted after the header.
    chunks = b"".join(_png_chunks(encoding))
    return file[:PNG_HEADER_BYTES] + chunks + file[PNG_HEADER_BYTES:] if chunks else file


def _subsampling(encoding: Encoding) -> str:
    return "4:4:4" if encoding.quality >= FULL_COLOUR_QUALITY else "4:2:0"


def told_by(encoding: Encoding) -> dict[str, bytes]:
    """EXIF and XMP, as Pillow's writers of JPEG, WebP and AVIF take them: the resolution and the metadata.

    A WebP or AVIF has no other place for its resolution.
    """
    from facecraft.imaging import exif, xmp

    metadata = encoding.metadata
    told = {"exif": exif.written(metadata, encoding.dpi)}
    if metadata is not None:
        told["xmp"] = xmp.written(metadata)
    return {name: data for name, data in told.items() if data}


def _png_chunks(encoding: Encoding) -> Iterator[bytes]:
    if encoding.dpi is not None:
        yield png_chunk(b"pHYs", struct.pack(">IIB", *[round(encoding.dpi / METRES_PER_INCH)] * 2, 1))
    told = {} if encoding.metadata is None else told_by(encoding)
    if "exif" in told:
        yield png_chunk(b"eXIf", told["exif"].removeprefix(b"Exif\0\0"))
    if "xmp" in told:
        yield png_chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + told["xmp"])


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
