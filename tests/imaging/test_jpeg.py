"""The quality of a JPEG is read from its tables."""

import io

import numpy as np
import pytest
from PIL import Image

from facecraft.imaging import codec, jpeg
from facecraft.imaging.limits import Limits
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
