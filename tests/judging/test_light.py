"""Luminance and colour of a face, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from facecraft.judging import light
from facecraft.judging.light import CHEEK_PX, FaceLight


def pixels(*rgb: int) -> NDArray[np.uint8]:
    return np.full((CHEEK_PX, CHEEK_PX, 3), rgb, np.uint8)


@pytest.mark.parametrize(("rgb", "level"), [((255, 255, 255), 255), ((188,) * 3, 128), ((0, 255, 0), 182)])
def test_luminance_is_linear_and_weighed_by_bt709(rgb: tuple[int, ...], level: int) -> None:
    assert (light.luminance(pixels(*rgb)) == level).all()


def test_light_is_measured_on_whole_levels() -> None:
    face = FaceLight(np.array([0, 25, 247, 255], np.uint8), (pixels(90, 80, 70), pixels(90, 80, 70)))
    assert face.mean == pytest.approx((0 + 25 + 247 + 255) / 4 / 255)
    assert face.variance == pytest.approx(np.var([0, 25 / 255, 247 / 255, 1]))
    assert (face.entropy, face.bright, face.dark, face.overlap) == (2, 0.5, 0.5, 1)
    assert replace(face, cheeks=(pixels(90, 80, 70), pixels(9, 8, 7))).overlap == 0


# CIELAB by D50 of sRGB's red: a 80.81, b 69.89, which is 55.81 and 34.89 past skin. A grey lacks 5 of each.
@pytest.mark.parametrize(
    ("rgb", "distance"),
    [((255, 0, 0), 65.82), ((128,) * 3, 7.07), ((200, 150, 130), 0), ((0, 128, 0), 100), ((0, 0, 255), 100)],
)
def test_natural_colours_are_those_of_skin(rgb: tuple[int, ...], distance: float) -> None:
    face = FaceLight(np.zeros(1, np.uint8), (pixels(*rgb), pixels(*rgb)))
    assert face.unnatural == pytest.approx(distance, abs=0.05)
