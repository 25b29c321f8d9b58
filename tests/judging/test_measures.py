"""Measures where there is little or nothing to measure."""

import numpy as np

from facecraft.judging import measures
from facecraft.judging.measures import FACE_PX, FacePatch

GREY = np.full((FACE_PX, FACE_PX), 100, np.float32)


def test_a_patch_without_skin_has_a_middle_grey() -> None:
    patch = FacePatch(GREY, np.zeros(GREY.shape, bool))
    assert patch.levels.tolist() == [128]


def test_a_face_of_which_one_half_is_hidden_is_in_full_shadow() -> None:
    skin = np.ones(GREY.shape, bool)
    skin[:, : FACE_PX // 2] = False
    assert measures.shadow(FacePatch(GREY, skin)) == 1
    assert measures.shadow(FacePatch(GREY, np.ones(GREY.shape, bool))) == 0


def test_a_picture_filled_by_the_person_has_no_background() -> None:
    image = np.full((300, 200, 3), 80, np.uint8)
    assert measures.background_lab(image, np.ones((64, 64), np.float32)) is None
    colours = measures.background_lab(image, np.zeros((64, 64), np.float32))
    assert colours is not None
    assert measures.unevenness(colours) < 0.01


def test_a_background_is_compared_with_the_nearest_colour() -> None:
    white = measures.background_lab(np.full((64, 64, 3), 255, np.uint8), np.zeros((8, 8), np.float32))
    assert white is not None
    assert measures.nearest_distance(white, [(0, 0, 0), (255, 255, 255)]) < 0.01


def test_two_equal_pictures_have_the_best_psnr() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    assert measures.coarse_psnr(image, image) == measures.BEST_PSNR_DB
