from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecraft.detection.centerface import CenterFace
from facecraft.types import RGBImage
from tests.devices import CPU


@pytest.fixture(scope="module")
def centerface(model_path: Callable[[str], Path]) -> CenterFace:
    return CenterFace(model_path("centerface"), CPU)


def test_it_finds_every_face_of_a_group(centerface: CenterFace, group: RGBImage) -> None:
    assert len(centerface.detect(group)) == 6


def test_it_finds_nothing_in_noise(centerface: CenterFace) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    assert centerface.detect(noise) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (31, 33), (5000, 64)])
def test_any_shape_is_accepted(centerface: CenterFace, shape: tuple[int, int]) -> None:
    assert centerface.detect(np.zeros((*shape, 3), np.uint8)) == []


def test_faces_come_largest_first(centerface: CenterFace, group: RGBImage) -> None:
    areas = [face.area_px for face in centerface.detect(group)]
    assert areas == sorted(areas, reverse=True)


def test_boxes_stay_inside_the_picture(centerface: CenterFace, astronaut: RGBImage) -> None:
    cut = np.ascontiguousarray(astronaut[90:200, 200:330])
    for face in centerface.detect(cut):
        assert (face.bbox >= 0).all()
        assert (face.bbox <= (130, 110, 130, 110)).all()


@pytest.mark.parametrize("scale", [0.25, 0.5, 2.0])
def test_a_face_is_found_at_the_same_place_in_a_scaled_picture(
    centerface: CenterFace, astronaut: RGBImage, scale: float
) -> None:
    (face,) = centerface.detect(astronaut)
    resized = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    (scaled,) = centerface.detect(np.asarray(resized, np.uint8))
    eyes_px = np.linalg.norm(face.landmarks[1] - face.landmarks[0])
    assert np.linalg.norm(scaled.landmarks / scale - face.landmarks, axis=1).mean() < 0.08 * eyes_px


def test_landmarks_are_eyes_nose_mouth_image_left_first(centerface: CenterFace, astronaut: RGBImage) -> None:
    (face,) = centerface.detect(astronaut)
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
