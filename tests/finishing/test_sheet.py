import io

import numpy as np
import pytest
from PIL import Image

from facecraft.errors import ImageTooLarge, InvalidOption
from facecraft.finishing import sheet
from facecraft.option_fields import Layout
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.portraits import Make, pixels

GREY = np.full((531, 413, 3), 99, np.uint8)
"""35 x 45 mm at 300 dpi."""


@pytest.mark.parametrize(
    ("layout", "copies", "paper"),
    [
        ("10x15cm", 8, (1772, 1181)),
        ("4x6in", 8, (1800, 1200)),
        ("a4", 32, (3508, 2480)),
        ("a6", 8, (1748, 1240)),
    ],
)
def test_as_many_copies_as_fit_the_better_way_round(
    layout: Layout, copies: int, paper: tuple[int, int]
) -> None:
    plan = sheet.plan(layout, 413, 531, 300)
    assert plan.copies == copies
    assert sorted((plan.width, plan.height)) == sorted(paper)


@pytest.mark.parametrize(
    ("layout", "gap_mm", "copies"),
    [
        ("4x6in", None, 6),
        ("4x6in", 0, 6),
        ("4x6in", 1, 2),
        ("letter", None, 20),
        ("letter", 0, 20),
        ("a4", 5, 15),
    ],
)
def test_two_inch_portraits_fill_photo_paper_to_its_edges(
    layout: Layout, gap_mm: float | None, copies: int
) -> None:
    plan = sheet.plan(layout, 600, 600, 300, gap_mm)
    assert plan.copies == copies
    paper = sheet.lay_out(plan, np.full((600, 600, 3), 99, np.uint8), 300)
    assert (paper == 99).all(axis=2).sum() == copies * 600 * 600


def test_a_gap_is_as_wide_as_requested() -> None:
    plan = sheet.plan("a4", 413, 531, 300, 10)
    paper = sheet.lay_out(plan, GREY, 300)
    columns = np.flatnonzero((paper == 99).all(axis=2).any(axis=0))
    assert np.diff(columns).max() - 1 == round(10 * 300 / 25.4)


def test_every_copy_is_whole_and_none_touches_another() -> None:
    plan = sheet.plan("4x6in", 413, 531, 300)
    paper = sheet.lay_out(plan, GREY, 300)
    assert paper.shape == (plan.height, plan.width, 3)
    assert (paper == 99).all(axis=2).sum() == plan.copies * 413 * 531
    columns = np.flatnonzero((paper == 99).all(axis=2).any(axis=0))
    assert (np.diff(columns) > 1).sum() == plan.columns - 1


def test_the_border_of_the_paper_stays_white() -> None:
    plan = sheet.plan("a4", 413, 531, 300)
    paper = sheet.lay_out(plan, GREY, 300)
    for edge in (paper[:10], paper[-10:], paper[:, :10], paper[:, -10:]):
        assert (edge == 255).all()


def test_cut_marks_stand_at_the_corners_outside_of_the_copies() -> None:
    plan = sheet.plan("10x15cm", 413, 531, 300)
    paper = sheet.lay_out(plan, GREY, 300)
    rows, columns = np.nonzero((paper == 99).all(axis=2))
    top, left = rows.min(), columns.min()
    assert paper[top - 1, left - 8, 0] == sheet.MARK_LEVEL
    assert paper[top - 8, left - 1, 0] == sheet.MARK_LEVEL
    assert (paper[top : top + 531, left : left + 413] == 99).all()


def test_a_portrait_that_fits_on_no_paper_is_refused() -> None:
    with pytest.raises(InvalidOption, match="does not fit on a6"):
        sheet.plan("a6", 4000, 4000, 300)


def test_a_sheet_has_the_presets_resolution_and_size(make: Make, astronaut: RGBImage) -> None:
    portrait = make(astronaut, preset="us-passport", layout="4x6in")
    image = Image.open(io.BytesIO(portrait.data))
    assert sorted(image.size) == [1200, 1800]
    assert image.info["dpi"] == (300, 300)


def test_a_sheet_of_a_transparent_portrait_is_paper(make: Make, astronaut: RGBImage) -> None:
    portrait = make(astronaut, width=300, height=400, head=0.6, background="transparent", layout="a6")
    assert Image.open(io.BytesIO(portrait.data)).mode == "RGB"
    assert (pixels(portrait)[:8] == 255).all()


def test_a_sheet_over_the_limit_is_refused(pipeline: Pipeline, make: Make, astronaut: RGBImage) -> None:
    with pytest.raises(ImageTooLarge, match=r"139\.3 megapixels; at most 40 are made"):
        make(astronaut, width=300, height=400, head=0.6, layout="a4", dpi=1200)


def test_the_verdict_is_on_the_portrait_and_not_on_the_paper(
    make: Make, astronaut: RGBImage, png: Encode
) -> None:
    verdict = make(astronaut, preset="us-passport", layout="4x6in").verdict
    assert verdict is not None
    assert {rule.name: rule.status for rule in verdict.rules}["width"] == "pass"


def test_a_sheet_is_not_held_to_the_file_size_of_its_preset(make: Make, astronaut: RGBImage) -> None:
    portrait = make(astronaut, preset="us-visa", layout="a4")
    assert len(portrait.data) > 240_000
    assert portrait.verdict is not None
    (rule,) = (rule for rule in portrait.verdict.rules if rule.name == "file_size")
    assert (rule.value, rule.most, rule.status) == (None, None, "unknown")


def test_a_sheet_without_a_resolution_says_which_it_was_laid_out_at(make: Make, astronaut: RGBImage) -> None:
    portrait = make(astronaut, width=300, height=400, head=0.6, layout="a6", format="jpeg")
    assert Image.open(io.BytesIO(portrait.data)).info["dpi"] == (300, 300)
