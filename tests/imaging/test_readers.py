"""What the readers know beyond Pillow: the transparent colour of a PNG."""

import struct
import zlib

import numpy as np
import pytest

from tests.imaging.colours import gamma
from tests.imaging.files import LIMITS, chunk, decode, png_by_hand, swapped_profile

GREYS = {1: [0, 1, 0, 1], 2: [0, 1, 2, 3], 4: [0, 5, 10, 15], 8: [0, 6, 7, 255], 16: [1, 300, 301, 65_535]}


def packed(levels: list[int], depth: int) -> bytes:
    """A row of grey without a filter."""
    bits = "".join(f"{level:0{depth}b}" for level in levels)
    bits = bits.ljust(-(-len(bits) // 8) * 8, "0")
    return b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")


@pytest.mark.parametrize("extra", [b"", gamma(45_455)], ids=["plain", "with gamma"])
@pytest.mark.parametrize("depth", GREYS)
def test_the_transparent_grey_of_each_depth_is_transparent(depth: int, extra: bytes) -> None:
    levels = GREYS[depth]
    for key in {*levels}:
        clear = chunk(b"tRNS", struct.pack(">H", key))
        alpha = decode(png_by_hand(4, 1, depth, 0, packed(levels, depth), extra, clear), LIMITS).alpha
        assert alpha is not None
        assert alpha.tolist() == [[0 if level == key else 255 for level in levels]]


@pytest.mark.parametrize("extra", [b"", gamma(45_455)], ids=["plain", "with gamma"])
@pytest.mark.parametrize(
    ("depth", "colours"),
    [
        (8, [[0xC8, 0x1E, 0x28], [0xFF, 0x00, 0x80], [0xC8, 0x1E, 0x29]]),
        # The second has the low bytes of the first for its high ones.
        (16, [[0xC8FF, 0x1E00, 0x2880], [0xFFC8, 0x001E, 0x8028], [0xC8FF, 0x1E00, 0x2980]]),
    ],
)
def test_the_transparent_colour_of_each_depth_is_transparent(
    depth: int, colours: list[list[int]], extra: bytes
) -> None:
    row = b"\0" + np.array(colours, f">u{depth // 8}").tobytes()
    clear = chunk(b"tRNS", struct.pack(">HHH", *colours[0]))
    alpha = decode(png_by_hand(3, 1, depth, 2, row, extra, clear), LIMITS).alpha
    assert alpha is not None
    assert alpha.tolist() == [[0, 255, 255]]


def test_a_transparent_colour_of_16_bits_counts_beside_a_profile() -> None:
    colours = np.array([[40_000, 300, 7], [300, 40_000, 7]], ">u2")
    profile = chunk(b"iCCP", b"swapped\0\0" + zlib.compress(swapped_profile()))
    clear = chunk(b"tRNS", colours[1].tobytes())
    decoded = decode(png_by_hand(2, 1, 16, 2, b"\0" + colours.tobytes(), profile, clear), LIMITS)
    assert decoded.alpha is not None
    assert decoded.alpha.tolist() == [[255, 0]]
    assert decoded.rgb[0, 0].argmax() == 1
