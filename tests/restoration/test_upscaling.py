import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facecraft.cancellation import Cancellation
from facecraft.errors import DeadlineExceeded
from facecraft.restoration.engines.graphs import graph_of, weights_of
from facecraft.restoration.engines.onnx import OnnxEngine
from facecraft.restoration.upscaling import TILING, Upscaler
from facecraft.types import RGBImage
from facecraft.weights.store import default_graphs_dir
from tests.devices import CPU
from tests.restoration.conftest import NETWORKS


class Nearest:
    """An engine that enlarges without looking around, so that tiles agree exactly where they overlap."""

    name = "nearest"

    def __init__(self, factor: int) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self._factor = factor

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        (pixels,) = inputs
        self.shapes.append(pixels.shape)
        return np.asarray(pixels.repeat(self._factor, axis=1).repeat(self._factor, axis=2))


def noise(height: int, width: int) -> RGBImage:
    return np.random.default_rng().integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("native", "factor"), [(4, 4), (2, 2), (4, 2)])
@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (7, 300), (191, 193), (192, 192), (353, 352), (500, 640), (1000, 33)]
)
def test_every_pixel_lands_where_it_belongs(height: int, width: int, native: int, factor: int) -> None:
    picture = noise(height, width)
    engine = Nearest(native)
    large = Upscaler("nearest", engine, native, factor).upscale(picture)
    assert (large == picture.repeat(factor, axis=0).repeat(factor, axis=1)).all()
    assert all(h % 2 == 0 and w % 2 == 0 and max(h, w) <= TILING.tile_px for _, h, w, _ in engine.shapes)


def test_its_input_is_left_alone_and_a_request_that_left_stops_at_the_next_tile() -> None:
    picture = noise(400, 400)
    before = picture.copy()
    engine = Nearest(2)

    class AfterTwoTiles(Cancellation):
        @property
        def cancelled(self) -> bool:
            return len(engine.shapes) == 2

    with pytest.raises(DeadlineExceeded):
        Upscaler("nearest", engine, 2, 2).upscale(picture, AfterTwoTiles())
    assert len(engine.shapes) == 2
    assert (picture == before).all()


class Slow(Nearest):
    """Takes these seconds for its tiles, and the last of them for all that follow."""

    def __init__(self, *seconds: float) -> None:
        super().__init__(2)
        self._seconds = seconds

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        time.sleep(self._seconds[min(len(self.shapes), len(self._seconds) - 1)])
        return super().run(*inputs)


def test_a_picture_that_cannot_be_done_by_its_deadline_is_refused_after_two_tiles() -> None:
    engine = Slow(0.1)
    with pytest.raises(DeadlineExceeded, match=r"takes about [3-9]\d* seconds"):
        Upscaler("slow", engine, 2, 2).upscale(noise(900, 900), Cancellation(seconds=1))  # 36 tiles
    assert len(engine.shapes) == 2


def test_a_tile_that_waited_for_the_device_does_not_refuse_a_picture() -> None:
    engine = Slow(0.5, 0.01)
    large = Upscaler("slow", engine, 2, 2).upscale(noise(500, 500), Cancellation(seconds=5))
    assert large.shape == (1000, 1000, 3)


@pytest.fixture(scope="module")
def engine(model_path: Callable[[str], Path]) -> OnnxEngine:
    network = NETWORKS["realesrgan-x4plus"]
    graph = graph_of(network, default_graphs_dir())
    weights = network.arrays(model_path("realesrgan-x4plus"), weights_of(graph))
    return OnnxEngine(graph, weights, CPU)


def test_tiles_of_a_real_picture_meet_without_a_seam(engine: OnnxEngine, astronaut: RGBImage) -> None:
    picture = np.ascontiguousarray(astronaut[40:232, 80:368])  # one tile high, two wide
    tiled = Upscaler("realesrgan-x4plus", engine, 4, 4).upscale(picture)
    whole = engine.run(picture[None])[0]
    middle = 4 * (picture.shape[1] // 2)
    reach = 4 * (TILING.overlap_px + TILING.blend_px)
    band = np.s_[:, middle - reach : middle + reach]
    difference = np.abs(tiled.astype(int) - whole)[band]
    # Where the tiles meet, neighbouring pixels differ as much as in the picture made in one piece: twice the
    # overlap would bring that to 0.16 levels, for a fifth more time.
    steps = [np.abs(np.diff(view[band].astype(int), axis=1)).mean(axis=(0, 2)) for view in (tiled, whole)]
    assert difference.mean() < 1
    assert np.percentile(difference, 99.9) <= 12
    assert np.abs(steps[0] - steps[1]).max() < 0.6


def test_half_of_the_networks_factor_is_the_average_of_its_pixels(
    engine: OnnxEngine, astronaut: RGBImage
) -> None:
    picture = np.ascontiguousarray(astronaut[60:124, 180:260])
    twice = Upscaler("realesrgan-x4plus", engine, 4, 2).upscale(picture)
    four = Upscaler("realesrgan-x4plus", engine, 4, 4).upscale(picture)
    expected = cv2.resize(four, (160, 128), interpolation=cv2.INTER_AREA)
    assert np.abs(twice.astype(int) - expected).max() <= 1
