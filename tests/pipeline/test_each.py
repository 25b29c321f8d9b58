"""A portrait of each face of one photo."""

from typing import Any

import numpy as np
import pytest

from facecraft.cancellation import Cancellation
from facecraft.errors import CannotFit, InvalidOption, NoFaceFound, TooManyFaces
from facecraft.options import Options
from facecraft.pipeline.crowd import check_pace, check_portraits
from facecraft.pipeline.draw import draw
from facecraft.pipeline.look import Scene
from facecraft.pipeline.pipeline import Pipeline
from facecraft.results import Portrait, Portrayal
from facecraft.types import RGBImage
from tests.conftest import Encode

EACH = Options(preset="badge", restorer="none", each=True)


def test_each_portrait_is_the_one_of_its_number(pipeline: Pipeline, group: RGBImage, png: Encode) -> None:
    photo = png(group)
    made = list(pipeline.process_each(photo, EACH, judge=True))
    assert [(each.number, each.faces, each.mark) for each in made] == [
        (number, 6, f"-0{number}") for number in range(1, 7)
    ]
    for each in made[1:3]:
        alone = pipeline.process(photo, Options(preset="badge", restorer="none", face=each.number))
        assert isinstance(each.result, Portrait)
        assert each.result.face == alone.face == each.number
        assert each.result.data == alone.data
        assert each.result.verdict == alone.verdict


def test_the_photo_is_looked_at_once(pipeline: Pipeline, group: RGBImage, png: Encode) -> None:
    options = Options(preset="badge", each=True)
    for number, each in enumerate(pipeline.process_each(png(group), options), 1):
        assert isinstance(each.result, Portrait)
        assert len(each.result.damages) == 6
        stages = each.result.timings_ms
        assert ("decode" in stages, "detect" in stages) == (number == 1, number == 1)


def test_a_face_that_the_edge_cuts_gets_none_but_where_it_cuts_each(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    pair = np.full((512, 700, 3), 128, np.uint8)
    pair[256:, 20:276] = astronaut[::2, ::2]
    pair[:, 450:] = astronaut[:, :250]
    assert [each.number for each in pipeline.process_each(png(pair), EACH)] == [2]
    assert [each.number for each in pipeline.process_each(png(pair[:, 400:]), EACH)] == [1]


def test_a_face_without_a_portrait_does_not_stop_the_others(
    pipeline: Pipeline, group: RGBImage, png: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw_but_the_second(scene: Scene, *others: Any, **named: Any) -> Any:
        if scene.index == 1:
            raise CannotFit("This one does not fit.")
        return draw(scene, *others, **named)

    monkeypatch.setattr("facecraft.pipeline.pipeline.draw", draw_but_the_second)
    made = list(pipeline.process_each(png(group), EACH))
    assert [each.number for each in made if isinstance(each.result, Portrait)] == [1, 3, 4, 5, 6]
    assert isinstance(made[1].result, CannotFit)


def test_what_is_not_there_is_refused(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    grey = png(np.full((64, 64, 3), 128, np.uint8))
    with pytest.raises(NoFaceFound):
        list(pipeline.process_each(grey, EACH.model_copy(update={"require_face": False})))
    with pytest.raises(InvalidOption, match="not one portrait but several"):
        pipeline.process(png(astronaut), EACH)


@pytest.mark.parametrize(
    "fields", [{}, {"width": 300, "height": 300}, {"align": True}, {"eye_line": 0.6}, {"background": "white"}]
)
def test_a_frame_around_each_head_is_needed(fields: dict[str, object]) -> None:
    with pytest.raises(InvalidOption, match="needs a frame around each head"):
        Options.model_validate({"each": True, **fields})
    for head in ({"head": 0.6}, {"margin": 0.3}, {"preset": "badge"}):
        assert Options.model_validate({"each": True, **fields, **head}).each


def test_each_and_face_exclude_each_other() -> None:
    with pytest.raises(InvalidOption, match="each and face exclude each other"):
        Options(preset="badge", each=True, face=1)
    assert Options(preset="badge", each=False, face=1).face == 1


def test_more_portraits_than_allowed_are_refused() -> None:
    check_portraits(20, 20)
    check_portraits(1000, 0)
    with pytest.raises(TooManyFaces, match="21 portraits would be made; at most 20 are") as refused:
        check_portraits(21, 20)
    assert refused.value.limit == 20


def test_more_than_can_be_done_by_the_deadline_are_refused() -> None:
    check_pace([5.0, 6.0, 7.0], 1000, None)
    check_pace([29.0], 1000, 30)  # the first one, for which the photo is looked at, says nothing
    check_pace([5.0, 6.0, 7.0], 26, 30)
    with pytest.raises(TooManyFaces, match=r"take about 39 seconds, but .* within 30") as refused:
        check_pace([5.0, 6.0, 7.0], 35, 30)
    assert refused.value.limit == 26


def test_portraits_that_are_too_slow_refuse_the_others(
    pipeline: Pipeline, group: RGBImage, png: Encode
) -> None:
    with pytest.raises(TooManyFaces, match="6 portraits take about"):
        list(pipeline.process_each(png(group), EACH, Cancellation(seconds=0.2)))


@pytest.mark.parametrize(("number", "faces", "mark"), [(1, 1, "-01"), (7, 99, "-07"), (7, 100, "-007")])
def test_the_mark_has_the_digits_that_all_need(number: int, faces: int, mark: str) -> None:
    assert Portrayal(number, faces, NoFaceFound(""), 0).mark == mark
