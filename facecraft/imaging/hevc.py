"""What HEVC data says of its pictures, read without decoding it: ITU-T H.265, 7.3.2.2; ISO/IEC 14496-15, 8.3.

A HEIC says the depth and the channels of a picture beside its data, too. Where the two differ, pi-heif writes
outside of its memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from facecraft.imaging.structure import MOST_PARTS, Bits, Fields, check_count

SEQUENCE_SET = 33
"""The kind of a unit with a description of what follows it."""
HEADER_BYTES = 2
SET_BYTES = 256
"""More than what is read of a set."""
PROFILE_BITS, LEVEL_BITS = 88, 8
MOST_SUBLAYERS = 8


@dataclass(frozen=True, slots=True)
class Coding:
    """How a picture's samples are kept.

    Attributes:
        chroma: 0 for grey, 1 for 4:2:0, 2 for 4:2:2, 3 for 4:4:4.
        luma_bits: of a sample of brightness.
        chroma_bits: of a sample of colour; 0 for grey.
    """

    chroma: int
    luma_bits: int
    chroma_bits: int


def coding_of(configuration: Fields, content: bytes) -> Coding:
    """How a picture is coded.

    Args:
        configuration: the box hvcC.
        content: the picture's data.

    Raises:
        ValueError: it is broken, or its data says something else than the box.
    """
    configuration.take(16)
    chroma = configuration.number(1) & 3
    luma_bits, chroma_bits = ((configuration.number(1) & 7) + 8 for _ in range(2))
    coding = Coding(chroma, luma_bits, chroma_bits if chroma else 0)
    configuration.take(2)
    length_bytes = (configuration.number(1) & 3) + 1
    units = (*_units_of_sets(configuration), *_units(content, length_bytes))
    found = {_coding(unit) for unit in units if unit and unit[0] >> 1 & 63 == SEQUENCE_SET}
    if found != {coding}:
        raise ValueError("A picture is coded in another way than it says.")
    return coding


def _units_of_sets(configuration: Fields) -> Iterator[bytes]:
    """The parameter sets in the box."""
    for _ in range(configuration.number(1)):
        configuration.take(1)
        for _ in range(configuration.number(2)):
            yield configuration.take(configuration.number(2))[:SET_BYTES]


def _units(content: bytes, length_bytes: int) -> Iterator[bytes]:
    """The first bytes of each unit of a picture's data."""
    fields, number = Fields(content, 0), 0
    while fields.at < fields.end:
        number += 1
        check_count(number, MOST_PARTS)
        size = fields.number(length_bytes)
        start = fields.at
        fields.take(size)
        yield content[start : min(fields.at, start + SET_BYTES)]


def _coding(unit: bytes) -> Coding:
    """What a sequence parameter set says."""
    # Without the bytes that keep data from looking like the start of a unit.
    bits = Bits(unit[HEADER_BYTES:].replace(b"\0\0\3", b"\0\0"))
    bits.take(4)
    sublayers = bits.take(3)
    bits.take(1 + PROFILE_BITS + LEVEL_BITS)
    present = [(bits.take(1), bits.take(1)) for _ in range(sublayers)]
    if sublayers:
        bits.take(2 * (MOST_SUBLAYERS - sublayers))
    for profile, level in present:
        bits.take(PROFILE_BITS * profile + LEVEL_BITS * level)
    bits.take_golomb()
    chroma = bits.take_golomb()
    if chroma == 3:
        bits.take(1)
    bits.take_golomb()
    bits.take_golomb()
    if bits.take(1):
        for _ in range(4):
            bits.take_golomb()
    luma_bits, chroma_bits = bits.take_golomb() + 8, bits.take_golomb() + 8
    return Coding(chroma, luma_bits, chroma_bits if chroma else 0)
