import numpy as np
import pytest

from facecraft.imaging.head import EYES_IN_HEAD, Head, head_of
from facecraft.types import RGBImage
from tests.portraits import Trace

LEVEL = Head(np.array([[100.0, 100.0], [160.0, 100.0]]), np.array([130.0, 200.0]))


def test_a_level_head_is_measured_straight_down() -> None:
    assert (LEVEL.roll_deg, LEVEL.eyes_px, LEVEL.face_px) == (0, 60, 100)
    assert LEVEL.height_px == pytest.approx(195)
    assert LEVEL.face_px / LEVEL.height_px == pytest.approx(EYES_IN_HEAD)


@pytest.mark.parametrize("angle_deg", [-30, 10, 45])
def test_a_turned_head_has_the_same_size(angle_deg: float) -> None:
    angle = np.radians(angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = Head(LEVEL.eyes @ turn.T, turn @ LEVEL.chin)
    assert turned.roll_deg == pytest.approx(angle_deg)
    assert turned.height_px == pytest.approx(LEVEL.height_px)


def test_the_crown_of_a_real_head_is_where_its_skull_ends(astronaut: RGBImage, trace: Trace) -> None:
    # Looked up in the picture: her chin at y = 179, the top of her hair, which is full, at 14.
    head = head_of(trace(astronaut))
    crown = head.middle[1] - (1 - EYES_IN_HEAD) * head.height_px
    assert head.chin[1] == pytest.approx(179, abs=4)
    assert 14 < crown < 45
