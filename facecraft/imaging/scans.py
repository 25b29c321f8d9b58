"""Decode a JPEG, and tell how much of it is there.

libjpeg fills what is missing with grey and only warns, and Pillow does not tell its warnings. But the decoder
waits where its data ends without a marker. So each piece of coded data is given to it alone, and behind it
some more that no picture needs: one bits, which are no code. A decoder that has the whole piece skips them,
and waits for the next marker. One that lacks data takes them for it, and waits in the middle of a unit, with
bytes that it cannot use yet.

What this cannot tell: a piece in which bits were changed, and which is as long as before for the decoder.
Restart markers make the pieces short; without them a whole scan is one piece.
"""

import re
from itertools import islice

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
"""Of one scan; a scan with more restart markers is one piece, or looking at each would take too long."""
MOST_DAMAGED = 0.999
"""The largest share of a damaged photo, so that it is never rounded to a whole one."""


class _Feed:
    """Gives data to Pillow's decoder, which keeps none of what it cannot use yet."""

    def __init__(self, image: ImageFile) -> None:
        codec, extents, _, arguments = image.tile[0]
        image.load_prepare()
        image.tile = []  # or Pillow would decode it, too
        # Pillow has no other way to give a decoder its data in parts.
        self._decoder = Image._getdecoder(image.mode, codec, arguments, image.decoderconfig)  # noqa: SLF001
        self._decoder.setimage(image.im, extents)
        self._rest = b""
        self.done = False

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
            chunk = self._rest + bytes(data[start : start + CHUNK_BYTES])
            used, error = self._decoder.decode(chunk)
            self.done = used < 0
            if self.done and error < 0:
                raise OSError(f"The decoder of Pillow failed with {error}.")
            self._rest = b"" if self.done else chunk[used:]

    def give_whole(self, data: bytes) -> None:
        """Decode all of it at once. Raises as `give`."""
        used, error = self._decoder.decode(data)
        self.done = used < 0
        if not self.done or error < 0:
            raise OSError(f"The decoder of Pillow failed with {error}.")

    def lacks_data(self) -> bool:
        """Whether the piece that was given last ends before its last unit does. Raises as `give`."""
        self.give(ONES * LOOKAHEAD)
        for _ in range(TRIALS):
            if self.waits:
                return True
            self.give(ONES)
        return self.waits

    def close(self) -> None:
        self._decoder.cleanup()


def load(image: ImageFile, data: bytes, structure: Structure, *, damaged: bool) -> float:
    """Decode the pixels of a JPEG that Pillow has opened.

    Args:
        image: it gets the pixels, at the scale of its `draft`.
        data: the file.
        structure: of the file.
        damaged: whether to go on where data is missing. If not, the image has no pixels then.

    Returns:
        The share of the picture that is there, 0 to 1; 1 for a whole one.

    Raises:
        OSError: it cannot be decoded at all.
    """
    feed = _Feed(image)
    try:
        if structure.arithmetic:  # that decoder cannot wait, and its data may end early
            feed.give_whole(data)
            return 1.0
        if structure.split:
            share = _load_scans(feed, data, structure, damaged=damaged)
        else:
            share = _load_scan(feed, data, structure, image)
        if share == 1 or damaged:
            feed.give(END_OF_IMAGE)
            if not feed.done:
                raise OSError("The decoder of Pillow has no picture.")
        return share
    finally:
        feed.close()


def _load_scan(feed: _Feed, data: bytes, structure: Structure, image: ImageFile) -> float:
    """Decode a picture in one scan. The share that is there: of its pieces, or of its rows."""
    scan = structure.scans[0]
    feed.give(data[: scan.start])
    count = _count_pieces(structure, scan)
    good = _give_pieces(feed, data, scan, count)
    if feed.done and good == count:
        return 1.0
    box = image.getbbox()
    rows = box[3] / image.height if box else 0.0
    return min(rows if count == 1 else good / count, MOST_DAMAGED)


def _load_scans(feed: _Feed, data: bytes, structure: Structure, *, damaged: bool) -> float:
    """Take up the scans of a picture, which is decoded when its end is given. The share that they have."""
    at, whole = 0, list[Scan]()
    for scan in structure.scans:
        feed.give(data[at : scan.start])
        at, count = scan.end, _count_pieces(structure, scan)
        if _give_pieces(feed, data, scan, count) == count:
            whole.append(scan)
        elif not damaged:
            break
    share = structure.share(whole)
    return share if len(whole) == len(structure.scans) else min(share, MOST_DAMAGED)


def _count_pieces(structure: Structure, scan: Scan) -> int:
    count = structure.intervals(scan)
    return count if count <= MOST_PIECES else 1


def _give_pieces(feed: _Feed, data: bytes, scan: Scan, count: int) -> int:
    """Decode a scan of so many pieces; all but the first begin with a restart marker. How many are whole."""
    marks = [each.start() for each in islice(RESTART.finditer(data, scan.start, scan.end), count - 1)]
    good = 0
    for start, end in zip((scan.start, *marks), (*marks, scan.end), strict=True):
        feed.give(memoryview(data)[start:end])
        good += not feed.lacks_data()
    return good
