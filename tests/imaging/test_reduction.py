"""Photos with more pixels than are decoded."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from facecraft.errors import ImageTooLarge, UndecodableImage
from facecraft.imaging import codec
from facecraft.imaging.jpeg import Component, Scan, Structure
from facecraft.imaging.limits import Terms
from facecraft.imaging.reduction import reduction_of
from facecraft.types import RGBImage
from tests.imaging.files import LIMITS, saved

REDUCE = Terms(reduced=True)
LIMIT_PX = 40_000_000


@pytest.mark.parametrize(
    ("limit_px", "times"), [(262_144, 1), (262_143, 2), (65_536, 2), (65_535, 4), (52_429, 4)]
)
@pytest.mark.parametrize("parameters", [{}, {"restart_marker_rows": 1}], ids=str)
def test_a_jpeg_is_decoded_at_the_largest_scale_that_fits(
    astronaut: RGBImage, limit_px: int, times: int, parameters: dict[str, object]
) -> None:
    data = saved(Image.fromarray(astronaut), "JPEG", quality=95, **parameters)
    picture, source = codec.decode(data, replace(LIMITS, pixels=limit_px), REDUCE)
    assert (picture.width, picture.height) == (512 // times, 512 // times)
    assert (source.width, source.height, source.reduced) == (512, 512, times)
    small = cv2.resize(astronaut, None, fx=1 / times, fy=1 / times, interpolation=cv2.INTER_AREA)
    assert cv2.absdiff(picture.rgb, np.asarray(small, np.uint8)).mean() < 4


def test_a_progressive_one_is_decoded_smaller_too(astronaut: RGBImage) -> None:
    limits = replace(LIMITS, pixels=131_072)
    plain, progressive = (
        codec.decode(saved(Image.fromarray(astronaut), "JPEG", progressive=each), limits, REDUCE)[0].rgb
        for each in (False, True)
    )
    np.testing.assert_array_equal(plain, progressive)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_of_the_source_is_that_of_the_upright_file(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.new("RGB", (101, 51)), "JPEG", exif=exif)
    picture, source = codec.decode(data, replace(LIMITS, pixels=2000), REDUCE)
    size, small = ((51, 101), (26, 51)) if orientation > 4 else ((101, 51), (51, 26))
    assert (source.width, source.height, source.reduced) == (*size, 2)
    assert (picture.width, picture.height) == small


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_modes_are_decoded_smaller_too(mode: str) -> None:
    data = saved(Image.new(mode, (64, 64), 0), "JPEG")
    picture, source = codec.decode(data, replace(LIMITS, pixels=1024), REDUCE)
    assert picture.rgb.shape == (32, 32, 3)
    assert source.reduced == 2


def test_a_damaged_one_is_told_as_such(astronaut: RGBImage) -> None:
    data = saved(Image.fromarray(astronaut), "JPEG")
    cut, limits = data[: len(data) // 2], replace(LIMITS, pixels=100_000)
    picture, source = codec.decode(cut, limits, Terms(reduced=True, damaged=True))
    assert picture.rgb.shape == (256, 256, 3)
    assert 0.4 < source.share < 0.6


def test_five_times_the_limit_is_taken_and_more_is_not(astronaut: RGBImage) -> None:
    data = saved(Image.fromarray(astronaut[:500, :500]), "JPEG")
    assert codec.decode(data, replace(LIMITS, pixels=50_000), REDUCE)[1].reduced == 4
    with pytest.raises(ImageTooLarge, match=r"500 x 500 has 0\.25 megapixels; at most 0\.249995") as caught:
        codec.decode(data, replace(LIMITS, pixels=49_999), REDUCE)
    assert caught.value.limit == 249_995


def test_where_all_pixels_are_asked_for_the_answer_says_what_would_work(astronaut: RGBImage) -> None:
    data = saved(Image.fromarray(astronaut), "JPEG")
    with pytest.raises(ImageTooLarge) as caught:
        codec.decode(data, replace(LIMITS, pixels=262_143))
    assert caught.value.limit == 262_143
    assert "with preset, width, height, head or margin" in caught.value.hint


@pytest.mark.parametrize("name", ["PNG", "WEBP"])
def test_other_formats_are_decoded_whole_or_not_at_all(name: str, astronaut: RGBImage) -> None:
    data = saved(Image.fromarray(astronaut), name)
    with pytest.raises(ImageTooLarge) as caught:
        codec.decode(data, replace(LIMITS, pixels=262_143), REDUCE)
    assert "send a JPEG" in caught.value.hint


def structure(width: int, height: int, *, progressive: bool, samples: int = 1) -> Structure:
    """Of a JPEG in colour; with `samples` 2 each channel of colour has a quarter of the values."""
    components = (Component(1, samples, samples), Component(2, 1, 1), Component(3, 1, 1))
    scan = Scan(0, 0, (1, 2, 3), 0, 63, 0, refines=False, interval=0)
    return Structure(0xC2 if progressive else 0xC0, width, height, components, (scan,))


@pytest.mark.parametrize(
    ("size", "samples", "progressive", "times"),
    [
        ((8192, 5464), 2, False, 2),  # 45 megapixels
        ((8064, 6048), 1, True, 2),  # 49
        ((9504, 6336), 2, True, 2),  # 60
        ((12000, 9000), 2, True, 2),  # 108
        ((13000, 11000), 2, True, 4),  # 143: at 1/2 the picture and the coefficients would be too much
        ((16320, 12240), 2, False, 4),  # 200
    ],
)
def test_the_photos_of_large_cameras_are_taken(
    size: tuple[int, int], samples: int, progressive: bool, times: int
) -> None:
    found = structure(*size, progressive=progressive, samples=samples)
    assert reduction_of(*size, found, LIMIT_PX, allowed=True) == times


@pytest.mark.parametrize(("size", "samples"), [((16320, 12240), 2), ((12000, 9000), 1)])
def test_a_progressive_one_whose_coefficients_take_too_much_memory_is_refused_with_both_numbers(
    size: tuple[int, int], samples: int
) -> None:
    found = structure(*size, progressive=True, samples=samples)
    with pytest.raises(ImageTooLarge, match=r"needs (599\.3|648) MB .* at most 480 MB are used") as caught:
        reduction_of(*size, found, LIMIT_PX, allowed=True)
    assert "baseline" in caught.value.hint
    assert caught.value.limit == 480_000_000


def test_a_larger_picture_may_have_fewer_scans(astronaut: RGBImage) -> None:
    data = saved(Image.fromarray(astronaut), "JPEG", progressive=True)  # 10 scans
    limits = replace(LIMITS, pixels=131_072)  # half of it
    assert codec.decode(data, replace(limits, scans=20), REDUCE)[1].reduced == 2
    with pytest.raises(ImageTooLarge, match="more than 9 scans") as caught:
        codec.decode(data, replace(limits, scans=19), REDUCE)
    assert caught.value.limit == 9


def test_a_picture_that_is_too_narrow_to_be_decoded_smaller_is_refused() -> None:
    data = saved(Image.new("RGB", (1, 500)), "JPEG")
    with pytest.raises(UndecodableImage):
        codec.decode(data, replace(LIMITS, pixels=100), REDUCE)
