"""Image files made by Pillow or by hand."""

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms

from facecraft.imaging import codec
from facecraft.imaging.limits import Limits
from facecraft.types import Alpha, RGBImage, Source

LIMITS = Limits(upload_bytes=20_000_000, pixels=40_000_000, frames=1000, scans=100)


@dataclass(frozen=True)
class Decoded:
    rgb: RGBImage
    alpha: Alpha | None
    source: Source


def decode(data: bytes, limits: Limits) -> Decoded:
    picture, source = codec.decode(data, limits)
    return Decoded(picture.rgb, picture.alpha, source)


def saved(image: Image.Image, name: str, **parameters: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **parameters)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_by_hand(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG whose header and pixels are given, for what Pillow does not write."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + pixels + chunk(b"IEND", b"")


def quadrants() -> Image.Image:
    """16 x 24: red, green above blue, white, so that every orientation looks different."""
    pixels = np.zeros((24, 16, 3), np.uint8)
    pixels[:12, :8], pixels[:12, 8:], pixels[12:, :8], pixels[12:, 8:] = (
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
        (255, 255, 255),
    )
    return Image.fromarray(pixels)


def swapped_profile() -> bytes:
    """An RGB profile whose red and green primaries are exchanged: sRGB with two tag names swapped."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"....", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"....", b"gXYZ", 1)
