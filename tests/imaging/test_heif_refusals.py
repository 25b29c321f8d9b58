"""HEIC and AVIF files that are refused, by what they say or hold, before they are decoded."""

import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from facecraft.errors import ImageTooLarge, UndecodableImage, UnsupportedFormat
from facecraft.types import RGBImage
from tests.imaging import heifs
from tests.imaging.files import LIMITS, decode
from tests.imaging.heifs import Item, assemble, avif, box, deep_heic, heic


def test_more_pictures_than_the_limit_are_refused_before_one_is_decoded() -> None:
    frames = [Image.new("RGB", (16, 16), (0, 0, shade)) for shade in (0, 90, 180)]
    moving = avif(frames[0], save_all=True, append_images=frames[1:])
    still = heifs.primary(heic(Image.new("RGB", (64, 64))))
    for data in (moving, assemble(b"heic", [still] * 3)):
        assert decode(data, replace(LIMITS, frames=3)).source.frames == 3
        with pytest.raises(ImageTooLarge, match="3 pictures"):
            decode(data, replace(LIMITS, frames=2))


@pytest.mark.parametrize("brand", [b"jxl ", b"jp2 ", b"crx ", b"mif2", b"isom", b"qt  "])
def test_other_iso_files_are_no_image_of_a_known_format(brand: bytes) -> None:
    picture = heifs.primary(heic(Image.new("RGB", (64, 64))))
    with pytest.raises(UnsupportedFormat, match="not an image of a known format"):
        decode(assemble(brand, [picture], compatible=[brand]), LIMITS)


def test_what_is_neither_hevc_nor_av1_is_refused_by_its_kind() -> None:
    picture = heifs.primary(heic(Image.new("RGB", (64, 64))))
    for kind in (b"jpeg", b"av01", b"iovl", b"iden", b"unci"):
        with pytest.raises(UnsupportedFormat, match=kind.decode()):
            decode(assemble(b"mif1", [replace(picture, kind=kind)]), LIMITS)
    tile = replace(picture, kind=b"iden")
    with pytest.raises(UnsupportedFormat, match="iden"):
        decode(of_grid(picture, tile, columns=2), LIMITS)


def of_grid(whole: Item, *tiles: Item, columns: int, size: tuple[int, int] = (64, 64)) -> bytes:
    """A HEIC whose picture is a row of tiles, with that size."""
    grid = Item(b"grid", struct.pack(">BBBBHH", 0, 0, 0, columns - 1, *size), (heifs.ispe(*size),))
    return assemble(b"heic", [grid, whole, *tiles], (b"dimg", 1, range(2, len(tiles) + 3)))


def test_a_sequence_without_a_still_picture_is_refused_as_such() -> None:
    data = box(b"ftyp", b"hevc", bytes(4), b"msf1", b"hevc") + box(b"moov", box(b"mvhd", bytes(100)))
    with pytest.raises(UnsupportedFormat, match="sequence without a still picture"):
        decode(data, LIMITS)


def test_a_file_that_calls_itself_small_is_refused_by_what_it_holds() -> None:
    # 512 x 512 pixels, said to be 64 x 64. libavif would decode them all; libheif refuses.
    few = replace(LIMITS, pixels=100_000)
    claimed, held = heifs.ispe(64, 64), heifs.ispe(512, 512)
    with pytest.raises(ImageTooLarge, match=r"0\.393216 MB when it is decoded"):
        decode(avif(Image.new("RGB", (512, 512))).replace(held, claimed), replace(few, pixels=70_000))
    with pytest.raises(UndecodableImage):
        decode(heic(Image.new("RGB", (512, 512))).replace(held, claimed), few)
    moving = avif(
        Image.new("RGB", (512, 512)), save_all=True, append_images=[Image.new("RGB", (512, 512), 9)]
    )
    with pytest.raises(ImageTooLarge):
        decode(moving, replace(few, pixels=70_000))


def test_depth_transparency_and_tiles_count_for_the_limit() -> None:
    size = (256, 256)
    deep = deep_heic(np.zeros((*size, 4), np.uint16), "RGBA;16", 12, chroma=444)
    plain = heic(Image.new("RGB", size))
    few = replace(LIMITS, pixels=size[0] * size[1])
    assert decode(plain, few).rgb.shape == (*size, 3)
    with pytest.raises(ImageTooLarge, match="when it is decoded") as caught:
        decode(deep, few)
    assert caught.value.limit == 5 * few.pixels
    assert "8 bits a sample" in caught.value.hint
    tile = heifs.primary(plain)
    many = of_grid(tile, *[tile] * 7, columns=8, size=size)  # seven of the tiles lie beyond the picture
    with pytest.raises(ImageTooLarge):
        decode(many, few)


def test_tiles_that_share_their_data_are_refused() -> None:
    # Else a file of a megabyte could have ten thousand pictures of a megabyte.
    tile = heifs.primary(avif(Image.effect_noise((64, 64), 90)))
    size, names = (64 * 40, 64), range(2, 42)
    grid = Item(b"grid", struct.pack(">BBBBHH", 0, 0, 0, 39, *size), (heifs.ispe(*size),))
    data = assemble(b"avif", [grid, *[tile] * 40], (b"dimg", 1, names))
    assert decode(data, LIMITS).rgb.shape == (64, 2560, 3)
    first = data.index(tile.data)
    for number in names:
        entry = struct.pack(">HHHII", number, 0, 1, first + (number - 2) * len(tile.data), len(tile.data))
        assert entry in data
        data = data.replace(entry, struct.pack(">HHHII", number, 0, 1, first, len(tile.data)))
    data = data[: data.index(b"mdat") - 4] + box(b"mdat", grid.data, tile.data)
    with pytest.raises(UndecodableImage) as caught:
        decode(data, LIMITS)
    assert "share their data" in str(caught.value.__cause__)


@pytest.mark.parametrize("brand", heifs.WRITERS)
@pytest.mark.parametrize("kind", [b"meta", b"ispe", b"pitm", b"iloc", b"ipco"])
def test_what_is_there_twice_is_refused(kind: bytes, brand: bytes) -> None:
    # Decoders differ in which of the two they take: the one that was not measured might be the large one.
    data = assemble(brand, [heifs.primary(heifs.WRITERS[brand](Image.new("RGB", (64, 64))))])
    decode(data, LIMITS)
    if kind == b"ispe":
        picture = heifs.primary(data).and_(heifs.ispe(8, 8))
        twice = assemble(brand, [picture])
    elif kind == b"meta":
        start = data.index(b"meta") - 4
        twice = data + data[start : start + int.from_bytes(data[start : start + 4], "big")]
    else:
        start = data.index(kind) - 4
        part = data[start : start + int.from_bytes(data[start : start + 4], "big")]
        twice = data.replace(part, part * 2)
        for parent in (b"meta", b"iprp") if kind == b"ipco" else (b"meta",):
            at = twice.index(parent) - 4
            size = int.from_bytes(twice[at : at + 4], "big") + len(part)
            twice = twice[:at] + struct.pack(">I", size) + twice[at + 4 :]
    with pytest.raises(UndecodableImage) as caught:
        decode(twice, LIMITS)
    assert "twice" in str(caught.value.__cause__) or "not one ispe" in str(caught.value.__cause__)


@pytest.mark.parametrize("brand", heifs.WRITERS)
def test_a_file_that_is_cut_off_is_refused(brand: bytes, astronaut: RGBImage) -> None:
    data = heifs.WRITERS[brand](Image.fromarray(astronaut))
    for share in (0.001, 0.01, 0.3, 0.9, 0.99):
        with pytest.raises((UndecodableImage, UnsupportedFormat)):
            decode(data[: int(len(data) * share)], LIMITS)
