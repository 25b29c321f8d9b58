"""Whose portrait it is."""

import cv2
import numpy as np
import pytest

from facecraft.errors import InvalidOption, NoFaceFound
from facecraft.options import Options
from facecraft.pipeline import choice
from facecraft.pipeline.choice import choose
from facecraft.pipeline.pipeline import Pipeline
from facecraft.results import Portrait
from facecraft.types import Face, RGBImage
from facecraft.whose import Whose
from tests.conftest import Encode
from tests.portraits import Make, Trace

SIZE = (1000, 800)


def face(x: float, y: float, size: float) -> Face:
    middle = np.full((5, 2), (x + size / 2, y + size / 2), np.float32)
    return Face(np.array([x, y, x + size, y + size], np.float32), middle, 0.9)


FACES = (face(0, 0, 300), face(700, 500, 200), face(430, 300, 100), face(480, 330, 50))


def chosen(whose: Whose, *cut: int) -> int:
    return choose(whose, FACES, SIZE, is_whole=lambda index: index not in cut, is_seen=lambda _index: True)


@pytest.mark.parametrize(
    ("whose", "cut", "index"),
    [
        ("largest", (), 0),
        ("largest", (0,), 1),
        ("largest", (0, 1), 2),
        ("largest", (0, 1, 2, 3), 0),
        ("center", (), 3),
        ("center", (3,), 2),
        ("center", (0, 1, 2, 3), 3),
        (1, (0,), 0),
        (4, (), 3),
        ((10, 10), (0,), 0),
        ((440, 310), (), 2),
        ((500, 350), (), 3),  # both are around it: the one whose middle is nearer
        ((950, 700), (), 1),  # nobody is, and this one is near
    ],
)
def test_a_face_is_chosen(whose: Whose, cut: tuple[int, ...], index: int) -> None:
    assert chosen(whose, *cut) == index


def test_a_number_beyond_the_last_face_says_how_many_there_are() -> None:
    with pytest.raises(InvalidOption, match="There is no face 5 in the photo: there are 4 faces"):
        chosen(5)
    with pytest.raises(InvalidOption, match="There is no face 2 in the photo: there is 1 face"):
        choose(2, FACES[:1], SIZE, is_whole=lambda _index: True, is_seen=lambda _index: True)


def test_a_place_further_from_a_face_than_its_size_is_refused() -> None:
    assert chosen((800, 301)) == 1
    with pytest.raises(InvalidOption, match="There is no face at 800,299"):
        chosen((800, 299))


def test_the_only_face_is_not_asked_whether_it_is_whole() -> None:
    def asked(index: int) -> bool:
        pytest.fail(f"{index} was asked")

    assert choose("largest", FACES[:1], SIZE, is_whole=asked, is_seen=asked) == 0


def test_where_the_edge_cuts_every_face_one_that_the_mesh_sees_comes_first() -> None:
    seen = choose("largest", FACES, SIZE, is_whole=lambda _index: False, is_seen=lambda index: index == 2)
    assert seen == 2


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_face_is_whole_up_to_the_edge_and_cut_by_it(
    pipeline: Pipeline, astronaut: RGBImage, trace: Trace, side: str
) -> None:
    points = trace(astronaut)
    (x1, y1), (x2, y2) = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    for share, whole in ((0.0, True), (0.2, False)):
        left, right = round(x1 + share * (x2 - x1)), round(x2 - share * (x2 - x1))
        top, bottom = round(y1 + share * (y2 - y1)), round(y2 - share * (y2 - y1))
        part = {
            "left": astronaut[:, left:],
            "right": astronaut[:, :right],
            "top": astronaut[top:],
            "bottom": astronaut[:bottom],
        }[side]
        found = pipeline.models.detector.detect(np.ascontiguousarray(part))[0]
        again, _ = pipeline.models.mesh.trace(part, found.bbox, found.landmarks[:2])
        assert choice.is_whole(again, (part.shape[1], part.shape[0])) == whole


def test_a_blurred_head_in_front_is_not_chosen_before_a_sharp_one(make: Make, astronaut: RGBImage) -> None:
    photo = np.full((512, 800, 3), 128, np.uint8)
    photo[:, :512] = cv2.GaussianBlur(astronaut, (0, 0), 6)
    photo[256:, 530:786] = astronaut[::2, ::2]
    badge = make(photo, preset="badge")
    assert badge.face is not None
    assert middle(badge, badge.face) > 530


@pytest.fixture
def pair(astronaut: RGBImage) -> RGBImage:
    """A larger face that the right edge cuts, and a smaller one that is whole."""
    photo = np.full((512, 700, 3), 128, np.uint8)
    photo[256:, 20:276] = astronaut[::2, ::2]
    photo[:, 450:] = astronaut[:, :250]
    return photo


def middle(portrait: Portrait, number: int) -> float:
    return float(portrait.faces[number - 1].landmarks[:, 0].mean())


def test_a_face_that_the_edge_cuts_is_not_chosen_while_another_is_whole(make: Make, pair: RGBImage) -> None:
    badge = make(pair, preset="badge")
    assert [middle(badge, number) > 400 for number in (1, 2)] == [True, False]
    assert "face_cut" in [note.code for note in badge.notes]
    np.testing.assert_array_equal(badge.array, make(pair, preset="badge", face=2).array)
    np.testing.assert_array_equal(badge.array, make(pair, preset="badge", face="130,320").array)


def test_it_is_chosen_by_its_number(make: Make, pair: RGBImage) -> None:
    first = make(pair, preset="badge", face=1)
    assert "face_cut" not in [note.code for note in first.notes]
    assert np.abs(first.array.astype(int) - make(pair, preset="badge").array).mean() > 10


def test_the_whole_photo_needs_no_note(make: Make, pair: RGBImage) -> None:
    assert "face_cut" not in [note.code for note in make(pair).notes]


def test_each_number_is_the_face_of_detect(
    pipeline: Pipeline, make: Make, group: RGBImage, png: Encode
) -> None:
    """Each face, cut out by its number, is the middle one of its portrait."""
    faces = pipeline.detect(png(group)).faces
    sizes = {(each.width, each.height) for each in (make(group, head=0.5, face=n) for n in (1, 2))}
    assert len(sizes) == 2
    for number, each in enumerate(faces, 1):
        made = make(group, preset="badge", face=number)
        x, y = each.landmarks.mean(axis=0).round().astype(int).tolist()
        np.testing.assert_array_equal(made.array, make(group, preset="badge", face=f"{x},{y}").array)


def test_faces_that_are_not_there_are_refused(pipeline: Pipeline, group: RGBImage, png: Encode) -> None:
    with pytest.raises(InvalidOption, match="There is no face 7 in the photo: there are 6 faces"):
        pipeline.process(png(group), Options(preset="badge", face=7))
    with pytest.raises(NoFaceFound):
        pipeline.process(png(np.full((64, 64, 3), 128, np.uint8)), Options(face=2))


def test_the_portraits_own_face_is_restored_before_larger_ones(
    pipeline: Pipeline, group: RGBImage, png: Encode
) -> None:
    options = Options(preset="badge", restorer="facecraft-clean", area="face", face=6, faces="largest")
    assert pipeline.process(png(group), options).restored == 1
