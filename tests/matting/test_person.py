"""Who counts as the person, on planes made up here."""

import numpy as np

from facecraft.imaging.picture import Picture
from facecraft.matting.person import segment_person
from facecraft.types import Plane, RGBImage

PICTURE = Picture(np.zeros((1024, 1024, 3), np.uint8))
FACE = np.array([[512, 300]], np.float32)


class Fixed:
    """A segmenter that always gives the same plane."""

    name = "fixed"

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
