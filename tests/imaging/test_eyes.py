"""Openness and gaze, on eyes that are drawn by hand."""

import numpy as np
import pytest

from facecraft.imaging.eyes import STRAIGHT, Eye, Eyes


def eye(
    width: float = 40, height: float = 12, iris: tuple[float, float] = (0, 0), *, right: bool = False
) -> Eye:
    """An eye around (100, 50), with the outer corner on its own side; `iris` in widths from the middle."""
    side = 1 if right else -1
    along = np.linspace(-1, 1, 9)  # from the inner corner to the outer one
    contour = np.zeros((71, 2), np.float32)
    contour[:9] = np.column_stack((side * along * width / 2, np.where(np.abs(along) < 1, height / 2, 0)))
    contour[9:16] = np.column_stack((side * along[1:-1] * width / 2, np.full(7, -height / 2)))
    middle = np.tile(np.array(iris, np.float32) * width, (5, 1))
    return Eye(contour + np.array([100, 50], np.float32), middle + np.array([100, 50], np.float32))


def turned(eye: Eye, degrees: float) -> Eye:
    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    return Eye(eye.contour @ matrix.T, eye.iris @ matrix.T)


@pytest.mark.parametrize("degrees", [0, 30, -80])
def test_openness_is_height_over_width_at_any_angle(degrees: float) -> None:
    assert turned(eye(40, 12), degrees).openness == pytest.approx(0.3, abs=1e-5)
    assert turned(eye(20, 12, right=True), degrees).openness == pytest.approx(0.6, abs=1e-5)


def test_the_gap_of_the_lids_and_the_distance_of_the_eyes_are_in_pixels() -> None:
    shifted = eye(40, 8, right=True)
    right = Eye(shifted.contour + np.array([60, 80], np.float32), shifted.iris)
    assert Eyes(eye(40, 12), right).gap_px == pytest.approx(8, abs=1e-5)
    assert Eyes(eye(40, 12), right).distance_px == pytest.approx(100, abs=1e-4)


def test_eyes_are_as_open_as_the_less_open_one() -> None:
    assert Eyes(eye(40, 12), eye(40, 2, right=True)).openness == pytest.approx(0.05, abs=1e-5)


@pytest.mark.parametrize("degrees", [0, 30, -30, 90, 180])
@pytest.mark.parametrize("right", [False, True])
def test_the_irises_place_is_told_in_the_faces_directions(right: bool, degrees: float) -> None:
    x, y = turned(eye(iris=(0.2, -0.1), right=right), degrees).iris_place(left=not right)
    assert (x, y) == (pytest.approx(0.2, abs=1e-5), pytest.approx(-0.1, abs=1e-5))


def test_irises_that_both_point_inwards_cancel() -> None:
    low = float(STRAIGHT[1])
    both = Eyes(eye(iris=(0.1, low)), eye(iris=(-0.1, low), right=True))
    assert both.gaze == pytest.approx(0, abs=1e-5)


def test_gaze_is_the_distance_of_both_irises() -> None:
    low = float(STRAIGHT[1])
    aside = Eyes(eye(iris=(0.3, low)), eye(iris=(0.3, low), right=True))
    assert aside.gaze == pytest.approx(0.3, abs=1e-5)


def test_an_eye_without_width_has_numbers_too() -> None:
    assert np.isfinite(eye(0, 0).openness)
    assert np.isfinite(eye(0, 0).iris_place(left=True)).all()
