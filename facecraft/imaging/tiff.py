"""The structure of a TIFF file, read without decoding it: TIFF 6.0, and BigTIFF with 8-byte offsets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from facecraft.errors import UnsupportedFormat
from facecraft.imaging.structure import Fields, Structure, check_count, parts

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIPS, SAMPLES, TILE_WIDTH, TILE_HEIGHT, TILES, SAMPLE_FORMAT = 273, 277, 322, 323, 324, 339
WHITE_IS_ZERO = 0
UNSIGNED = 1
TYPE_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
SINGLE_BYTES = (1, 2, 7)  # types that stay bytes; each value of another type becomes a Python number
MOST_VALUES = 70_000
"""Most numbers of one tag: a picture of 65535 rows may have a strip for each."""
COMPRESSIONS = {
    1: "none", 2: "CCITT", 3: "CCITT T.4", 4: "CCITT T.6", 5: "LZW", 7: "JPEG", 8: "deflate",
    32773: "PackBits", 32946: "deflate",
}  # fmt: skip
"""Kinds of compression that are accepted. Those left out are old or rare, and their decoders little used."""
DEEPEST_BITS = 16


@dataclass(frozen=True, slots=True)
class Tag:
    """One entry of a directory.

    Attributes:
        kind: number of its type.
        count: number of its values.
        at: offset of the first value in the file.
    """

    kind: int
    count: int
    at: int


@dataclass(frozen=True, slots=True)
class Directory:
    """The tags of one picture."""

    data: bytes
    order: Literal["big", "little"]
    tags: Mapping[int, Tag]

    def values(self, tag: int, default: int | None = None) -> tuple[int, ...]:
        """The values of a tag, unsigned.

        Raises:
            ValueError: it is missing without a default, or has more than MOST_VALUES.
        """
        if default is not None and tag not in self.tags:
            return (default,)
        entry = self._entry(tag)
        check_count(entry.count, MOST_VALUES)
        return self._numbers(entry, entry.count)

    def value(self, tag: int, default: int | None = None) -> int:
        """The first value of a tag, unsigned. Raises ValueError where it is missing without a default."""
        if default is not None and tag not in self.tags:
            return default
        entry = self._entry(tag)
        if not entry.count:
            raise ValueError(f"The tag {tag} has no value.")
        return self._numbers(entry, 1)[0]

    def _entry(self, tag: int) -> Tag:
        if tag not in self.tags:
            raise ValueError(f"The TIFF has no tag {tag}.")
        return self.tags[tag]

    def _numbers(self, entry: Tag, count: int) -> tuple[int, ...]:
        fields = Fields(self.data, entry.at, None, self.order)
        return tuple(fields.number(TYPE_BYTES[entry.kind]) for _ in range(count))


def measure(data: bytes, most_frames: int) -> Structure:
    """Measure a TIFF file. Pages are counted up to one more than `most_frames`.

    Raises:
        ValueError: it is broken.
        UnsupportedFormat: it has samples or a compression that are not accepted.
    """
    first = first_directory(data)
    _check_samples(first)
    width, height = first.value(WIDTH), first.value(HEIGHT)
    pieces = first.tags.get(STRIPS) or first.tags.get(TILES)
    if pieces is None:
        raise ValueError("The TIFF has no picture.")
    tile_px = first.value(TILE_WIDTH, 0) * first.value(TILE_HEIGHT, 0)
    pixel_bits = first.value(SAMPLES, 1) * max(8, *first.values(BITS, 1))
    decoded_bytes = max(width * height, tile_px) * pixel_bits // 8
    return Structure(width, height, _count(data, most_frames), decoded_bytes)


def first_directory(data: bytes) -> Directory:
    """Read the tags of the first picture. Raises ValueError if they are broken."""
    fields, wide = _opened(data)
    fields.at = fields.number(8 if wide else 4)
    tags, total = dict[int, Tag](), 0
    for _ in parts(fields.number(8 if wide else 2)):
        number, kind, count = fields.number(2), fields.number(2), fields.number(8 if wide else 4)
        inline = 8 if wide else 4
        size = TYPE_BYTES.get(kind, 1) * count
        at = fields.at
        if size > inline:
            at = fields.number(inline)
        else:
            fields.take(inline)
        total += size
        if at + size > len(data):
            raise ValueError("A tag lies outside of the file.")
        if total > len(data):  # Pillow reads each of them for itself
            raise ValueError("Tags share their values.")
        if kind not in SINGLE_BYTES and count > MOST_VALUES:
            raise ValueError("A tag has too many values.")
        tags[number] = Tag(kind, count, at)
    return Directory(data, fields.order, tags)


def _opened(data: bytes) -> tuple[Fields, bool]:
    """The fields from the offset of the first directory on, and whether offsets have 8 bytes."""
    order: Literal["big", "little"] = "little" if data[:2] == b"II" else "big"
    fields = Fields(data, 2, None, order)
    wide = fields.number(2) == 43
    if wide:
        fields.take(4)
    return fields, wide


def _check_samples(directory: Directory) -> None:
    compression = directory.value(COMPRESSION, 1)
    if compression not in COMPRESSIONS:
        known = ", ".join(dict.fromkeys(COMPRESSIONS.values()))
        raise UnsupportedFormat(
            f"The TIFF has the compression {compression}, which is not accepted.",
            hint=f"Save it with one of {known}.",
        )
    bits, kinds = directory.values(BITS, 1), directory.values(SAMPLE_FORMAT, UNSIGNED)
    if max(bits, default=0) > DEEPEST_BITS or any(kind != UNSIGNED for kind in kinds):
        raise UnsupportedFormat(
            f"The TIFF has samples of {max(bits, default=0)} bits, or with a sign or a fraction.",
            hint=f"Save it with at most {DEEPEST_BITS} bits a sample, as unsigned whole numbers.",
        )


def _count(data: bytes, most: int) -> int:
    """Number of pages, counted up to one more than `most`. A page that was there before ends the file."""
    fields, wide = _opened(data)
    seen: set[int] = set()
    while len(seen) <= most:
        at = fields.number(8 if wide else 4)
        if at == 0 or at in seen or at >= len(data):
            break
        seen.add(at)
        fields.at = at
        entries = fields.number(8 if wide else 2)
        check_count(entries)
        fields.take((20 if wide else 12) * entries)
    return max(1, len(seen))
