from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecraft.detection.iris import IrisModel
from facecraft.imaging import geometry
from facecraft.imaging.eyes import Eyes
from facecraft.imaging.mesh import Points, transform_points
from facecraft.types import RGBImage
from tests.portraits import Trace


@pytest.fixture(scope="module")
def model(model_path: Callable[[str], Path]) -> IrisModel:
    return IrisModel(model_path("iris"))


@pytest.fixture(scope="module")
def points(trace: Trace, astronaut: RGBImage) -> Points:
    return trace(astronaut)


@pytest.fixture(scope="module")
def eyes(model: IrisModel, astronaut: RGBImage, points: Points) -> Eyes:
    return model.find(astronaut, points)


def middles(eyes: Eyes) -> np.ndarray:
    return np.stack([eye.iris[0] for eye in (eyes.left, eyes.right)])


def test_the_irises_are_the_dark_discs_between_the_lids(eyes: Eyes, astronaut: RGBImage) -> None:
    grey = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)
    for eye in (eyes.left, eyes.right):
        corners = eye.contour[[0, 8]]
        assert corners[:, 0].min() < eye.iris[0, 0] < corners[:, 0].max()
        assert eye.contour[9:16, 1].mean() < eye.iris[0, 1] < eye.contour[1:8, 1].mean()
        x, y = eye.iris[0].round().astype(int)
        width = round(eye.width_px)
        around = grey[y - width : y + width, x - width : x + width]
        assert grey[y - 1 : y + 2, x - 1 : x + 2].mean() < np.percentile(around, 15)
    assert eyes.left.iris[0, 0] < eyes.right.iris[0, 0]


def test_she_looks_into_the_camera_with_open_eyes(eyes: Eyes) -> None:
    assert eyes.openness > 0.25
    assert eyes.gaze < 0.1


@pytest.mark.parametrize("degrees", [-25, 25, 90, 180])
def test_eyes_turn_with_the_picture(
    model: IrisModel, eyes: Eyes, astronaut: RGBImage, points: Points, degrees: int
) -> None:
    matrix = np.asarray(cv2.getRotationMatrix2D((224, 110), degrees, 1), np.float64)
    picture = geometry.warp(astronaut, matrix, 512, 512, cv2.BORDER_REPLICATE)
    found = model.find(picture, transform_points(points, matrix))
    off = np.linalg.norm(middles(found) - geometry.transform(middles(eyes), matrix), axis=1)
    assert off.max() < 0.08 * eyes.left.width_px
    assert abs(found.openness - eyes.openness) < 0.05
    assert found.gaze < 0.1


def test_a_mirrored_picture_has_the_mirrored_eyes(
    model: IrisModel, eyes: Eyes, astronaut: RGBImage, points: Points
) -> None:
    mirror = np.array([[-1.0, 0, 511], [0, 1, 0]])
    # Points of the mesh name sides, so the corners of the eyes change places.
    swapped = transform_points(points, mirror)
    swapped[[33, 133, 263, 362]] = swapped[[263, 362, 33, 133]]
    found = model.find(np.ascontiguousarray(astronaut[:, ::-1]), swapped)
    off = np.linalg.norm(middles(found) - geometry.transform(middles(eyes)[::-1], mirror), axis=1)
    assert off.max() < 0.02 * eyes.left.width_px
    assert found.openness == pytest.approx(eyes.openness, abs=0.01)


def test_the_same_picture_gives_the_same_eyes(
    model: IrisModel, eyes: Eyes, astronaut: RGBImage, points: Points
) -> None:
    again = model.find(astronaut, points)
    assert (middles(again) == middles(eyes)).all()
    assert (again.left.contour == eyes.left.contour).all()


@pytest.mark.parametrize("shift", [(-400, 0), (0, -300), (600, 600)], ids=str)
def test_eyes_beyond_the_picture_are_no_error(
    model: IrisModel, astronaut: RGBImage, points: Points, shift: tuple[int, int]
) -> None:
    large = transform_points(points, np.array([[9.0, 0, 0], [0, 9, 0]]))
    found = model.find(astronaut, large + np.array([*shift, 0], np.float32))
    assert np.isfinite(middles(found)).all()


def test_points_on_one_spot_are_no_error(model: IrisModel, astronaut: RGBImage) -> None:
    found = model.find(astronaut, np.full((468, 3), 100, np.float32))
    assert np.isfinite(middles(found)).all()
