"""What a file says about itself, read before a decoder sees it."""

from dataclasses import dataclass
from typing import Literal

# Keys in the `info` of an image of Pillow, where a reader knows more than Pillow tells.
TURN = "turn"
"""The turn that it still needs, as EXIF counts them; EXIF itself is not asked then."""
DEPTH = "depth"
"""Bits of a sample, where they are fewer than the mode has."""
INVERTED = "inverted"
"""Whether 0 is white."""
CODE = "code"
"""Its colours by their numbers in ITU-T H.273, as PNG's chunk cICP has them, where there is no profile."""
MOST_PARTS = 10_000
"""Most boxes, items or directory entries of a kind that are read: a photo has hundreds."""


@dataclass(frozen=True, slots=True)
class Structure:
    """The first picture of a file, and how many there are.

    Attributes:
        width: in pixels, as it is stored.
        height: in pixels, as it is stored.
        frames: number of pictures; counting may stop one above the limit.
        decoded_bytes: what a decoder makes of the first picture, with all its tiles and its transparency,
            before the colours are converted: a sample deeper than 8 bits takes 2 bytes.
    """

    width: int
    height: int
    frames: int
    decoded_bytes: int


class Fields:
    """Numbers of a file, one after another. A field outside of its part raises ValueError.

    Args:
        data: the file.
        at: offset of the first field.
        end: where the part ends; None for the file's end.
        order: of the bytes.
    """

    def __init__(
        self, data: bytes, at: int, end: int | None = None, order: Literal["big", "little"] = "big"
    ) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else min(end, len(data))
        self.order = order

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count < 0 or self.at < 0 or self.at + count > self.end:
            raise ValueError("A field lies outside of its part of the file.")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, count: int) -> int:
        """The next number, unsigned, of that many bytes."""
        return int.from_bytes(self.take(count), self.order)


class Bits:
    """Bits, the highest of each byte first. One behind the last raises ValueError."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """The next bits, as a number."""
        self._left -= count
        if self._left < 0:
            raise ValueError("A header is cut off.")
        return self._value >> self._left & (1 << count) - 1

    def take_golomb(self) -> int:
        """The next number in Exp-Golomb coding, as in H.265 and AV1; with 32 zeros or more, 2 ** 32 - 1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros) if zeros < 32 else (1 << 32) - 1


def check_count(count: int, most: int = MOST_PARTS) -> None:
    """Raise ValueError for more parts of a kind than any photo has."""
    if count > most:
        raise ValueError(f"The file has {count} parts of a kind; at most {most} are read.")


def parts(count: int) -> range:
    """The numbers of so many parts of a kind. Raises as `check_count`."""
    check_count(count)
    return range(count)
