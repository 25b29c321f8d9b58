"""What covers a face, and what is not known of it then."""

import numpy as np
import pytest

from facecraft.judging import visibility
from facecraft.judging.measures import FACE_PX, UprightFace
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.judging.covers import COVERS
from tests.portraits import Make, by_name


@pytest.mark.parametrize(
    ("cover", "guessed"),
    [("sunglasses", {"eyes_open", "gaze"}), ("mask", {"pitch", "mouth_closed", "head_height"})],
)
def test_what_is_covered_is_not_judged_by_guessed_points(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, cover: str, guessed: set[str]
) -> None:
    rules = by_name(pipeline.check(png(COVERS[cover](astronaut)), Options()).verdict)
    assert {(rules[name].status, rules[name].value) for name in guessed} == {("unknown", None)}


@pytest.mark.parametrize("preset", ["us-passport", "badge", "linkedin", "ad"])
@pytest.mark.parametrize("cover", sorted(COVERS))
def test_no_portrait_of_a_covered_face_passes(
    make: Make, astronaut: RGBImage, cover: str, preset: str
) -> None:
    verdict = make(COVERS[cover](astronaut), preset=preset).verdict
    assert verdict is not None
    assert verdict.status == "fail"
    assert {rule.name for rule in verdict.rules if rule.status == "fail"} & {
        "eyes_visible",
        "face_uncovered",
        "glare",
    }


def test_a_face_that_is_too_small_to_tell_is_not_said_to_be_covered(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    small = np.ascontiguousarray(astronaut[::3, ::3])  # the eyes are 14 px apart
    rules = by_name(pipeline.check(png(small), Options()).verdict)
    for name in ("eyes_visible", "face_uncovered", "glare"):
        assert (rules[name].status, rules[name].value) == ("unknown", None)


def test_a_mouth_outside_of_the_picture_has_no_contrast() -> None:
    points = np.full((468, 3), -500, np.float32)
    nowhere = UprightFace(np.full((FACE_PX, FACE_PX, 3), 120, np.uint8), points)
    assert visibility.mouth_contrast(nowhere) == 0
