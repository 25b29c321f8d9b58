"""Who counts as the person, on planes made up here."""

import math

import cv2
import numpy as np
import pytest

from facecraft.imaging.box import Box
from facecraft.imaging.geometry import scaling, shifted
from facecraft.imaging.head import Head
from facecraft.imaging.picture import Picture
from facecraft.matting.person import Sitter, measure_extent, segment_person, segment_sitter
from facecraft.matting.segmenters import Look
from facecraft.types import Plane, RGBImage

PICTURE = Picture(np.zeros((1024, 1024, 3), np.uint8))
FACE = np.array([[512, 300]], np.float32)


class Fixed:
    """A segmenter that always gives the same plane."""

    side_px = 256
    looks: tuple[Look, ...] = (Look(1.0),)

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    def segment(self, image: RGBImage) -> Plane:
        return self._plane.copy()


def plane() -> Plane:
    drawn = np.zeros((256, 256), np.float32)
    drawn[50:256, 80:180] = 1  # the person
    drawn[150:200, 5:40] = 1  # an arm of someone else
    return drawn


def test_people_connected_to_no_face_are_left_out() -> None:
    person = segment_person(PICTURE, FACE, Fixed(plane()))
    assert person[100, 128] == 1
    assert person[150:200, 5:40].max() == 0


def test_without_a_face_everybody_stays() -> None:
    assert (segment_person(PICTURE, np.empty((0, 2), np.float32), Fixed(plane())) == plane()).all()


def test_a_face_beside_every_person_removes_nobody() -> None:
    corner = np.array([[1000, 20]], np.float32)
    assert (segment_person(PICTURE, corner, Fixed(plane())) == plane()).all()


def test_nobody_is_beyond_the_photos_edge() -> None:
    covered = np.full((1024, 1024), 255, np.uint8)
    covered[900:] = 0
    person = segment_person(Picture(PICTURE.rgb, covered=covered), FACE, Fixed(plane()))
    assert person[230:].max() == 0
    assert person[200, 128] == 1


class Reddish:
    """A segmenter that takes red for a person, and remembers what it saw."""

    side_px = 128

    def __init__(self, *looks: Look) -> None:
        self.looks = looks
        self.seen: list[RGBImage] = []

    def segment(self, image: RGBImage) -> Plane:
        self.seen.append(image)
        return image[..., 0].astype(np.float32) / np.float32(255)


def photo_of_a_person() -> RGBImage:
    """600 x 400 px, with a person from x 250 to 350, from y 100 down."""
    photo = np.zeros((400, 600, 3), np.uint8)
    photo[100:, 250:350, 0] = 255
    return photo


SITTER = Sitter(np.array([[100, 100]], np.float32))
TO_PORTRAIT = shifted(-200, -100)
"""To a portrait of 200 x 200 px, whose person stands from x 50 to 150."""


@pytest.mark.parametrize(
    "looks", [(Look(1.0),), (Look(1.5),), (Look(1.0, True),), (Look(1.3), Look(2.2, True))], ids=str
)
def test_the_person_is_at_the_same_place_in_every_look(looks: tuple[Look, ...]) -> None:
    plane = segment_sitter(photo_of_a_person(), TO_PORTRAIT, (200, 200), SITTER, Reddish(*looks))
    assert plane.shape == (384, 384)
    columns = np.flatnonzero(plane[200] > 0.5)
    assert (columns[0] / 384 * 200, (columns[-1] + 1) / 384 * 200) == pytest.approx((50, 150), abs=2)
    assert plane[5:, 110:274].min() > 0.9


def test_a_look_with_air_shows_the_surroundings_as_far_as_the_photo_goes() -> None:
    segmenter = Reddish(Look(1.0), Look(2.0), Look(9.0))
    segment_sitter(photo_of_a_person(), TO_PORTRAIT, (200, 200), SITTER, segmenter)
    shares = [float((image[100, :, 0] > 128).mean()) for image in segmenter.seen]
    assert shares == pytest.approx([100 / 200, 100 / 400, 100 / 600], abs=0.02)


def test_nobody_is_segmented_beyond_the_photo() -> None:
    low = shifted(-200, -300)  # the photo ends in the middle of the portrait
    plane = segment_sitter(photo_of_a_person(), low, (200, 200), SITTER, Reddish(Look(1.6)))
    assert plane[180, 192] > 0.9
    assert plane[200:].max() == 0


def test_a_neighbour_stays_where_several_faces_are_shown() -> None:
    photo = photo_of_a_person()
    photo[:, 380:400, 0] = 255
    places = np.array([[100, 100], [190, 100]], np.float32)
    both = segment_sitter(photo, TO_PORTRAIT, (200, 200), Sitter(places), Reddish(Look(1.0)))
    one = segment_sitter(photo, TO_PORTRAIT, (200, 200), SITTER, Reddish(Look(1.0)))
    assert both[200, 370] > 0.9
    assert one[200, 370] == 0


def test_only_the_bust_of_a_large_head_is_kept() -> None:
    photo = photo_of_a_person()
    cv2.rectangle(photo, (350, 250), (380, 399), (255, 0, 0), -1)  # the shoulder
    cv2.rectangle(photo, (381, 150), (400, 399), (255, 0, 0), -1)  # a flag beside it, higher
    face = np.array([[80, 80], [120, 120]], np.float32)
    for head_px, kept in ((100.0, False), (20.0, True)):
        sitter = Sitter(face, head_px)
        plane = segment_sitter(photo, TO_PORTRAIT, (200, 200), sitter, Reddish(Look(1.0)))
        assert bool(plane[150, 375] > 0.5) is kept
        assert plane[360, 330] > 0.9


HEAD = Head(np.array([[480.0, 300.0], [520.0, 300.0]]), np.array([500.0, 400.0]))
"""Its face is 100 px high, so the head 195 px; the crown is at y 205."""


def drawn(*parts: tuple[slice, slice]) -> Plane:
    plane = np.zeros((100, 100), np.float32)
    for part in parts:
        plane[part] = 1
    return plane


WHOLE = Box(0, 0, 1000, 1000)


def test_the_extent_is_that_of_the_head_with_its_hair() -> None:
    head, shoulders = np.s_[15:45, 42:58], np.s_[45:100, 20:80]
    extent = measure_extent(drawn(head, shoulders), WHOLE, 1000, HEAD)
    assert (extent.left, extent.top, extent.right) == (420, 150, 580)
    assert (extent.left_from, extent.right_from, extent.top_cut) == (math.inf, math.inf, False)


def test_edges_of_the_photo_cut_the_person_where_they_touch() -> None:
    head, shoulders = np.s_[0:45, 42:58], np.s_[60:100, 0:100]
    extent = measure_extent(drawn(head, shoulders), WHOLE, 1000, HEAD)
    assert (extent.left_from, extent.right_from, extent.top_cut) == (600, 600, True)
    inside = measure_extent(drawn(head, shoulders), Box(10, 10, 990, 990), 1000, HEAD)
    assert (inside.left_from, inside.right_from, inside.top_cut) == (math.inf, math.inf, False)


def test_where_nobody_is_found_the_head_ends_at_its_crown() -> None:
    extent = measure_extent(drawn(), WHOLE, 1000, HEAD)
    assert extent.top == pytest.approx(205)
    assert extent.left <= 500 <= extent.right


def test_a_portrait_of_another_size_has_the_same_plane() -> None:
    photo, twice = photo_of_a_person(), scaling(2)
    small = segment_sitter(photo, TO_PORTRAIT, (200, 200), SITTER, Reddish(Look(1.3)))
    sitter = Sitter(SITTER.places * 2)
    matrix = np.vstack((twice, [0, 0, 1])) @ np.vstack((TO_PORTRAIT, [0, 0, 1]))
    large = segment_sitter(photo, matrix[:2], (400, 400), sitter, Reddish(Look(1.3)))
    assert abs(small - large).max() < 0.02
