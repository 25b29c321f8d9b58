"""HEIC and AVIF files of many small parts: each is within its limit, and all together would take long."""

import io
import struct
import time
from dataclasses import replace

import pillow_heif
import pytest
from PIL import Image

from facecraft.errors import UndecodableImage
from facecraft.imaging import av1, heif, isobmff, tracks
from tests.imaging import heifs
from tests.imaging.files import LIMITS, decode
from tests.imaging.heifs import Item, assemble, avif, box, full, heic, ispe

SMALL = Image.new("RGB", (64, 64))
ALPHA = full(b"auxC", b"urn:mpeg:hevc:2015:auxid:1\0")
GRID = Item(b"grid", struct.pack(">BBBBHH", 0, 0, 0, 0, 64, 64), (ispe(64, 64),))


def in_iprp(data: bytes, part: bytes) -> bytes:
    """A file with one more box at the end of its box `iprp`."""
    start = data.index(b"iprp") - 4
    end = start + int.from_bytes(data[start : start + 4], "big")
    data = data[:end] + part + data[end:]
    for at in (start, data.index(b"meta") - 4):
        size = int.from_bytes(data[at : at + 4], "big") + len(part)
        data = data[:at] + struct.pack(">I", size) + data[at + 4 :]
    return data


def named(items: range, count: int) -> bytes:
    """A box that gives each of these items its first property so many times."""
    entries = (struct.pack(">HB", item, count) + b"\1" * count for item in items)
    return full(b"ipma", struct.pack(">I", len(items)), *entries)


def test_properties_are_counted_in_all_boxes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    file = assemble(b"heic", [heifs.primary(heic(SMALL))])
    held = 1 + len(isobmff.items(file).properties[1])
    monkeypatch.setattr(isobmff, "MOST_ASSOCIATIONS", held + 2 * 10 * 256)
    boxes = named(range(100, 110), 255) + named(range(200, 210), 255)
    assert len(isobmff.items(in_iprp(file, boxes)).properties) == 21
    for more in (named(range(300, 301), 0), named(range(300, 301), 255)):
        with pytest.raises(ValueError, match="parts of a kind"):
            isobmff.items(in_iprp(file, boxes + more))


def test_a_grid_as_large_as_any_is_within_the_limits() -> None:
    # 768 tiles of 512 x 512 pixels are 200 megapixels. Four properties each.
    tile = heifs.primary(heic(SMALL)).and_(box(b"pasp", struct.pack(">II", 1, 1)))
    size = (32 * 64, 24 * 64)
    whole = Item(b"grid", struct.pack(">BBBBHH", 0, 0, 23, 31, *size), (ispe(*size),))
    file = assemble(b"heic", [whole, *[tile] * 768], (b"dimg", 1, range(2, 770)))
    assert heif.measure_heic(file, 1).height == 24 * 64


@pytest.mark.parametrize("unit", ["delimiter", "header"])
def test_units_of_av1_are_counted_in_all_tiles_together(unit: str) -> None:
    tile = heifs.primary(avif(SMALL))
    header = tile.data[tile.data.index(b"\x0a") :]
    units = b"\x12\0" if unit == "delimiter" else header[: 2 + header[1]]
    most = av1.MOST_UNITS // 100
    for times, accepted in ((most // 2, True), (most, False)):
        # Each tile has fewer units than the limit; all of them have a few more than it, or half of it.
        full_tile = replace(tile, data=units * times + tile.data)
        size = (100 * 64, 64)
        whole = Item(b"grid", struct.pack(">BBBBHH", 0, 0, 0, 99, *size), (ispe(*size),))
        file = assemble(b"avif", [whole, *[full_tile] * 100], (b"dimg", 1, range(2, 102)))
        begun = time.monotonic()
        if accepted:
            assert heif.measure_avif(file, 1).width == size[0]
        else:
            with pytest.raises(ValueError, match="30001 parts"):
                heif.measure_avif(file, 1)
        assert time.monotonic() - begun < 5


def test_thousands_of_auxiliary_grids_take_little_time() -> None:
    count = 4900
    grids = range(2, count + 2)
    links = [(b"auxl", each, [1]) for each in grids] + [(b"dimg", each, [count + 2]) for each in grids]
    picture = heifs.primary(heic(SMALL))
    file = assemble(b"heic", [picture, *[GRID.and_(ALPHA)] * count, picture], *links)
    begun = time.monotonic()
    # Each counts as transparency of its own.
    assert heif.measure_heic(file, 1).decoded_bytes == (count + 1) * 64 * 64 * 1.5
    assert time.monotonic() - begun < 5


def test_an_item_that_is_made_of_others_twice_is_refused() -> None:
    picture = heifs.primary(heic(SMALL))
    once = assemble(b"heic", [GRID, picture, picture], (b"dimg", 1, [2]))
    assert decode(once, LIMITS).rgb.shape == (64, 64, 3)
    with pytest.raises(UndecodableImage) as caught:
        decode(assemble(b"heic", [GRID, picture, picture], (b"dimg", 1, [2]), (b"dimg", 1, [3])), LIMITS)
    assert "twice" in str(caught.value.__cause__)


def test_a_grid_with_more_data_than_it_needs_is_refused() -> None:
    # Else thousands of grids could share one of megabytes.
    picture = heifs.primary(heic(SMALL))
    for spare, accepted in ((4, True), (1000, False)):
        file = assemble(b"heic", [replace(GRID, data=GRID.data + bytes(spare)), picture], (b"dimg", 1, [2]))
        if accepted:
            assert heif.measure_heic(file, 1).width == 64
        else:
            with pytest.raises(ValueError, match="more data"):
                heif.measure_heic(file, 1)


def test_only_the_start_of_an_auxiliary_type_is_read() -> None:
    # Else each of thousands of auxiliary pictures could have megabytes of it searched.
    picture = heifs.primary(heic(SMALL))
    for before, alpha in ((0, True), (1000, False)):
        kind = full(b"auxC", bytes(before) + b"urn:mpeg:hevc:2015:auxid:1\0")
        file = assemble(b"heic", [picture, picture.and_(kind)], (b"auxl", 2, [1]))
        assert heif.measure_heic(file, 1).decoded_bytes == 64 * 64 * 1.5 * (2 if alpha else 1)


def sequence(*traks: bytes) -> bytes:
    return box(b"ftyp", b"avis", bytes(4), b"avis") + box(b"moov", *traks)


def test_tracks_and_the_boxes_in_them_are_few() -> None:
    track = box(b"trak", box(b"mdia"))
    assert not tracks.tracks_of(sequence(*[track] * 8))
    with pytest.raises(ValueError, match="9 parts"):
        tracks.tracks_of(sequence(*[track] * 9))
    inner = box(b"mdia", *[box(b"free")] * (isobmff.MOST_BOXES + 1))
    with pytest.raises(ValueError, match="1001 parts"):
        tracks.tracks_of(sequence(box(b"trak", inner)))


def test_a_track_without_a_codec_is_refused() -> None:
    data = avif(SMALL, save_all=True, append_images=[Image.new("RGB", (64, 64), "red")])
    start = data.index(b"stsd") - 4
    size = int.from_bytes(data[start : start + 4], "big")
    empty = full(b"stsd", bytes(4)) + box(b"free", bytes(size - 16 - 8))
    with pytest.raises(UndecodableImage) as caught:
        decode(data[:start] + empty + data[start + size :], LIMITS)
    assert "codec" in str(caught.value.__cause__)


@pytest.mark.parametrize("depth", [0x00, 0x7F, 0xFA], ids=["8 bits as 8", "15 bits", "10 bits"])
def test_a_picture_is_coded_as_it_says(depth: int) -> None:
    # pi-heif reserves memory for what the file says, and the decoder fills it with what there is.
    data = bytearray(heic(SMALL.convert("L")))
    at = data.index(b"hvcC") + 4 + 17
    data[at] = depth
    if depth == 0:
        assert decode(bytes(data), LIMITS).rgb.shape == (64, 64, 3)
        return
    with pytest.raises(UndecodableImage) as caught:
        decode(bytes(data), LIMITS)
    assert "coded in another way" in str(caught.value.__cause__)


def test_a_second_description_of_the_coding_has_to_say_the_same() -> None:
    data = heic(SMALL.convert("L"))
    other = heifs.primary(heic(SMALL))  # in colour
    sets = hevc_sets(other)
    item = heifs.primary(data)
    within = replace(item, data=struct.pack(">I", len(sets)) + sets + item.data)
    with pytest.raises(UndecodableImage) as caught:
        decode(assemble(b"heic", [within]), LIMITS)
    assert "coded in another way" in str(caught.value.__cause__)


def hevc_sets(item: Item) -> bytes:
    """The sequence parameter set of a picture."""
    (box_,) = (each for each in item.properties if each[4:8] == b"hvcC")
    at = box_.index(b"\x42\x01")
    return box_[at : at + int.from_bytes(box_[at - 2 : at], "big")]


@pytest.mark.parametrize("wrong", [b"\xffxif", b"Ex\xe9f"])
def test_the_type_of_an_item_is_text(wrong: bytes) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a title"
    pillow_heif.from_pillow(SMALL).save(buffer, exif=exif.tobytes())
    data = buffer.getvalue()
    at = data.index(b"Exif")
    with pytest.raises(UndecodableImage):
        decode(data[:at] + wrong + data[at + 4 :], LIMITS)
