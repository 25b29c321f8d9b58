"""The container of WebP files: https://developers.google.com/speed/webp/docs/riff_container.

libwebp compresses transparency without loss, which takes 24 bytes of memory for each pixel of noise and gains
nothing. A large picture with such transparency gets it uncompressed, as the format allows.
"""

import struct
import zlib
from collections.abc import Iterator

from facecraft.types import Alpha

LARGE_PIXELS = 4_000_000
"""Below it memory does not matter."""
NOISY_SHARE = 0.25
"""Share of its bytes that compressed transparency keeps if it is noise; a soft edge keeps a hundredth."""
ALPHA_FLAG = 0x10
METADATA_FLAGS = {b"EXIF": 0x08, b"XMP ": 0x04}
UNCOMPRESSED = b"\0"
ROWS = 256


def is_costly(alpha: Alpha) -> bool:
    """Whether libwebp would need much memory for this transparency, (H, W) uint8."""
    if alpha.size < LARGE_PIXELS:
        return False
    compressor = zlib.compressobj(1)
    size_bytes = 0
    for top in range(0, alpha.shape[0], ROWS):
        size_bytes += len(compressor.compress(alpha[top : top + ROWS].tobytes()))
    return size_bytes > NOISY_SHARE * alpha.size


def add_alpha(file: bytes, alpha: Alpha) -> bytes:
    """Add uncompressed transparency, (H, W) uint8, to the file of an opaque picture of the same size."""
    chunks = dict(_chunks(file))
    kept = [name for name in METADATA_FLAGS if name in chunks]
    height, width = alpha.shape
    flags = ALPHA_FLAG | sum(METADATA_FLAGS[name] for name in kept)
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    parts = [
        _chunk(b"VP8X", struct.pack("<I", flags) + size),
        _chunk(b"ALPH", UNCOMPRESSED + alpha.tobytes()),
        _chunk(b"VP8 ", chunks[b"VP8 "]),
        *(_chunk(name, chunks[name]) for name in kept),
    ]
    size_bytes = 4 + sum(map(len, parts))
    return b"".join((b"RIFF", struct.pack("<I", size_bytes), b"WEBP", *parts))


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at < len(file):
        name, size_bytes = struct.unpack_from("<4sI", file, at)
        yield name, file[at + 8 : at + 8 + size_bytes]
        at += 8 + size_bytes + size_bytes % 2


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
