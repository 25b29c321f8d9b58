"""What a photo can be in the Python API."""

import io
import os
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from facecraft.errors import UnsupportedFormat

PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
"""Modes of Pillow that a PNG holds as they are."""


class Readable(Protocol):
    """A file that is open for reading in binary mode."""

    def read(self) -> bytes: ...


Photo: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | Readable | Image.Image | NDArray[np.uint8]
)
"""A photo: a path; the content of a JPEG, PNG or WebP file, or an open one; an image of Pillow; or an array,
(H, W, 3) uint8, RGB."""


def read(photo: Photo) -> bytes:
    """Get a photo as the content of an image file. Pixels without a file become a PNG, which loses nothing.

    Raises:
        OSError: the file cannot be read.
        TypeError: it is no photo.
        UnsupportedFormat: it is an array of another shape or type.
    """
    if isinstance(photo, bytes | bytearray | memoryview):
        return bytes(photo)
    if isinstance(photo, str | os.PathLike):
        return Path(photo).read_bytes()
    if isinstance(photo, np.ndarray):
        return _png(_image(photo))
    if isinstance(photo, Image.Image):
        return _png(photo)
    method = getattr(photo, "read", None)
    data = method() if callable(method) else None
    if not isinstance(data, bytes):
        raise TypeError(f"A photo is a path, bytes, a binary file, an image or an array; not {type(photo)}.")
    return data


def _image(array: NDArray[np.uint8]) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise UnsupportedFormat(
            f"The array is {array.shape} {array.dtype}.", hint="Give an array of (H, W, 3) uint8, RGB."
        )
    return Image.fromarray(array)


def _png(image: Image.Image) -> bytes:
    """Encode an image with its orientation and, unless its mode has to be converted, its colour profile."""
    kept = image.mode in PNG_MODES
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.Orientation] = image.getexif().get(ExifTags.Base.Orientation, 1)
    (image if kept else image.convert("RGB")).save(
        buffer,
        "PNG",
        compress_level=1,
        exif=exif,
        icc_profile=image.info.get("icc_profile") if kept else None,
    )
    return buffer.getvalue()
