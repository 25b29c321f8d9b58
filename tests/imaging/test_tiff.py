"""TIFF files, as scanners, archives and photo programs write them."""

import io
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from PIL import Image, ImageCms

from facecraft.errors import ImageTooLarge, UndecodableImage, UnsupportedFormat
from facecraft.imaging.codec import convert, encode
from facecraft.types import RGBImage
from tests.imaging.files import LIMITS, decode, quadrants, saved, swapped_profile
from tests.imaging.tiffs import STRIPS, grey, tiff

ORDERS: list[Literal["<", ">"]] = ["<", ">"]


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK"])
def test_each_mode_and_lossless_compression_decodes_to_its_pixels(
    mode: str, compression: str, astronaut: RGBImage
) -> None:
    photo = Image.fromarray(astronaut)
    if mode.endswith("A"):
        photo.putalpha(Image.linear_gradient("L").resize(photo.size))
    photo = photo.convert(mode)
    decoded = decode(saved(photo, "TIFF", compression=compression), LIMITS)
    assert (decoded.rgb == np.asarray(photo.convert("RGBA").convert("RGB"))).all()
    assert (decoded.alpha is not None) == mode.endswith("A")
    assert (decoded.source.format, decoded.source.frames) == ("tiff", 1)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("bits", [8, 16])
def test_grey_of_each_depth_keeps_black_and_white(
    bits: int, photometric: int, order: Literal["<", ">"]
) -> None:
    # A ramp; where photometric is 0, a sample of 0 is white.
    ramp = np.arange(256)
    levels = (ramp if photometric else 255 - ramp) * (257 if bits == 16 else 1)
    pixels = levels.astype(f"{order}u{bits // 8}").tobytes()
    decoded = decode(grey(256, 1, bits, pixels, photometric=photometric, order=order), LIMITS)
    assert (decoded.rgb[0] == ramp[:, None]).all()


def test_grey_of_12_bits_is_as_bright_as_it_is() -> None:
    decoded = decode(grey(2, 1, 12, bytes([0xFF, 0xF8, 0x00])), LIMITS)
    assert decoded.rgb[0, :, 0].tolist() == [255, 128]


def test_a_scan_of_one_bit_whose_0_is_white_is_not_inverted() -> None:
    assert decode(grey(8, 1, 1, b"\x0f", photometric=0), LIMITS).rgb[0, :, 0].tolist() == [255] * 4 + [0] * 4


def test_rgb_of_16_bits_keeps_its_high_bytes() -> None:
    tags = {
        256: [1], 257: [1], 258: [16, 16, 16], 259: [1], 262: [2], STRIPS: [], 277: [3], 278: [1], 279: [6],
    }  # fmt: skip
    decoded = decode(tiff(tags, np.array([0xC8FF, 0x1E00, 0x2880], "<u2").tobytes()), LIMITS)
    assert decoded.rgb.tolist() == [[[0xC8, 0x1E, 0x28]]]


def test_a_profile_is_converted_to_srgb() -> None:
    file = saved(Image.new("RGB", (8, 8), (200, 30, 40)), "TIFF", icc_profile=swapped_profile())
    assert abs(decode(file, LIMITS).rgb[0, 0].astype(int) - (30, 200, 40)).max() <= 2


def test_cielab_comes_out_right(astronaut: RGBImage) -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(Image.fromarray(astronaut), srgb, lab, outputMode="LAB")
    assert image is not None
    image.info.clear()
    decoded = decode(saved(image, "TIFF"), LIMITS)
    assert abs(decoded.rgb.astype(int) - astronaut).mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_orientation_is_applied_once(orientation: int, compression: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = quadrants()
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    if orientation > 1:
        stored = stored.transpose(turned[orientation])
    file = saved(stored, "TIFF", exif=exif, compression=compression)
    assert (decode(file, LIMITS).rgb == np.asarray(quadrants())).all()
    with Image.open(io.BytesIO(file)) as image:
        assert (convert(image, LIMITS)[0].rgb == np.asarray(quadrants())).all()


def test_the_first_of_several_pages_is_used() -> None:
    pages = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    decoded = decode(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]), LIMITS)
    assert decoded.source.frames == 3
    assert decoded.rgb[4, 4].tolist() == [255, 0, 0]


def test_more_pages_than_the_limit_are_refused_in_little_time() -> None:
    file = grey(1, 1, 8, b"\x7f", pages=3)
    assert decode(file, replace(LIMITS, frames=3)).source.frames == 3
    for pages in (4, 100_000):
        with pytest.raises(ImageTooLarge, match="4 pictures"):
            decode(grey(1, 1, 8, b"\x7f", pages=pages), replace(LIMITS, frames=3))


def test_pages_in_a_circle_end() -> None:
    file = bytearray(grey(1, 1, 8, b"\x7f", pages=2))
    file[-4:] = file[4:8]  # the last page leads to the first
    assert decode(bytes(file), LIMITS).source.frames == 2


def test_a_picture_at_the_limit_is_accepted_and_one_over_it_refused() -> None:
    file = grey(10, 20, 8, bytes(200))
    decode(file, replace(LIMITS, pixels=200))
    with pytest.raises(ImageTooLarge):
        decode(file, replace(LIMITS, pixels=199))


def test_a_tile_that_is_larger_than_any_picture_is_refused() -> None:
    tags = {
        256: [8], 257: [8], 258: [8], 259: [8], 262: [1], 277: [1], 322: [65_536], 323: [65_536],
        324: [], 325: [9],
    }  # fmt: skip
    with pytest.raises(ImageTooLarge, match="when it is decoded"):
        decode(tiff(tags, b"x" * 9), LIMITS)


def test_a_million_strips_of_one_pixel_are_refused() -> None:
    tags = {
        256: [1], 257: [1], 258: [8], 259: [1], 262: [1], STRIPS: [8] * 1_000_000, 277: [1],
        278: [1], 279: [1],
    }  # fmt: skip
    with pytest.raises(UndecodableImage):
        decode(tiff(tags, b"\0"), LIMITS)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_samples_of_32_bits_are_refused_with_what_to_do(mode: str) -> None:
    with pytest.raises(UnsupportedFormat, match="32 bits") as caught:
        decode(saved(Image.new(mode, (8, 8)), "TIFF"), LIMITS)
    assert "16 bits" in caught.value.hint


@pytest.mark.parametrize("compression", ["zstd", "lzma"])
def test_rare_kinds_of_compression_are_refused_with_what_to_do(compression: str) -> None:
    with pytest.raises(UnsupportedFormat, match="compression") as caught:
        decode(saved(Image.new("RGB", (8, 8)), "TIFF", compression=compression), LIMITS)
    assert "LZW" in caught.value.hint


def test_old_jpeg_in_a_tiff_is_refused() -> None:
    tags = {256: [8], 257: [8], 258: [8, 8, 8], 259: [6], 262: [6], STRIPS: [], 277: [3], 278: [8], 279: [9]}
    with pytest.raises(UnsupportedFormat, match="compression 6"):
        decode(tiff(tags, b"x" * 9), LIMITS)


@pytest.mark.parametrize("missing", [256, 257, STRIPS])
def test_a_tiff_without_what_it_needs_is_refused(missing: int) -> None:
    tags = {256: [1], 257: [1], 258: [8], 259: [1], 262: [1], STRIPS: [], 277: [1], 278: [1], 279: [1]}
    del tags[missing]
    with pytest.raises(UndecodableImage):
        decode(tiff(tags, b"\0"), LIMITS)


def test_no_tiff_is_written(astronaut: RGBImage) -> None:
    with pytest.raises(UnsupportedFormat):
        encode(convert(Image.fromarray(astronaut), LIMITS)[0], "tiff")
