from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facecraft.finishing import tone
from facecraft.imaging.mesh import skin_mask
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.portraits import Make, Trace, pixels

Colour = NDArray[np.float32]
Change = Callable[[RGBImage], RGBImage]


def gains(*factors: float) -> Change:
    return lambda image: np.rint(np.clip(image * np.array(factors), 0, 255)).astype(np.uint8)


CHANGES: dict[str, Change] = {
    "as it is": gains(1, 1, 1),
    "underexposed": gains(0.4, 0.4, 0.4),
    "overexposed": gains(1.35, 1.35, 1.35),
    "warm": gains(1.06, 1.0, 0.9),
    "cold": gains(0.92, 1.0, 1.06),
    "flat": lambda image: np.rint(90 + image * 0.35).astype(np.uint8),
    "noisy": lambda image: np.clip(image + np.random.default_rng(1).normal(0, 6, image.shape), 0, 255).astype(
        np.uint8
    ),
}


@pytest.fixture(scope="module")
def studio(make: Make, astronaut: RGBImage) -> RGBImage:
    """The astronaut before a light grey wall."""
    return pixels(make(astronaut, width=512, height=512, head=0.45, background="#d8d8d8"))


@pytest.fixture(scope="module")
def skin_of(trace: Trace) -> Callable[[RGBImage], Colour]:
    def mean(image: RGBImage) -> Colour:
        inside = skin_mask(trace(image), image.shape[1], image.shape[0]) > 0
        return np.asarray(image[inside].mean(axis=0), np.float32)

    return mean


def corrected(pipeline: Pipeline, trace: Trace, image: RGBImage) -> RGBImage:
    person = pipeline.models.segmenter.segment(image)
    return tone.apply(image, tone.measure(image, trace(image), person))


MAX_HUE_DEG = 3
CASTS = {"yellowed": gains(1.05, 1, 0.72), "green": gains(0.85, 1.1, 0.85)}


@pytest.mark.parametrize("name", CHANGES)
def test_the_skins_hue_turns_by_three_degrees_at_most(
    pipeline: Pipeline, trace: Trace, studio: RGBImage, name: str
) -> None:
    photo = CHANGES[name](studio)
    result = corrected(pipeline, trace, photo)
    inside = skin_mask(trace(photo), photo.shape[1], photo.shape[0]) > 0
    colours = [np.asarray(each[inside].mean(axis=0), np.float32) for each in (photo, result)]
    assert abs(tone.hue_difference_deg(*colours)) <= MAX_HUE_DEG


def test_a_good_photo_stays_within_four_levels(make: Make, astronaut: RGBImage, studio: RGBImage) -> None:
    for photo in (astronaut, studio):
        difference = abs(pixels(make(photo, tone="auto")).astype(int) - photo)
        assert difference.mean() < 4
        assert np.percentile(difference, 99) < 24


def test_twice_is_little_more_than_once(make: Make, studio: RGBImage) -> None:
    once = pixels(make(studio, tone="auto"))
    assert abs(pixels(make(once, tone="auto")).astype(int) - once).mean() < 4


def test_an_underexposed_photo_gets_brighter(make: Make, studio: RGBImage) -> None:
    dark = CHANGES["underexposed"](studio)
    result = pixels(make(dark, tone="auto"))
    assert result.mean() > 1.3 * dark.mean()


def test_an_overexposed_face_gets_darker(make: Make, studio: RGBImage) -> None:
    bright = CHANGES["overexposed"](studio)
    face = np.s_[200:320, 200:310]
    assert pixels(make(bright, tone="auto"))[face].mean() < bright[face].mean() - 3


def test_a_flat_photo_gets_contrast(make: Make, studio: RGBImage) -> None:
    flat = CHANGES["flat"](studio)
    assert pixels(make(flat, tone="auto")).std() > 1.3 * flat.std()


@pytest.mark.parametrize("name", CASTS)
def test_an_old_prints_cast_goes_from_the_whole_picture(make: Make, studio: RGBImage, name: str) -> None:
    cast = CASTS[name](studio)
    toned = pixels(make(cast, tone="auto"))
    for part in (np.s_[:60, :60], np.s_[200:320, 200:310]):  # the wall, the face
        wanted, before, after = (chroma(each[part]) for each in (studio, cast, toned))
        assert np.linalg.norm(after - wanted) < 0.6 * np.linalg.norm(before - wanted)


@pytest.mark.parametrize("wall", ["#3060c0", "#d4e2f4", "#f4ecd8", "#d2e6d2", "#f0d8d8"])
def test_a_coloured_wall_is_no_cast(
    make: Make, astronaut: RGBImage, skin_of: Callable[[RGBImage], Colour], wall: str
) -> None:
    photo = pixels(make(astronaut, width=512, height=512, head=0.45, background=wall))
    toned = pixels(make(photo, tone="auto"))
    corner = np.s_[:60, :60]
    assert np.linalg.norm(chroma(toned[corner]) - chroma(photo[corner])) < 2
    assert abs(tone.hue_difference_deg(skin_of(photo), skin_of(toned))) <= MAX_HUE_DEG


def chroma(image: RGBImage) -> NDArray[np.float32]:
    """(2,) float32, mean a and b in CIELAB."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab[..., 1:].mean(axis=(0, 1)), np.float32)


def test_a_dark_face_in_a_well_exposed_photo_stays_dark(
    make: Make, studio: RGBImage, trace: Trace, skin_of: Callable[[RGBImage], Colour]
) -> None:
    inside = skin_mask(trace(studio), 512, 512)
    weight = cv2.GaussianBlur(inside, (0, 0), 6)[..., None].astype(np.float32) / 255
    photo = np.rint(studio * (1 - 0.6 * weight)).astype(np.uint8)
    before, after = (skin_of(each).mean() for each in (photo, pixels(make(photo, tone="auto"))))
    assert after == pytest.approx(before, rel=0.06)


def test_a_new_backgrounds_colour_is_not_toned(make: Make, studio: RGBImage) -> None:
    photo = CHANGES["underexposed"](studio)
    result = pixels(make(photo, tone="auto", background="#808080"))
    assert (result[:40, :40] == 0x80).all()


def test_off_changes_nothing(make: Make, studio: RGBImage) -> None:
    assert (pixels(make(studio, tone="off")) == studio).all()


def test_a_photo_without_a_face_is_toned_as_well(make: Make) -> None:
    ramp = np.tile(np.linspace(100, 140, 64).astype(np.uint8)[None, :, None], (64, 1, 3))
    result = pixels(make(ramp, tone="auto", require_face=False))
    assert np.ptp(result) > np.ptp(ramp)
