"""Each fact of a scene is measured once, at its first use."""

from dataclasses import replace

import numpy as np
import pytest

from facecraft.finishing import crop
from facecraft.imaging.geometry import scaling
from facecraft.imaging.head import head_of
from facecraft.imaging.picture import Picture
from facecraft.pipeline.look import Scene
from facecraft.pipeline.pipeline import Pipeline
from facecraft.pipeline.shot import Shot
from facecraft.pipeline.timings import Timings
from facecraft.types import RGBImage, Source


@pytest.fixture
def scene(pipeline: Pipeline, astronaut: RGBImage) -> Scene:
    return Scene(Shot(Picture(astronaut), Source(512, 512, "png", 1), pipeline.models, Timings()))


def test_nothing_is_measured_before_it_is_asked_for(scene: Scene) -> None:
    assert scene.timings.ms == {}


def test_a_fact_is_measured_once_and_timed(scene: Scene) -> None:
    assert len(scene.faces) == 1
    detect_ms = scene.timings.ms["detect"]
    assert scene.points is scene.points
    assert scene.faces is scene.faces
    assert scene.timings.ms["detect"] == detect_ms
    assert list(scene.timings.ms) == ["detect", "landmarks"]


def test_without_a_cleaner_there_is_no_residue(scene: Scene, pipeline: Pipeline) -> None:
    assert 0 < scene.residue < 2
    bare = Scene(Shot(scene.picture, scene.source, replace(pipeline.models, cleaner=None), Timings()))
    assert bare.residue == 0


def test_points_in_a_crop_are_those_of_the_same_face(scene: Scene) -> None:
    points = scene.points
    assert points is not None
    part = crop.largest(512, 512, (200, 300), head_of(points))
    again = scene.points_in(part, points)
    assert np.linalg.norm(again[:, :2] - points[:, :2], axis=1).mean() < 0.05 * head_of(points).eyes_px


def test_a_photo_without_a_face_has_no_points(pipeline: Pipeline) -> None:
    grey = Picture(np.full((64, 64, 3), 128, np.uint8))
    scene = Scene(Shot(grey, Source(64, 64, "png", 1), pipeline.models, Timings()))
    assert scene.faces == ()
    assert scene.points is None
    assert scene.face_centres(scaling(1)).shape == (0, 2)
