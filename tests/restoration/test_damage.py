"""Damage is measured as it was made."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from facecraft.imaging.geometry import TEMPLATE, TEMPLATE_PX
from facecraft.pipeline.pipeline import Pipeline
from facecraft.restoration import damage
from facecraft.types import Damage, Face, RGBImage, Source
from tests.damages import blurred, compressed, noisy

GOOD = Damage(detail=90, noise=1, square_px=400, jpeg_quality=90, grey=False)


@pytest.fixture(scope="module", params=["astronaut", "group"])
def photo(request: pytest.FixtureRequest) -> RGBImage:
    found: RGBImage = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def face(photo: RGBImage, pipeline: Pipeline) -> Face:
    return pipeline.models.detector.detect(photo)[0]


def shrunk(photo: RGBImage, factor: int) -> RGBImage:
    size = (photo.shape[1] // factor, photo.shape[0] // factor)
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)


def test_detail_falls_with_blur(photo: RGBImage, face: Face) -> None:
    found = [damage.detail(photo, face)]
    found += [damage.detail(blurred(photo, sigma), face) for sigma in (0.7, 1, 1.5, 2, 3)]
    assert all(before > after * 1.1 for before, after in pairwise(found))
    assert found[0] > 60
    assert 8 < found[-1] < 30


def test_detail_falls_with_size_and_enlarging_brings_none_back(photo: RGBImage, face: Face) -> None:
    for factor, most in ((2, 55), (3, 42), (4, 36)):
        small = shrunk(photo, factor)
        scale = np.float32(1 / factor)
        small_face = Face(face.bbox * scale, face.landmarks * scale, face.score)
        found = damage.detail(small, small_face)
        assert found < most
        size = (photo.shape[1], photo.shape[0])
        large = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        assert damage.detail(large, face) == pytest.approx(found, rel=0.05)


def enlarged(small: RGBImage, factor: int) -> RGBImage:
    size = (small.shape[1] * factor, small.shape[0] * factor)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def enlargement(photo: RGBImage, pipeline: Pipeline) -> float:
    face = pipeline.models.detector.detect(photo)[0]
    source = Source(photo.shape[1], photo.shape[0], "png", 1)
    return damage.enlargement(photo, face, damage.measure(photo, face, source, grey=False))


def test_an_enlarged_photo_is_told_from_a_blurred_one(astronaut: RGBImage, pipeline: Pipeline) -> None:
    """Both have as little detail, but the noise of a blurred one has the size of pixels."""
    for small in (compressed(shrunk(astronaut, 4), 60), compressed(noisy(shrunk(astronaut, 4), 10), 80)):
        less, more = (enlargement(enlarged(small, factor), pipeline) for factor in (8, 12))
        assert 1.5 < less < more < 4
        assert enlargement(compressed(enlarged(small, 10), 95), pipeline) > 1.5
    large = enlarged(astronaut, 3)
    for sigma in (0.5, 4, 6):
        assert enlargement(noisy(blurred(large, sigma), 2), pipeline) == 1
    assert enlargement(compressed(astronaut, 60), pipeline) == 1


@pytest.mark.parametrize("side_px", [500, 1000, 1700])
@pytest.mark.parametrize("quality", [None, 90, 60])
def test_a_sharp_photo_of_any_size_was_not_enlarged(side_px: int, quality: int | None) -> None:
    """Its detail cannot be seen beyond 181 cycles, though its pixels are much finer."""
    side = side_px + 200
    drawn = np.fft.fft2(np.random.default_rng(0).normal(size=(side, side)))
    frequencies = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side))
    frequencies[0, 0] = np.inf
    texture = np.fft.ifft2(drawn / frequencies).real  # as photos have it: half the amplitude at each octave
    levels = np.clip(128 + 40 * texture / texture.std(), 0, 255).astype(np.uint8)
    picture = np.ascontiguousarray(np.repeat(levels[..., None], 3, axis=2))
    picture = picture if quality is None else compressed(picture, quality)
    face = Face(np.array([100, 100, side - 100, side - 100], np.float32), _template(side_px), 1.0)
    found = damage.measure(picture, face, Source(side, side, "png", 1), grey=False)
    assert damage.enlargement(picture, face, found) == 1
    soft = replace(found, detail=found.square_px / 12)  # even if its detail is measured too low
    assert damage.enlargement(picture, face, soft) == 1


def test_a_flat_face_has_the_least_detail_and_noise_the_most(astronaut: RGBImage, face: Face) -> None:
    assert damage.detail(np.full_like(astronaut, 128), face) == 8
    grains = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    box = np.array([100, 100, 500, 500], np.float32)
    whole = Face(box, _template(400), 1.0)
    assert damage.detail(grains, whole) > 150


def _template(side_px: float) -> np.ndarray:
    return np.asarray(TEMPLATE * (side_px / TEMPLATE_PX) + 100, np.float32)


def test_the_noise_of_a_clean_photo_is_low(photo: RGBImage, face: Face) -> None:
    assert damage.noise(photo, face) < 3
    assert damage.noise(photo, None) < 3


@pytest.mark.parametrize("sigma", [5, 8, 10, 15, 20, 25])
def test_noise_is_measured_as_it_was_made(photo: RGBImage, face: Face, sigma: float) -> None:
    assert damage.noise(noisy(photo, sigma), face) == pytest.approx(sigma, rel=0.06, abs=1)
    assert damage.noise(noisy(photo, sigma), None) == pytest.approx(sigma, rel=0.2, abs=1.2)


@pytest.mark.parametrize("sigma", [10, 15, 20, 25])
def test_compression_hides_some_noise_and_invents_none(photo: RGBImage, face: Face, sigma: float) -> None:
    for quality, least, most in ((90, 0.9, 1.2), (75, 0.8, 1.1), (50, 0.5, 0.95), (30, 0.25, 0.7)):
        found = damage.noise(compressed(noisy(photo, sigma), quality), face)
        assert least * sigma < found < most * sigma, quality
    for quality in (90, 75, 50, 25, 10):
        assert damage.noise(compressed(photo, quality), face) < 3


def test_flat_and_clipped_areas_say_nothing_of_the_noise(photo: RGBImage, face: Face) -> None:
    damaged = noisy(photo, 15)
    expected = damage.noise(damaged, face)
    chin = int(face.bbox[3])
    for level in (0, 128, 255):
        painted = damaged.copy()
        painted[chin:] = level  # a plain area
        assert damage.noise(painted, face) == pytest.approx(expected, rel=0.15)
        assert damage.noise(np.full_like(photo, level), face) == 0
    dark = noisy(np.full((300, 300, 3), 4, np.uint8), 15)
    light = noisy(np.full((300, 300, 3), 250, np.uint8), 15)
    assert damage.noise(dark, None) == damage.noise(light, None) == 0  # half of it is clipped


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (17, 17), (18, 40), (400, 1)])
def test_a_photo_of_any_size_has_a_noise(size: tuple[int, int]) -> None:
    grains = np.random.default_rng(0).integers(100, 140, (*size, 3), np.uint8)
    assert damage.noise(grains, None) >= 0


def test_everything_about_a_face_comes_together(photo: RGBImage, face: Face) -> None:
    source = Source(photo.shape[1], photo.shape[0], "jpeg", 1, jpeg_quality=85)
    found = damage.measure(photo, face, source, grey=True)
    assert found.detail == damage.detail(photo, face)
    assert found.noise == damage.noise(photo, face)
    assert (found.jpeg_quality, found.grey) == (85, True)
    eyes_px = np.linalg.norm(face.landmarks[1] - face.landmarks[0])
    assert found.square_px == pytest.approx(512 / 126 * eyes_px, rel=0.1)


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"detail": damage.GOOD_DETAIL}, True),
        ({"detail": damage.GOOD_DETAIL - 0.1}, False),
        ({"detail": 42, "square_px": 120}, True),  # a small face that is sharp
        ({"detail": 41, "square_px": 120}, False),
        ({"noise": damage.GOOD_NOISE - 0.1}, True),
        ({"noise": damage.GOOD_NOISE}, False),
        ({"jpeg_quality": damage.GOOD_JPEG_QUALITY}, True),
        ({"jpeg_quality": damage.GOOD_JPEG_QUALITY - 1}, False),
        ({"jpeg_quality": None}, True),
    ],
    ids=str,
)
def test_each_damage_alone_makes_a_photo_bad(changes: dict[str, Any], good: bool) -> None:
    assert damage.is_good(replace(GOOD, **changes)) == good


def test_the_residue_is_what_cleaning_changes(pipeline: Pipeline, photo: RGBImage, face: Face) -> None:
    assert pipeline.models.cleaner is not None
    x, y = face.landmarks.mean(axis=0).astype(int)
    part = np.s_[max(0, y - 128) : y + 128, max(0, x - 128) : x + 128]

    def residue(damaged: RGBImage) -> float:
        assert pipeline.models.cleaner is not None
        before = np.ascontiguousarray(damaged[part])
        return damage.residue(before, pipeline.models.cleaner.clean(before))

    worse = [noisy(photo, 10), compressed(photo, 25), blurred(photo, 2)]
    assert residue(photo) < min(map(residue, worse)) / 1.5
    assert all(residue(each) > damage.GOOD_RESIDUE for each in worse)


def test_equal_pictures_have_no_residue(astronaut: RGBImage) -> None:
    assert damage.residue(astronaut, astronaut) == 0
    assert damage.residue(astronaut // 2, astronaut // 2 + 3) == 3
