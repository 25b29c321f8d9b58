import io

import cv2
import numpy as np
import pytest
from PIL import Image

from facecraft.finishing import mask
from facecraft.option_fields import MaskShape
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.portraits import Make, pixels, rgba

SHAPES: tuple[MaskShape, ...] = ("oval", "circle", "rounded")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("feather", [0, 0.1])
def test_a_shape_is_whole_in_its_middle_open_at_its_corners_and_the_same_on_both_sides(
    shape: MaskShape, feather: float
) -> None:
    drawn = mask.shape(shape, 300, 400, feather)
    assert drawn.shape == (400, 300)
    assert drawn[200, 150] == 255
    assert drawn[0, 0] == drawn[-1, -1] == 0
    assert (drawn == drawn[:, ::-1]).all()
    assert (drawn == drawn[::-1]).all()


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        ("oval", np.pi * 150 * 200),
        ("circle", np.pi * 150**2),
        ("rounded", 300 * 400 - (4 - np.pi) * (0.12 * 300) ** 2),
    ],
)
def test_a_shape_has_its_area(shape: MaskShape, area: float) -> None:
    assert mask.shape(shape, 300, 400, 0).sum() / 255 == pytest.approx(area, rel=0.001)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hard_edge_is_a_pixel_wide_and_smooth(shape: MaskShape) -> None:
    drawn = mask.shape(shape, 300, 400, 0)
    between = ((drawn > 0) & (drawn < 255)).sum()
    assert 100 < between < 3500


def test_a_feather_fades_over_its_share_of_the_shorter_side() -> None:
    column = mask.shape("rounded", 300, 400, 0.1)[:, 150].astype(int)
    assert (column[35:365] == 255).all()
    assert column[0] < 5
    assert (np.diff(column[:30]) >= 0).all()
    assert column[15] == pytest.approx(128, abs=10)


def test_in_png_and_webp_the_outside_is_transparent(make: Make, astronaut: RGBImage) -> None:
    for name in ("png", "webp", "avif"):
        portrait = rgba(make(astronaut, mask="oval", format=name))
        assert portrait[0, 0, 3] == 0
        assert portrait[256, 256, 3] == 255


@pytest.mark.parametrize("fields", [{"mask": "oval"}, {"background": "transparent"}], ids=str)
@pytest.mark.parametrize("format_", ["png", "webp"])
def test_under_what_is_transparent_nothing_of_the_photo_is_left(
    make: Make, astronaut: RGBImage, fields: dict[str, str], format_: str
) -> None:
    portrait = rgba(make(astronaut, format=format_, **fields))
    cut = cv2.erode((portrait[..., 3] == 0).astype(np.uint8), np.ones((33, 33)), borderValue=1) == 1
    assert cut.mean() > 0.05
    assert portrait[..., :3][cut].max() <= 1  # a lossy WebP has black within a level
    if format_ == "png":
        assert not portrait[..., :3][portrait[..., 3] == 0].any()


def test_a_jpeg_has_the_backgrounds_colour_outside(make: Make, astronaut: RGBImage) -> None:
    for background, colour in (("keep", (255, 255, 255)), ("#204060", (0x20, 0x40, 0x60))):
        portrait = pixels(make(astronaut, mask="circle", format="jpeg", background=background, quality=95))
        assert abs(portrait[0, 0].astype(int) - colour).max() <= 3


def test_a_masked_portrait_of_a_jpeg_becomes_a_png(pipeline: Pipeline, astronaut: RGBImage) -> None:
    buffer = io.BytesIO()
    Image.fromarray(astronaut).save(buffer, "JPEG")
    for mask_, format_ in (("oval", "png"), ("none", "jpeg")):
        options = Options.parse({"mask": mask_, "restorer": "none"})
        assert pipeline.process(buffer.getvalue(), options).format == format_


def test_transparency_of_the_source_and_of_the_mask_both_count(make: Make, astronaut: RGBImage) -> None:
    half = np.full((512, 512), 255, np.uint8)
    half[:, :200] = 0
    portrait = rgba(make(np.dstack((astronaut, half)), mask="oval"))
    assert (portrait[:, :198, 3] == 0).all()
    assert portrait[256, 300, 3] == 255
    assert portrait[0, 511, 3] == 0
