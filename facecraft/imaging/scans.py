"""Decode a JPEG, and tell how much of it is there.

libjpeg fills what is missing with grey and only warns, and Pillow does not tell its warnings. But the decoder
waits where its data ends without a marker. So each piece of coded data is given to it alone, and behind it
some more that no picture needs: one bits, which are no code. A decoder that has the whole piece skips them,
and waits for the next marker. One that lacks data takes them for it, and waits in the middle of a unit, with
bytes that it cannot use yet. How many of them it takes to the end of the piece tells how much is missing.

What this cannot tell: one or two blocks of 8 x 8 values at the end of a piece, which need no more bits than a
decoder reads ahead; and a piece in which bits were changed, and which is as long as before for the decoder.
Restart markers make the pieces short; without them a whole scan is one piece.
"""

import re
from itertools import islice
from typing import Self

from PIL import Image
from PIL.ImageFile import ImageFile

from facecraft.imaging.jpeg import Scan, Structure

CHUNK_BYTES = 1 << 20
ONES = b"\xff\x00"
LOOKAHEAD = 8
"""The decoder takes up to this many bytes before it needs them, and waits if it does not get them."""
TRIALS = 2
"""A unit without its data has bytes that cannot be used yet, at the latest after so many more."""
END_OF_IMAGE = b"\xff\xd9"
RESTART = re.compile(rb"\xff[\xd0-\xd7]")
MOST_PIECES = 20_000
"""In a file. With more restart markers each scan is one piece, or looking at them would take too long."""
STEPS = 200
"""Into so many steps a piece is divided to find out how much of it is missing."""
BAD_CODE_BITS = 17
"""So many one bits libjpeg takes for a code that does not exist. It stands for zero, or for no more."""
MOST_DAMAGED = 0.999
"""The largest share of a damaged photo, so that it is never rounded to a whole one."""


class _Feed:
    """Gives data to a decoder of Pillow, which keeps none of what it cannot use yet."""

    def __init__(self, image: ImageFile) -> None:
        codec, extents, _, arguments = image.tile[0]
        image.load_prepare()
        # Pillow has no other way to give a decoder its data in parts.
        self._decoder = Image._getdecoder(image.mode, codec, arguments, image.decoderconfig)  # noqa: SLF001
        self._decoder.setimage(image.im, extents)
        self._rest = b""
        self.done = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._decoder.cleanup()

    @property
    def waits(self) -> bool:
        """Whether it has data that it cannot use yet."""
        return bool(self._rest)

    def give(self, data: memoryview | bytes) -> None:
        """Decode as far as the data goes.

        Raises:
            OSError: the decoder gave up.
        """
        for start in range(0, len(data), CHUNK_BYTES):
            if self.done:
                return
            self._decode(self._rest + bytes(data[start : start + CHUNK_BYTES]))

    def finish(self, data: bytes) -> None:
        """Decode the rest at once.

        Raises:
            OSError: the decoder gave up, or has no picture even so.
        """
        if not self.done:
            self._decode(self._rest + data)
        if not self.done:
            raise OSError("The decoder of Pillow has no picture.")

    def lacks_data(self) -> bool:
        """Whether the piece that was given last ends before its last unit does. Raises as `give`."""
        self.give(ONES * LOOKAHEAD)
        for _ in range(TRIALS):
            if self.waits:
                return True
            self.give(ONES)
        return self.waits

    def _decode(self, data: bytes) -> None:
        used, error = self._decoder.decode(data)
        self.done = used < 0
        if self.done and error < 0:
            raise OSError(f"The decoder of Pillow failed with {error}.")
        self._rest = b"" if self.done else data[used:]


def load(image: ImageFile, data: bytes, structure: Structure, *, damaged: bool) -> float:
    """Decode the pixels of a JPEG that Pillow has opened.

    Args:
        image: it gets the pixels, at the scale of its `draft`.
        data: the file.
        structure: of the file.
        damaged: whether to decode what is there if data is missing. If not, the image has no pixels then.

    Returns:
        The share of the picture that is there, 0 to 1; 1 for a whole one.

    Raises:
        OSError: it cannot be decoded at all.
    """
    with _Feed(image) as feed:
        if structure.arithmetic:  # that decoder cannot wait, and its data may end early
            feed.finish(data)
            share = structure.share(structure.scans)
        else:
            share = _load_whole(feed, memoryview(data), structure)
    if share < 1 and damaged:
        with _Feed(image) as feed:  # the first one has taken one bits for pixels
            feed.give(memoryview(data)[: structure.scans[-1].end])
            feed.finish(END_OF_IMAGE)
    image.tile = []  # or Pillow would decode it once more
    return share


def _load_whole(feed: _Feed, data: memoryview, structure: Structure) -> float:
    """Decode a whole picture, else find out how much of it there is."""
    at, whole = 0, list[Scan]()
    counts = [structure.intervals(scan) for scan in structure.scans]
    if sum(counts) > MOST_PIECES:
        counts = [1] * len(counts)
    for scan, count in zip(structure.scans, counts, strict=True):
        feed.give(data[at : scan.start])
        share = _load_scan(feed, data, structure, scan, count)
        at = scan.end
        if share < 1:
            before, after = structure.share(whole), structure.share([*whole, scan])
            return before + share * (after - before)
        whole.append(scan)
    share = structure.share(whole)
    if share < 1:  # scans are missing
        return min(share, MOST_DAMAGED)
    feed.finish(END_OF_IMAGE)
    return 1.0


def _load_scan(feed: _Feed, data: memoryview, structure: Structure, scan: Scan, count: int) -> float:
    """Give a scan's data to the decoder, in so many pieces. The share of it that is there."""
    # All pieces but the first begin with a restart marker.
    marks = [each.start() for each in islice(RESTART.finditer(data, scan.start, scan.end), count - 1)]
    whole = 0
    for start, end in zip((scan.start, *marks), (*marks, scan.end), strict=True):
        feed.give(data[start:end])
        whole += not feed.lacks_data()
    if whole == count and (feed.done or structure.split):
        return 1.0
    share = whole / count if count > 1 else 1 - _missing(feed, structure, scan)
    return min(share, MOST_DAMAGED)


def _missing(feed: _Feed, structure: Structure, scan: Scan) -> float:
    """The share of a scan that is missing at its end, by the one bits that the decoder takes for it."""
    units, blocks = structure.units(scan)
    total_bytes = units * blocks * _block_bits(structure, scan) / 8
    step = max(1, round(total_bytes / STEPS))
    given = 0
    while given < total_bytes and not feed.done and (feed.lacks_data() or not structure.split):
        feed.give(ONES * step)
        given += step + LOOKAHEAD
    return min(given / total_bytes, 1.0)


def _block_bits(structure: Structure, scan: Scan) -> int:
    """About how many one bits a decoder takes for a block."""
    if not structure.progressive:
        return 2 * BAD_CODE_BITS  # the first coefficient, and the end of the others
    if not scan.refines:
        return BAD_CODE_BITS
    return 1 if scan.first == 0 else BAD_CODE_BITS + 7  # and a bit for each coefficient that there is already
