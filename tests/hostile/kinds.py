"""A hostile file, and what several kinds are made of."""

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

EITHER = (200, 400)
"""Some readers accept it and some do not; both are safe."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file.

    Attributes:
        statuses: any of these is right.
    """

    name: str
    make: Callable[[], bytes]
    statuses: tuple[int, ...]


def squeezed(size: int) -> bytes:
    """A zlib stream of that many zeros, a thousandth as long."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join((*parts, packer.compress(bytes(size & 0xFFFFF)), packer.flush()))


def scans(count: int) -> bytes:
    """A progressive JPEG whose first scan of refinement is repeated."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    start = data.index(b"\xff\xda")
    end = data.index(b"\xff", start + 2 + int.from_bytes(data[start + 2 : start + 4], "big"))
    scan = data[start:end]
    return data[:start] + scan * count + data[start:]
