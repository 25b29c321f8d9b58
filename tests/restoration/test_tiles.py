from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facecraft.restoration import cleaning, upscaling
from facecraft.restoration.tiles import Tiling
from facecraft.types import RGBImage

TILINGS = (upscaling.TILING, cleaning.TILING)


@pytest.mark.parametrize("tiling", TILINGS)
@given(length=st.integers(1, 8000))
def test_tiles_reach_from_edge_to_edge_and_overlap_enough(tiling: Tiling, length: int) -> None:
    tiles = tiling.cover(length)
    assert tiles.starts[0] == 0
    assert length <= tiles.starts[-1] + tiles.length < length + tiling.step_px
    assert tiles.length <= tiling.tile_px
    assert all(b - a <= tiles.length - tiling.overlap_px for a, b in pairwise(tiles.starts))
    assert not any(each % tiling.step_px for each in (*tiles.starts, tiles.length))


@pytest.mark.parametrize("tiling", TILINGS)
@given(height=st.integers(1, 900), width=st.integers(1, 900))
def test_every_pixel_lands_where_it_belongs(tiling: Tiling, height: int, width: int) -> None:
    picture = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)

    def same(tile: RGBImage) -> RGBImage:
        assert not any(side % tiling.step_px or side > tiling.tile_px for side in tile.shape[:2])
        return tile

    assert (tiling.run(picture, 1, same) == picture).all()
