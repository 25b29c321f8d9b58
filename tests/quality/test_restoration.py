"""How much better a degraded face gets. The degradations are seeded, so the numbers are fixed."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from facecraft.detection.facemesh import FaceMesh
from facecraft.imaging import geometry
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import FaceCrop, RGBImage
from tests.conftest import Encode
from tests.pipeline.conftest import pixels

SIDE_PX = 240
FACE = (slice(0, SIDE_PX), slice(105, 105 + SIDE_PX))


def noisy_jpeg(picture: RGBImage, sigma: float, quality: int) -> RGBImage:
    noise = np.random.default_rng(0).normal(0, sigma, picture.shape)
    noisy = np.clip(picture + noise, 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def fitted(picture: RGBImage, side: int) -> RGBImage:
    shrinks = side < picture.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (side, side), interpolation=method), np.uint8)


def ssim(reference: RGBImage, picture: RGBImage) -> float:
    return float(structural_similarity(reference, fitted(picture, SIDE_PX), channel_axis=2))  # type: ignore[no-untyped-call]


def gain(pipeline: Pipeline, clean: RGBImage, degraded: RGBImage) -> float:
    """By how much SSIM to the clean face rises when the degraded one goes through the restorer."""
    (restorer,) = pipeline.models.restorers.values()
    crop = FaceCrop(fitted(degraded, restorer.face_size_px), source_px=degraded.shape[0])
    return ssim(clean, restorer.restore([crop], [0.5])[0]) - ssim(clean, degraded)


def test_noise_and_jpeg_are_removed(pipeline: Pipeline, astronaut: RGBImage) -> None:
    clean = astronaut[FACE]
    assert gain(pipeline, clean, noisy_jpeg(clean, sigma=15, quality=50)) >= 0.15


def test_a_small_blurred_face_gains_detail(pipeline: Pipeline, astronaut: RGBImage) -> None:
    clean = astronaut[FACE]
    blurred = np.asarray(cv2.GaussianBlur(clean, (0, 0), 1), np.uint8)
    assert gain(pipeline, clean, noisy_jpeg(fitted(blurred, SIDE_PX // 2), sigma=8, quality=40)) >= 0.03


@pytest.mark.parametrize("name", ["astronaut", "group"])
def test_a_clean_portrait_comes_back_recognisable(
    pipeline: Pipeline,
    model_path: Callable[[str], Path],
    request: pytest.FixtureRequest,
    png: Encode,
    name: str,
) -> None:
    picture: RGBImage = request.getfixturevalue(name)
    portrait = pipeline.process(png(picture), Options())
    mesh, after = FaceMesh(model_path("facemesh")), pixels(portrait.data)
    drifts = []
    for face in portrait.faces:
        points = [mesh.find(view, face.bbox, face.landmarks[:2])[0][:, :2] for view in (picture, after)]
        eyes_px = np.linalg.norm(face.landmarks[1] - face.landmarks[0])
        drifts.append(np.linalg.norm(points[1] - points[0], axis=1).mean() / eyes_px)
    assert max(drifts) < 0.02


def test_the_whole_pipeline_brings_a_noisy_face_closer_to_the_clean_one(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    noisy = noisy_jpeg(astronaut, sigma=15, quality=50)
    portrait = pipeline.process(png(noisy), Options())
    place = geometry.align(portrait.faces[0], SIDE_PX)
    clean, before, after = (
        geometry.crop(view, place).image for view in (astronaut, noisy, pixels(portrait.data))
    )
    assert ssim(clean, after) - ssim(clean, before) >= 0.05
