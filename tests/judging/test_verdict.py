"""Every rule on a picture that passes it and on one that fails it."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from facecraft.errors import NoFaceFound
from facecraft.imaging.limits import Limits
from facecraft.judging.rules import RULES
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import Face, RGBImage, RuleResult, Verdict
from tests.conftest import Encode
from tests.judging.covers import COVERS
from tests.portraits import Make, by_name, pixels

LIMITS = Limits(upload_bytes=20_000_000, pixels=40_000_000, frames=1, scans=100)
Judge = Callable[..., dict[str, RuleResult]]


@pytest.fixture(scope="module")
def judge(pipeline: Pipeline, png: Encode) -> Judge:
    """The verdict on a picture as it is."""

    def judged(picture: RGBImage, preset: str | None = None) -> dict[str, RuleResult]:
        return by_name(pipeline.check(png(picture), Options(preset=preset)).verdict)

    return judged


@pytest.fixture(scope="module")
def faces(pipeline: Pipeline, group: RGBImage) -> list[RGBImage]:
    """Each face of the group in a picture of its own, twice as large."""
    cuts = []
    for face in pipeline.models.detector.detect(group):
        x1, y1, x2, y2 = face.bbox.astype(int)
        cut = group[max(0, y1 - 30) : y2 + 30, max(0, x1 - 40) : x2 + 40]
        cuts.append(np.asarray(cv2.resize(cut, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8))
    return cuts


@pytest.fixture(scope="module")
def pictures(astronaut: RGBImage, group: RGBImage, faces: list[RGBImage], make: Make) -> dict[str, RGBImage]:
    studio = pixels(make(astronaut, width=512, height=512, head=0.45, background="white"))
    turned = cv2.warpAffine(astronaut, cv2.getRotationMatrix2D((224, 110), 15, 1.0), (512, 512))
    small = cv2.resize(astronaut, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    lit = np.where(np.arange(512)[None, :, None] < 225, 1.2, 0.5)
    made = {
        "turned": turned,
        "forehead cut": astronaut[70:],
        "face cut": astronaut[:, :240],
        "blurred": cv2.GaussianBlur(astronaut, (0, 0), 2),
        "dark": astronaut * 0.15,
        "burnt": np.clip(astronaut * 1.8, 0, 255),
        "lit from a side": np.clip(astronaut * lit, 0, 255),
        **{name: cover(astronaut) for name, cover in COVERS.items()},
        "twice as large": cv2.resize(astronaut, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC),
        "small": small,
        "small, enlarged": cv2.resize(small, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC),
    }
    return {
        "astronaut": astronaut,
        "six people": group,
        "before white": studio,
        "looking down": faces[0],
        "laughing": faces[2],
        "profile": faces[1],
        "mouth closed": faces[3],
        "eyes closed": faces[4],
        **{name: np.asarray(picture, np.uint8) for name, picture in made.items()},
    }


CASES = [
    ("one_face", "astronaut", "six people"),
    ("head_inside", "astronaut", "forehead cut"),
    ("head_inside", "astronaut", "face cut"),
    ("eyes_visible", "astronaut", "sunglasses"),
    ("eyes_visible", "astronaut", "hand over an eye"),
    ("face_uncovered", "astronaut", "mask"),
    ("face_uncovered", "astronaut", "scarf"),
    ("face_uncovered", "astronaut", "hand over the mouth"),
    ("glare", "astronaut", "lamps on glasses"),
    ("roll", "astronaut", "turned"),
    ("yaw", "astronaut", "profile"),
    ("pitch", "astronaut", "laughing"),
    ("eyes_open", "astronaut", "eyes closed"),
    ("gaze", "astronaut", "looking down"),
    ("mouth_closed", "mouth closed", "astronaut"),
    ("sharpness", "astronaut", "blurred"),
    ("sharpness", "small", "small, enlarged"),
    ("brightness", "astronaut", "dark"),
    ("exposure", "astronaut", "burnt"),
    ("shadows", "astronaut", "lit from a side"),
    ("background_even", "before white", "astronaut"),
    ("source_resolution", "twice as large", "astronaut"),
    ("source_resolution", "twice as large", "small, enlarged"),
]


@pytest.mark.parametrize(("rule", "good", "bad"), CASES, ids=[f"{case[0]}-{case[2]}" for case in CASES])
def test_a_rule_tells_a_good_picture_from_a_bad_one(
    judge: Judge, pictures: dict[str, RGBImage], rule: str, good: str, bad: str
) -> None:
    assert judge(pictures[good])[rule].status == "pass"
    assert judge(pictures[bad])[rule].status == "fail"


PRESET_CASES: list[tuple[str, dict[str, object]]] = [
    ("width", {"width": 500}),
    ("height", {"height": 640}),
    ("head_height", {"head": 0.4}),
    ("eye_line", {"eye_line": 0.5}),
    ("inside_photo", {"head": 0.2, "beyond": "fill"}),
    ("background_colour", {"background": "#2040a0"}),
]


@pytest.mark.parametrize(("rule", "options"), PRESET_CASES)
def test_a_rule_of_a_preset_tells_a_portrait_that_keeps_it_from_one_that_does_not(
    make: Make, astronaut: RGBImage, rule: str, options: dict[str, object]
) -> None:
    kept = by_name(make(astronaut, preset="us-passport", background="white").verdict)
    broken = by_name(make(astronaut, preset="us-passport", **options).verdict)
    assert (kept[rule].status, broken[rule].status) == ("pass", "fail")


def test_a_smile_fails_a_document_and_no_badge(make: Make, astronaut: RGBImage) -> None:
    document = by_name(make(astronaut, preset="icao").verdict)["mouth_closed"]
    assert document.status == "fail"
    for name in ("badge", "linkedin", "ad"):
        smile = by_name(make(astronaut, preset=name).verdict)["mouth_closed"]
        assert (smile.status, smile.most) == ("unknown", None)


def test_the_room_above_the_head_is_a_rule_where_a_preset_has_it(make: Make, astronaut: RGBImage) -> None:
    kept = by_name(make(astronaut, preset="japan-passport").verdict)
    broken = by_name(make(astronaut, preset="japan-passport", eye_line=0.45).verdict)
    assert (kept["top_margin"].status, broken["top_margin"].status) == ("pass", "fail")


def test_a_file_over_its_presets_size_fails(judge: Judge, pictures: dict[str, RGBImage]) -> None:
    assert judge(pictures["astronaut"][:96, :96].copy(), "ad")["file_size"].status == "pass"
    assert judge(pictures["twice as large"], "ad")["file_size"].status == "fail"


def test_the_same_picture_gives_the_same_verdict(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    options = Options(preset="badge")
    verdicts = [pipeline.process(png(astronaut), options).verdict for _ in range(3)]
    assert verdicts[0] == verdicts[1] == verdicts[2]


def test_without_a_preset_nothing_limits_the_frame(judge: Judge, astronaut: RGBImage) -> None:
    rule = judge(astronaut)["head_height"]
    assert (rule.status, rule.least, rule.most) == ("unknown", None, None)
    assert rule.value == pytest.approx(0.285, abs=0.01)


def test_without_a_face_only_what_needs_none_is_known(judge: Judge) -> None:
    rules = judge(np.full((200, 200, 3), 128, np.uint8), "us-passport")
    assert rules["one_face"].status == "fail"
    assert (rules["roll"].status, rules["roll"].value) == ("unknown", None)
    assert rules["width"].status == "fail"


def test_a_photo_that_was_not_restored_has_no_drift_to_judge(judge: Judge, astronaut: RGBImage) -> None:
    rule = judge(astronaut)["drift"]
    assert (rule.value, rule.most, rule.status) == (None, None, "unknown")


def test_a_verdict_fails_with_any_rule_and_is_unknown_with_a_limit_that_was_not_measured() -> None:
    passed = RuleResult("a", "pass", 1, 0, 2, "", "")
    failed = RuleResult("b", "fail", 3, 0, 2, "", "")
    unmeasured = RuleResult("c", "unknown", None, 0, None, "", "")
    unlimited = RuleResult("d", "unknown", 3, None, None, "", "")
    assert Verdict((passed, unlimited)).status == "pass"
    assert Verdict((passed, unmeasured)).status == "unknown"
    assert Verdict((passed, unmeasured, failed)).status == "fail"


def test_every_rule_says_what_it_measures() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.detail for rule in RULES)


def test_every_rule_has_a_case() -> None:
    tables = {case[0] for case in CASES} | {case[0] for case in PRESET_CASES}
    # Tests of their own: below, in test_drift.py, and in pipeline/test_damaged.py.
    alone = {"top_margin", "file_size", "retouched", "drift", "likeness", "photo_whole"}
    assert tables | alone == {rule.name for rule in RULES} | {"background_colour"}
    assert not tables & alone


def test_a_picture_that_was_enlarged_by_a_network_is_retouched(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    small = np.asarray(
        cv2.resize(astronaut[40:200, 140:300], (96, 96), interpolation=cv2.INTER_AREA), np.uint8
    )
    options = Options(preset="us-visa", upscale=2)
    rules = by_name(pipeline.process(png(small), options).verdict)
    assert rules["retouched"].status == "fail"
    assert (rules["drift"].value, rules["drift"].most) == (None, None)


def test_a_small_share_that_was_asked_for_and_made_passes(make: Make, astronaut: RGBImage) -> None:
    rules = by_name(make(astronaut, judge=True, width=800, height=800, head=0.06, eye_line=0.1).verdict)
    assert (rules["head_height"].status, rules["eye_line"].status) == ("pass", "pass")


class Mistaken:
    """A detector that sees a face in a wall."""

    name = "mistaken"

    def detect(self, image: RGBImage) -> list[Face]:
        eyes_nose_mouth = np.array([[70, 80], [130, 80], [100, 110], [80, 140], [120, 140]], np.float32)
        return [Face(np.array([40, 40, 160, 160], np.float32), eyes_nose_mouth, 0.9)]


def test_where_the_mesh_sees_no_face_there_is_none_to_frame(pipeline: Pipeline, png: Encode) -> None:
    mistaken = Pipeline(replace(pipeline.models, detector=Mistaken()), {}, LIMITS)
    wall = png(np.full((200, 200, 3), 128, np.uint8))
    with pytest.raises(NoFaceFound):
        mistaken.process(wall, Options(head=0.5, restorer="none"))
    rules = by_name(mistaken.check(wall, Options()).verdict)
    assert (rules["roll"].status, rules["roll"].value) == ("unknown", None)
