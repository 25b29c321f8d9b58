"""Every decision and refusal is made before a pixel is drawn."""

import numpy as np
import pytest

from facecraft.errors import ImageTooLarge, InvalidOption, NoFaceFound
from facecraft.imaging.limits import Limits
from facecraft.imaging.picture import Picture
from facecraft.options import Options
from facecraft.pipeline.look import Scene
from facecraft.pipeline.pipeline import Pipeline
from facecraft.pipeline.plan import Plan, plan, resolve
from facecraft.pipeline.shot import Shot
from facecraft.pipeline.timings import Timings
from facecraft.pipeline.treatment import Treatment
from facecraft.types import Alpha, RGBImage, Source
from tests.damages import noisy

LIMITS = Limits(upload_bytes=20_000_000, pixels=1_000_000, frames=1, scans=100)


def planned(
    pipeline: Pipeline, rgb: RGBImage, options: Options, format_: str = "jpeg", alpha: Alpha | None = None
) -> Plan:
    height, width = rgb.shape[:2]
    scene = Scene(Shot(Picture(rgb, alpha), Source(width, height, format_, 1), pipeline.models, Timings()))
    recipe = resolve(options, pipeline.presets, pipeline.models, judge=False)
    made = plan(recipe, scene, LIMITS)
    drawing = {"clean", "drift", "align", "restore", "paste", "frame", "background", "upscale"}
    assert not drawing & set(scene.timings.ms)
    return made


def test_a_whole_picture_has_no_crop_and_every_face_is_restored(pipeline: Pipeline, group: RGBImage) -> None:
    made = planned(pipeline, group[100:700, 100:1000].copy(), Options(restorer="realesrgan-x4plus"))
    assert (made.crop, made.sheet, made.points) == (None, None, None)
    assert len(made.treatment.faces) == made.treatment.shown == len(made.face_centres) > 1


def test_only_faces_that_the_crop_shows_are_restored(pipeline: Pipeline, group: RGBImage) -> None:
    options = Options(restorer="realesrgan-x4plus", width=200, height=250, head=0.9)
    made = planned(pipeline, group[100:700, 100:1000].copy(), options)
    assert 1 <= len(made.treatment.faces) == made.treatment.shown < len(made.face_centres)


@pytest.mark.parametrize(
    "options", [Options(restorer="none"), Options(strength=0)], ids=["none", "strength 0"]
)
def test_nothing_is_restored_where_that_is_asked_for(
    pipeline: Pipeline, astronaut: RGBImage, options: Options
) -> None:
    damaged = noisy(astronaut, 15)
    assert planned(pipeline, damaged, Options()).treatment.restores
    assert planned(pipeline, damaged, options).treatment == Treatment()


FORMATS: list[tuple[dict[str, str], str, str]] = [
    ({}, "jpeg", "jpeg"),
    ({}, "webp", "webp"),
    ({"mask": "oval"}, "jpeg", "png"),
    ({"mask": "oval"}, "webp", "webp"),
    ({"mask": "oval"}, "avif", "avif"),
    ({}, "heic", "jpeg"),
    ({"mask": "oval"}, "heic", "png"),
    ({"mask": "oval", "layout": "a6", "dpi": "150"}, "tiff", "jpeg"),
    ({"format": "avif"}, "gif", "avif"),
    ({"mask": "oval", "layout": "a6", "dpi": "150"}, "jpeg", "jpeg"),
    ({"mask": "oval", "format": "jpeg"}, "png", "jpeg"),
]


@pytest.mark.parametrize(("fields", "source", "expected"), FORMATS, ids=str)
def test_the_format_is_decided(
    pipeline: Pipeline,
    astronaut: RGBImage,
    fields: dict[str, str],
    source: str,
    expected: str,
) -> None:
    options = Options.parse({"width": "200", "height": "250", **fields})
    assert planned(pipeline, astronaut, options, source).target.format == expected


@pytest.mark.parametrize(
    ("fields", "source", "expected"),
    [
        ({}, "heic", "png"),
        ({}, "tiff", "png"),
        ({}, "webp", "webp"),
        ({"background": "blur"}, "gif", "png"),
        ({"background": "white"}, "heic", "jpeg"),
        ({"layout": "a6", "dpi": "150"}, "heic", "jpeg"),
    ],
    ids=str,
)
def test_a_transparent_photo_of_a_format_that_is_not_written_becomes_a_png_unless_it_is_covered(
    pipeline: Pipeline, astronaut: RGBImage, fields: dict[str, str], source: str, expected: str
) -> None:
    options = Options.parse({"width": "200", "height": "250", **fields})
    half = np.full(astronaut.shape[:2], 128, np.uint8)
    assert planned(pipeline, astronaut, options, source, half).target.format == expected


def test_a_sheet_says_at_which_resolution_it_is_laid_out(pipeline: Pipeline, astronaut: RGBImage) -> None:
    fields = {"width": "100", "height": "120", "layout": "a6", "dpi": "100"}
    assert planned(pipeline, astronaut, Options.parse(fields)).target.dpi == 100
    del fields["dpi"], fields["layout"]
    assert planned(pipeline, astronaut, Options.parse(fields)).target.dpi is None


def test_a_face_that_is_required_and_not_there_is_refused(pipeline: Pipeline) -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    with pytest.raises(NoFaceFound):
        planned(pipeline, grey, Options())
    assert not planned(pipeline, grey, Options(require_face=False)).treatment.restores


TOO_LARGE: list[dict[str, str]] = [
    {"upscale": "4"},
    {"width": "2000", "height": "2000"},
    {"width": "600", "height": "700", "layout": "a4"},
]


@pytest.mark.parametrize("fields", TOO_LARGE, ids=str)
def test_a_result_over_the_limit_is_refused(
    pipeline: Pipeline, astronaut: RGBImage, fields: dict[str, str]
) -> None:
    with pytest.raises(ImageTooLarge):
        planned(pipeline, astronaut, Options.parse(fields))


def test_a_portrait_that_does_not_fit_on_its_paper_is_refused(
    pipeline: Pipeline, astronaut: RGBImage
) -> None:
    fields = {"width": "900", "height": "900", "layout": "4x6in", "dpi": "72"}
    with pytest.raises(InvalidOption, match="does not fit on 4x6in"):
        planned(pipeline, astronaut, Options.parse(fields))


def test_a_transparent_portrait_in_the_format_of_its_preset_is_refused(pipeline: Pipeline) -> None:
    with pytest.raises(InvalidOption, match="A JPEG cannot be transparent"):
        pipeline.validate(Options(preset="badge", background="transparent"))
