"""What a HEIC or AVIF file says about itself, read without decoding it."""

from collections import Counter
from dataclasses import dataclass

from facecraft.errors import UnsupportedFormat
from facecraft.imaging import av1, hevc, isobmff
from facecraft.imaging.isobmff import Items
from facecraft.imaging.structure import Fields, Structure
from facecraft.imaging.tracks import Track, tracks_of

CHROMA_SAMPLES = (1, 1.5, 2, 3)  # samples of a pixel: grey, 4:2:0, 4:2:2, 4:4:4
SRGB = 13
OF_VIDEO = (1, 2, 6, 14, 15)  # and none at all
ALPHA = (b"alpha", b"auxid:1\x00")  # in the type of an auxiliary picture; auxid:2 is depth
OF_ANOTHER = (b"thmb", b"auxl")  # references from a picture to the one that it belongs to
NAME_BYTES = 100  # more than the type of an auxiliary picture has
MOST_SHARED = 2  # times the file's size; a writer stores equal tiles once
GRID_BYTES = 64  # more than a grid has of its own


@dataclass(frozen=True, slots=True)
class _Coding:
    """The codec of a format.

    Attributes:
        format: its name, for people.
        kind: type of its items and tracks.
    """

    format: str
    kind: bytes

    def decoded_bytes(self, data: bytes, items: Items, pictures: Counter[int]) -> int:
        """Bytes that items are decoded to, each so many times as it is counted.

        libheif holds HEVC to what the boxes say; libavif does not hold AV1 to it.
        """
        if self is AV1:
            held = av1.largest_bytes(items.content(data, each) for each in pictures)
        else:
            held = (_hevc_bytes(data, items, each) for each in pictures)
        numbers = zip(pictures.items(), held, strict=True)
        return sum(max(_pixels(data, items, each), most) * times for (each, times), most in numbers)


HEVC, AV1 = _Coding("HEIC", b"hvc1"), _Coding("AVIF", b"av01")


def measure_heic(data: bytes, _most_frames: int) -> Structure:
    """Measure a HEIC file.

    Raises:
        ValueError: it is broken.
        UnsupportedFormat: its picture is not in HEVC, or it has only a sequence.
    """
    items = isobmff.items(data)
    if items.primary is None:
        raise UnsupportedFormat("The file is a HEIC sequence without a still picture, which is not accepted.")
    still = _still(data, items, items.primary, HEVC)
    frames = max(_count(items, HEVC), *(track.samples for track in tracks_of(data)), 1)
    return Structure(still.width, still.height, frames, still.decoded_bytes)


def measure_avif(data: bytes, _most_frames: int) -> Structure:
    """Measure an AVIF file. A file may hold both a still picture and a sequence: the larger one counts.

    Raises:
        ValueError: it is broken.
        UnsupportedFormat: its picture is not in AV1.
    """
    items, tracks = isobmff.items(data), tracks_of(data)
    found = [_moving(data, tracks)] if tracks else []
    if items.primary is not None:
        found.append(_still(data, items, items.primary, AV1))
    if not found:
        raise ValueError("The file has no picture.")
    frames = max(_count(items, AV1), *(each.frames for each in found))
    largest = max(found, key=lambda each: each.width * each.height)
    return Structure(largest.width, largest.height, frames, max(each.decoded_bytes for each in found))


def colour_code(data: bytes) -> bytes | None:
    """Primaries and transfer of the primary picture, by their numbers in ITU-T H.273, as PNG's cICP has them.

    The decoder has made full-range RGB of it. A transfer for video counts as that of sRGB, as in browsers.

    Returns:
        None if the file does not say it.
    """
    items = isobmff.items(data)
    for box in items.properties.get(items.primary or 0, ()):
        fields = Fields(data, box.start, box.end)
        if box.kind == b"colr" and fields.take(4) == b"nclx":
            primaries, transfer = fields.number(2), fields.number(2)
            transfer = SRGB if transfer in OF_VIDEO else transfer
            return bytes((primaries, transfer, 0, 1)) if max(primaries, transfer) < 256 else None
    return None


def _still(data: bytes, items: Items, item: int, coding: _Coding) -> Structure:
    """The picture of an item, with its transparency."""
    width, height = _size(data, items, item)
    coded = Counter(_tiles(data, items, item, coding) or [item])
    auxiliary = Counter(
        each.item
        for each in items.references
        if each.kind == b"auxl" and any(other == item or other in coded for other in each.others)
    )
    transparency: Counter[int] = Counter()
    for each, times in auxiliary.items():
        if _is_alpha(data, items, each):
            for plane in _tiles(data, items, each, coding) or [each]:
                transparency[plane] += times
    pictures = coded + transparency
    if sum(items.size_bytes(each) for each in pictures) > MOST_SHARED * len(data):
        raise ValueError("Pictures share their data.")
    decoded = coding.decoded_bytes(data, items, pictures)
    return Structure(width, height, 1, max(width * height, decoded))


def _moving(data: bytes, tracks: list[Track]) -> Structure:
    """The first picture of a sequence, with its transparency."""
    for track in tracks:
        if track.codec != AV1.kind:
            raise UnsupportedFormat(_not_accepted(AV1, track.codec))
    held = av1.largest_bytes(data[track.first.start : track.first.end] for track in tracks)
    decoded = sum(max(track.width * track.height, most) for track, most in zip(tracks, held, strict=True))
    return Structure(
        max(track.width for track in tracks),
        max(track.height for track in tracks),
        max(track.samples for track in tracks),
        decoded,
    )


def _hevc_bytes(data: bytes, items: Items, item: int) -> int:
    coding = hevc.coding_of(_property(data, items, item, b"hvcC"), items.content(data, item))
    sample_bytes = 1 if max(coding.luma_bits, coding.chroma_bits) == 8 else 2
    return int(_pixels(data, items, item) * CHROMA_SAMPLES[coding.chroma] * sample_bytes)


def _pixels(data: bytes, items: Items, item: int) -> int:
    width, height = _size(data, items, item)
    return width * height


def _size(data: bytes, items: Items, item: int) -> tuple[int, int]:
    fields = _property(data, items, item, b"ispe")
    fields.take(4)
    return fields.number(4), fields.number(4)


def _property(data: bytes, items: Items, item: int, kind: bytes) -> Fields:
    found = [box for box in items.properties.get(item, ()) if box.kind == kind]
    if len(found) != 1:
        raise ValueError(f"A picture has not one {kind.decode()}, but {len(found)}.")
    return Fields(data, found[0].start, found[0].end)


def _tiles(data: bytes, items: Items, item: int, coding: _Coding) -> tuple[int, ...]:
    """The items that a grid is made of; none if it is no grid."""
    kind = items.kinds.get(item, b"")
    if kind != b"grid":
        if kind != coding.kind:
            raise UnsupportedFormat(_not_accepted(coding, kind))
        return ()
    if items.size_bytes(item) > GRID_BYTES:
        raise ValueError("A grid has more data than it needs.")
    fields = Fields(items.content(data, item), 1)
    width_bytes = 4 if fields.number(1) & 1 else 2
    rows, columns = fields.number(1) + 1, fields.number(1) + 1
    if (fields.number(width_bytes), fields.number(width_bytes)) != _size(data, items, item):
        raise ValueError("A grid of pictures has two sizes.")
    tiles = items.parts.get(item, ())
    if len(tiles) != rows * columns:
        raise ValueError("A grid has other pictures than it needs.")
    for tile in set(tiles):
        if items.kinds.get(tile) != coding.kind:
            raise UnsupportedFormat(_not_accepted(coding, items.kinds.get(tile, b"")))
    return tiles


def _is_alpha(data: bytes, items: Items, item: int) -> bool:
    types = [
        data[box.start : min(box.end, box.start + NAME_BYTES)]
        for box in items.properties.get(item, ())
        if box.kind == b"auxC"
    ]
    return any(word in each for each in types for word in ALPHA)


def _count(items: Items, coding: _Coding) -> int:
    """Number of pictures that stand for themselves: no tiles, thumbnails, depth or transparency."""
    others = {each.item for each in items.references if each.kind in OF_ANOTHER}
    parts = items.hidden.union(others, *items.parts.values())
    return sum(kind in (coding.kind, b"grid") and item not in parts for item, kind in items.kinds.items())


def _not_accepted(coding: _Coding, kind: bytes) -> str:
    name = kind.decode("ascii", "replace").strip()
    return f"The file is {coding.format} with a picture of the kind {name!r}, which is not accepted."
