"""What is restored follows from the damage, the options and what is loaded."""

import cv2
import numpy as np
import pytest

from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.damages import blurred, jpeg_file, noisy
from tests.pipeline.conftest import CLEAN, GREY, NOT_NEEDED, X4PLUS, Run, codes, distance, pixels


def test_a_good_photo_is_left_to_the_last_bit_with_a_note(run: Run, astronaut: RGBImage) -> None:
    portrait = run(astronaut)
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (0, "none", False)
    assert codes(portrait) == NOT_NEEDED
    assert portrait.notes[0].detail == (
        f"The photo is good as it is (detail {portrait.damages[0].detail:.0f}, "
        f"noise {portrait.damages[0].noise:.1f}), and was not restored."
    )
    assert (pixels(portrait.data) == astronaut).all()


def test_the_note_tells_the_quality_of_a_jpeg(pipeline: Pipeline, astronaut: RGBImage) -> None:
    portrait = pipeline.process(jpeg_file(astronaut, 92), Options(format="png"))
    assert codes(portrait) == NOT_NEEDED
    assert "JPEG quality 92" in portrait.notes[0].detail
    assert portrait.damages[0].jpeg_quality == 92


def test_a_jpeg_of_low_quality_is_cleaned(pipeline: Pipeline, astronaut: RGBImage) -> None:
    portrait = pipeline.process(jpeg_file(astronaut, 40), Options(format="png"))
    assert portrait.cleaned
    assert portrait.damages[0].jpeg_quality == 40


@pytest.mark.parametrize("restorer", ["auto", CLEAN])
def test_always_cleans_a_good_photo_too(run: Run, astronaut: RGBImage, restorer: str) -> None:
    portrait = run(astronaut, restorer=restorer, when="always")
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (1, CLEAN, True)
    assert codes(portrait) == []
    assert 0 < distance(pixels(portrait.data), astronaut) < 2


@pytest.mark.parametrize("restorer", [CLEAN, X4PLUS])
def test_a_restorer_that_is_named_is_used_unless_only_where_needed(
    run: Run, astronaut: RGBImage, restorer: str
) -> None:
    named = run(astronaut, restorer=restorer)
    assert (named.restored, named.restorer, codes(named)) == (1, restorer, [])
    needed = run(astronaut, restorer=restorer, when="needed")
    assert (needed.restored, needed.restorer, codes(needed)) == (0, "none", NOT_NEEDED)
    assert (pixels(needed.data) == astronaut).all()


def test_a_good_photo_of_a_preset_is_left_too(run: Run, astronaut: RGBImage) -> None:
    portrait = run(astronaut, preset="badge")
    assert "restoration_not_needed" in codes(portrait)
    assert portrait.restored == 0


@pytest.mark.parametrize("damage", ["noise", "blur", "small"])
def test_a_damaged_photo_is_cleaned_and_no_face_is_invented(
    run: Run, astronaut: RGBImage, damage: str
) -> None:
    small = cv2.resize(astronaut, (200, 200), interpolation=cv2.INTER_AREA)
    enlarged = np.asarray(cv2.resize(small, (512, 512), interpolation=cv2.INTER_CUBIC), np.uint8)
    picture = {"noise": noisy(astronaut, 15), "blur": blurred(astronaut, 1.5), "small": enlarged}[damage]
    portrait = run(picture)
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (1, CLEAN, True)
    assert codes(portrait) == []
    assert distance(pixels(portrait.data), picture) > 0.5


def test_the_whole_photo_is_cleaned_by_default(run: Run, astronaut: RGBImage, damaged: RGBImage) -> None:
    after = pixels(run(damaged).data)
    assert distance(after, astronaut) < 0.6 * distance(damaged, astronaut)
    for corner in (np.s_[:60, :60], np.s_[:60, -60:], np.s_[-60:, :60], np.s_[-60:, -60:]):
        assert distance(after[corner], astronaut[corner]) < 0.8 * distance(damaged[corner], astronaut[corner])


def test_strength_blends_with_the_photo(run: Run, damaged: RGBImage) -> None:
    whole, half = (pixels(run(damaged, strength=strength).data).astype(int) for strength in (1, 0.5))
    assert np.abs(half - (damaged + whole) / 2).max() <= 1
    none = run(damaged, strength=0)
    assert (pixels(none.data) == damaged).all()
    assert (none.restored, none.restorer, none.damages, codes(none)) == (0, "none", (), [])


@pytest.mark.parametrize("restorer", [CLEAN, X4PLUS])
def test_a_low_limit_on_the_drift_lowers_the_strength(run: Run, astronaut: RGBImage, restorer: str) -> None:
    picture = noisy(blurred(astronaut, 3), 30)
    free = run(picture, judge=True, restorer=restorer)
    assert free.verdict is not None
    (drift,) = (rule.value for rule in free.verdict.rules if rule.name == "drift")
    assert drift is not None
    limit = max(0.001, drift / 2)
    limited = run(picture, judge=True, restorer=restorer, max_drift=limit)
    assert limited.verdict is not None
    (kept,) = (rule.value for rule in limited.verdict.rules if rule.name == "drift")
    assert kept is not None
    assert kept <= limit
    assert codes(limited) == ["strength_lowered"]
    assert distance(pixels(limited.data), picture) < distance(pixels(free.data), picture)
    assert codes(run(picture, restorer=restorer, max_drift=1)) == []


def test_a_photo_without_a_face_is_cleaned_only_if_that_is_asked_for(run: Run) -> None:
    plain = np.full((200, 300, 3), (90, 120, 150), np.uint8)
    picture = noisy(plain, 15)
    left = run(picture, require_face=False)
    assert (left.cleaned, codes(left)) == (False, ["damage_unknown"])
    assert (pixels(left.data) == picture).all()
    for fields in ({"when": "always"}, {"restorer": CLEAN}):
        cleaned = run(picture, require_face=False, **fields)
        assert (cleaned.cleaned, cleaned.restored, cleaned.restorer) == (True, 0, CLEAN)
        assert codes(cleaned) == []
        assert distance(pixels(cleaned.data), plain) < 3


@pytest.mark.parametrize(
    "fields", [{"area": "head"}, {"area": "face", "when": "always"}, {"restorer": X4PLUS}], ids=str
)
def test_nothing_of_a_photo_without_a_face_is_restored_where_faces_are(
    run: Run, fields: dict[str, str]
) -> None:
    picture = noisy(np.full((200, 300, 3), (90, 120, 150), np.uint8), 15)
    portrait = run(picture, require_face=False, **fields)
    assert (portrait.cleaned, portrait.restored, portrait.restorer) == (False, 0, "none")
    assert codes(portrait) == ["damage_unknown"]
    assert (pixels(portrait.data) == picture).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (5, 17)])
def test_a_photo_of_a_few_pixels_passes(run: Run, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert pixels(run(picture, require_face=False).data).shape == picture.shape
    assert run(picture, require_face=False, when="always").cleaned


def test_a_preset_that_forbids_retouching_restores_nothing_unless_that_is_asked_for(
    run: Run, damaged: RGBImage
) -> None:
    portrait = run(damaged, preset="us-passport")
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (0, "none", False)
    assert "restoration_off" in codes(portrait)
    assert portrait.damages == ()
    asked = run(damaged, preset="us-passport", restorer="auto")
    assert (asked.restored, asked.cleaned) == (1, True)
    assert "restoration_off" not in codes(asked)
    assert asked.verdict is not None
    assert next(rule.status for rule in asked.verdict.rules if rule.name == "retouched") == "fail"


def test_a_flat_photo_of_any_area_is_left(run: Run) -> None:
    assert (pixels(run(GREY, require_face=False).data) == GREY).all()
