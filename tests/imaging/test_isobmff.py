"""Boxes and the places of items, as ISO/IEC 14496-12 lets a file write them."""

import struct

import pytest

from facecraft.imaging import isobmff
from facecraft.imaging.isobmff import Place
from tests.imaging.heifs import box, full

DATA = b"the data of an item"


def names(data: bytes) -> list[bytes]:
    return [each.kind for each in isobmff.boxes(data, 0, len(data))]


def test_a_box_has_a_size_of_64_bits_or_goes_to_the_end() -> None:
    wide = struct.pack(">I4sQ", 1, b"wide", 16 + 5) + b"bytes"
    last = struct.pack(">I4s", 0, b"last") + b"to the end"
    data = box(b"free") + wide + last
    assert names(data) == [b"free", b"wide", b"last"]
    found = list(isobmff.boxes(data, 0, len(data)))
    assert [data[each.start : each.end] for each in found] == [b"", b"bytes", b"to the end"]


@pytest.mark.parametrize("size", [7, 9, 2**31])
def test_a_box_that_does_not_end_in_its_parent_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="does not end in its parent"):
        names(struct.pack(">I4s", size, b"free"))


def meta(iloc: bytes, *others: bytes) -> bytes:
    """A file with one item, behind which its data is."""
    infe = full(b"infe", struct.pack(">IH4s", 1, 0, b"hvc1"), b"\0", version=3, flags=1)
    iinf = full(b"iinf", struct.pack(">I", 1), infe, version=1)
    pitm = full(b"pitm", struct.pack(">I", 1), version=1)
    return full(b"meta", pitm, iinf, iloc, *others)


def iloc(version: int, method: int, base: int, *extents: tuple[int, int]) -> bytes:
    """Offsets, lengths and bases of 4 bytes; from version 1 also indices."""
    sizes = 0x4440 if version == 0 else 0x4444
    number = ">H" if version < 2 else ">I"
    item = struct.pack(number, 1) + (struct.pack(">H", method) if version else b"")
    item += struct.pack(">HIH", 0, base, len(extents))
    for offset, length in extents:
        item += (bytes(4) if version else b"") + struct.pack(">II", offset, length)
    return full(b"iloc", struct.pack(">H", sizes), struct.pack(number, 1), item, version=version)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_an_item_has_its_data_in_the_file_in_one_part_or_several(version: int) -> None:
    start = len(meta(iloc(version, 0, 0, (0, 1), (0, 1)))) + 8
    data = meta(iloc(version, 0, start, (0, 8), (12, len(DATA) - 12))) + box(b"mdat", DATA)
    items = isobmff.items(data)
    assert (items.primary, dict(items.kinds), set(items.hidden)) == (1, {1: b"hvc1"}, {1})
    assert items.content(data, 1) == DATA[:8] + DATA[12:]
    assert items.size_bytes(1) == len(DATA) - 4


def test_an_item_has_its_data_in_the_box_idat() -> None:
    data = meta(iloc(1, 1, 4, (0, 5)), box(b"idat", DATA))
    assert isobmff.items(data).content(data, 1) == DATA[4:9]
    # A length of 0 is the rest of it.
    data = meta(iloc(1, 1, 4, (2, 0)), box(b"idat", DATA))
    items = isobmff.items(data)
    assert items.places[1] == (Place(data.index(DATA) + 6, data.index(DATA) + len(DATA)),)


@pytest.mark.parametrize(
    ("place", "others", "told"),
    [
        (iloc(0, 0, 0, (0, 10_000)), (), "outside of the file"),
        (iloc(1, 1, 0, (0, 100)), (box(b"idat", DATA),), "outside of the file"),
        (iloc(1, 1, 0, (0, 1)), (), "made of other pictures"),
        (iloc(1, 2, 0, (0, 1)), (), "made of other pictures"),
    ],
    ids=["beyond the file", "beyond idat", "no idat", "other items"],
)
def test_data_that_is_not_there_is_refused(place: bytes, others: tuple[bytes, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        isobmff.items(meta(place, *others))


def test_a_file_without_items_has_none() -> None:
    assert isobmff.items(box(b"ftyp", b"heic")) == isobmff.Items()
    assert isobmff.items(full(b"meta")).primary is None
