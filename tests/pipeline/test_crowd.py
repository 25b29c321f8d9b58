"""How many faces are restored, and which are too many. A face takes one second here."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from facecraft.cancellation import Cancellation
from facecraft.errors import TooManyFaces
from facecraft.imaging.geometry import Alignment
from facecraft.imaging.limits import Limits
from facecraft.imaging.picture import Picture
from facecraft.option_fields import Area
from facecraft.options import Options
from facecraft.pipeline.cleaning import _weight
from facecraft.pipeline.crowd import check_faces, most_faces
from facecraft.pipeline.look import Scene
from facecraft.pipeline.pipeline import Pipeline
from facecraft.pipeline.plan import Plan, plan, resolve
from facecraft.pipeline.shot import Shot
from facecraft.pipeline.timings import Timings
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.pace import Pace
from facecraft.types import RGBImage, Source
from tests.damages import blurred
from tests.pipeline.conftest import LIMITS, Unchanged

SOURCE_PX = 100.0
NAMED = {"restorer": "a-second-a-face"}


@pytest.fixture
def restorer(monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchingRestorer]:
    monkeypatch.setattr(Pace, "seconds", lambda _pace, work_px: work_px / 512**2)
    made = BatchingRestorer(Unchanged("a-second-a-face"), 1, 0)
    yield made
    made.close()


def check(
    restorer: BatchingRestorer, faces: int, max_faces: int = 0, deadline_s: float | None = None
) -> None:
    check_faces(restorer, [SOURCE_PX] * faces, max_faces, deadline_s)


@pytest.mark.parametrize(("option", "count"), [("all", None), ("largest", 1), (1, 1), (7, 7)])
def test_the_option_says_how_many(option: object, count: int | None) -> None:
    assert most_faces(Options.model_validate({"faces": option}).faces) == count


@pytest.mark.parametrize(
    ("faces", "max_faces", "deadline_s"),
    [
        (0, 1, 30),
        (500, 0, None),
        (20, 20, None),
        (30, 0, 30),
        (30, 30, 30),
        (1, 1, 0.1),  # a single face is always tried, however slow it was
    ],
)
def test_as_many_as_allowed_and_in_time_are_taken(
    restorer: BatchingRestorer, faces: int, max_faces: int, deadline_s: float | None
) -> None:
    check(restorer, faces, max_faces, deadline_s)


TOO_MANY: list[tuple[int, int, float | None, int, str, str]] = [
    (21, 20, None, 20, "21 faces would be restored; at most 20 are.", "faces=20 for"),
    (21, 20, 8, 20, "21 faces would be restored; at most 20 are.", "faces=6 for"),
    (2, 1, None, 1, "2 faces would be restored; at most 1 are.", "Use faces=largest."),
    (
        *(31, 0, 30, 30, "31 faces take about 31 seconds, but the portrait must be finished within 30."),
        "faces=22 for",
    ),
    (
        *(9, 100, 0.5, 1, "9 faces take about 9 seconds, but the portrait must be finished within 0.5."),
        "Use faces=largest.",
    ),
]


@pytest.mark.parametrize(
    ("faces", "max_faces", "deadline_s", "limit", "detail", "hint"),
    TOO_MANY,
    ids=lambda value: str(value)[:9],
)
def test_more_are_refused_with_what_can_be_done(
    restorer: BatchingRestorer,
    *,
    faces: int,
    max_faces: int,
    deadline_s: float | None,
    limit: int,
    detail: str,
    hint: str,
) -> None:
    with pytest.raises(TooManyFaces) as refused:
        check(restorer, faces, max_faces, deadline_s)
    assert (refused.value.limit, refused.value.detail) == (limit, detail)
    assert hint in refused.value.hint
    assert "faces=largest" in refused.value.hint


def test_a_slow_moment_long_ago_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    restorer = BatchingRestorer(Unchanged("quick"), 1, 0)
    restorer._pace.add(512**2, 60.0)  # as on a machine that was busy when it started
    with pytest.raises(TooManyFaces):
        check(restorer, 5, deadline_s=30)
    monkeypatch.setattr("facecraft.restoration.pace.PERIOD_S", 0.0)
    with pytest.raises(TooManyFaces):
        check(restorer, 5, deadline_s=0)
    check(restorer, 5, deadline_s=30)
    restorer.close()


def planned(
    pipeline: Pipeline,
    rgb: RGBImage,
    options: dict[str, str],
    limits: Limits = LIMITS,
    deadline_s: float | None = None,
) -> Plan:
    height, width = rgb.shape[:2]
    scene = Scene(Shot(Picture(rgb), Source(width, height, "jpeg", 1), pipeline.models, Timings()))
    recipe = resolve(Options.parse(options), pipeline.presets, pipeline.models, judge=False)
    return plan(recipe, scene, limits, deadline_s)


@pytest.fixture
def timed(plain: Pipeline, restorer: BatchingRestorer) -> Pipeline:
    """The default detector, and a restorer that takes a second for a face."""
    models = replace(plain.models, restorers={restorer.name: restorer})
    return Pipeline(models, {}, LIMITS)


@pytest.mark.parametrize(("option", "count"), [("all", 6), ("largest", 1), ("1", 1), ("4", 4), ("9", 6)])
def test_the_largest_faces_are_restored(timed: Pipeline, group: RGBImage, option: str, count: int) -> None:
    made, everyone = (planned(timed, group, {**NAMED, "faces": each}) for each in (option, "all"))
    restored, all_of_them = (
        [face.source.to_crop.tolist() for face in each.treatment.faces] for each in (made, everyone)
    )
    assert restored == all_of_them[:count]
    assert (len(restored), len(made.face_centres)) == (count, 6)


def test_only_faces_that_the_portrait_shows_count(timed: Pipeline, group: RGBImage) -> None:
    crop = {**NAMED, "width": "200", "height": "250", "head": "0.9"}
    shown = len(planned(timed, group, crop).treatment.faces)
    assert 1 <= shown < 6
    planned(timed, group, crop, replace(LIMITS, faces=shown), shown + 0.5)


def test_a_face_counts_with_the_pixels_that_have_detail(timed: Pipeline, astronaut: RGBImage) -> None:
    sharp, blurry = (
        planned(timed, picture, NAMED).treatment.faces[0] for picture in (astronaut, blurred(astronaut, 4))
    )
    assert blurry.source_px < sharp.source_px <= sharp.source.source_px


def test_a_photo_with_too_many_faces_is_refused_and_none_is_dropped_in_silence(
    timed: Pipeline, group: RGBImage
) -> None:
    five = replace(LIMITS, faces=5)
    with pytest.raises(TooManyFaces, match="6 faces would be restored; at most 5 are"):
        planned(timed, group, NAMED, five)
    with pytest.raises(TooManyFaces, match="6 faces take about 6 seconds"):
        planned(timed, group, NAMED, deadline_s=5.5)
    for option in ("largest", "3", "5"):
        planned(timed, group, {**NAMED, "faces": option}, five, 5.5)


@pytest.mark.parametrize(
    "options",
    [{"restorer": "none"}, {**NAMED, "strength": "0"}, {"restorer": "facecraft-clean"}],
    ids=["none", "strength 0", "cleaning"],
)
def test_where_no_face_is_restored_no_number_is_too_many(
    timed: Pipeline, group: RGBImage, options: dict[str, str]
) -> None:
    planned(timed, group, options, replace(LIMITS, faces=1), 0.1)


@pytest.mark.parametrize("area", ["head", "face"])
def test_where_a_crowd_is_cleaned_takes_the_memory_of_a_few_faces(area: Area) -> None:
    square = Alignment(np.array([[2.0, 0, -400], [0, 2.0, -400]]), 512, 256.0)
    tracemalloc.start()
    _weight(area, [square] * 20, 1000, 1000, Cancellation())
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 5 * 1000 * 1000 * 8
