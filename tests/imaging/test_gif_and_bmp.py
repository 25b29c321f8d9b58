"""GIF and BMP files: old formats, with readers that trust what a file says."""

import struct
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from facecraft.errors import ImageTooLarge, UndecodableImage, UnsupportedFormat
from facecraft.imaging import gif
from facecraft.types import RGBImage
from tests.imaging.files import LIMITS, decode, saved


def test_a_gif_decodes_to_its_pixels(astronaut: RGBImage) -> None:
    photo = Image.fromarray(astronaut).quantize(256)
    decoded = decode(saved(photo, "GIF"), LIMITS)
    assert (decoded.rgb == np.asarray(photo.convert("RGB"))).all()
    assert decoded.alpha is None
    assert (decoded.source.format, decoded.source.frames) == ("gif", 1)


def test_the_transparent_colour_of_a_gif_becomes_alpha() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    decoded = decode(saved(image, "GIF", transparency=0), LIMITS)
    assert decoded.alpha is not None
    assert decoded.alpha.tolist() == [[0, 255]]
    assert decoded.rgb[0, 1].tolist() == [40, 50, 60]


def animated(frames: int) -> bytes:
    first, *rest = (Image.new("RGB", (8, 8), (255 - each, 0, each)) for each in range(frames))
    return saved(first, "GIF", save_all=True, append_images=rest)


def test_the_first_picture_of_an_animation_is_used() -> None:
    decoded = decode(animated(3), LIMITS)
    assert decoded.source.frames == 3
    assert decoded.rgb[4, 4].tolist() == [255, 0, 0]


def test_more_pictures_than_the_limit_are_refused() -> None:
    decode(animated(3), replace(LIMITS, frames=3))
    with pytest.raises(ImageTooLarge, match="3 pictures"):
        decode(animated(4), replace(LIMITS, frames=2))


def test_a_picture_that_is_larger_than_its_screen_counts_as_it_is() -> None:
    data = bytearray(saved(Image.new("L", (100, 100)), "GIF"))
    data[6:10] = struct.pack("<HH", 8, 8)
    with pytest.raises(ImageTooLarge):
        decode(bytes(data), replace(LIMITS, pixels=9_999))
    assert decode(bytes(data), replace(LIMITS, pixels=10_000)).rgb.shape == (100, 100, 3)


def test_comments_before_the_picture_cost_nothing() -> None:
    data = saved(Image.new("L", (8, 8), 77), "GIF")
    comment = b"\x21\xfe" + b"\1c" * 900_000 + b"\0"
    start = data.index(b"\x2c")
    assert (decode(data[:start] + comment + data[start:], LIMITS).rgb == 77).all()
    with pytest.raises(UndecodableImage):
        decode(data[:start] + comment * 2 + data[start:], LIMITS)


HOSTILE_GIFS = {
    "bytes between blocks": bytes(12_000_000),
    "empty comments": b"\x21\xfe\0" * 4_000_000,
    "blocks of one byte": b"\x21\xfe" + b"\1c" * 6_000_000 + b"\0",
}


@pytest.mark.parametrize("name", HOSTILE_GIFS)
def test_a_gif_of_millions_of_parts_is_refused_in_little_time(name: str) -> None:
    data = saved(Image.new("L", (8, 8), 77), "GIF")
    start, part = data.index(b"\x2c"), HOSTILE_GIFS[name]
    for hostile in (data[:start] + part + data[start:], data[:-1] + part + data[-1:]):
        begun = time.monotonic()
        with pytest.raises(UndecodableImage) as caught:
            decode(hostile, LIMITS)
        assert "parts of a kind" in str(caught.value.__cause__)
        assert time.monotonic() - begun < 5


def test_the_limit_of_parts_counts_pictures_comments_and_bytes_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gif, "MOST_SECTIONS", 100)
    data = saved(Image.new("L", (8, 8), 77), "GIF")
    start = data.index(b"\x2c")
    for part in (b"\0", b"\x21\xfe\0"):
        assert (decode(data[:start] + part * 99 + data[start:], LIMITS).rgb == 77).all()
        with pytest.raises(UndecodableImage):
            decode(data[:start] + part * 100 + data[start:], LIMITS)


def test_an_animation_may_have_more_blocks_if_they_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    # 1000 pictures of 500 KB have two million blocks. Here the limit and the animation are 50 times smaller.
    monkeypatch.setattr(gif, "MOST_BLOCKS", gif.MOST_BLOCKS // 50)
    picture = struct.pack("<B4HBB", 0x2C, 0, 0, 8, 8, 0, 8) + (b"\xff" + bytes(255)) * 1960 + b"\0"
    data = saved(Image.new("L", (8, 8)), "GIF")[:-1] + picture * 19 + b";"
    assert gif.measure(data, 20).frames == 20


@pytest.mark.parametrize("name", ["GIF", "BMP"])
def test_a_file_that_is_cut_off_is_refused(name: str, astronaut: RGBImage) -> None:
    data = saved(Image.fromarray(astronaut).quantize(256), name)
    for share in (0.001, 0.01, 0.3, 0.9, 0.99):
        with pytest.raises((UndecodableImage, UnsupportedFormat)):
            decode(data[: int(len(data) * share)], LIMITS)


@pytest.mark.parametrize("data", [b"GIF89a", b"GIF89a" + bytes(7), b"GIF89a" + bytes(6) + b";"])
def test_a_gif_without_a_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UndecodableImage):
        decode(data, LIMITS)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_a_bmp_of_each_mode_decodes_to_its_pixels(mode: str, astronaut: RGBImage) -> None:
    photo = Image.fromarray(astronaut).convert(mode)
    decoded = decode(saved(photo, "BMP"), LIMITS)
    assert (decoded.rgb == np.asarray(photo.convert("RGB"))).all()
    assert decoded.source.format == "bmp"


def bmp_with_masks(pixels: bytes, width: int, height: int) -> bytes:
    """A BMP with 32 bits a pixel, blue first, and a mask for transparency."""
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    size = (width, height, 1, 32, 3, len(pixels), 0, 0, 0, 0)
    head = struct.pack("<IiiHHIIiiII", 108, *size) + masks + bytes(52)
    return struct.pack("<2sIHHI", b"BM", 14 + len(head) + len(pixels), 0, 0, 14 + len(head)) + head + pixels


def test_transparency_of_a_bmp_counts_unless_it_is_empty() -> None:
    decoded = decode(bmp_with_masks(bytes([30, 20, 10, 128]) * 4, 2, 2), LIMITS)
    assert decoded.rgb[0, 0].tolist() == [10, 20, 30]
    assert decoded.alpha is not None
    assert (decoded.alpha == 128).all()
    empty = decode(bmp_with_masks(bytes([30, 20, 10, 0]) * 4, 2, 2), LIMITS)
    assert empty.rgb[0, 0].tolist() == [10, 20, 30]
    assert empty.alpha is None


BLUE_TO_YELLOW = b"".join(bytes([255 - each, each, each, 0]) for each in range(256))
GREYS = b"".join(bytes([each, each, each, 0]) for each in range(256))


def compressed_bmp(width: int, height: int, runs: bytes, palette: bytes = BLUE_TO_YELLOW) -> bytes:
    """A BMP of 8 bits in runs. Number n of the palette is (n, n, 255 - n), or as it is given."""
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    start = 14 + len(head) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(runs), 0, 0, start) + head + palette + runs


def test_a_compressed_bmp_decodes_to_its_pixels_in_little_time() -> None:
    width, height = 2000, 1000
    row = b"".join(bytes([1, x % 256]) for x in range(width)) + b"\0\0"
    decoded = decode(compressed_bmp(width, height, row * height + b"\0\1"), LIMITS)
    levels = (np.arange(width) % 256).astype(np.uint8)
    assert (decoded.rgb[..., 0] == levels).all()
    assert (decoded.rgb[..., 2] == 255 - levels).all()


@pytest.mark.parametrize(
    ("palette", "pixel"), [(GREYS, [7, 7, 7]), (BLUE_TO_YELLOW, [7, 7, 248])], ids=["grey", "coloured"]
)
def test_a_compressed_bmp_of_each_palette_decodes_to_its_pixels(palette: bytes, pixel: list[int]) -> None:
    decoded = decode(compressed_bmp(64, 4, b"\x40\7\0\0" * 4 + b"\0\1", palette), LIMITS)
    assert (decoded.rgb == np.array(pixel)).all()
    assert decoded.rgb.shape == (4, 64, 3)
    assert decoded.alpha is None


def test_a_compressed_bmp_that_is_cut_off_is_refused() -> None:
    data = compressed_bmp(64, 64, (b"\1\7" * 64 + b"\0\0") * 64 + b"\0\1")
    with pytest.raises(UndecodableImage):
        decode(data[: len(data) // 2], LIMITS)


@pytest.mark.parametrize("size", [(100_000, 100_000), (2**31 - 1, 1), (1, -(2**31) + 1)])
def test_a_bmp_that_claims_a_huge_picture_is_refused_before_decoding(size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooLarge):
        decode(compressed_bmp(*size, b"\0\1"), LIMITS)


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
def test_a_bmp_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UndecodableImage):
        decode(compressed_bmp(*size, b"\0\1"), LIMITS)
