"""How HEVC is coded, by parameter sets that are written by hand, as in 7.3.2.2 of ITU-T H.265."""

import struct
from dataclasses import dataclass

import pytest

from facecraft.imaging import hevc
from facecraft.imaging.hevc import Coding
from facecraft.imaging.structure import Fields
from tests.imaging.bits import Writer


@dataclass(frozen=True)
class Set:
    """What a sequence parameter set may say."""

    chroma: int = 1
    luma_bits: int = 8
    chroma_bits: int = 8
    sublayers: int = 0
    window: bool = False

    def unit(self) -> bytes:
        bits = Writer().put(0, 4).put(self.sublayers, 3).put(1, 1).put(0, 88).put(93, 8)
        for layer in range(self.sublayers):
            bits.put(layer % 2, 1).put(1, 1)
        if self.sublayers:
            bits.put(0, 2 * (8 - self.sublayers))
        for layer in range(self.sublayers):
            bits.put(0, 88 * (layer % 2)).put(90, 8)
        bits.put_golomb(0).put_golomb(self.chroma)
        if self.chroma == 3:
            bits.put(0, 1)
        bits.put_golomb(1024).put_golomb(768).put(self.window, 1)
        if self.window:
            for margin in (0, 4, 0, 2):
                bits.put_golomb(margin)
        bits.put_golomb(self.luma_bits - 8).put_golomb(self.chroma_bits - 8)
        data, zeros = bytearray(), 0
        for byte in bits.data():  # three bytes in a row may not look like the start of a unit
            if zeros == 2 and byte <= 3:
                data.append(3)
                zeros = 0
            data.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return b"\x42\x01" + bytes(data)


def configuration(said: Coding, *sets: bytes) -> bytes:
    """The box hvcC without its head."""
    depths = bytes((0xFC | said.chroma, 0xF8 | said.luma_bits - 8, 0xF8 | max(said.chroma_bits, 8) - 8))
    units = b"".join(struct.pack(">H", len(each)) + each for each in sets)
    return bytes(16) + depths + b"\0\0\x0f\x01" + b"\xa1" + struct.pack(">H", len(sets)) + units


def read(said: Coding, *sets: bytes, content: bytes = b"") -> Coding:
    return hevc.coding_of(Fields(configuration(said, *sets), 0), content)


def within(unit: bytes) -> bytes:
    """A unit of a picture's data."""
    return struct.pack(">I", len(unit)) + unit


SETS = [
    Set(),
    Set(chroma=0),
    Set(chroma=0, chroma_bits=10),  # of which there are none
    Set(chroma=2, luma_bits=10, chroma_bits=10),
    Set(chroma=3, luma_bits=12, chroma_bits=12, window=True),
    Set(sublayers=1),
    Set(sublayers=5, window=True, luma_bits=10),
]


@pytest.mark.parametrize("given", SETS, ids=str)
def test_a_set_says_how_a_picture_is_coded(given: Set) -> None:
    said = Coding(given.chroma, given.luma_bits, given.chroma_bits if given.chroma else 0)
    assert read(said, given.unit()) == said
    assert read(said, given.unit(), content=within(b"\x26\x01slice") + within(given.unit())) == said


@pytest.mark.parametrize(
    "other", [Set(chroma=0), Set(luma_bits=10), Set(chroma_bits=10), Set(chroma=3)], ids=str
)
def test_a_set_that_says_something_else_is_refused_wherever_it_is(other: Set) -> None:
    said = Coding(1, 8, 8)
    inside = within(b"\x26\x01slice") + within(other.unit())
    for sets, content in (((other,), b""), ((Set(), other), b""), ((Set(),), inside)):
        with pytest.raises(ValueError, match="coded in another way"):
            read(said, *(each.unit() for each in sets), content=content)


def test_a_picture_without_a_set_or_with_broken_units_is_refused() -> None:
    said = Coding(1, 8, 8)
    with pytest.raises(ValueError, match="coded in another way"):
        read(said, b"\x40\x01", b"")
    with pytest.raises(ValueError, match="cut off"):
        read(said, Set().unit()[:14])
    with pytest.raises(ValueError, match="outside"):
        read(said, Set().unit(), content=struct.pack(">I", 1000) + b"short")
