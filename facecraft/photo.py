"""What a photo can be in the Python API, and what becomes of one of many."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facecraft.errors import FacecraftError, UndecodableImage, UnsupportedFormat
from facecraft.results import Portrait


class Readable(Protocol):
    """A file that is open for reading in binary mode."""

    def read(self) -> bytes: ...


Photo: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | Readable | Image.Image | NDArray[np.uint8]
)
"""A photo: a path; the content of a file in a format that is read, or an open one; an image of Pillow; or an
array, (H, W, 3) uint8, RGB."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What became of one photo of `Facecraft.map`.

    Attributes:
        source: the photo, as it was given.
        error: why there is no portrait; None if there is one.
    """

    source: Photo
    _outcome: Portrait | FacecraftError | OSError

    @property
    def error(self) -> FacecraftError | OSError | None:
        return None if isinstance(self._outcome, Portrait) else self._outcome

    @property
    def portrait(self) -> Portrait:
        """The portrait. Raises the error if there is none."""
        if isinstance(self._outcome, Portrait):
            return self._outcome
        raise self._outcome


def read(photo: Photo) -> bytes | Image.Image:
    """Get the content of an image file, or the image where there is no file.

    Raises:
        OSError: the file cannot be read.
        TypeError: it is no photo.
        UndecodableImage: the open file was closed.
        UnsupportedFormat: it is an array of another shape or type.
    """
    if isinstance(photo, bytes | bytearray | memoryview):
        return bytes(photo)
    if isinstance(photo, str | os.PathLike):
        return Path(photo).read_bytes()
    if isinstance(photo, np.ndarray):
        return _image(photo)
    if isinstance(photo, Image.Image):
        return photo
    data = _content(photo)
    if not isinstance(data, bytes):
        raise TypeError(f"A photo is a path, bytes, a binary file, an image or an array; not {type(photo)}.")
    return data


def _content(file: Readable) -> object:
    method = getattr(file, "read", None)
    try:
        return method() if callable(method) else None
    except ValueError as error:
        raise UndecodableImage(
            "The file cannot be read; it may be closed.", hint="Keep the file open until it is processed."
        ) from error


def _image(array: NDArray[np.uint8]) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise UnsupportedFormat(
            f"The array is {array.shape} {array.dtype}.", hint="Give an array of (H, W, 3) uint8, RGB."
        )
    return Image.fromarray(array)
