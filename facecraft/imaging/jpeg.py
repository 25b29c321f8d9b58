"""The structure of a JPEG file, read without decoding it (ITU T.81, annex B)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil

LUMA_SUM = 3688  # of the luma table of ITU T.81, annex K.1
END, START_OF_SCAN, RESTART_INTERVAL = 0xD9, 0xDA, 0xDD
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a frame, by the kind of its coding."""
PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
ARITHMETIC = frozenset(range(0xC9, 0xD0))
COEFFICIENTS = 64
COEFFICIENT_BYTES = 2
DATA_ENDS = re.compile(rb"\xff(?![\x00\xd0-\xd7\xff])")
"""A marker, but for those of a restart, and for 255 in the data, which has a 0 behind it."""
MARKER = re.compile(rb"\xff[^\x00\xff]")
WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
APP1 = 0xE1
MOST_BLOCKS = 4
"""In the width or height of a unit, of each channel."""
MOST_SEGMENTS = 2_000
"""Before each scan. A file of 50 MB has 800 of the largest size."""
MOST_EXIF = 16
"""Segments of EXIF. A photo has one; Pillow copies all that it has for each further one."""
MOST_FILL_BYTES = 1 << 16
"""Between the segments before a scan. Pillow reads them one by one."""
LEAST_ZEROS = 64
"""So many zeros at the end of a file without its last marker are no data: a disk had room for the rest."""


@dataclass(frozen=True, slots=True)
class Component:
    """One channel of a frame.

    Attributes:
        number: its name in the file.
        wide: its blocks of 8 x 8 values in the width of a unit, 1 to 4.
        high: likewise in its height.
    """

    number: int
    wide: int
    high: int


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan.

    Attributes:
        start: of its coded data in the file.
        end: of that data, where the next marker is, or the end of the file.
        components: numbers of the channels it has.
        first: of the coefficients it has, 0 to 63.
        last: of these.
        bit: the lowest one of each coefficient that it gives; 0 completes them.
        refines: whether an earlier scan has the higher bits.
        interval: units between two restart markers; 0 if there are none.
    """

    start: int
    end: int
    components: tuple[int, ...]
    first: int
    last: int
    bit: int
    refines: bool
    interval: int


@dataclass(frozen=True, slots=True)
class Structure:
    """What a file is made of, up to the end of its first picture, or as far as it was read.

    Attributes:
        marker: of the frame, which says how it is coded; 0 without one.
        width: in pixels, as stored.
        height: likewise.
    """

    marker: int = 0
    width: int = 0
    height: int = 0
    components: tuple[Component, ...] = ()
    scans: tuple[Scan, ...] = ()

    @property
    def arithmetic(self) -> bool:
        return self.marker in ARITHMETIC

    @property
    def progressive(self) -> bool:
        return self.marker in PROGRESSIVE

    @property
    def split(self) -> bool:
        """Whether the picture comes in several scans, so that a decoder has to keep all coefficients."""
        first = len(self.scans[0].components) if self.scans else 0
        return self.progressive or first < len(self.components)

    @property
    def coefficients_bytes(self) -> int:
        """The memory for all coefficients; 0 for a picture in one scan."""
        blocks = sum(each.wide * each.high for each in self.components) / max(1, self._wide * self._high)
        return ceil(self.width * self.height * blocks * COEFFICIENT_BYTES) if self.split else 0

    @property
    def _wide(self) -> int:
        return max((each.wide for each in self.components), default=1)

    @property
    def _high(self) -> int:
        return max((each.high for each in self.components), default=1)

    def units(self, scan: Scan) -> tuple[int, int]:
        """The number of units of a scan, and of the blocks in each."""
        own = [each for each in self.components if each.number in scan.components]
        columns, rows = self.width / (8 * self._wide), self.height / (8 * self._high)
        if len(own) == 1:  # a scan of one channel goes by its blocks
            return ceil(columns * own[0].wide) * ceil(rows * own[0].high), 1
        return ceil(columns) * ceil(rows), sum(each.wide * each.high for each in own)

    def intervals(self, scan: Scan) -> int:
        """How many pieces the restart markers make of a scan's data."""
        return ceil(self.units(scan)[0] / scan.interval) if scan.interval else 1

    def share(self, scans: Iterable[Scan]) -> float:
        """The share of the picture, 0 to 1, that these scans have.

        Each coefficient of each channel counts; one that lacks its last N bits counts 1 / (N + 1).
        """
        counts = {each.number: [0.0] * COEFFICIENTS for each in self.components}
        for scan in scans:
            known, first, last = 1 / (1 + scan.bit), scan.first, scan.last
            for number in scan.components:
                if number in counts and first <= last:
                    counts[number][first : last + 1] = [known] * (last + 1 - first)
        blocks = {each.number: each.wide * each.high for each in self.components}
        total = sum(blocks.values()) * COEFFICIENTS
        return sum(blocks[number] * sum(known) for number, known in counts.items()) / total if total else 0.0


def read(data: bytes, stop_after: int) -> Structure:
    """Read the structure; stop when there are more scans than `stop_after`.

    A progressive file of a few kilobytes can make a decoder process the picture thousands of times (ITU T.81
    sets no limit). The loop goes from marker to marker, because a segment may contain the same bytes as the
    start of a scan.

    Raises:
        ValueError: it has more segments than any photo, or a channel without a size.
    """
    frame, scans, interval, at = Structure(), list[Scan](), 0, 2
    segments = _Segments()
    while len(scans) <= stop_after:
        found = MARKER.search(data, at)
        if found is None:
            break
        segments.count(found.start() - at)
        at, marker = found.end(), data[found.end() - 1]
        if marker in WITHOUT_LENGTH:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        segment = data[at + 2 : at + length]
        if marker == END or len(segment) < length - 2 or at + 2 > len(data):  # the file ends here
            break
        at += 2 + len(segment)
        if marker in FRAMES and not frame.marker:
            frame = _frame(marker, segment)
        elif marker == RESTART_INTERVAL:
            interval = int.from_bytes(segment[:2], "big")
        elif marker == APP1 and segment.startswith(b"Exif"):
            segments.count_exif()
        elif marker == START_OF_SCAN:
            end = _end_of_data(data, at)
            scans.append(_scan(segment, at, end, interval, whole=frame.marker not in PROGRESSIVE))
            at, segments = end, _Segments(segments.exif)
    return replace(frame, scans=tuple(scans))


class _Segments:
    """Counts what a file has before a scan, and raises ValueError for more than any photo has."""

    def __init__(self, exif: int = 0) -> None:
        self.exif = exif
        self._number = 0
        self._fill_bytes = 0

    def count(self, fill_bytes: int) -> None:
        """Count a marker, and the bytes before it that belong to nothing."""
        self._number += 1
        self._fill_bytes += fill_bytes
        if self._number > MOST_SEGMENTS or self._fill_bytes > MOST_FILL_BYTES:
            raise ValueError("The JPEG has too many segments, or too much between them.")

    def count_exif(self) -> None:
        self.exif += 1
        if self.exif > MOST_EXIF:
            raise ValueError("The JPEG has too many segments of EXIF.")


def _end_of_data(data: bytes, start: int) -> int:
    """Where the coded data of a scan ends: at the next marker, else at the end of the file."""
    found = DATA_ENDS.search(data, start)
    if found is not None:
        return found.start()
    end = max(start, len(data.rstrip(b"\0")))
    return end if len(data) - end >= LEAST_ZEROS else len(data)


def quality(luma_table: Sequence[int]) -> int:
    """Tell the quality, 1 to 100, at which libjpeg's table is as coarse as this one, on average.

    libjpeg scales the standard's table: by 5000 / quality per cent below 50, else by 200 - 2 * quality.

    Args:
        luma_table: the 64 divisors of the luma, in any order.
    """
    scale = 100 * sum(luma_table) / LUMA_SUM
    found = 5000 / max(scale, 1e-6) if scale > 100 else 100 - scale / 2
    return min(max(round(found), 1), 100)


def _frame(marker: int, segment: bytes) -> Structure:
    height, width = int.from_bytes(segment[1:3], "big"), int.from_bytes(segment[3:5], "big")
    fields = zip(segment[6::3], segment[7::3], segment[8::3], strict=False)
    components = tuple(Component(number, sides >> 4, sides & 15) for number, sides, _ in fields)
    if any(not 1 <= side <= MOST_BLOCKS for each in components for side in (each.wide, each.high)):
        raise ValueError("A channel of the JPEG has no size.")
    return Structure(marker, width, height, components)


def _scan(segment: bytes, start: int, end: int, interval: int, *, whole: bool) -> Scan:
    """A scan; `whole` if each coefficient comes whole, whatever the segment says of them."""
    count = segment[0] if segment else 0
    components = tuple(segment[1 : 1 + 2 * count : 2])
    band = segment[1 + 2 * count : 4 + 2 * count]
    if whole or len(band) < 3:
        return Scan(start, end, components, 0, COEFFICIENTS - 1, 0, refines=False, interval=interval)
    first, last, bits = band[0], min(band[1], COEFFICIENTS - 1), band[2]
    return Scan(start, end, components, first, last, bits & 15, refines=bits > 15, interval=interval)
