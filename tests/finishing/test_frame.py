import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facecraft.finishing import frame
from facecraft.finishing.demand import Demand, Subject
from facecraft.finishing.frame import Frame
from facecraft.imaging.geometry import invert
from facecraft.imaging.head import CROWN, Extent, Head
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.portraits import Make, Trace, measured

HEAD_PX = 195.0
BADGE = Demand(0.75, head=(0.65, 0.75), eyes=(0.5, 0.58), levels=True, painted=True)


def subject(
    width: int = 1000, height: int = 1000, x: float = 500, y: float = 400, roll_deg: float = 0
) -> Subject:
    """A person whose head is HEAD_PX high, with the eyes' middle at x y."""
    roll = math.radians(roll_deg)
    along, down = np.array([math.cos(roll), math.sin(roll)]), np.array([-math.sin(roll), math.cos(roll)])
    middle = np.array([x, y])
    eyes = np.stack((middle - 30 * along, middle + 30 * along))
    extent = Extent(x - 80, y - 110, x + 80)
    return Subject(width, height, Head(eyes, middle + down * HEAD_PX / (1 + CROWN)), extent)


def corners(found: Frame, aspect: float) -> np.ndarray:
    """Places of the frame's corners in the photo, x y."""
    places = np.array([[0, 0], [aspect, 0], [0, 1], [aspect, 1]])
    to_photo = invert(found.matrix)
    return np.asarray(places @ to_photo[:, :2].T + to_photo[:, 2])


def place(found: Frame, person: Subject, aspect: float) -> tuple[float, float, float]:
    """Height of the head, height of the eyes, and their distance from the left, as shares of the frame."""
    x, y = found.matrix[:, :2] @ (person.head.middle + 0.5) + found.matrix[:, 2]
    return person.head.height_px / found.height_px, 1 - float(y), float(x) / aspect


def test_a_photo_with_room_gets_the_middle_of_every_range() -> None:
    found = frame.search(BADGE, subject())
    assert found.lack is None
    assert place(found, subject(), 0.75) == pytest.approx((0.7, 0.54, 0.5), abs=0.005)


def test_near_the_lower_edge_the_eyes_get_lower_and_the_head_larger() -> None:
    tight = subject(y=1000 - 135)  # the middle of the ranges needs 150 px below the eyes
    found = frame.search(BADGE, tight)
    assert found.lack is None
    assert corners(found, 0.75)[:, 1].max() <= 1000.2
    head, eyes, _ = place(found, tight, 0.75)
    assert 0.65 <= head <= 0.75
    assert 0.5 <= eyes < 0.54


def test_a_style_is_relaxed_before_it_is_left_and_a_document_is_not() -> None:
    tight = subject(y=1000 - 115)
    relaxed = frame.search(replace(BADGE, most_head=0.9375, least_eyes=0.42), tight)
    left = frame.search(BADGE, tight)
    assert relaxed.lack is None
    assert left.lack is not None
    assert left.lack.bottom == pytest.approx(0.5 - 115 * 0.75 / HEAD_PX, abs=0.02)
    assert left.lack.area == pytest.approx(left.lack.bottom, abs=0.01)
    for found in (relaxed, left):
        assert corners(found, 0.75)[:, 1].max() <= 1000.2


def test_above_the_head_the_background_goes_on_where_it_is_painted() -> None:
    low = subject(y=100)
    found = frame.search(BADGE, low)
    assert found.lack is None
    assert corners(found, 0.75)[:, 1].min() < -1
    cut = replace(low, extent=replace(low.extent, top=0, top_cut=True))
    assert corners(frame.search(BADGE, cut), 0.75)[:, 1].min() >= -0.2


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_person_who_is_cut_at_a_side_is_not_continued_there(side: str) -> None:
    near = subject(x=70 if side == "left" else 930)
    free = corners(frame.search(BADGE, near), 0.75)[:, 0]
    assert free.min() < -1 or free.max() > 1001
    left_from, right_from = (430.0, math.inf) if side == "left" else (math.inf, 430.0)
    extent = replace(near.extent, left_from=left_from, right_from=right_from)
    found = frame.search(BADGE, replace(near, extent=extent))
    x = corners(found, 0.75)[:, 0]
    assert x.min() >= -0.2
    assert x.max() <= 1000.2


def test_the_face_stays_in_the_middle_third() -> None:
    for x in (60, 940):
        _, _, across = place(frame.search(BADGE, subject(x=x)), subject(x=x), 0.75)
        assert 1 / 3 - 0.001 <= across <= 2 / 3 + 0.001


def test_hair_stays_inside_where_it_can() -> None:
    full = subject()
    full = replace(full, extent=Extent(400, 400 - 140, 620))
    found = frame.search(BADGE, full)
    x, y = corners(found, 0.75).T
    assert x.min() <= 401
    assert x.max() >= 619
    assert y.min() <= 261


def test_eyes_are_level_as_far_as_the_corners_stay_in_the_photo() -> None:
    for y, left_deg in ((400, 0.01), (1000 - 127, 6.01)):
        tilted = subject(y=y, roll_deg=10)
        found = frame.search(BADGE, tilted)
        turn = math.degrees(math.atan2(found.matrix[0, 1], found.matrix[0, 0]))
        assert 0 <= 10 - turn <= left_deg
        assert corners(found, 0.75)[:, 1].max() <= 1000.2


PEOPLE = st.builds(
    subject,
    width=st.integers(150, 1000),
    x=st.floats(60, 900),
    y=st.floats(60, 960),
    roll_deg=st.floats(-25, 25),
).filter(lambda person: person.head.middle[0] < person.width - 20)
HEADS = st.tuples(st.floats(0.3, 0.6), st.floats(0.6, 0.8))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(PEOPLE, st.floats(0.5, 1.5), HEADS, st.booleans(), st.booleans())
def test_no_frame_reaches_beyond_the_photo_where_the_person_is_cut(
    person: Subject, aspect: float, head: tuple[float, float], left: bool, top: bool
) -> None:
    extent = replace(person.extent, left_from=0.0 if left else math.inf, top_cut=top)
    found = frame.search(Demand(aspect, head=head, levels=True), replace(person, extent=extent))
    found_x, found_y = corners(found, aspect).T
    nothing_px = 0.0004 * found.height_px * max(1, aspect)
    assert found_y.max() <= 1000 + nothing_px
    assert not left or found_x.min() >= -nothing_px
    assert not top or found_y.min() >= -nothing_px


def test_align_alone_keeps_the_largest_part_without_empty_corners(
    make: Make, astronaut: RGBImage, trace: Trace
) -> None:
    portrait = make(astronaut, align=True)
    assert portrait.notes == ()
    assert 0.85 * 512 <= portrait.width == portrait.height < 512
    assert abs(measured(portrait, trace)[2]) < 1


@pytest.mark.parametrize("x", [60, 120, 300, 500, 880])
def test_align_alone_keeps_most_of_the_photo_wherever_the_face_is(x: float) -> None:
    person = subject(x=x, roll_deg=10)
    found = frame.search(Demand(1.0, levels=True, in_place=True), person)
    places = corners(found, 1.0)
    assert places.min() >= -0.2
    assert places.max() <= 1000.2
    assert found.height_px**2 > 0.65 * 1000**2


def test_align_with_a_shape_keeps_a_head_at_the_side_whole() -> None:
    person = subject(width=1600, height=900, x=160, y=400)
    x = corners(frame.search(Demand(0.75, levels=True), person), 0.75)[:, 0]
    assert -0.2 <= x.min() <= person.extent.left
    assert x.max() >= person.extent.right


def test_a_photo_smaller_than_the_head_is_not_continued_either() -> None:
    head = subject(width=160, height=150, x=80, y=60)
    cut = replace(head, extent=Extent(0, 0, 160, 0.0, 0.0, top_cut=True))
    places = corners(frame.search(Demand(1.0, head=(0.5, 0.5)), cut), 1.0)
    assert places.min() >= -0.2
    assert places[:, 0].max() <= 160.2
    assert places[:, 1].max() <= 150.2


def test_a_frame_beside_the_photo_misses_all_of_it_and_has_a_number() -> None:
    edge = subject(width=512, height=512, x=511.5, y=255.5)
    found = frame.search(Demand(1.0, head=(0.5, 0.5)), edge)
    assert found.lack is None or math.isfinite(found.lack.area)


def test_align_alone_turns_the_canvas_of_a_photo_on_its_side(
    make: Make, astronaut: RGBImage, trace: Trace
) -> None:
    tall = astronaut[:, 60:400]
    for turns in (1, 3):
        portrait = make(np.ascontiguousarray(np.rot90(tall, turns)), align=True)
        assert portrait.height > portrait.width
        assert abs(measured(portrait, trace)[2]) < 1.5


def test_a_note_says_what_the_photo_lacks(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    chin = png(np.ascontiguousarray(astronaut[:190]))
    portrait = pipeline.process(chin, Options(preset="us-passport"))
    (note,) = (note for note in portrait.notes if note.code == "photo_tight")
    assert "% more room below the chin" in note.detail
    filled = pipeline.process(chin, Options(preset="us-passport", beyond="fill"))
    assert "photo_tight" not in [note.code for note in filled.notes]
