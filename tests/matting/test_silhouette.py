"""Which part of a segmentation is the bust, on planes made up here: 384 px, with a head of 200 px."""

import cv2
import numpy as np

from facecraft.matting.silhouette import keep_bust
from facecraft.types import Plane

FACE = np.array([[150, 120], [234, 120], [192, 220]], np.float32)
HEAD_PX = 200


def bust() -> Plane:
    """An oval head on shoulders that slope down."""
    plane = np.zeros((384, 384), np.float32)
    cv2.ellipse(plane, (192, 150), (70, 95), 0, 0, 360, 1.0, -1)
    cv2.fillPoly(
        plane, [np.array([[150, 220], [234, 220], [330, 300], [350, 383], [34, 383], [54, 300]])], 1.0
    )
    return plane


def test_a_bust_stays_as_it_is() -> None:
    assert (keep_bust(bust(), FACE, HEAD_PX) == bust()).all()


def test_soft_hair_near_the_head_stays() -> None:
    hair = np.zeros((384, 384), np.float32)
    cv2.ellipse(hair, (192, 150), (75, 100), 0, 180, 360, 0.4, -1)
    plane = np.maximum(bust(), hair)
    assert (keep_bust(plane, FACE, HEAD_PX) == plane).all()


def test_a_flag_that_stands_higher_than_the_shoulder_is_removed() -> None:
    plane = bust()
    cv2.rectangle(plane, (0, 200), (60, 383), 1.0, -1)
    kept = keep_bust(plane, FACE, HEAD_PX)
    assert kept[200:270, :40].max() == 0
    assert kept[350, 120] == 1


def test_the_head_of_a_neighbour_is_removed() -> None:
    plane = bust()
    cv2.circle(plane, (350, 200), 30, 1.0, -1)
    cv2.rectangle(plane, (320, 220), (383, 383), 1.0, -1)
    kept = keep_bust(plane, FACE, HEAD_PX)
    assert kept[170:230, 330:].max() == 0


def test_what_is_unsure_and_far_from_the_person_is_removed() -> None:
    plane = bust()
    plane[40:180, :90] = 0.4
    kept = keep_bust(plane, FACE, HEAD_PX)
    assert kept[40:180, :90].max() == 0


def test_a_wide_hat_stays() -> None:
    plane = bust()
    cv2.rectangle(plane, (60, 90), (324, 110), 1.0, -1)
    assert (keep_bust(plane, FACE, HEAD_PX) == plane).all()


def test_a_plane_without_anybody_stays_empty() -> None:
    empty = np.zeros((384, 384), np.float32)
    assert keep_bust(empty, FACE, HEAD_PX).max() == 0
