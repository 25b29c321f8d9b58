import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facecraft.errors import ImageTooLarge, InvalidOption
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.damages import noisy
from tests.pipeline.conftest import GREY, LIMITS


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif"])
def test_the_answer_has_the_format_asked_for(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, format_: str
) -> None:
    options = Options.parse({"format": format_, "restorer": "none"})
    portrait = pipeline.process(png(astronaut), options)
    assert portrait.format == format_
    assert Image.open(io.BytesIO(portrait.data)).format == format_.upper()


def test_auto_keeps_the_inputs_format(pipeline: Pipeline, group_path: Path) -> None:
    portrait = pipeline.process(group_path.read_bytes(), Options(restorer="none"))
    assert portrait.format == "jpeg"


def test_an_unknown_restorer_is_refused_with_those_there_are(pipeline: Pipeline, png: Encode) -> None:
    with pytest.raises(InvalidOption, match="auto, none, facecraft-clean, realesrgan-x4plus"):
        pipeline.process(png(GREY), Options(restorer="gfpgan"))


@pytest.mark.parametrize("restorer", ["auto", "none", "facecraft-clean", "realesrgan-x4plus"])
def test_fidelity_is_refused_where_it_means_nothing(pipeline: Pipeline, png: Encode, restorer: str) -> None:
    with pytest.raises(InvalidOption, match="fidelity"):
        pipeline.process(png(GREY), Options(restorer=restorer, fidelity=0.5))


@pytest.mark.parametrize(
    "fields",
    [
        {"when": "always"},
        {"when": "needed"},
        {"area": "photo"},
        {"area": "face"},
        {"strength": "0.3"},
        {"max_drift": "0.1"},
        {"faces": "largest"},
        {"fidelity": "0.5"},
    ],
    ids=str,
)
def test_an_option_of_restoration_is_refused_where_nothing_is_restored(
    pipeline: Pipeline, fields: dict[str, str]
) -> None:
    with pytest.raises(InvalidOption, match="has no meaning"):
        pipeline.process(b"", Options.parse({"restorer": "none", **fields}))
    with pytest.raises(InvalidOption, match="has no meaning"):
        pipeline.validate(Options.parse({"preset": "us-passport", **fields}))


def test_a_transparent_jpeg_is_refused_before_anything_is_done(pipeline: Pipeline) -> None:
    with pytest.raises(InvalidOption, match="A JPEG cannot be transparent"):
        pipeline.process(b"", Options(background="transparent", format="jpeg"))


@pytest.mark.parametrize(
    ("fields", "format_"),
    [
        ({"background": "transparent"}, "png"),
        ({"background": "white"}, "jpeg"),
        ({"background": "transparent", "layout": "a6"}, "jpeg"),
        ({"background": "transparent", "format": "webp"}, "webp"),
        ({"background": "transparent", "format": "avif"}, "avif"),
    ],
    ids=str,
)
def test_auto_is_a_format_that_can_hold_the_portrait(
    plain: Pipeline, group_path: Path, fields: dict[str, str], format_: str
) -> None:
    portrait = plain.process(group_path.read_bytes(), Options.parse({**fields, "restorer": "none"}))
    assert portrait.format == format_


def test_a_picture_that_the_answers_format_cannot_hold_is_refused(pipeline: Pipeline, png: Encode) -> None:
    # A PNG of 17 000 x 1 pixels, a side over what WebP holds.
    with pytest.raises(ImageTooLarge, match="does not fit a WEBP"):
        pipeline.process(png(np.zeros((1, 17_000, 3), np.uint8)), Options(format="webp"))


def test_the_cleaner_is_the_default_and_any_loaded_restorer_can_be_named(
    plain: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    photo = png(noisy(astronaut, 15))
    assert plain.process(photo, Options()).restorer == "facecraft-clean"
    named = Options(restorer="codeformer", fidelity=0.7)
    assert plain.process(photo, named).restorer == "codeformer"
    with pytest.raises(InvalidOption, match="no meaning for the restorer facecraft-clean"):
        plain.process(photo, Options(fidelity=0.7))
    there = r"there are auto, none, facecraft-clean, gfpgan-1\.4, codeformer"
    with pytest.raises(InvalidOption, match=there):
        plain.process(photo, Options(restorer="realesrgan-x4plus"))


def test_without_a_cleaner_the_best_restorer_is_the_default(
    plain: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    photo = png(noisy(astronaut, 15))
    bare = Pipeline(replace(plain.models, cleaner=None), {}, LIMITS)
    assert bare.process(photo, Options()).restorer == "gfpgan-1.4"
    with pytest.raises(InvalidOption, match=r"no meaning for the restorer gfpgan-1\.4"):
        bare.process(photo, Options(fidelity=0.7))
    with pytest.raises(InvalidOption, match=r"there are auto, none, gfpgan-1\.4, codeformer"):
        bare.process(photo, Options(restorer="facecraft-clean"))


@pytest.mark.parametrize("area", ["photo", "head"])
def test_a_restorer_of_faces_knows_no_other_area(pipeline: Pipeline, area: str) -> None:
    with pytest.raises(InvalidOption, match=f"realesrgan-x4plus restores faces only, not area={area}"):
        pipeline.process(b"", Options.parse({"restorer": "realesrgan-x4plus", "area": area}))
    pipeline.validate(Options.parse({"restorer": "realesrgan-x4plus", "area": "face"}))
    pipeline.validate(Options.parse({"restorer": "facecraft-clean", "area": area}))
