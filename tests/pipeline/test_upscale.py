from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from facecraft.bootstrap import Runtime
from facecraft.errors import ImageTooLarge, InvalidOption
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.pipeline.conftest import GREY, LIMITS, pixels


def test_a_frame_of_an_enlarged_picture_is_where_the_plain_one_is(
    plain: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    fields = {"width": "500", "height": "500", "head": "0.6", "restorer": "none"}
    fields |= {"align": "true", "beyond": "fill"}
    framed = pixels(plain.process(png(astronaut), Options.parse(fields)).data).astype(int)
    twice = pixels(plain.process(png(astronaut), Options.parse(fields | {"upscale": "2"})).data)
    assert abs(framed - twice).mean() < 2


@pytest.mark.parametrize("factor", [2, 4])
def test_an_enlarged_picture_has_its_faces_where_they_were(
    plain: Pipeline, astronaut: RGBImage, png: Encode, factor: int
) -> None:
    options = Options.parse({"upscale": str(factor), "restorer": "gfpgan-1.4"})
    portrait = plain.process(png(astronaut), options)
    assert portrait.restored == 1
    stages = ["decode", "detect", "damage", "upscale", "align", "restore", "paste", "encode"]
    assert list(portrait.timings_ms) == stages
    large = pixels(portrait.data)
    smooth = cv2.resize(astronaut, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    assert large.shape == smooth.shape
    # The face is pasted from a square that was not enlarged by repeating pixels: were it a pixel off, edges
    # would differ by tens of levels everywhere.
    face = np.s_[60 * factor : 200 * factor, 170 * factor : 280 * factor]
    assert abs(large[face].astype(int) - smooth[face]).mean() < 4


def test_transparency_is_enlarged_with_the_picture(plain: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    alpha = np.full((512, 512), 255, np.uint8)
    alpha[:, :256] = 0
    picture = Image.fromarray(np.dstack((astronaut, alpha)))
    portrait = plain.process(png(picture), Options(upscale=2))
    assert pixels(portrait.data)[512, (0, 500, 523, 1023), 3].tolist() == [0, 0, 255, 255]


def test_a_result_over_the_limit_is_refused_before_any_network_runs(plain: Pipeline, png: Encode) -> None:
    with pytest.raises(ImageTooLarge, match="portrait of 8000 x 8000 has 64 megapixels; at most 40 are made"):
        plain.process(png(np.zeros((2000, 2000, 3), np.uint8)), Options(upscale=4, require_face=False))


def test_a_factor_without_a_model_is_refused(loaded: Runtime, png: Encode) -> None:
    bare = Pipeline(replace(loaded.pipeline.models, upscalers={}), {}, LIMITS)
    with pytest.raises(InvalidOption, match="No loaded model enlarges a picture 2 times"):
        bare.process(png(GREY), Options(upscale=2))


def test_the_default_models_enlarge_a_picture(pipeline: Pipeline, png: Encode) -> None:
    portrait = pipeline.process(png(GREY), Options(upscale=2, require_face=False))
    large = pixels(portrait.data)
    assert large.shape == (128, 128, 3)
    assert abs(large.astype(int) - 128).mean() < 4  # the network makes flat grey a little lighter
