"""TIFF files that would take long, or much memory, to read, and large ones that are right."""

import struct

import pytest
from PIL import Image

from facecraft.errors import UndecodableImage, UnsupportedFormat
from facecraft.imaging import tiff
from facecraft.types import RGBImage
from tests.imaging.files import LIMITS, decode, saved
from tests.imaging.tiffs import LONG, SHORT, STRIPS, grey

BYTE = 1


def with_bytes(tag: int, kind: int, count: int) -> bytes:
    """A TIFF of one pixel, in which a tag of that type has so many values of one byte instead, each 8."""
    file = grey(1, 1, 8, b"\x08" * count, more={339: [1]})
    at = file.index(struct.pack("<HH", tag, kind), 8 + count)
    return file[:at] + struct.pack("<HHII", tag, BYTE, count, 8) + file[at + 12 :]


def test_a_million_values_of_one_byte_are_refused_and_not_read() -> None:
    for tag, kind in ((258, SHORT), (339, LONG)):
        with pytest.raises(UndecodableImage) as caught:
            decode(with_bytes(tag, kind, 1_000_000), LIMITS)
        assert "1000000 parts" in str(caught.value.__cause__)


def test_one_number_is_read_where_one_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tiff.first_directory(with_bytes(256, LONG, 1_000_000))
    monkeypatch.setattr(tiff, "MOST_VALUES", 1)
    assert directory.value(256) == 8
    with pytest.raises(ValueError, match="1000000 parts"):
        directory.values(256)


def test_as_many_strips_as_rows_are_read() -> None:
    # 70 000 rows, each in a strip of its own, as some programs write them.
    rows, start = 70_000, 8
    file = grey(
        1, rows, 8, b"\x7f" * rows, more={STRIPS: range(start, start + rows), 278: [1], 279: [1] * rows}
    )
    assert (decode(file, LIMITS).rgb == 0x7F).all()


def test_tags_that_share_their_values_are_refused() -> None:
    # Else Pillow would read a megabyte for each of ten thousand tags.
    more = {30_000 + each: range(1000) for each in range(20)}
    file = bytearray(grey(1, 1, 8, b"\x7f", more=more))
    decode(bytes(file), LIMITS)
    entries = [file.index(struct.pack("<HHI", tag, 4, 1000)) for tag in more]
    place = file[entries[0] + 8 : entries[0] + 12]
    for at in entries:
        file[at + 8 : at + 12] = place
    cut = int.from_bytes(place, "little") + 4000
    with pytest.raises(UndecodableImage) as caught:
        decode(bytes(file[:cut]), LIMITS)
    assert "share their values" in str(caught.value.__cause__)


def test_a_page_with_more_tags_than_any_has_is_refused() -> None:
    # Pages may lie in each other: each would be read to the end of the file.
    file = bytearray(grey(1, 1, 8, b"\x7f", pages=2))
    second = int.from_bytes(file[4:8], "little")
    second = file.index(struct.pack("<H", file[second]), second + 2)
    decode(bytes(file), LIMITS)
    file[second : second + 2] = struct.pack("<H", 20_000)
    with pytest.raises(UndecodableImage) as caught:
        decode(bytes(file) + bytes(12 * 20_000), LIMITS)
    assert "20000 parts" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    "compression",
    ["raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "group3", "group4"],
)
def test_a_tiff_that_is_cut_off_is_refused(compression: str, astronaut: RGBImage) -> None:
    photo = Image.fromarray(astronaut).convert("1" if compression.startswith("group") else "RGB")
    data = saved(photo, "TIFF", compression=compression)
    decode(data, LIMITS)
    for share in (0.001, 0.01, 0.3, 0.9, 0.99):
        with pytest.raises((UndecodableImage, UnsupportedFormat)):
            decode(data[: int(len(data) * share)], LIMITS)
