"""SCRFD through insightface, with real weights, and CenterFace's landmarks measured against it.

The weights are for non-commercial research, so they are not in the set `default`. Set SCRFD_WEIGHTS to an
ONNX file of insightface's SCRFD with landmarks, such as scrfd_2.5g_kps.onnx or det_10g.onnx of buffalo_l.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facecraft.detection.base import Detector
from facecraft.detection.centerface import CenterFace
from facecraft.detection.facemesh import FaceMesh
from facecraft.detection.refined import RefinedDetector
from facecraft.detection.scrfd import Scrfd
from facecraft.types import RGBImage
from tests.devices import CPU


@pytest.fixture(scope="module")
def scrfd() -> Scrfd:
    path = os.environ.get("SCRFD_WEIGHTS", "")
    if not Path(path).is_file():
        pytest.skip("SCRFD_WEIGHTS names no file: set it to the path of an SCRFD model with landmarks (ONNX)")
    return Scrfd(Path(path), CPU)


def offsets(detector: Detector, reference: Detector, picture: RGBImage) -> np.ndarray:
    """(faces, 5, 2): landmarks against the reference's, across and down the face, in eye distances."""
    found = detector.detect(picture)
    rows = []
    for face in reference.detect(picture):
        same = min(found, key=lambda other: abs(other.bbox - face.bbox).sum())
        across = face.landmarks[1] - face.landmarks[0]
        down = np.array([-across[1], across[0]])
        axes = np.stack((across, down)) / (across**2).sum()
        rows.append((same.landmarks - face.landmarks) @ axes.T)
    return np.array(rows)


def test_it_finds_every_face_of_a_group(scrfd: Scrfd, group: RGBImage) -> None:
    faces = scrfd.detect(group)
    assert len(faces) == 6
    assert all(face.landmarks.shape == (5, 2) for face in faces)
    assert [face.area_px for face in faces] == sorted((face.area_px for face in faces), reverse=True)


def test_a_picture_that_is_a_line_has_no_face(scrfd: Scrfd) -> None:
    assert scrfd.detect(np.zeros((1, 3000, 3), np.uint8)) == []


def test_it_sees_colours_as_rgb(scrfd: Scrfd, astronaut: RGBImage) -> None:
    (right,) = scrfd.detect(astronaut)
    wrong = scrfd.detect(np.ascontiguousarray(astronaut[:, :, ::-1]))
    assert right.score > max((face.score for face in wrong), default=0)


def test_refined_landmarks_agree_with_scrfd(
    scrfd: Scrfd, model_path: Callable[[str], Path], group: RGBImage
) -> None:
    plain = CenterFace(model_path("centerface"), CPU)
    refined = RefinedDetector(plain, FaceMesh(model_path("facemesh")))
    before, after = offsets(plain, scrfd, group), offsets(refined, scrfd, group)
    assert np.linalg.norm(after, axis=2).mean() < 0.075
    assert np.linalg.norm(after, axis=2).mean() < np.linalg.norm(before, axis=2).mean()
    # No systematic offset is left: over the six faces and five landmarks, less than 2 % of the eye distance.
    assert abs(after.mean(axis=(0, 1))).max() < 0.02
