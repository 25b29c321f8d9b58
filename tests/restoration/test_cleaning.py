"""A photo is cleaned in tiles, of any size, and nobody sees where they meet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facecraft.cancellation import Cancellation
from facecraft.errors import DeadlineExceeded
from facecraft.restoration import cleaning
from facecraft.restoration.cleaning import Cleaner
from facecraft.restoration.engines.torch import TorchEngine
from facecraft.restoration.tiles import Tiling
from facecraft.types import RGBImage
from tests.damages import blurred, compressed, noisy
from tests.devices import CPU
from tests.restoration.conftest import NETWORKS

NAME = "facecraft-clean"


class Counted:
    """An engine that changes nothing, and counts."""

    name = "counted"

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        self.shapes.append(inputs[0].shape)
        return inputs[0]


@pytest.fixture(scope="module")
def engine(model_path: Callable[[str], Path]) -> TorchEngine:
    return TorchEngine(NETWORKS[NAME].load(model_path(NAME)), CPU)


@pytest.fixture(scope="module")
def large(astronaut: RGBImage) -> RGBImage:
    """1500 x 1200 px, damaged."""
    enlarged = cv2.resize(astronaut, (1500, 1500), interpolation=cv2.INTER_CUBIC)[:1200]
    return compressed(noisy(np.asarray(enlarged, np.uint8), 12), 60)


def test_tiles_meet_without_a_seam(engine: TorchEngine, large: RGBImage) -> None:
    tiled = Cleaner(NAME, engine).clean(large).astype(int)
    one = Tiling(1504, cleaning.TILING.overlap_px, cleaning.TILING.blend_px, cleaning.TILING.step_px)
    whole = one.run(large, 1, lambda tile: np.asarray(engine.run(tile[None])[0], np.uint8))
    difference = np.abs(tiled - whole)
    assert np.abs(tiled - large).mean() > 3  # it was cleaned
    assert difference.mean() < 0.1
    for axis, length in enumerate(large.shape[:2]):
        lines = difference.mean(axis=(1 - axis, 2))
        tiles = cleaning.TILING.cover(length)
        assert len(tiles.starts) > 1
        for start in tiles.starts[1:]:
            shared = lines[start : tiles.starts[tiles.starts.index(start) - 1] + tiles.length]
            assert shared.max() < 0.5


@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (1, 40), (15, 17), (16, 16), (33, 7), (1087, 20), (1089, 20), (20, 1500)]
)
def test_a_photo_of_any_size_keeps_it(engine: TorchEngine, large: RGBImage, height: int, width: int) -> None:
    part = large[:height, :width]
    before = part.copy()
    cleaned = Cleaner(NAME, engine).clean(part)
    assert cleaned.dtype == np.uint8
    assert cleaned.shape == part.shape
    assert np.abs(cleaned.astype(int) - part).max() < 128
    assert (part == before).all()


def test_the_same_photo_gives_the_same_pixels_twice(engine: TorchEngine, large: RGBImage) -> None:
    cleaner, part = Cleaner(NAME, engine), large[:300, :900]
    assert (cleaner.clean(part) == cleaner.clean(part)).all()


def test_a_plain_area_stays_plain(engine: TorchEngine) -> None:
    for level in (0, 60, 128, 255):
        flat = np.full((80, 112, 3), level, np.uint8)
        assert np.abs(Cleaner(NAME, engine).clean(flat).astype(int) - flat).max() <= 4


def test_a_request_that_left_stops_at_the_next_tile(large: RGBImage) -> None:
    engine = Counted()

    class AfterTwoTiles(Cancellation):
        @property
        def cancelled(self) -> bool:
            return len(engine.shapes) == 2

    with pytest.raises(DeadlineExceeded):
        Cleaner("counted", engine).clean(large, AfterTwoTiles())
    assert len(engine.shapes) == 2


@pytest.mark.parametrize(("height", "width"), [(300, 200), (301, 17), (1, 1)])
def test_an_enlarged_photo_is_cleaned_at_a_smaller_size(large: RGBImage, height: int, width: int) -> None:
    engine = Counted()
    part = blurred(large, 6)[:height, :width]
    cleaned = Cleaner("counted", engine).clean(part, enlargement=2.5)
    assert engine.shapes == [(1, *(-(-round(side / 2.5) // 16) * 16 or 16 for side in (height, width)), 3)]
    assert cleaned.shape == part.shape
    assert np.abs(cleaned.astype(int) - part).mean() < 1


def test_tiles_are_within_what_the_network_takes(large: RGBImage) -> None:
    engine = Counted()
    assert (Cleaner("counted", engine).clean(large) == large).all()
    assert len(engine.shapes) == 4
    assert all(h % 16 == 0 and w % 16 == 0 and max(h, w) <= 1088 for _, h, w, _ in engine.shapes)
