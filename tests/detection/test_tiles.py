"""Tiles cover a picture, and each face of it comes once."""

import numpy as np
import pytest

from facecraft.cancellation import Cancellation
from facecraft.detection import tiles
from facecraft.errors import DeadlineExceeded
from facecraft.types import Face, RGBImage


def face(x: float, y: float, size: float, score: float = 0.9) -> Face:
    return Face(np.array([x, y, x + size, y + size], np.float32), np.full((5, 2), x, np.float32), score)


class Square:
    """Finds a square of white pixels, as far as the tile shows it."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def detect(self, image: RGBImage) -> list[Face]:
        self.sizes.append((image.shape[1], image.shape[0]))
        rows, columns = np.nonzero(image[..., 0])
        if not len(rows):
            return []
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        return [Face(np.array(box, np.float32), np.zeros((5, 2), np.float32), 0.9)]


@pytest.mark.parametrize(("width", "height"), [(2000, 1500), (1500, 2000), (2000, 2000), (2000, 300)])
def test_a_small_face_is_whole_in_a_tile_wherever_it_is(width: int, height: int) -> None:
    for x in range(0, width - 100, 133):
        for y in range(0, height - 100, 133):
            picture = np.zeros((height, width, 3), np.uint8)
            picture[y : y + 100, x : x + 100] = 255
            found = tiles.added([], tiles.detect(picture, Square(), Cancellation()), 10)
            assert [each.bbox.tolist() for each in found] == [[x, y, x + 100, y + 100]]


def test_no_tile_is_longer_than_its_share() -> None:
    square = Square()
    tiles.detect(np.zeros((1500, 2000, 3), np.uint8), square, Cancellation())
    assert square.sizes == [(800, 800)] * 6


def test_what_was_found_before_is_not_added_again() -> None:
    known, small = face(100, 100, 100, 0.5), face(500, 500, 50)
    inside, again = face(110, 110, 40), face(505, 500, 48, 0.8)
    assert tiles.added([known], [again, inside, small], 10) == [small]


def test_only_so_many_are_added_and_those_with_the_best_scores() -> None:
    faces = [face(100 * index, 0, 50, score=0.5 + index / 10000) for index in range(2000)]
    best = tiles.added([], faces, 300)
    assert best == faces[:-301:-1]


def test_no_tile_is_looked_at_after_the_deadline() -> None:
    stopped = Cancellation()
    stopped.cancel()
    with pytest.raises(DeadlineExceeded):
        tiles.detect(np.zeros((2000, 2000, 3), np.uint8), Square(), stopped)
