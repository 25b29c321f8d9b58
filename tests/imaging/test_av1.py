"""The sizes of frames in headers that are written by hand, as in 5.5 and 5.9 of the AV1 specification."""

from dataclasses import dataclass

import pytest

from facecraft.imaging import av1
from tests.imaging.bits import Writer

WIDTH, HEIGHT, SIDE_BITS = 100, 60, 8
KEY, INTER, SWITCH = 0, 1, 3


@dataclass(frozen=True)
class Sequence:
    """What a sequence header may say."""

    profile: int = 0
    still: bool = False
    timing: bool = False
    equal: bool = False
    model: bool = False
    delay: bool = False
    level: int = 4
    points: int = 1
    ids: bool = False
    ordered: bool = False
    screen_content: int | None = None  # None: each frame says it
    integer_motion: int | None = None
    deep: bool = False

    def unit(self) -> bytes:
        """The header as a unit."""
        bits = Writer().put(self.profile, 3).put(self.still, 1).put(self.still, 1)
        if self.still:
            bits.put(self.level, 5)
        else:
            self._put_timing(bits)
        bits.put(SIDE_BITS - 1, 4).put(SIDE_BITS - 1, 4).put(WIDTH - 1, SIDE_BITS).put(HEIGHT - 1, SIDE_BITS)
        if not self.still:
            bits.put(self.ids, 1)
            if self.ids:
                bits.put(3, 4).put(2, 3)  # so 5 and 3 bits
        bits.put(0b101, 3)
        if not self.still:
            self._put_tools(bits)
        bits.put(0b010, 3).put(self.deep, 1)
        return unit(av1.SEQUENCE_HEADER, bits.data())

    def _put_timing(self, bits: Writer) -> None:
        bits.put(self.timing, 1)
        if self.timing:
            bits.put(1, 32).put(25, 32).put(self.equal, 1)
            if self.equal:
                bits.put_golomb(4)
            bits.put(self.model, 1)
            if self.model:
                bits.put(6, 5).put(1, 32).put(9, 5).put(10, 5)  # delays of 7 bits, times of 11
        bits.put(self.delay, 1).put(self.points - 1, 5)
        for _ in range(self.points):
            bits.put(0, 12).put(self.level, 5)
            if self.level > 7:
                bits.put(1, 1)
            if self.model:
                bits.put(1, 1).put(1, 7).put(1, 7).put(0, 1)
            if self.delay:
                bits.put(1, 1).put(9, 4)

    def _put_tools(self, bits: Writer) -> None:
        bits.put(0b1010, 4).put(self.ordered, 1)
        if self.ordered:
            bits.put(0b01, 2)
        bits.put(self.screen_content is None, 1)
        if self.screen_content is not None:
            bits.put(self.screen_content, 1)
        if self.screen_content != 0:
            bits.put(self.integer_motion is None, 1)
            if self.integer_motion is not None:
                bits.put(self.integer_motion, 1)
        if self.ordered:
            bits.put(0b110, 3)

    def frame(
        self, kind: int = KEY, *, shown: bool = True, override: bool = False, known: bool = False
    ) -> bytes:
        """The header of a frame of this sequence, up to whether it has a size of its own."""
        bits = Writer().put(known, 1)
        if not known:
            bits.put(kind, 2).put(shown, 1)
            if shown and self.model and not self.equal:
                bits.put(5, 11)
            if not shown:
                bits.put(0, 1)
            if kind != SWITCH and not (kind == KEY and shown):
                bits.put(1, 1)
            bits.put(0, 1)
            if self.screen_content is None:
                bits.put(1, 1)
            if self.screen_content != 0 and self.integer_motion is None:
                bits.put(0, 1)
            if self.ids:
                bits.put(77, 8)
            if kind != SWITCH:
                bits.put(override, 1)
        return unit(av1.FRAME, bits.put(0, 20).data())


def unit(kind: int, payload: bytes, *, sized: bool = True) -> bytes:
    size = bytes([len(payload) & 127 | 128, len(payload) >> 7]) if sized else b""
    return bytes([kind << 3 | 2 * sized]) + size + payload


def largest(*units: bytes) -> int:
    (found,) = av1.largest_bytes([b"".join(units)])
    return found


SEQUENCES = [
    Sequence(),
    Sequence(still=True),
    Sequence(still=True, deep=True),
    Sequence(profile=1),
    Sequence(profile=1, deep=True),
    Sequence(timing=True),
    Sequence(timing=True, equal=True),
    Sequence(timing=True, model=True),
    Sequence(timing=True, equal=True, model=True, delay=True),
    Sequence(delay=True, points=3),
    Sequence(level=9, points=2),
    Sequence(ids=True),
    Sequence(ordered=True),
    Sequence(ordered=True, deep=True, ids=True, timing=True, model=True, level=12, points=2),
    Sequence(screen_content=0),
    Sequence(screen_content=1),
    Sequence(screen_content=1, integer_motion=0),
    Sequence(integer_motion=1, deep=True),
]


@pytest.mark.parametrize("sequence", SEQUENCES, ids=str)
def test_a_frame_has_the_size_of_its_sequence_or_up_to_what_its_bits_allow(sequence: Sequence) -> None:
    sample_bytes = (2 if sequence.deep else 1) * (1.5 if sequence.profile == 0 else 3)
    whole = int(WIDTH * HEIGHT * sample_bytes)
    assert largest(sequence.unit()) == whole
    if sequence.still:
        return
    for kind in (KEY, INTER):
        for shown in (True, False):
            assert largest(sequence.unit(), sequence.frame(kind, shown=shown)) == whole
            own = sequence.frame(kind, shown=shown, override=True)
            assert largest(sequence.unit(), own) == int((1 << 2 * SIDE_BITS) * sample_bytes)
    assert largest(sequence.unit(), sequence.frame(SWITCH)) == int((1 << 2 * SIDE_BITS) * sample_bytes)
    assert largest(sequence.unit(), sequence.frame(known=True)) == whole


def test_units_of_other_kinds_are_passed_over() -> None:
    delimiter, padding = unit(2, b""), unit(15, bytes(300))
    layered = bytes([2 << 3 | 4 | 2, 0, 0])  # with one byte more in its head
    assert largest(delimiter, layered, padding, Sequence().unit(), padding) == WIDTH * HEIGHT * 3 // 2
    # The last unit may go to the end of the data.
    assert largest(Sequence().unit(), unit(15, bytes(40), sized=False)) == WIDTH * HEIGHT * 3 // 2


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        unit(2, b""),
        Sequence().frame(),
        b"\x0a\xff\xff\xff\xff\xff\xff",
        b"\x0a\x80",
        b"\x0a\x02\x00\x00",
    ],
    ids=[
        "nothing",
        "no sequence",
        "a frame alone",
        "a size without end",
        "a size cut off",
        "a header cut off",
    ],
)
def test_what_is_broken_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match=r"sequence header|no size|cut off"):
        largest(broken)
