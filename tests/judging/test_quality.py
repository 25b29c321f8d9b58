"""The components of ISO/IEC 29794-5: their formulas, and each of them high and low."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facecraft.imaging.eyes import Eye, Eyes
from facecraft.imaging.head import head_of
from facecraft.judging.evidence import Evidence
from facecraft.judging.measures import INNER_LIP_EDGES
from facecraft.judging.quality import DEFINITIONS, assess
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import Component, RGBImage
from tests.conftest import Encode
from tests.portraits import Make, Trace

BY_NAME = {definition.name: definition for definition in DEFINITIONS}
Change = Callable[[Evidence], Evidence]

FORMULAS = [  # with S(m + w) = 0.7311
    ("eyes_open", {0.02: 50, 0.03: 73, 0.1: 100}),
    ("mouth_closed", {0: 97, 0.2: 50, 0.26: 27}),
    ("inter_eye_distance", {70: 50, 90: 73, 10: 5}),
    ("head_size", {0: 100, 0.05: 54, 0.45: 0}),
    ("leftward_crop_of_the_face_image", {0.9: 50, 1: 73, -100: 0}),
    ("rightward_crop_of_the_face_image", {0.9: 50, 1: 73, -100: 0}),
    ("margin_above_of_the_face_image", {1.4: 50, 1.5: 73}),
    ("margin_below_of_the_face_image", {1.8: 50, 1.7: 27}),
    ("luminance_mean", {0: 2, 0.2: 50, 0.5: 100, 0.8: 50}),
    ("luminance_variance", {0: 0, 1 / 60: 100, 0.05: 71}),  # the sine of a half and of three quarters of pi
    ("dynamic_range", {0: 0, 4: 50, 8: 100}),
    ("over_exposure_prevention", {0: 100, 0.01: 50, 0.09: 10, 1: 1}),
    ("under_exposure_prevention", {0: 100, 0.92: 40, 1: 0}),
    ("illumination_uniformity", {0: 0, 0.5: 81, 1: 100}),
    ("background_uniformity", {0: 100, 110: 51, 1000: 0}),
    ("natural_colour", {0: 100, 10: 54, 100: 0}),
]


@pytest.mark.parametrize(("name", "qualities"), FORMULAS, ids=[case[0] for case in FORMULAS])
def test_a_formula_gives_what_is_computed_by_hand(name: str, qualities: dict[float, int]) -> None:
    score = BY_NAME[name].score
    assert {raw: round(min(max(score(raw), 0), 100)) for raw in qualities} == qualities


def test_every_component_has_a_formula_and_a_case() -> None:
    assert [case[0] for case in FORMULAS] == [definition.name for definition in DEFINITIONS]
    assert [case[0] for case in CASES] == [definition.name for definition in DEFINITIONS]


@pytest.fixture(scope="module")
def plain(pipeline: Pipeline, astronaut: RGBImage, trace: Trace) -> Evidence:
    """The astronaut three times as large, before a wall without a gradient."""
    image = np.asarray(cv2.resize(astronaut, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    points = trace(image)
    return Evidence(
        image=image,
        faces=1,
        points=points,
        eyes=pipeline.models.iris.find(image, points),
        seen=None,
        person=np.ones((64, 64), np.float32),
        sharpness=1.0,
        source_eyes_px=100.0,
        drift=None,
        missing=None,
        share=1.0,
        ends=None,
        retouched=False,
        width=1536,
        height=1536,
        file_bytes=None,
    )


def cut(left: float = 9, top: float = 9, right: float = 9, bottom: float = 9) -> Change:
    """Cut the picture at these distances from the middle of the eyes, in T."""

    def changed(evidence: Evidence) -> Evidence:
        assert evidence.points is not None
        assert evidence.head is not None
        (x, y), t = evidence.head.middle.tolist(), evidence.head.chin_px
        x1, y1 = max(0, round(x - left * t)), max(0, round(y - top * t))
        image = evidence.image[y1 : round(y + bottom * t), x1 : round(x + right * t)]
        points = np.asarray(evidence.points - np.array([x1, y1, 0]), np.float32)
        return replace(evidence, image=image, points=points)

    return changed


def shut(eye: Eye) -> Eye:
    contour = eye.contour.copy()
    contour[9:16] = contour[1:8]
    return Eye(contour, eye.iris)


def eyes_shut(evidence: Evidence) -> Evidence:
    assert evidence.eyes is not None
    return replace(evidence, eyes=Eyes(shut(evidence.eyes.left), evidence.eyes.right))


def mouth(gap: float) -> Change:
    """The inner lips at this distance, in T."""

    def changed(evidence: Evidence) -> Evidence:
        assert evidence.points is not None
        assert evidence.head is not None
        points = evidence.points.copy()
        upper, lower = (list(edge) for edge in INNER_LIP_EDGES)
        points[lower] = points[upper]
        points[lower, 1] += gap * evidence.head.chin_px
        return replace(evidence, points=points)

    return changed


def small(evidence: Evidence) -> Evidence:
    assert evidence.points is not None
    return replace(evidence, points=np.asarray(evidence.points / 8, np.float32))


def lowered(evidence: Evidence) -> Evidence:
    """With more wall above the head."""
    assert evidence.points is not None
    image = np.pad(evidence.image, ((300, 0), (0, 0), (0, 0)), "edge")
    return replace(evidence, image=image, points=evidence.points + np.array([0, 300, 0], np.float32))


def as_it_is(evidence: Evidence) -> Evidence:
    return evidence


def lit(factor: float) -> Change:
    return lambda e: replace(e, image=np.asarray(np.clip(e.image * factor, 0, 255), np.uint8))


def all_of(*rgb: int) -> Change:
    return lambda e: replace(e, image=np.full(e.image.shape, rgb, np.uint8))


def half_dark(evidence: Evidence) -> Evidence:
    assert evidence.head is not None
    image = evidence.image.copy()
    image[:, : round(evidence.head.middle[0])] //= 4
    return replace(evidence, image=image)


def before(background: NDArray[np.uint8]) -> Change:
    """Nobody is in the picture, and this is what is behind them."""
    return lambda e: replace(e, image=background, person=np.zeros((64, 64), np.float32))


WALL = np.full((512, 512, 3), 180, np.uint8)
TILES = np.kron(np.indices((32, 32)).sum(axis=0) % 2, np.ones((16, 16)))
CHEQUERED = np.asarray(TILES[..., None].repeat(3, axis=2) * 255, np.uint8)

CASES: list[tuple[str, Change, Change]] = [
    ("eyes_open", as_it_is, eyes_shut),
    ("mouth_closed", mouth(0.02), mouth(0.5)),
    ("inter_eye_distance", as_it_is, small),
    ("head_size", cut(top=1, bottom=1.222), as_it_is),
    ("leftward_crop_of_the_face_image", as_it_is, cut(left=0.7)),
    ("rightward_crop_of_the_face_image", as_it_is, cut(right=0.7)),
    ("margin_above_of_the_face_image", lowered, cut(top=1)),
    ("margin_below_of_the_face_image", as_it_is, cut(bottom=1.2)),
    ("luminance_mean", as_it_is, lit(0.15)),
    ("luminance_variance", as_it_is, all_of(128, 128, 128)),
    ("dynamic_range", as_it_is, all_of(128, 128, 128)),
    ("over_exposure_prevention", all_of(128, 128, 128), all_of(255, 255, 255)),
    ("under_exposure_prevention", as_it_is, all_of(0, 0, 0)),
    ("illumination_uniformity", all_of(128, 128, 128), half_dark),
    ("background_uniformity", before(WALL), before(CHEQUERED)),
    ("natural_colour", as_it_is, all_of(60, 90, 200)),
]


def of(evidence: Evidence, name: str) -> Component:
    return next(component for component in assess(evidence) if component.name == name)


@pytest.mark.parametrize(("name", "good", "bad"), CASES, ids=[case[0] for case in CASES])
def test_a_component_is_high_for_a_good_picture_and_low_for_a_bad_one(
    plain: Evidence, name: str, good: Change, bad: Change
) -> None:
    high, low = of(good(plain), name).quality, of(bad(plain), name).quality
    assert high is not None
    assert low is not None
    assert high >= 75
    assert low <= 40


def test_eyes_that_were_found_in_a_smaller_photo_are_as_open(plain: Evidence) -> None:
    assert plain.eyes is not None
    half = np.float32(0.5)
    halves = [Eye(eye.contour * half, eye.iris * half) for eye in (plain.eyes.left, plain.eyes.right)]
    found = of(replace(plain, eyes=Eyes(*halves)), "eyes_open").value
    assert found == pytest.approx(of(plain, "eyes_open").value, abs=1e-3)


def test_a_turned_head_counts_with_the_distance_that_its_eyes_have(plain: Evidence) -> None:
    assert plain.points is not None
    turned = plain.points.copy()
    left, right = turned[[234, 454]]
    turned[454, 2] = left[2] + np.hypot(*(right - left)[:2])  # 45 degrees
    value = of(replace(plain, points=turned), "inter_eye_distance").value
    assert value == pytest.approx(head_of(turned).eyes_px * np.sqrt(2), rel=1e-3)


def test_without_a_face_there_is_only_a_background(pipeline: Pipeline, png: Encode) -> None:
    found = pipeline.check(png(np.full((200, 200, 3), 128, np.uint8)), Options()).verdict.quality
    assert len(found) == len(DEFINITIONS)
    measured = {component.name for component in found if component.value is not None}
    assert measured <= {"background_uniformity"}
    assert all((component.quality is None) == (component.value is None) for component in found)


def test_a_finished_portrait_has_its_own(make: Make, astronaut: RGBImage) -> None:
    badge = make(astronaut, preset="badge")
    assert badge.verdict is not None
    quality = {component.name: component.quality for component in badge.verdict.quality}
    assert quality["inter_eye_distance"] is not None
    assert quality["background_uniformity"] is not None
    assert quality["background_uniformity"] >= 95  # it is new, and of one colour
    assert badge.quality == 90  # of the encoder


def test_without_the_eyes_nobody_says_how_open_they_are(plain: Evidence) -> None:
    found = {each.name: each for each in assess(replace(plain, eyes=None))}["eyes_open"]
    assert (found.value, found.quality) == (None, None)
