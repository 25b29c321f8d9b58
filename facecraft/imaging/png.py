"""The structure of a PNG file, read without decoding it; and its pixels in sRGB."""

import io
import struct
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facecraft.errors import UndecodableImage
from facecraft.imaging import colour
from facecraft.imaging.limits import DAMAGED_HINT, percent
from facecraft.imaging.pixels import arrays, to_srgb
from facecraft.types import RGBImage

SIGNATURE_BYTES = 8
COLOUR_TYPE_AT = 25
FRAME_BYTES = 12
"""What a chunk has beside its body: length, kind and checksum."""
MOST_CHUNKS = 100_000
"""A file of 50 MB in pieces of 512 bytes has as many. Millions of empty ones would take seconds to read."""
PIECE_BYTES = 1 << 16
ROWS_BYTES = 1 << 20
"""Most bytes of a stream, and of its unpacked rows, that are in work at a time."""
TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
FACTS: Mapping[bytes, int] = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"cICP": 4}
"""The length of a chunk with facts on the colours or the size."""
CHANNELS: Mapping[int, int] = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Values of a pixel, by colour type."""
PLAIN = ((0, 0, 1, 1),)
ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
"""The passes of an interlaced picture: first column and row, and the steps to the next ones."""
LOW_BYTES: Mapping[str, tuple[str, list[int]]] = {
    "RGB;16B": ("RGB;16L", [0, 1, 2]),
    "RGBA;16B": ("RGBA;16L", [0, 1, 2]),
    "LA;16B": ("RGBA", [1, 1, 1]),
    "I;16B": ("I;16B", [0, 0, 0]),
}
"""By Pillow's name of a layout of 16 bits: one with the low bytes, and the channels that they are in.

Pillow keeps only the high bytes of colours. It takes the other byte if the order of bytes is turned. Grey
with alpha has four bytes a pixel, as if they were four channels; the second is the low byte of the grey."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk.

    Attributes:
        body: its content, of which less may be there than it says.
        whole: whether all of it is there, and its checksum is right.
        cut: whether the file ends before it does.
    """

    kind: bytes
    body: memoryview
    whole: bool
    cut: bool


def check(data: bytes, most_pixels: int) -> None:
    """Refuse a file that is not whole, before it is decoded.

    Every chunk counts, also those that are not needed to see the picture: a wrong checksum says that the
    file has changed since it was written, and the profile, the transparency and the turn are in such chunks.
    What lies behind the last chunk does not count.

    Args:
        data: it begins with the signature.
        most_pixels: a larger picture is not looked into; it is refused for its size.

    Raises:
        UndecodableImage: a checksum is wrong, the end is missing, or pixels are.
    """
    parts, header, ended = [], b"", False
    for number, chunk in enumerate(chunks_of(data)):
        if number == MOST_CHUNKS:
            raise UndecodableImage(f"The PNG has more than {MOST_CHUNKS} chunks.", limit=MOST_CHUNKS)
        if not chunk.whole:
            raise UndecodableImage(_fault(chunk), hint=DAMAGED_HINT)
        if chunk.kind == b"IHDR":
            header = bytes(chunk.body)
        elif chunk.kind == b"IDAT":
            parts.append(chunk.body)
        ended = chunk.kind == b"IEND"
    if not ended:
        raise UndecodableImage("The PNG is cut off: its last chunk is missing.", hint=DAMAGED_HINT)
    raw_bytes = count_raw_bytes(header, most_pixels)
    if raw_bytes is not None:
        _check_stream(parts, raw_bytes)


def find(data: bytes, kinds: Collection[bytes]) -> Iterator[tuple[bytes, memoryview]]:
    """The chunks of these kinds, in their order, without those that are broken."""
    for number, chunk in enumerate(chunks_of(data)):
        if number == MOST_CHUNKS:
            return
        if chunk.kind in kinds and chunk.whole:
            yield chunk.kind, chunk.body


def without_texts(data: bytes) -> bytes:
    """A whole file without what Pillow would refuse it for, and browsers would not.

    That is long texts, which are not looked at here, and facts of the wrong length.
    """
    dropped, at, kept = False, SIGNATURE_BYTES, [memoryview(data)[:SIGNATURE_BYTES]]
    for chunk in chunks_of(data):
        end = at + FRAME_BYTES + len(chunk.body)
        if chunk.kind in TEXTS or len(chunk.body) != FACTS.get(chunk.kind, len(chunk.body)):
            dropped = True
        else:
            kept.append(memoryview(data)[at:end])
        at = end
    return b"".join(kept) if dropped else data


def pixels(data: bytes, image: Image.Image) -> tuple[RGBImage, NDArray[np.uint8] | None]:
    """The pixels of an opened PNG, in sRGB as browsers show it.

    Args:
        data: the file.
        image: the same, opened by Pillow; it may be closed.

    Returns:
        (H, W, 3) uint8, and the transparency, (H, W) uint8 or None.
    """
    code = next((bytes(body) for _, body in find(data, {b"cICP"})), None)
    space = colour.space_of(image.info, code)
    if space is None:
        return arrays(*to_srgb(image))
    image.info.pop("icc_profile", None)  # or it would count too
    rgb, alpha = arrays(*to_srgb(image))
    image.close()  # or its pixels would be kept beside the arrays
    if not space.plain:
        grey = not data[COLOUR_TYPE_AT] & 2
        colour.convert(rgb, space.of_grey if grey else space, _low_bytes(data))
    return rgb, alpha


def _low_bytes(data: bytes) -> colour.Rows | None:
    """The low bytes of a picture with 16 bits; None of any other picture.

    In linear light the darkest of 256 levels are far apart: the low bytes show.
    """
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        tile = image.tile[0]
        layout, channels = LOW_BYTES.get(str(tile.args), ("", []))
        if not channels:
            return None
        image.tile = [tile._replace(args=layout)]
        image.load()

    def rows(top: int, bottom: int) -> NDArray[np.uint8]:
        strip = np.asarray(image.crop((0, top, image.width, bottom)))
        low = (strip & 255).astype(np.uint8)
        return (low[..., None] if low.ndim == 2 else low)[..., channels]

    return rows


def chunks_of(data: bytes) -> Iterator[Chunk]:
    """The chunks, up to the last one or to the end of the file."""
    view, at = memoryview(data), SIGNATURE_BYTES
    while at < len(data):
        length, kind = int.from_bytes(view[at : at + 4], "big"), bytes(view[at + 4 : at + 8])
        end = at + FRAME_BYTES + length
        cut = end > len(data)
        whole = not cut and zlib.crc32(view[at + 4 : end - 4]) == int.from_bytes(view[end - 4 : end], "big")
        yield Chunk(kind, view[at + 8 : min(end - 4, len(data))], whole, cut)
        if kind == b"IEND":
            return
        at = end


def _fault(chunk: Chunk) -> str:
    name = chunk.kind.decode() if chunk.kind.isalpha() and len(chunk.kind) == 4 else "of an unknown kind"
    return f"The PNG is damaged or cut off: the chunk {name} does not have its checksum."


def count_raw_bytes(header: bytes, most_pixels: int) -> int | None:
    """Bytes of all rows before compression; None of a picture that is too large.

    Args:
        header: content of the first chunk.
        most_pixels: a larger picture is refused for its size before it is unpacked.

    Raises:
        UndecodableImage: it is none.
    """
    if len(header) != struct.calcsize(">IIBBBBB"):
        raise UndecodableImage("The PNG has no header.")
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if width * height > most_pixels:
        return None
    bits, total = depth * CHANNELS.get(kind, 0), 0
    for left, top, across, down in ADAM7 if interlaced else PLAIN:
        columns, rows = -((left - width) // across), -((top - height) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)  # each begins with the number of its filter
    return total


def pieces_of(parts: Iterable[memoryview]) -> Iterator[memoryview]:
    """The parts in pieces of at most PIECE_BYTES: what is left of a piece is copied for each step."""
    return (part[at : at + PIECE_BYTES] for part in parts for at in range(0, len(part), PIECE_BYTES))


def _check_stream(parts: Sequence[memoryview], raw_bytes: int) -> None:
    """Refuse a stream that ends too early or does not have its checksum.

    One that goes on behind the last row is accepted, as in browsers, and not read any further.
    """
    stream, left = zlib.decompressobj(), raw_bytes
    try:
        for piece in pieces_of(parts):
            rest: bytes | memoryview = piece
            while rest and not stream.eof:
                got = len(stream.decompress(rest, max(1, min(left, ROWS_BYTES))))
                if got > left:
                    return
                left, rest = left - got, stream.unconsumed_tail
    except zlib.error as error:
        raise UndecodableImage(
            "The PNG is damaged: its pixels cannot be unpacked.", hint=DAMAGED_HINT
        ) from error
    if left or not stream.eof:
        share = 1 - left / raw_bytes if raw_bytes else 0
        detail = f"The PNG is not complete: {percent(share)} of its pixels are there."
        raise UndecodableImage(detail, hint=DAMAGED_HINT)
