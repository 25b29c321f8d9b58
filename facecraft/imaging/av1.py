"""The sizes of frames in AV1 data, read without decoding it, as in 5.5 and 5.9 of the AV1 specification.

A file may call itself small and hold frames of 16384 x 16384 pixels: its boxes are not what is decoded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from facecraft.imaging.structure import MOST_PARTS, Bits, check_count

SEQUENCE_HEADER, FRAME_HEADER, FRAME = 1, 3, 6
HEADER_BYTES = 512  # more than any header of a sequence, and than what is read of a frame's
MOST_UNITS = 3 * MOST_PARTS
"""Most units (OBUs) of a file's pictures: a tile of a grid has three."""
SELECT = 2  # the choice is left to each frame
SWITCH_FRAME, KEY_FRAME = 3, 0


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What a sequence header says of the frames after it.

    Attributes:
        sample_bytes: of all samples of a pixel, at most.
        most_px: pixels of a frame that states its own size.
        still: there is one frame, of the sequence's size.
        timed: a shown frame has a time, of `time_bits`.
        screen_content: 0, 1 or SELECT.
        integer_motion: 0, 1 or SELECT.
    """

    width: int
    height: int
    sample_bytes: float
    most_px: int
    still: bool
    timed: bool
    time_bits: int
    id_bits: int
    screen_content: int
    integer_motion: int


def largest_bytes(pictures: Iterable[bytes]) -> Iterator[int]:
    """Bytes of the largest frame that each picture, a run of AV1's units, is decoded to.

    Args:
        pictures: of one file. Their units are counted together.

    Raises:
        ValueError: one is broken, or there are too many units.
    """
    numbers = count(1)
    return (_largest_bytes(each, numbers) for each in pictures)


def _largest_bytes(data: bytes, numbers: Iterator[int]) -> int:
    sequence, largest = None, 0.0
    for kind, payload in _obus(data):
        check_count(next(numbers), MOST_UNITS)
        if kind == SEQUENCE_HEADER:
            sequence = _sequence(Bits(payload))
            largest = max(largest, sequence.width * sequence.height * sequence.sample_bytes)
        elif kind in (FRAME_HEADER, FRAME) and sequence is not None:
            largest = max(largest, _frame_px(Bits(payload), sequence) * sequence.sample_bytes)
    if sequence is None:
        raise ValueError("The AV1 data has no sequence header.")
    return int(largest)


def _obus(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and first bytes of each unit."""
    at = 0
    while at < len(data):
        head = data[at]
        at += 2 if head & 4 else 1
        size = len(data) - at
        if head & 2:
            size, shift = 0, 0
            while True:
                if at >= len(data) or shift > 28:
                    raise ValueError("An AV1 unit has no size.")
                size |= (data[at] & 127) << shift
                at, shift = at + 1, shift + 7
                if data[at - 1] < 128:
                    break
        yield head >> 3 & 15, data[at : at + min(size, HEADER_BYTES)]
        at += size


def _sequence(bits: Bits) -> _Sequence:
    profile = bits.take(3)
    bits.take(1)  # still picture
    still = bool(bits.take(1))
    timed, time_bits = False, 0
    if still:
        bits.take(5)
    else:
        timed, time_bits = _timing(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(width_bits) + 1, bits.take(height_bits) + 1
    id_bits, screen_content, integer_motion = 0, SELECT, SELECT
    if not still and bits.take(1):
        id_bits = bits.take(4) + 2
        id_bits += bits.take(3) + 1
    bits.take(3)  # superblocks, filters
    if not still:
        bits.take(4)  # compound, motion and filters
        ordered = bits.take(1)
        bits.take(2 * ordered)  # what order hints allow
        screen_content = SELECT if bits.take(1) else bits.take(1)
        if screen_content:
            integer_motion = SELECT if bits.take(1) else bits.take(1)
        bits.take(3 * ordered)  # the bits of an order hint
    bits.take(3)  # filters
    sample_bytes = (2 if bits.take(1) else 1) * (1.5 if profile == 0 else 3)
    return _Sequence(
        *(width, height, sample_bytes, 1 << width_bits + height_bits, still, timed, time_bits, id_bits),
        *(screen_content, integer_motion),
    )


def _timing(bits: Bits) -> tuple[bool, int]:
    """Whether shown frames have times, and how many bits these take."""
    delay_bits, time_bits, equal, model = 0, 0, False, False
    if bits.take(1):
        bits.take(64)
        equal = bool(bits.take(1))
        if equal:
            bits.take_golomb()
        model = bool(bits.take(1))
        if model:
            delay_bits = bits.take(5) + 1
            bits.take(32)
            bits.take(5)
            time_bits = bits.take(5) + 1
    display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if model and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if display_delay and bits.take(1):
            bits.take(4)
    return model and not equal, time_bits


def _frame_px(bits: Bits, sequence: _Sequence) -> int:
    """Pixels of a frame, which may override the size of its sequence."""
    if sequence.still or bits.take(1):  # or it shows an earlier one
        return 0
    kind, shown = bits.take(2), bits.take(1)
    if shown and sequence.timed:
        bits.take(sequence.time_bits)
    if not shown:
        bits.take(1)
    if kind != SWITCH_FRAME and not (kind == KEY_FRAME and shown):
        bits.take(1)  # error resilience
    bits.take(1)
    screen_content = bits.take(1) if sequence.screen_content == SELECT else sequence.screen_content
    if screen_content and sequence.integer_motion == SELECT:
        bits.take(1)
    bits.take(sequence.id_bits)
    if kind != SWITCH_FRAME and not bits.take(1):
        return 0
    return sequence.most_px
