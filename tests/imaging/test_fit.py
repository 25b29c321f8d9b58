import io
from typing import Literal, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from facecraft.cancellation import Cancellation
from facecraft.errors import CannotFit, DeadlineExceeded
from facecraft.imaging import fit
from facecraft.imaging.fit import Target
from facecraft.imaging.picture import Picture
from facecraft.types import ImageFormat, RGBImage

Format = Literal["jpeg", "png", "webp"]


def picture(width: int, height: int, seed: int) -> RGBImage:
    """Something between a wall and noise."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (max(2, height // (1 + seed % 9)), max(2, width // (1 + seed % 9)), 3))
    image = Image.fromarray(small.astype(np.uint8)).resize((width, height))
    return np.asarray(image)


@settings(max_examples=200, deadline=None)
@given(
    width=st.integers(33, 400),
    height=st.integers(33, 400),
    seed=st.integers(0, 30),
    format_=st.sampled_from(get_args(Format)),
    max_kb=st.integers(1, 60),
    quality=st.none() | st.integers(1, 100),
    dpi=st.none() | st.integers(36, 1200),
    transparent=st.booleans(),
)
def test_a_file_is_never_larger_than_it_may_be(  # noqa: PLR0917
    width: int,
    height: int,
    seed: int,
    format_: ImageFormat,
    max_kb: int,
    quality: int | None,
    dpi: int | None,
    transparent: bool,
) -> None:
    rgb = picture(width, height, seed)
    alpha = rgb[..., 0].copy() if transparent and format_ != "jpeg" else None
    target = Target(format_, None if format_ == "png" else quality, max_kb, dpi)
    try:
        file = fit.encode(Picture(rgb, alpha), target)
    except CannotFit:
        longer = fit.SMALLEST_PX * max(width, height) / min(width, height)
        assert max_kb * 1000 < fit.SMALLEST_PX * longer * 4 + 1500  # noise does not get smaller than it is
        return
    assert len(file.data) <= max_kb * 1000
    found = Image.open(io.BytesIO(file.data))
    assert found.size == (file.width, file.height)
    smaller = (file.width, file.height) != (width, height)
    assert smaller == ("smaller" in [note.code for note in file.notes])
    assert abs(file.width / width - file.height / height) < 0.06  # no other shape, but for rounding
    if file.quality is not None:
        assert min(quality or 90, fit.FLOOR) <= file.quality <= (quality or 90)


def test_what_fits_is_left_alone() -> None:
    rgb = picture(200, 200, 8)
    plain = fit.encode(Picture(rgb), Target("jpeg"))
    assert plain == fit.encode(Picture(rgb), Target("jpeg", max_kb=1000))
    assert (plain.quality, plain.notes) == (90, ())


def test_the_quality_is_the_highest_that_fits() -> None:
    rgb = picture(300, 300, 3)
    best = fit.encode(Picture(rgb), Target("jpeg", max_kb=30))
    assert best.quality is not None
    assert fit.FLOOR < best.quality < 90
    over = fit.encode(Picture(rgb), Target("jpeg", quality=best.quality + 1))
    assert len(over.data) > 30_000


def test_under_the_floor_it_gets_smaller_and_says_so() -> None:
    file = fit.encode(Picture(picture(400, 300, 1)), Target("jpeg", max_kb=15))
    assert file.width < 400
    assert file.width / file.height == pytest.approx(4 / 3, rel=0.02)
    (note,) = file.notes
    assert note.code == "smaller"
    assert f"{file.width} x {file.height}" in note.detail


def test_a_png_has_no_quality_and_gets_smaller_at_once() -> None:
    file = fit.encode(Picture(picture(300, 300, 0)), Target("png", max_kb=50))
    assert file.quality is None
    assert file.width < 300


def test_what_cannot_fit_is_refused_with_the_limit() -> None:
    with pytest.raises(CannotFit) as refused:
        fit.encode(Picture(picture(33, 400, 0)), Target("png", max_kb=1))
    assert (refused.value.status, refused.value.code, refused.value.limit) == (422, "cannot_fit", 1000)


def test_a_cancelled_portrait_is_tried_no_further() -> None:
    class AfterTwoTries(Cancellation):
        tries = 0

        @property
        def cancelled(self) -> bool:
            self.tries += 1
            return self.tries == 3

    with pytest.raises(DeadlineExceeded):
        fit.encode(Picture(picture(300, 300, 3)), Target("jpeg", max_kb=30), AfterTwoTries())


@pytest.mark.parametrize("format_", get_args(Format))
def test_the_resolution_is_written_into_the_file(format_: ImageFormat) -> None:
    file = fit.encode(Picture(picture(64, 64, 5)), Target(format_, dpi=300))
    image = Image.open(io.BytesIO(file.data))
    if format_ == "webp":
        exif = image.getexif()
        assert (exif[282], exif[283], exif[296]) == (300, 300, 2)
    else:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


@pytest.mark.parametrize("format_", get_args(Format))
def test_without_one_none_is_written(format_: ImageFormat) -> None:
    image = Image.open(io.BytesIO(fit.encode(Picture(picture(64, 64, 5)), Target(format_)).data))
    assert "dpi" not in image.info
    assert not image.getexif()


@pytest.mark.parametrize("side", [(1, 3000), (3000, 1), (20, 400)], ids=str)
def test_a_thin_picture_is_not_made_larger(side: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*side, 3), np.uint8)
    with pytest.raises(CannotFit):
        fit.encode(Picture(rgb), Target("png", max_kb=1))


def test_a_picture_made_smaller_stays_as_large_on_paper() -> None:
    file = fit.encode(Picture(picture(400, 400, 1)), Target("jpeg", max_kb=15, dpi=300))
    dpi = Image.open(io.BytesIO(file.data)).info["dpi"][0]
    assert file.width / dpi == pytest.approx(400 / 300, rel=0.01)
