"""Grey in, grey out."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from facecraft.imaging import geometry
from facecraft.options import Options
from facecraft.pipeline.faces import _faithful
from facecraft.pipeline.pipeline import Pipeline
from facecraft.pipeline.treatment import FacePlan
from facecraft.results import Portrait
from facecraft.types import Face, RGBImage
from tests.damages import noisy
from tests.pipeline.conftest import CLEAN, X4PLUS, Run, pixels


def grey_file(astronaut: RGBImage, mode: str, format_: str) -> bytes:
    luma = noisy(np.asarray(cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY), np.uint8), 15)
    buffer = io.BytesIO()
    image = Image.fromarray(luma).convert(mode)
    if format_ == "lossless":
        image.save(buffer, "WEBP", lossless=True)
    else:
        image.save(buffer, format_)
    return buffer.getvalue()


def difference_of_channels(portrait: Portrait) -> int:
    return int(np.ptp(np.asarray(portrait.image.convert("RGB"), int), axis=2).max())


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "lossless"])
def test_grey_in_is_grey_out(pipeline: Pipeline, astronaut: RGBImage, mode: str, format_: str) -> None:
    portrait = pipeline.process(grey_file(astronaut, mode, format_), Options(format="png"))
    assert portrait.cleaned
    assert portrait.damages[0].grey
    assert difference_of_channels(portrait) == 0


# The YUV of a lossy WebP has no exact grey for some levels, also if nothing is restored.
@pytest.mark.parametrize(
    ("restorer", "format_", "most"),
    [(CLEAN, "png", 0), (CLEAN, "jpeg", 0), (CLEAN, "webp", 1), (X4PLUS, "png", 0)],
)
def test_a_grey_face_is_grey_in_each_format(
    pipeline: Pipeline, astronaut: RGBImage, restorer: str, format_: str, most: int
) -> None:
    options = Options.parse({"restorer": restorer, "area": "face", "format": format_})
    portrait = pipeline.process(grey_file(astronaut, "RGB", "PNG"), options)
    assert portrait.restored == 1
    assert difference_of_channels(portrait) <= most


def test_a_photo_with_colours_is_not_grey(run: Run, damaged: RGBImage) -> None:
    portrait = run(damaged)
    assert not portrait.damages[0].grey
    assert np.ptp(pixels(portrait.data).astype(int), axis=2).max() > 100


def test_a_restorer_that_brightens_a_grey_face_is_brought_back(astronaut: RGBImage) -> None:
    grey = np.repeat(cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    square = geometry.align(Face(np.zeros(4, np.float32), geometry.TEMPLATE, 1.0), 512)
    plan = FacePlan(own=True, source=square, portrait=square, detail=60, clean=False)
    source = np.asarray(40 + grey * 0.6, np.uint8)
    result = _faithful(source, np.asarray(source + 20, np.uint8), plan, grey=True)
    assert (np.ptp(result, axis=2) == 0).all()
    assert np.abs(result.astype(int) - source).mean() < 1
