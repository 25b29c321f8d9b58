from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecraft.detection.centerface import CenterFace
from facecraft.detection.facemesh import FaceMesh
from facecraft.detection.refined import RefinedDetector, five_points
from facecraft.types import Face, RGBImage
from tests.devices import CPU


@pytest.fixture(scope="module")
def mesh(model_path: Callable[[str], Path]) -> FaceMesh:
    return FaceMesh(model_path("facemesh"))


@pytest.fixture(scope="module")
def detector(mesh: FaceMesh, model_path: Callable[[str], Path]) -> RefinedDetector:
    return RefinedDetector(CenterFace(model_path("centerface"), CPU), mesh)


def test_points_lie_on_the_face(mesh: FaceMesh, detector: RefinedDetector, astronaut: RGBImage) -> None:
    (face,) = detector.detect(astronaut)
    points, presence = mesh.find(astronaut, face.bbox, face.landmarks[:2])
    assert points.shape == (468, 3)
    assert presence > 0.9
    x1, y1, x2, y2 = face.bbox
    margin = 0.15 * (y2 - y1)
    assert (points[:, :2] >= (x1 - margin, y1 - margin)).all()
    assert (points[:, :2] <= (x2 + margin, y2 + margin)).all()


def test_presence_is_low_where_there_is_no_face(mesh: FaceMesh) -> None:
    grey = np.full((200, 200, 3), 120, np.uint8)
    _, presence = mesh.find(
        grey, np.array([40, 40, 160, 160], np.float32), np.array([[70, 80], [130, 80]], np.float32)
    )
    assert presence < 0.5


@pytest.mark.parametrize("angle_deg", [-20, 20])
def test_landmarks_rotate_with_the_face(
    detector: RefinedDetector, astronaut: RGBImage, angle_deg: int
) -> None:
    (face,) = detector.detect(astronaut)
    matrix = cv2.getRotationMatrix2D((256, 160), angle_deg, 1.0)
    turned = np.asarray(cv2.warpAffine(astronaut, matrix, (512, 512)), np.uint8)
    found = detector.detect(turned)[0]
    expected = face.landmarks @ matrix[:, :2].T + matrix[:, 2]
    eyes_px = np.linalg.norm(face.landmarks[1] - face.landmarks[0])
    assert np.linalg.norm(found.landmarks - expected, axis=1).mean() < 0.05 * eyes_px


def test_a_detectors_landmarks_stay_where_the_mesh_sees_no_face(mesh: FaceMesh) -> None:
    face = Face(
        bbox=np.array([40, 40, 160, 160], np.float32),
        landmarks=np.array([[70, 80], [130, 80], [100, 110], [80, 140], [120, 140]], np.float32),
        score=0.6,
    )

    class Stub:
        def detect(self, image: RGBImage) -> list[Face]:
            return [face]

    assert RefinedDetector(Stub(), mesh).detect(np.full((200, 200, 3), 120, np.uint8)) == [face]


def test_five_points_are_in_the_detectors_order(
    mesh: FaceMesh, detector: RefinedDetector, astronaut: RGBImage
) -> None:
    (face,) = detector.detect(astronaut)
    points, _ = mesh.find(astronaut, face.bbox, face.landmarks[:2])
    left_eye, right_eye, nose, left_mouth, right_mouth = five_points(points)
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
