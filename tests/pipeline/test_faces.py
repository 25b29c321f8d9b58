"""Which faces are for a restorer of faces: those that a cleaner cannot help, or all where there is none."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from facecraft.errors import InvalidOption
from facecraft.imaging import geometry
from facecraft.pipeline.pipeline import Pipeline
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.damage import LOW_DETAIL
from facecraft.types import FaceCrop, RGBImage
from tests.damages import blurred
from tests.pipeline.conftest import (
    CLEAN,
    LIMITS,
    NOT_NEEDED,
    X4PLUS,
    Run,
    codes,
    distance,
    pixels,
    reached_by_face,
)


class Inventing:
    """A restorer that paints every face green, and remembers what it was given."""

    name = "inventing"
    face_size_px = 512
    takes_fidelity = False

    def __init__(self) -> None:
        self.crops: list[FaceCrop] = []

    def input_side_px(self, source_px: float) -> int:
        return self.face_size_px

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        self.crops += crops
        return [np.full_like(crop.image, (0, 255, 0)) for crop in crops]


def with_inventing(pipeline: Pipeline, restorer: Inventing) -> Pipeline:
    restorers = {"inventing": BatchingRestorer(restorer, 1, 0)}
    models = replace(pipeline.models, restorers=restorers, inventing=frozenset({"inventing"}))
    return Pipeline(models, pipeline.presets, LIMITS)


def without_cleaner(pipeline: Pipeline) -> Pipeline:
    return Pipeline(replace(pipeline.models, cleaner=None), pipeline.presets, LIMITS)


def test_a_face_with_too_little_detail_is_for_the_restorer_that_invents(
    run: Run, pipeline: Pipeline, astronaut: RGBImage
) -> None:
    picture = blurred(astronaut, 2.5)
    restorer = Inventing()
    portrait = run(picture, with_inventing(pipeline, restorer))
    assert portrait.damages[0].detail < LOW_DETAIL
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (1, "inventing", True)
    # It was given the face of the cleaned photo, and only the pixels that have detail.
    (crop,) = restorer.crops
    place = geometry.align(portrait.faces[0], 512)
    cleaned = geometry.crop(pixels(run(picture).data), place).image
    assert distance(crop.image, cleaned) < 0.5
    assert crop.source_px == pytest.approx(2 * portrait.damages[0].detail)
    # The colours are the photo's all the same.
    x, y = portrait.faces[0].landmarks.mean(axis=0).astype(int)
    middle = np.s_[y - 25 : y + 25, x - 25 : x + 25]
    shift = pixels(portrait.data)[middle].mean(axis=(0, 1)) - picture[middle].mean(axis=(0, 1))
    assert np.abs(shift).max() < 4


def test_where_no_model_restores_nothing_is_and_always_is_refused(
    run: Run, pipeline: Pipeline, damaged: RGBImage
) -> None:
    models = replace(pipeline.models, cleaner=None, restorers={})
    bare = Pipeline(models, pipeline.presets, LIMITS)
    portrait = run(damaged, bare)
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (0, "none", False)
    assert (pixels(portrait.data) == damaged).all()
    with pytest.raises(InvalidOption, match="No loaded model restores"):
        run(damaged, bare, when="always")


def test_the_drift_that_is_judged_is_that_of_the_largest_face(
    run: Run, pipeline: Pipeline, group: RGBImage
) -> None:
    restorer = Inventing()
    portrait = run(group, with_inventing(pipeline, restorer), restorer="inventing", judge=True)
    assert (portrait.restored, len(restorer.crops)) == (6, 6)
    assert portrait.verdict is not None
    (drift,) = (rule.value for rule in portrait.verdict.rules if rule.name == "drift")
    alone = run(
        group, with_inventing(pipeline, restorer), restorer="inventing", judge=True, faces="largest"
    ).verdict
    assert alone is not None
    assert next(rule.value for rule in alone.rules if rule.name == "drift") == drift


@pytest.mark.parametrize("strength", [0.5, 1])
def test_any_other_face_is_cleaned_only(
    run: Run, pipeline: Pipeline, damaged: RGBImage, strength: float
) -> None:
    restorer = Inventing()
    portrait = run(damaged, with_inventing(pipeline, restorer), strength=strength)
    assert portrait.damages[0].detail >= LOW_DETAIL
    assert (portrait.restored, portrait.restorer, restorer.crops) == (1, CLEAN, [])
    assert portrait.data == run(damaged, strength=strength).data


def test_without_a_cleaner_the_faces_are_restored_where_needed(
    run: Run, pipeline: Pipeline, astronaut: RGBImage, damaged: RGBImage
) -> None:
    bare = without_cleaner(pipeline)
    left = run(astronaut, bare)
    assert (left.restorer, codes(left)) == ("none", NOT_NEEDED)
    assert (pixels(left.data) == astronaut).all()
    portrait = run(damaged, bare)
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (1, X4PLUS, False)
    outside = ~reached_by_face(portrait, damaged.shape)
    assert (pixels(portrait.data)[outside] == damaged[outside]).all()
