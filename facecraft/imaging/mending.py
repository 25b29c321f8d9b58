"""What is there of a damaged PNG, as a PNG that is whole."""

import zlib
from collections.abc import Iterable
from itertools import takewhile

from facecraft.errors import UndecodableImage
from facecraft.imaging import png
from facecraft.imaging.encoders import png_chunk
from facecraft.imaging.png import Chunk

NEARLY = 0.999
"""The share of a picture whose pixels are all there, in a file that has lost something else."""
STREAM_HEAD_BYTES = 2
NEEDED = {b"IHDR", b"PLTE"}
LAST = b"IEND\xaeB`\x82"
"""The last chunk of a PNG, without its length of 0."""


def whole(data: bytes, most_pixels: int, *, damaged: bool) -> tuple[bytes, float]:
    """The file, or a mended one in its place if it is damaged and that is allowed.

    Args:
        data: a PNG.
        most_pixels: of a larger picture nothing is mended; it is refused for its size.
        damaged: whether damaged files are taken.

    Returns:
        The file, and the share of its pixels that are there, 0 to 1.

    Raises:
        UndecodableImage: it is damaged, and that is not allowed or cannot be mended.
    """
    try:
        png.check(data, most_pixels)
    except UndecodableImage:
        if not damaged:
            raise
        return _mended(data, most_pixels)
    return data, 1.0


def _mended(data: bytes, most_pixels: int) -> tuple[bytes, float]:
    """Drop the broken chunks. Missing pixels become black, or the first colour of the palette."""
    before, after, parts = list[Chunk](), list[Chunk](), list[Chunk]()
    for number, chunk in enumerate(png.chunks_of(data)):
        if number == png.MOST_CHUNKS or (chunk.kind in NEEDED and not chunk.whole):
            raise UndecodableImage("Too much of the PNG is damaged.")
        if chunk.kind == b"IDAT":
            parts.append(chunk)
        elif chunk.whole and chunk.kind != b"IEND":
            (after if parts else before).append(chunk)
    header = bytes(before[0].body) if before and before[0].kind == b"IHDR" else b""
    raw_bytes = png.count_raw_bytes(header, most_pixels)
    if raw_bytes is None:
        return data, 1.0
    stream, share = _filled(parts, raw_bytes)
    if share <= 0:
        raise UndecodableImage("The PNG is damaged: none of its pixels are sure.")
    chunks = [*((chunk.kind, bytes(chunk.body)) for chunk in before), (b"IDAT", stream)]
    chunks += [*((chunk.kind, bytes(chunk.body)) for chunk in after), (b"IEND", b"")]
    return data[: png.SIGNATURE_BYTES] + b"".join(png_chunk(*chunk) for chunk in chunks), share


def _filled(parts: Iterable[Chunk], raw_bytes: int) -> tuple[bytes, float]:
    """A stream with all rows, and the share of them that is there: up to the first chunk that was changed.

    What comes behind a changed bit unpacks to noise. In a chunk that is cut off nothing was changed, unless
    it is its length, and it reaches over the chunks behind it.
    """
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)  # without the checksum, for which it would take rows back
    packer, packed, left, head = zlib.compressobj(1), list[bytes](), raw_bytes, STREAM_HEAD_BYTES
    intact = takewhile(lambda part: part.whole or (part.cut and LAST not in bytes(part.body)), parts)
    try:
        for piece in png.pieces_of(part.body for part in intact):
            rest: bytes | memoryview = piece[head:]
            head -= min(head, len(piece))
            while rest and left and not unpacker.eof:
                rows = unpacker.decompress(rest, min(left, png.ROWS_BYTES))
                packed.append(packer.compress(rows))
                left, rest = left - len(rows), unpacker.unconsumed_tail
    except zlib.error:
        pass  # the rest is missing
    share = min(NEARLY, 1 - left / max(raw_bytes, 1))
    while left:
        packed.append(packer.compress(bytes(min(left, png.ROWS_BYTES))))
        left -= min(left, png.ROWS_BYTES)
    return b"".join((*packed, packer.flush())), share
