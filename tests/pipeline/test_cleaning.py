"""What of a photo is cleaned, and what stays."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facecraft.cancellation import Cancellation
from facecraft.pipeline.pipeline import Pipeline
from facecraft.restoration.cleaning import Cleaner
from facecraft.types import RGBImage
from tests.damages import noisy
from tests.pipeline.conftest import (
    CLEAN,
    LIMITS,
    Run,
    distance,
    pixels,
    reached_by_face,
    reached_by_head,
)

NONE = {"restorer": "none"}
AREAS = {"head": reached_by_head, "face": reached_by_face}


@pytest.mark.parametrize("area", AREAS)
def test_outside_of_the_area_no_pixel_changes_and_its_rim_is_soft(
    run: Run, damaged: RGBImage, area: str
) -> None:
    portrait = run(damaged, area=area)
    after = pixels(portrait.data)
    reached = AREAS[area](portrait, damaged.shape)
    assert 0.02 < reached.mean() < 0.5
    assert (after[~reached] == damaged[~reached]).all()
    whole = pixels(run(damaged).data)
    # In the middle it is what cleaning the whole photo gives, but for the network's grid, which begins
    # elsewhere; at the rim it fades out.
    x, y = portrait.faces[0].landmarks.mean(axis=0).astype(int)
    middle = np.s_[y - 20 : y + 20, x - 20 : x + 20]
    assert distance(after[middle], whole[middle]) < 0.3 * distance(damaged[middle], whole[middle])
    change, full = (np.abs(each.astype(int) - damaged).mean(axis=2) for each in (after, whole))
    depth = cv2.distanceTransform(reached.astype(np.uint8), cv2.DIST_L2, 3)
    outer = (depth > 0) & (depth < 4)
    assert change[outer].mean() < 0.35 * full[outer].mean()
    inner = depth > 0.8 * depth.max()
    assert change[inner].mean() > 0.9 * full[inner].mean()


def test_the_area_photo_is_the_default(run: Run, damaged: RGBImage) -> None:
    assert run(damaged, area="photo").data == run(damaged).data


@pytest.mark.parametrize("area", ["head", "face"])
def test_only_the_largest_face_is_cleaned_if_that_is_asked_for(run: Run, group: RGBImage, area: str) -> None:
    picture = noisy(group, 15)
    portrait = run(picture, area=area, faces="largest")
    assert (len(portrait.faces), portrait.restored) == (6, 1)
    reached = AREAS[area](replace(portrait, faces=portrait.faces[:1]), picture.shape)
    after = pixels(portrait.data)
    assert (after[~reached] == picture[~reached]).all()
    assert (after[reached] != picture[reached]).mean() > 0.5
    every = run(picture, area=area)
    assert every.restored == 6
    others = AREAS[area](replace(every, faces=every.faces[1:]), picture.shape)
    assert (pixels(every.data)[others] != picture[others]).mean() > 0.5


def test_the_largest_face_of_the_whole_photo_is_the_whole_photo(run: Run, group: RGBImage) -> None:
    picture = noisy(group, 15)
    one, every = run(picture, faces="largest"), run(picture)
    assert (one.restored, every.restored) == (1, 6)
    assert one.data == every.data


def test_a_crop_of_a_large_photo_is_cleaned_at_the_size_of_the_portrait(
    run: Run, pipeline: Pipeline, astronaut: RGBImage
) -> None:
    large = noisy(
        np.asarray(cv2.resize(astronaut, (2048, 2048), interpolation=cv2.INTER_CUBIC), np.uint8), 25
    )
    shapes: list[tuple[int, ...]] = []
    assert pipeline.models.cleaner is not None

    class Seen(Cleaner):
        def clean(
            self, rgb: RGBImage, cancellation: Cancellation | None = None, enlargement: float = 1
        ) -> RGBImage:
            shapes.append(rgb.shape[:2])
            return super().clean(rgb, cancellation, enlargement)

    models = replace(pipeline.models, cleaner=Seen(CLEAN, pipeline.models.cleaner._engine))
    seen = Pipeline(models, pipeline.presets, LIMITS)
    fields = {"width": 200, "height": 250, "head": 0.6}
    portrait = run(large, seen, **fields)
    assert portrait.cleaned
    assert max(shapes[-1]) < 600
    plain = run(large, restorer="none", **fields)
    clean = run(
        np.asarray(cv2.resize(astronaut, (2048, 2048), interpolation=cv2.INTER_CUBIC), np.uint8),
        restorer="none",
        **fields,
    )
    assert distance(pixels(portrait.data), pixels(clean.data)) < distance(
        pixels(plain.data), pixels(clean.data)
    )
    # It is where the uncleaned one is: half a pixel off, edges would differ by tens of levels.
    assert distance(pixels(portrait.data), pixels(plain.data)) < 6


@pytest.mark.parametrize("align", [True, False])
def test_a_crop_is_cleaned_as_the_whole_photo_is(run: Run, damaged: RGBImage, align: bool) -> None:
    fields = {"width": 300, "height": 300, "head": 0.6, "align": align}
    cropped = pixels(run(damaged, **fields).data)
    cleaned = pixels(run(damaged).data)
    expected = pixels(run(cleaned, restorer="none", **fields).data)
    assert np.median(np.abs(cropped.astype(int) - expected)) <= 2


@pytest.mark.parametrize("area", ["photo", "head", "face"])
def test_a_face_outside_the_portrait_does_not_count_for_its_drift(
    run: Run, astronaut: RGBImage, area: str
) -> None:
    large = np.asarray(cv2.resize(astronaut, (1600, 1600), interpolation=cv2.INTER_CUBIC), np.uint8)[:1200]
    two = noisy(np.hstack((large, large[:, :1250])), 12)
    fields = {"width": 400, "height": 500, "head": 0.75, "restorer": CLEAN, "max_drift": 0.05}
    portrait = run(two, **fields, area=area)
    assert (len(portrait.faces), portrait.restored, portrait.cleaned) == (2, 1, True)
    assert portrait.faces[1].bbox[0] > 1700 or portrait.faces[0].bbox[0] > 1700


def test_an_enlarged_picture_is_cleaned_first(run: Run, plain: Pipeline, damaged: RGBImage) -> None:
    portrait = run(damaged, plain, upscale=2, restorer=CLEAN)  # its enlarging repeats pixels
    stages = list(portrait.timings_ms)
    assert stages.index("clean") < stages.index("upscale")
    cleaned = pixels(run(damaged, restorer=CLEAN).data)
    assert (pixels(portrait.data) == cleaned.repeat(2, axis=0).repeat(2, axis=1)).all()


@pytest.mark.parametrize("fields", [{}, {"area": "head"}, {"width": 300, "height": 300}], ids=str)
def test_transparency_is_not_cleaned(run: Run, damaged: RGBImage, fields: dict[str, object]) -> None:
    alpha = np.random.default_rng(0).integers(0, 256, (512, 512), np.uint8)
    picture = np.dstack((damaged, alpha))
    portrait = run(picture, **fields)
    assert portrait.cleaned
    frame = {name: value for name, value in fields.items() if name != "area"}
    untouched = pixels(run(picture, restorer="none", **frame).data)
    assert (pixels(portrait.data)[..., 3] == untouched[..., 3]).all()
    assert (pixels(portrait.data)[..., :3] != untouched[..., :3]).any()


def test_transparency_of_a_crop_of_a_large_photo_is_not_cleaned(run: Run, damaged: RGBImage) -> None:
    alpha = np.tile(np.linspace(0, 255, 1536).astype(np.uint8), (1536, 1))
    large = cv2.resize(damaged, (1536, 1536), interpolation=cv2.INTER_CUBIC)
    frame = {"width": 160, "height": 200, "head": 0.6}
    picture = np.dstack((large, alpha))
    portrait, plain = (pixels(run(picture, **frame, **how).data) for how in ({"when": "always"}, NONE))
    assert np.abs(portrait[..., 3].astype(int) - plain[..., 3]).max() <= 2
    assert (portrait[..., :3] != plain[..., :3]).any()


def test_always_differs_from_needed_only_where_the_photo_is_good(
    run: Run, astronaut: RGBImage, damaged: RGBImage
) -> None:
    good, bad = (
        [pixels(run(photo, when=when).data) for when in ("needed", "always")]
        for photo in (astronaut, damaged)
    )
    assert (bad[0] == bad[1]).all()
    assert (good[0] != good[1]).any()
