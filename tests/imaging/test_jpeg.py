"""The quality of a JPEG is read from its tables."""

import io

import numpy as np
import pytest
from PIL import Image

from facecraft.errors import UndecodableImage
from facecraft.imaging import codec, jpeg
from facecraft.imaging.limits import Limits, Terms
from facecraft.types import ImageFormat

LIMITS = Limits(upload_bytes=1_000_000, pixels=10_000, frames=1, scans=100)
NOISE = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
QUALITIES = range(20, 101)


def quality_of(image: Image.Image, format_: str, **parameters: object) -> int | None:
    buffer = io.BytesIO()
    image.save(buffer, format_, **parameters)
    _, source = codec.decode(buffer.getvalue(), LIMITS)
    return source.jpeg_quality


@pytest.mark.parametrize(
    "parameters",
    [{}, {"subsampling": "4:4:4"}, {"progressive": True}, {"optimize": True}],
    ids=["baseline", "full colour", "progressive", "own codes"],
)
def test_the_quality_is_told_to_1(parameters: dict[str, object]) -> None:
    image = Image.fromarray(NOISE)
    found = [quality_of(image, "JPEG", quality=quality, **parameters) for quality in QUALITIES]
    assert max(abs(each - quality) for each, quality in zip(found, QUALITIES, strict=True) if each) <= 1
    assert None not in found


def test_the_quality_of_a_grey_jpeg_is_told_to_1() -> None:
    image = Image.fromarray(NOISE[..., 0])
    found = [quality_of(image, "JPEG", quality=quality) for quality in QUALITIES]
    assert max(abs(each - quality) for each, quality in zip(found, QUALITIES, strict=True) if each) <= 1
    assert None not in found


def test_a_lower_quality_is_never_told_as_a_higher_one() -> None:
    image = Image.fromarray(NOISE)
    found = [quality_of(image, "JPEG", quality=quality) or 0 for quality in range(1, 101)]
    assert found == sorted(found)
    assert (min(found), max(found)) >= (1, 100)


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_other_formats_have_none(format_: ImageFormat) -> None:
    assert quality_of(Image.fromarray(NOISE), format_) is None


@pytest.mark.parametrize(("divisor", "quality"), [(0, 100), (1, 99), (65535, 1)])
def test_any_table_gives_a_quality_in_range(divisor: int, quality: int) -> None:
    assert jpeg.quality([divisor] * 64) == quality


def photo(**parameters: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(NOISE).save(buffer, "JPEG", quality=95, **parameters)
    return buffer.getvalue()


EMPTY = b"\xff\xe5\0\x02"
EXIF = b"\xff\xe1\0\x10Exif\0\0II*\0" + bytes(4)


@pytest.mark.filterwarnings("ignore")  # Pillow's, about the EXIF
@pytest.mark.parametrize(
    ("stranger", "most"),
    [(EMPTY, jpeg.MOST_SEGMENTS), (EXIF, jpeg.MOST_EXIF), (b"\xff", 1 << 16), (b"\xff\xd0", 1000)],
    ids=["segments", "EXIF", "fill bytes", "markers"],
)
def test_a_jpeg_has_only_so_many_segments(stranger: bytes, most: int) -> None:
    data = photo()
    assert codec.decode(data[:2] + stranger * (most // 2) + data[2:], LIMITS)[1].share == 1
    with pytest.raises(UndecodableImage):
        codec.decode(data[:2] + stranger * (3 * most) + data[2:], LIMITS)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("part", [0.3, 0.5, 0.9])
def test_zeros_to_the_end_of_a_file_are_no_data(part: float, progressive: bool) -> None:
    # A download that was given its size at first, and not all of its content.
    data = photo(progressive=progressive)
    there = int(part * len(data))
    filled = data[:there] + bytes(len(data) - there)
    with pytest.raises(UndecodableImage, match="of the photo is there"):
        codec.decode(filled, LIMITS)
    cut, _ = codec.decode(data[:there], LIMITS, Terms(damaged=True))
    assert (codec.decode(filled, LIMITS, Terms(damaged=True))[0].rgb == cut.rgb).all()


@pytest.mark.parametrize("sides", [0x00, 0x01, 0x10, 0x51])
def test_a_channel_without_a_size_is_refused(sides: int) -> None:
    data = bytearray(photo(restart_marker_blocks=1))
    data[data.index(b"\xff\xc0") + 11] = sides
    with pytest.raises(UndecodableImage):
        codec.decode(bytes(data), LIMITS)
