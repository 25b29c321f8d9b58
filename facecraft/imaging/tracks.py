"""The tracks of image sequences: ISO/IEC 14496-12, 8.3 to 8.7."""

from dataclasses import dataclass

from facecraft.imaging.isobmff import Box, Place, boxes, inside, once, opened
from facecraft.imaging.structure import Fields, check_count

MOST_TRACKS = 8
"""A sequence has one of colours, and may have one each of transparency, depth, thumbnails and sound."""


@dataclass(frozen=True, slots=True)
class Track:
    """One track of a sequence.

    Attributes:
        codec: such as av01.
        width: of its pictures, in pixels.
        height: of its pictures, in pixels.
        samples: number of its pictures.
        first: where the first one is.
    """

    codec: bytes
    width: int
    height: int
    samples: int
    first: Place


def tracks_of(data: bytes) -> list[Track]:
    """The tracks of a file's box `moov` that hold pictures. Raises ValueError if it is broken."""
    whole = Box(b"", 0, len(data))
    moov = inside(data, whole, b"moov")
    inner = [] if moov is None else boxes(data, moov.start, moov.end)
    found = [box for box in inner if box.kind == b"trak"]
    check_count(len(found), MOST_TRACKS)
    return [track for box in found if (track := _track(data, box)) is not None]


def _track(data: bytes, trak: Box) -> Track | None:
    handler = inside(data, trak, b"mdia", b"hdlr")
    table = inside(data, trak, b"mdia", b"minf", b"stbl")
    if handler is None or table is None or data[handler.start + 8 : handler.start + 12] == b"soun":
        return None
    kinds, sizes = inside(data, table, b"stsd"), inside(data, table, b"stsz")
    short, wide = inside(data, table, b"stco"), inside(data, table, b"co64")
    places = next(iter(once([each for each in (short, wide) if each is not None])), None)
    if kinds is None or sizes is None or places is None:
        return None
    entry = next(boxes(data, kinds.start + 8, kinds.end), None)
    if entry is None:
        raise ValueError("A track does not say its codec.")
    fields = Fields(data, entry.start + 24, entry.end)
    width, height = fields.number(2), fields.number(2)
    fields, _ = opened(data, sizes)
    size, samples = fields.number(4), fields.number(4)
    size = size or (fields.number(4) if samples else 0)
    fields, _ = opened(data, places)
    start = fields.number(8 if wide else 4) if fields.number(4) else 0
    if start + size > len(data):
        raise ValueError("The data of a picture lies outside of the file.")
    return Track(entry.kind, width, height, samples, Place(start, start + size))
