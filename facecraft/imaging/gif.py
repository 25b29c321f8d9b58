"""The structure of a GIF file, read without decoding it: GIF89a."""

from dataclasses import dataclass

from facecraft.imaging.structure import Fields, Structure, check_count

HEADER_BYTES = 13
IMAGE, EXTENSION, TRAILER = 0x2C, 0x21, 0x3B
GRAPHIC_CONTROL = 0xF9
MOST_BLOCKS = 1_000_000
"""Most blocks of at most 255 bytes. A larger file may have one for each BLOCK_BYTES of it."""
BLOCK_BYTES = 100
MOST_SECTIONS = 400_000
"""Most pictures, extensions such as comments, and bytes between them: four for each of 100 000 frames."""


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The blocks of a GIF that matter.

    Attributes:
        palette_end: where the header and the palette of the whole file end.
        control: start and end of the first picture's transparency; both 0 without one.
        first: start and end of the first picture.
        frames: number of pictures.
    """

    palette_end: int
    control: tuple[int, int]
    first: tuple[int, int]
    frames: int


def measure(data: bytes, most_frames: int) -> Structure:
    """Measure a GIF file. Pictures are counted up to one more than `most_frames`.

    Raises:
        ValueError: it is broken.
    """
    blocks = _blocks(data, most_frames)
    screen = Fields(data, 6, None, "little")
    width, height = screen.number(2), screen.number(2)
    picture = Fields(data, blocks.first[0] + 1, None, "little")
    left, top = picture.number(2), picture.number(2)
    width, height = max(width, left + picture.number(2)), max(height, top + picture.number(2))
    return Structure(width, height, blocks.frames, width * height)


def still(data: bytes) -> bytes:
    """A GIF of the first picture alone: comments may be millions of blocks. Raises as `measure`."""
    blocks = _blocks(data, 0)
    parts = (slice(0, blocks.palette_end), slice(*blocks.control), slice(*blocks.first))
    return b"".join(data[part] for part in parts) + bytes([TRAILER])


def _blocks(data: bytes, most_frames: int) -> _Blocks:
    """Read the blocks up to one picture more than `most_frames`."""
    at = palette_end = HEADER_BYTES + _palette_bytes(data, 10)
    control = first = (0, 0)
    frames = sections = count = 0
    while at < len(data) and data[at] != TRAILER and frames <= most_frames:
        start = at
        sections += 1
        check_count(sections, MOST_SECTIONS)
        if data[at] == IMAGE:
            at += 10 + _palette_bytes(data, at + 9) + 1
        elif data[at] == EXTENSION:
            at += 2
        else:
            at += 1  # between blocks, as other readers do
            continue
        at, count = _after_blocks(data, at, count)
        if data[start] == IMAGE:
            first = first if frames else (start, at)
            frames += 1
        elif data[start + 1] == GRAPHIC_CONTROL and not frames:
            control = (start, at)
    if not frames:
        raise ValueError("The GIF has no picture.")
    return _Blocks(palette_end, control, first, frames)


def _palette_bytes(data: bytes, flags_at: int) -> int:
    if flags_at >= len(data):
        raise ValueError("The GIF is cut off.")
    flags = data[flags_at]
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int, count: int) -> tuple[int, int]:
    """Where a run of blocks ends, and how many blocks there have been."""
    most = max(MOST_BLOCKS, len(data) // BLOCK_BYTES)
    while at < len(data) and data[at] and count <= most:
        at += 1 + data[at]
        count += 1
    check_count(count, most)
    return min(at + 1, len(data)), count
