"""TIFF, GIF and BMP files that were made to harm."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from tests.hostile.kinds import EITHER, Hostile, scans, squeezed
from tests.hostile.modes import MODES
from tests.imaging.tiffs import grey, tiff

HUGE_TILE = {
    256: [64], 257: [64], 258: [8], 259: [8], 262: [1], 277: [1], 322: [65_536], 323: [65_536],
    324: [], 325: [9],
}  # fmt: skip
FIRST_PICTURE_AT = 13 + 768  # of a GIF with 256 colours


def files() -> Iterator[Hostile]:
    """Every kind."""
    yield from _tiffs()
    yield from _gifs()
    yield from _bmps()


def _tiffs() -> Iterator[Hostile]:
    yield Hostile("tiff < of 60000 x 60000", partial(grey, 60_000, 60_000, 8, b"x"), (413,))
    yield Hostile("tiff > of 60000 x 60000", partial(grey, 60_000, 60_000, 8, b"x", order=">"), (413,))
    yield Hostile("tiff of no pixels", partial(grey, 0, 0, 8, b"x"), (400,))
    yield Hostile("tiff, 100000 pages", partial(grey, 1, 1, 8, b"x", pages=100_000), (413,))
    yield Hostile("tiff, a tile of 4 gigapixels", partial(tiff, HUGE_TILE, bytes(9)), (413,))
    yield Hostile("tiff, 4 million strips", partial(_dot, {273: [8] * 4_000_000}), (400,))
    yield Hostile("tiff, 4 million numbers", partial(_dot, {65_000: [1] * 4_000_000}), (400,))
    yield Hostile("tiff, 5000 samples", partial(_dot, {277: [5000]}), (400,))
    yield Hostile("tiff, EXIF that points to itself", partial(_dot, {34_665: [9]}), EITHER)
    yield Hostile("tiff, deflate of 1 GB", partial(_deflated, 30_000), (413,))
    yield Hostile("tiff, deflate that goes on", partial(_deflated, 64), EITHER)
    yield Hostile("tiff, old JPEG", partial(_dot, {259: [6]}), (415,))
    yield Hostile("tiff, JPEG of 20000 scans", _scans, (200, 400))


def _dot(tags: Mapping[int, Sequence[int]]) -> bytes:
    return grey(1, 1, 8, b"x", more=tags)


def _deflated(side: int) -> bytes:
    return grey(side, side, 8, squeezed(900_000_000), more={259: [8]})


def _scans() -> bytes:
    return grey(64, 64, 8, scans(20_000), more={258: [8, 8, 8], 259: [7], 262: [6], 277: [3]})


def _gifs() -> Iterator[Hostile]:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0"
    yield Hostile("gif of 65535 x 65535", partial(_gif, 6, b"\xff" * 4), (413,))
    yield Hostile("gif, a picture of 65535 x 65535", partial(_gif, FIRST_PICTURE_AT + 5, b"\xff" * 4), (413,))
    yield Hostile(
        "gif, 6 million blocks", partial(_gif, FIRST_PICTURE_AT, b"\x21\xfe" + b"\1c" * 6_000_000), (400,)
    )
    yield Hostile("gif, a million pictures", partial(_gif, FIRST_PICTURE_AT, frame * 10**6), (413,))
    yield Hostile("gif without a picture", partial(_gif, FIRST_PICTURE_AT, b";"), (400,))


def _gif(at: int, data: bytes) -> bytes:
    """A real one with other bytes at a place."""
    gif = MODES["gif"]()
    assert gif[FIRST_PICTURE_AT : FIRST_PICTURE_AT + 5] == b"\x2c\0\0\0\0"
    return gif[:at] + data + gif[at + len(data) :]


def _bmps() -> Iterator[Hostile]:
    yield Hostile("bmp of 60000 x 60000", partial(_bmp, 60_000, 60_000), (413,))
    yield Hostile("bmp of -1 x -1", partial(_bmp, -1, -1), (400, 413))
    yield Hostile("bmp of no pixels", partial(_bmp, 0, 0), (400,))
    yield Hostile(
        "bmp in runs, 36 megapixels", partial(_bmp, 6000, 6000, 8, 1, pixels=b"\1\7" * 8_000_000), EITHER
    )
    yield Hostile(
        "bmp in runs that go outside", partial(_bmp, 64, 64, 8, 1, pixels=b"\0\2\xff\xff" * 9999), EITHER
    )
    yield Hostile("bmp in runs of 4 bits", partial(_bmp, 64, 64, 4, 2, pixels=b"\xff\x12" * 64), EITHER)
    yield Hostile("bmp with a JPEG in it", partial(_bmp, 64, 64, 24, 4), (400,))
    yield Hostile("bmp of 65536 colours", partial(_bmp, 8, 8, 8, pixels=bytes(64), colours=65_536), EITHER)
    yield Hostile("bmp, 3 bits", partial(_bmp, 8, 8, 3), (400,))


def _bmp(
    width: int, height: int, bits: int = 24, compression: int = 0, *, pixels: bytes = b"x", colours: int = 0
) -> bytes:
    size = (width, height, 1, bits, compression, len(pixels), 0, 0, colours, 0)
    head = struct.pack("<IiiHHIIiiII", 40, *size) + (bytes(4 * 256) if bits <= 8 else b"")
    start = 14 + len(head)
    return struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start) + head + pixels
