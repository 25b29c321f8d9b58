"""A restored face has the colours of its source, and the detail that the source had."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from facecraft.restoration.likeness import is_grey, keep_colour, keep_detail, make_grey
from facecraft.types import RGBImage
from tests.damages import blurred, noisy

SPAN_PX = 240
FACE = np.s_[5:20, 7:17]  # the face itself in 24 x 24 cells of its square


@pytest.fixture(scope="module")
def face(astronaut: RGBImage) -> RGBImage:
    """240 x 240 px, the square of a face; no level is so low or high that a shift would clip it."""
    square = astronaut[:SPAN_PX, 105 : 105 + SPAN_PX]
    return np.asarray(30 + square * 0.75, np.uint8)


def warmer(face: RGBImage) -> RGBImage:
    return np.asarray(np.clip(face + np.array([8, 0, -10]), 0, 255), np.uint8)


def tinted(face: RGBImage) -> RGBImage:
    """Blue on one side and yellow on the other."""
    ramp = np.linspace(-14, 14, face.shape[1])[None, :, None] * np.array([1, 0, -1])
    return np.asarray(np.clip(np.rint(face + ramp), 0, 255), np.uint8)


def darker(face: RGBImage) -> RGBImage:
    return np.asarray(face - 12, np.uint8)


def lamp(face: RGBImage) -> RGBImage:
    """Warmer in the middle, and as light as before."""
    distance = np.hypot(*(np.indices(face.shape[:2]) - SPAN_PX / 2))
    warmth = np.exp(-((distance / (SPAN_PX / 2)) ** 2))[..., None] * np.array([15, -4.7, -15])
    return np.asarray(np.clip(np.rint(face + warmth), 0, 255), np.uint8)


Shift = Callable[[RGBImage], RGBImage]


def cells(picture: np.ndarray, count: int) -> np.ndarray:
    """Means of count x count cells of a square."""
    side = picture.shape[0] // count
    return np.asarray(picture.reshape(count, side, count, side, -1).mean(axis=(1, 3)))


def shifts(source: RGBImage, restored: RGBImage, count: int = 24) -> np.ndarray:
    return cells(restored.astype(float) - source, count)


@pytest.mark.parametrize("shift", [warmer, tinted, darker, lamp])
def test_the_mean_colour_of_every_cell_stays(face: RGBImage, shift: Shift) -> None:
    restored = shift(face)
    assert np.abs(shifts(face, restored)).max() > 8
    keep_colour(face, restored, SPAN_PX)
    assert np.abs(shifts(face, restored)).max() < 1


@pytest.mark.parametrize("shift", [warmer, tinted, darker, lamp])
def test_a_restorer_that_is_sharper_too_is_brought_back_over_a_face(face: RGBImage, shift: Shift) -> None:
    restored = shift(face)
    source = blurred(face, 1.5)
    keep_colour(source, restored, SPAN_PX)
    assert np.abs(shifts(source, restored, 6)).max() < 1
    # The finer detail of the restored one is left as it is.
    detail, kept = (each.astype(float) - blurred(each, 1.5) for each in (face, restored))
    assert np.corrcoef(detail.ravel(), kept.ravel())[0, 1] > 0.97


def test_a_gain_of_a_channel_is_brought_back_but_at_edges(face: RGBImage) -> None:
    restored = np.asarray(np.clip(face * np.array([1.08, 1.0, 0.9]), 0, 255), np.uint8)
    before = np.abs(shifts(face, restored))
    assert before[FACE].mean() > 7
    keep_colour(face, restored, SPAN_PX)
    after = np.abs(shifts(face, restored))
    assert after[FACE].mean() < before[FACE].mean() / 6
    assert after.max() < before.max() / 3
    assert np.abs(shifts(face, restored, 1)).max() < 0.5


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (37, 90), (700, 300)])
@pytest.mark.parametrize("span_px", [20.0, 240.0, 3000.0])
def test_pictures_and_faces_of_any_size_get_their_colours_back(size: tuple[int, int], span_px: float) -> None:
    source = np.full((*size, 3), (140, 120, 100), np.uint8)
    restored = np.full((*size, 3), (150, 118, 95), np.uint8)
    keep_colour(source, restored, span_px)
    assert np.abs(restored.astype(int) - source).max() <= 1


def test_a_strip_meets_the_next_one_without_a_step(astronaut: RGBImage) -> None:
    large = np.asarray(cv2.resize(astronaut, (700, 700), interpolation=cv2.INTER_CUBIC), np.uint8)
    ramp = np.linspace(-20, 20, 700)[:, None, None] * np.array([1, 0.5, -1])
    source = np.asarray(40 + large * 0.6, np.uint8)
    restored = np.asarray(np.rint(source + ramp), np.uint8)
    keep_colour(source, restored, 300)
    rows = (restored.astype(float) - source).mean(axis=(1, 2))
    assert np.abs(np.diff(rows)).max() < 0.4  # levels are whole; a step of a strip would be larger
    assert np.abs(restored.astype(int) - source)[30:-30].max() <= 2


def test_equal_pictures_stay_equal_to_the_last_bit(face: RGBImage) -> None:
    restored = face.copy()
    keep_colour(face, restored, SPAN_PX)
    assert (restored == face).all()


def test_grey_stays_grey_to_the_last_level(face: RGBImage) -> None:
    restored = warmer(noisy(face, 10))
    assert not is_grey(restored)
    make_grey(restored)
    assert is_grey(restored)
    assert np.ptp(restored.astype(int), axis=2).max() == 0
    expected = cv2.cvtColor(warmer(noisy(face, 10)), cv2.COLOR_RGB2GRAY)
    assert (restored[..., 0] == expected).all()


def test_a_single_pixel_of_colour_is_no_grey() -> None:
    picture = np.full((600, 500, 3), 90, np.uint8)
    assert is_grey(picture)
    for channel in range(3):
        coloured = picture.copy()
        coloured[599, 499, channel] += 1
        assert is_grey(coloured)  # as decoders of WebP round
        coloured[599, 499, channel] += 1
        assert not is_grey(coloured)


def test_a_part_of_a_picture_can_be_made_grey_in_place(face: RGBImage) -> None:
    whole = face.copy()
    make_grey(whole[20:60, 30:90])
    assert is_grey(whole[20:60, 30:90])
    assert (whole[60:] == face[60:]).all()


def test_detail_that_the_source_has_is_kept_and_the_rest_is_the_result_s(face: RGBImage) -> None:
    source = blurred(face, 3)
    invented = np.asarray(np.clip(face.astype(int)[:, ::-1] // 2 + 60, 0, 255), np.uint8)  # another face
    kept = keep_detail(source, invented, detail=25)

    def coarse(picture: RGBImage) -> np.ndarray:
        return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 12))

    def fine(picture: RGBImage) -> np.ndarray:
        return np.asarray(
            picture.astype(np.float32) - cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1)
        )

    assert (
        np.abs(coarse(kept) - coarse(source)).mean() < 0.1 * np.abs(coarse(invented) - coarse(source)).mean()
    )
    assert np.corrcoef(fine(kept).ravel(), fine(invented).ravel())[0, 1] > 0.9


def test_the_more_detail_there_is_the_less_is_the_result_s(face: RGBImage) -> None:
    restored = noisy(face, 12)
    distances = [
        np.abs(keep_detail(face, restored, detail).astype(int) - face).mean() for detail in (10, 30, 60, 120)
    ]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.8 * distances[0]


def test_its_inputs_are_left_alone(face: RGBImage) -> None:
    source, restored = face.copy(), warmer(face)
    before = restored.copy()
    result = keep_detail(source, restored, 40)
    assert (source == face).all()
    assert (restored == before).all()
    assert result.dtype == np.uint8
    assert result.shape == face.shape
